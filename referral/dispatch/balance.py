"""What is left on the gateway's account, asked for now and then: an account that runs dry is seen days before it is empty, and its last is kept
for RED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral.dispatch.road import Roads
from referral.gateway.port import Balance, FetchFailed, Gateway
from referral.privacy.records import CounterRecord
from referral.store.database import Database, count_up

log = structlog.get_logger()
LEFT = "gateway.balance."
"""Among the counts, which every process can read: one of each day and currency, in whole units, as it was last told."""
ASKED_EVERY = 15 * 60.0
"""Seconds."""
_MOST = 2**31 - 1
"""What the column of a count can hold."""


@dataclass(frozen=True)
class BalanceWatch:
    """Asks outside of any transaction: the gateway may hang."""

    database: Database
    gateway: Gateway
    roads: Roads

    def look(self, now: datetime) -> int:
        """Ask, and write down what was told. What cannot be asked now stays as it was; after a day it is not shown any more."""
        try:
            told = self.gateway.balance()
        except FetchFailed as error:
            log.warning("the balance could not be read", reason=error.reason)
            return 0
        with self.database.draft() as session:
            _note(session, told, now)
            self.roads.told(session, float(told.amount), now)
        return 0


def _note(session: Session, told: Balance, now: datetime) -> None:
    key = {"day": now.date(), "name": LEFT + told.currency}
    count_up(session, CounterRecord, key, {"count": 0})  # so that two workers that ask at the same moment both write
    whole = max(-_MOST, min(_MOST, floor(told.amount)))
    session.execute(update(CounterRecord).where(CounterRecord.day == key["day"], CounterRecord.name == key["name"]).values(count=whole))


def left(session: Session, now: datetime) -> Mapping[str, int]:
    """What was left by currency when it was last told, today or yesterday; nothing where it was told longer ago, or never."""
    since = (now - timedelta(days=1)).date()
    rows = select(CounterRecord.name, CounterRecord.count).where(CounterRecord.name.startswith(LEFT), CounterRecord.day >= since)
    return {name.removeprefix(LEFT): count for name, count in session.execute(rows.order_by(CounterRecord.day))}
