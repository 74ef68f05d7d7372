"""How often something that should not happen did, by day and name: no address, no number, no request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from threading import Lock

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from referral.privacy.logs import describe
from referral.privacy.records import CounterRecord
from referral.store.database import Database, count_up
from referral.store.health import NotNow

log = structlog.get_logger()
PAUSE = timedelta(seconds=30)
KEPT = timedelta(days=400)


class Counters:
    """Counts in memory and writes at most twice a minute, so that a stranger who knocks a thousand times makes no thousand writes.

    What a process had not written when it ended is lost: these are figures to look at, not promises.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._waiting: Counter[tuple[date, str]] = Counter()
        self._wrote: datetime | None = None

    def add(self, name: str, now: datetime) -> None:
        """Count one. Never raises: a count that cannot be kept must not change what a caller hears."""
        with self._lock:
            self._waiting[now.date(), name] += 1
            if self._wrote is not None and timedelta(0) <= now - self._wrote < PAUSE:
                return
            self._wrote, waiting = now, self._waiting
            self._waiting = Counter()
        self._write(waiting)

    def _write(self, waiting: Mapping[tuple[date, str], int]) -> None:
        try:
            with self._database.draft() as session:
                for (day, name), count in waiting.items():
                    count_up(session, CounterRecord, {"day": day, "name": name}, {"count": count})
        except NotNow:
            pass  # told by who found it out
        except Exception as error:
            log.warning("counts not kept", **describe(error))

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        session.execute(delete(CounterRecord).where(CounterRecord.day < (now - KEPT).date()))
