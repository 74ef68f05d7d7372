"""Rows that fell due, each in a transaction of its own: one that cannot be dealt with, or whose report somebody else holds, keeps back none of the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.privacy.logs import describe
from referral.store.database import Database
from referral.store.faults import contended
from referral.store.health import NotNow

log = structlog.get_logger()
SOON, SHORTLY, AGAIN = timedelta(seconds=1), timedelta(seconds=5), timedelta(minutes=1)
"""When to come back to what somebody else holds, to what was in somebody's way, and to what failed."""
ENOUGH = 5.0
"""Seconds after which nothing more is begun in one go: the heart of the worker must beat, and the rest is first in the next round."""
MOST = 1000


class PassedOver:
    """The rows that this process leaves alone for a while. In memory, since another process or host may succeed where this one fails, and
    since what is written down for a row would have to wait for whoever holds it."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def add(self, row: str, now: datetime, by: timedelta) -> None:
        self._until[row] = now + by

    def at(self, now: datetime) -> list[str]:
        """Those still left alone. None for longer than is ever asked for: that one was noted before the clock was set back."""
        self._until = {row: until for row, until in self._until.items() if now < until <= now + AGAIN}
        return list(self._until)[:MOST]


@dataclass(frozen=True)
class OneByOne:
    database: Database
    outbox: Outbox
    passed: PassedOver = field(default_factory=PassedOver)

    def deal(self, what: str, due: Select[*tuple[Any, ...]], act: Callable[[Session, str], None], now: datetime, limit: int) -> int:
        """Deal with up to `limit` rows that are due, and look on behind those that could not be dealt with. How many were; what failed is in the log.

        `due` asks for the id of a row first and for its report last, in the order in which they come up. `act` is called with the id in a transaction that
        holds the report's ladder, and looks again; what it has dealt with is due no more.
        """
        key, done, end = due.selected_columns[0], 0, time.monotonic() + ENOUGH
        while True:
            with self.database.read() as session:
                passed = self.passed.at(now)
                found = session.execute((due.where(key.not_in(passed)) if passed else due).limit(limit)).all()
            served = 0
            for row in found:
                if time.monotonic() > end:
                    return done + served
                served += self._one(what, row[0], row[-1], act, now)
            done += served
            if served == len(found) or len(found) < limit:
                return done

    def _one(self, what: str, id_: str, report: str | None, act: Callable[[Session, str], None], now: datetime) -> int:
        try:
            with self.database.transaction() as session:
                if self.outbox.free(session, report):
                    act(session, id_)
                    return 1
        except NotNow:
            raise
        except Exception as error:
            log.error(what, **describe(error))
            self.passed.add(id_, now, SHORTLY if contended(error) else AGAIN)
        else:
            self.passed.add(id_, now, SOON)
        return 0
