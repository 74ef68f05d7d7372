"""The purge's own record: who runs it, whether it is late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from referral.privacy.records import CounterRecord, PurgeRunRecord
from referral.reports.keeping import first_filed
from referral.store.base import new_id
from referral.store.database import changed

EVERY = timedelta(hours=23)
"""A little under a day, so that it does not wander round the clock and is never a day and a bit."""
DEAD = timedelta(hours=1)
"""A run that has not ended for so long was killed: another begins."""
LATE = timedelta(hours=26)


def claim(session: Session, now: datetime, *, at_once: bool) -> str | None:
    """Begin a run, and return its id; None where one has ended within the day or is going on. `at_once` asks neither.

    Whoever is first has it: on SQLite the transaction holds the only lock, on PostgreSQL the table is locked.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("LOCK TABLE purge_run IN EXCLUSIVE MODE"))
    fresh = or_(PurgeRunRecord.ended_at > now - EVERY, PurgeRunRecord.ended_at.is_(None) & (PurgeRunRecord.started_at > now - DEAD))
    if not at_once and session.scalar(select(PurgeRunRecord.id).where(fresh, PurgeRunRecord.started_at <= now).limit(1)) is not None:
        return None
    id_ = new_id()
    session.add(PurgeRunRecord(id=id_, started_at=now, removed="{}"))
    return id_


def end(session: Session, run: str, removed: Mapping[str, int], problem: str | None, now: datetime) -> None:
    """Write down what went. A run with a problem has not ended: it is tried again in an hour, and missed by the alarm."""
    row = session.get_one(PurgeRunRecord, run)
    row.removed, row.problem = json.dumps(dict(removed)), problem
    row.ended_at = None if problem else now


def last_ended(session: Session) -> datetime | None:
    """When the last whole run ended."""
    return session.scalar(select(func.max(PurgeRunRecord.ended_at)))


def late(session: Session, now: datetime) -> timedelta | None:
    """How long ago the last run ended, if that is more than 26 hours; where none ever did, since the first report."""
    last = session.scalar(select(func.max(PurgeRunRecord.ended_at)).where(PurgeRunRecord.ended_at <= now)) or first_filed(session)
    return now - last if last is not None and now - last > LATE else None


def drop_old(session: Session, before: datetime) -> int:
    """Records of runs and counts of things that should not happen, older than `before`."""
    runs = changed(session, delete(PurgeRunRecord).where(PurgeRunRecord.started_at < before))
    return runs + changed(session, delete(CounterRecord).where(CounterRecord.day < before.date()))
