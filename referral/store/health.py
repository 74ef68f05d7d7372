"""Whether the database takes and gives anything just now, as this process knows it.

A disk that is full or a server that hangs is not found out anew by every caller: the first one waits its few seconds, those after it are told
at once, and a thread asks the database twice a second whether it is back. Nobody has to start anything again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum

import structlog

log = structlog.get_logger()
EVERY = 0.5
"""Seconds between two questions whether the database is back."""
TOLD_EVERY = 60.0
"""Seconds between two lines of the log while it is not: one a minute and process, not one a row."""


class Trouble(StrEnum):
    """Why the database is of no use. All but AWAY can still be read from."""

    FULL = "full"
    READ_ONLY = "read only"
    LOCKED = "locked"
    AWAY = "away"


class NotNow(Exception):
    """The machine, not the request, is at fault: nothing was written, and whoever asks later may succeed. Quotes nothing of a statement."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"the database is {trouble}")
        self.trouble = trouble


class Health:
    """What is wrong, until it is not. `well` asks the database itself: whether a write comes through within a second or two."""

    def __init__(self, well: Callable[[], bool], *, every: float = EVERY) -> None:
        self._well = well
        self._every = every
        self._lock = threading.Lock()
        self._trouble: Trouble | None = None
        self._back = threading.Event()
        self._back.set()

    @property
    def trouble(self) -> Trouble | None:
        return self._trouble

    def check(self, *, writes: bool) -> None:
        """Raise NotNow where it is known already that this would fail: a caller who waits blocks those behind."""
        trouble = self._trouble
        if trouble is not None and (writes or trouble is Trouble.AWAY):
            raise NotNow(trouble)

    def note(self, trouble: Trouble) -> NotNow:
        """Remember it, and look from now on whether it is over. Returns what is to be raised."""
        with self._lock:
            if self._trouble is None:
                log.error("the database takes nothing", kind=trouble)
                self._back = threading.Event()
                watch = threading.Thread(target=self._watch, args=(self._back,), name="database watch", daemon=True)
                self._trouble = trouble
                watch.start()
            elif trouble is Trouble.AWAY:
                self._trouble = trouble  # worse than what was known: reading fails too
        return NotNow(trouble)

    def over(self) -> None:
        """Begin anew with nothing known: what was wrong is over, or the database is closed."""
        with self._lock:
            self._trouble = None
            self._back.set()

    def wait(self, seconds: float) -> bool:
        """Wait until the trouble is over, at most so long. Whether it is."""
        return self._back.wait(seconds)

    def _watch(self, back: threading.Event) -> None:
        since = told = time.monotonic()
        while not back.wait(self._every):
            if self._well():
                self.over()
                log.warning("the database takes writes again", seconds=round(time.monotonic() - since, 1))
            elif time.monotonic() - told >= TOLD_EVERY:
                told = time.monotonic()
                log.error("the database still takes nothing", kind=self._trouble, seconds=round(told - since))
