"""The directory as HSDS 3.1 over HTTP, for anyone. Reads only what may be public, and decides nothing."""
