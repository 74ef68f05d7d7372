"""Whether the gateway is there at all, asked in a way that tells nobody anything and costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.gateway.port import FetchFailed, Gateway

NEWER_THAN_ALL = 2**31 - 1
"""An inbox entry that does not come: what is asked for is an empty list, of the same service that takes our texts."""
SPARED = timedelta(seconds=15)
"""How long a gateway that did not answer is left alone: it may hang, and what waits behind must not wait for each asking."""


@dataclass
class Sounding:
    """One for each thread that sends. Asked outside of any transaction: the gateway may hang."""

    gateway: Gateway
    _silent_since: datetime | None = None

    def answers(self, now: datetime) -> bool:
        """Whether it answers now, or did not within the last seconds."""
        if self._silent_since is not None and timedelta() <= now - self._silent_since < SPARED:
            return False
        try:
            self.gateway.fetch(NEWER_THAN_ALL)
        except FetchFailed:
            self._silent_since = now
        else:
            self._silent_since = None
        return self._silent_since is None
