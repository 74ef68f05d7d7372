"""What the directory remembers of the monthly tests: whom an office's went to, and after how many minutes somebody answered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.directory.tasks import settle
from referral.directory.upkeep_records import DrillRow, TaskKind
from referral.store.base import new_id

OFFICE = "office"


def reserve(session: Session, office: str, month: date) -> DrillRow | None:
    """The row of an office's test in a month (its first day), locked, for the caller to say who is asked; None where somebody was asked already."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(DrillRow).values(id=new_id(), office=office, month=month).on_conflict_do_nothing())
    return session.scalar(select(DrillRow).where(DrillRow.office == office, DrillRow.month == month, DrillRow.alert.is_(None)).with_for_update())


def readdressed(session: Session, alert: str, person: str) -> None:
    """The test goes to somebody else than was planned."""
    session.execute(update(DrillRow).where(DrillRow.alert == alert).values(person=person))


def answered(session: Session, alert: str, sent_at: datetime, person: str, now: datetime) -> None:
    """Somebody answered the test. The first answer counts; a late one still closes the task that its silence opened."""
    row = session.scalar(select(DrillRow).where(DrillRow.alert == alert).with_for_update())
    if row is None or row.minutes is not None:
        return
    row.sent_at = row.sent_at or sent_at
    row.minutes = max(0, int((now - row.sent_at).total_seconds() // 60))
    settle(session, TaskKind.DRILL_UNANSWERED, OFFICE, row.office, person, now)
