"""The operator's commands. May use everything; decides nothing itself."""

from referral.cli.main import main

__all__ = ["main"]
