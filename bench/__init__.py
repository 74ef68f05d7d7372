"""Benchmarks: what a caller waits for, beside the bare floor of the same machine. Nothing of the service depends on this."""
