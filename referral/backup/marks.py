"""When the last backup was made: a day, in the counts that every process can read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.privacy.records import CounterRecord
from referral.store.database import count_up

MADE = "backup.made"


def note_made(session: Session, now: datetime) -> None:
    count_up(session, CounterRecord, {"day": now.date(), "name": MADE}, {"count": 1})


def last_made(session: Session) -> date | None:
    """The day, in UTC; None where none was ever made."""
    return session.scalar(select(func.max(CounterRecord.day)).where(CounterRecord.name == MADE))
