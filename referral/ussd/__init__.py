"""The phone that dials: the gateway's form in, CON or END out. Decides nothing, and keeps nothing of what it sees."""
