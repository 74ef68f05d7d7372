"""What a request must have to be answered at a callback's address: a token, the only proof there is that the gateway is calling; and,
where a list is set, an address of the gateway's."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from referral.privacy.callers import Network, comes_from
from referral.privacy.counters import Counters

log = structlog.get_logger()


def tokens_match(given: str, tokens: Iterable[str]) -> bool:
    """Whether `given` is one of `tokens`, in a time that does not tell which or how nearly."""
    compared = [hmac.compare_digest(given.encode(), token.encode()) for token in tokens]  # all of them, also after a match
    return any(compared)


@dataclass(frozen=True)
class Gatekeeper:
    """Lets the gateway in at one door. At most two `tokens` live at once, the newer first.

    `networks` are where the gateway calls from, none for anywhere; a request from elsewhere is counted and told in the log, and refused
    only where `enforce`: the gateway's addresses have changed before, and a list out of date would shut out every child.
    """

    door: str
    tokens: tuple[str, ...]
    counters: Counters
    networks: tuple[Network, ...] = ()
    enforce: bool = False

    def admits(self, token: str, address: str, now: datetime) -> bool:
        """Whether to answer. What is refused looks like an address that does not exist, whatever the reason."""
        right = tokens_match(token, self.tokens)
        if not right:
            self.counters.add(f"{self.door}.stray", now)
            return False
        if not self.networks or comes_from(address, self.networks):
            return True
        self.counters.add(f"{self.door}.other_address", now)
        log.warning("a callback with a right token came from an address that is not listed", door=self.door, outcome="refused" if self.enforce else "let in")
        return not self.enforce

    def refuses(self, reason: str, now: datetime) -> None:
        """Count a request that had the token and was not taken."""
        self.counters.add(f"{self.door}.{reason}", now)
        log.warning("a callback was not taken", door=self.door, reason=reason)
