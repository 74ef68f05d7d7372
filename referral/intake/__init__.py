"""Taking in what is told: converse, file a report, add to it. It never sends, and never keeps a caller's number unasked."""
