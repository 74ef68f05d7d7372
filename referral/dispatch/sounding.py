"""Whether the gateway is there at all, asked in a way that tells nobody anything and costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from referral.gateway import port
from referral.gateway.port import FetchFailed, Gateway

NEWER_THAN_ALL = 2**31 - 1
"""An inbox entry that does not come: what is asked for is an empty list, of the same service that takes our texts."""
SPARED = timedelta(seconds=15)
"""How long a gateway that did not answer is left alone: it may hang, and what waits behind must not wait for each asking."""
_SILENCE = frozenset({port.TIMEOUT, port.CONNECTION_LOST, port.NO_CONNECTION, port.CERTIFICATE, port.ADAPTER_ERROR, port.HTTP_ERROR})
"""What is no answer. A key that is refused, too many calls, an answer that cannot be read: somebody is there."""


class Heard(StrEnum):
    AN_ANSWER = "an_answer"
    NOTHING = "nothing"
    NOT_ASKED = "not_asked"
    """It did not answer a moment ago."""


@dataclass
class Sounding:
    """One for each thread that sends. Asked outside of any transaction: the gateway may hang."""

    gateway: Gateway
    _silent_since: datetime | None = None

    def ask(self, now: Callable[[], datetime]) -> Heard:
        """What it says to being asked for nothing."""
        if self._silent_since is not None and timedelta() <= now() - self._silent_since < SPARED:
            return Heard.NOT_ASKED
        self._silent_since = None
        try:
            self.gateway.fetch(NEWER_THAN_ALL)
        except FetchFailed as error:
            if error.reason in _SILENCE:
                self._silent_since = now()
                return Heard.NOTHING
        return Heard.AN_ANSWER
