"""The words people read, in every language, and how much room they take. No decisions, no protocol, no numbering; reads its catalogues once, at start."""
