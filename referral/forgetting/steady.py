"""Whether this machine's clock can be believed: what goes because of a wrong clock does not come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

DRIFT = timedelta(minutes=10)
"""As much as a clock is set right by in a running process."""
LONGEST_SLEEP = timedelta(days=30)
"""As long as the service may have been down, or a backup may be old, before a person must say that the clock is right."""


def running() -> float:
    """Seconds that pass whatever the clock is set to, sleep of the machine included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """The clock, held against what else tells the time: this process's own seconds, the database server, the last purge."""

    def __init__(self, clock: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        self._clock, self._seconds = clock, seconds
        self._began, self._second = clock(), seconds()

    def doubt(self, session: Session, last_ended: datetime | None) -> str | None:
        """Why the clock is not to be believed, in a word, or None. `last_ended` is when the last purge ended: heartbeats would not do, since a
        worker beats by the same wrong clock."""
        now = self._clock()
        expected = self._began + timedelta(seconds=self._seconds() - self._second)
        if now - expected > DRIFT:
            return "jumped"
        there = self._server(session)
        if there is not None and now - there > DRIFT:
            return "ahead of the database server"
        if last_ended is not None and now - last_ended > LONGEST_SLEEP:
            return "far ahead of the last purge"
        return None

    def _server(self, session: Session) -> datetime | None:
        """The database server's own clock, if it has one and this process goes by the real time at all."""
        if self._seconds is not running or session.get_bind().dialect.name == "sqlite":
            return None
        there: datetime = session.scalar(select(func.clock_timestamp())) or self._clock()
        return there.astimezone(UTC)
