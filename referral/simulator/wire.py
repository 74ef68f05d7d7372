"""A quiet log of what went between the stand-in and the service, for whoever wants to see the protocol."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

_PLAIN_STEPS = frozenset({"ussd", "sms", "ended", "inbound", "delivery", "opt-out", "version1", "messaging", "user"})


def without_token(url: str) -> str:
    """The path of an address with every step but the well-known ones as `…`: who knows a callback's token can speak as any phone."""
    steps = urlsplit(url).path.split("/")
    return "/".join(step if step in _PLAIN_STEPS or not step else "…" for step in steps)


class Wire:
    """The last `keep` exchanges, in memory only."""

    def __init__(self, now: Callable[[], datetime], keep: int = 500) -> None:
        self._now = now
        self._entries: deque[dict[str, Any]] = deque(maxlen=keep)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def note(self, way: str, method: str, url: str, fields: Mapping[str, str], status: int | None, answer: str) -> None:
        """One exchange. `way` is "out" (to the service) or "in" (from it); `status` None where no answer came."""
        with self._lock:
            entry = {
                "n": next(self._numbers),
                "at": self._now().isoformat(),
                "way": way,
                "method": method,
                "address": without_token(url),
                "fields": dict(fields),
                "status": status,
                "answer": answer,
            }
            self._entries.append(entry)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Entries numbered above `number`, oldest first."""
        with self._lock:
            return [entry for entry in self._entries if entry["n"] > number]
