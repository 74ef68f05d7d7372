"""A reporter's consent to be contacted, without opening anything: how long it still holds, and whose text answers one of ours."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.reports.numbers import CONTACT_LONGEST
from referral.reports.records import ReportRecord

RENEWABLE = timedelta(days=10)
"""So long before a consent ends its giver can renew it."""


def renewable(session: Session, report: str, now: datetime) -> bool:
    """Whether a consent ends soon and may be given for longer."""
    record = session.get(ReportRecord, report)
    if record is None or record.contact_until is None or record.contact_first_hour is None:
        return False
    return now < record.contact_until <= now + RENEWABLE and record.contact_until < record.contact_first_hour + CONTACT_LONGEST


def standing(session: Session, report: str) -> str | None:
    """Which consent of its reporter it is that stands: another one after a withdrawal, or for another number. None without one, or of before they were
    told apart."""
    return session.scalar(select(ReportRecord.consent).where(ReportRecord.id == report))


def relayed(session: Session, report: str, now: datetime) -> None:
    """A text went to the consented number: remembered by the hour, as long as the number is."""
    session.get_one(ReportRecord, report).relayed_hour = now.replace(minute=0, second=0, microsecond=0)


def relayed_hour(session: Session, report: str) -> datetime | None:
    return session.scalar(select(ReportRecord.relayed_hour).where(ReportRecord.id == report))


def in_conversation(session: Session, tag: bytes, since: datetime, now: datetime) -> str | None:
    """The report that a text from the number of this tag answers: the one whose text went to it last, since `since`.

    None where two could be meant: what is told of one must not be read by those who have the other.
    """
    mine = (ReportRecord.contact_tag == tag, ReportRecord.relayed_hour >= since, ReportRecord.contact_until > now)
    rows = session.execute(select(ReportRecord.id, ReportRecord.relayed_hour).where(*mine).order_by(ReportRecord.relayed_hour.desc()).limit(2)).all()
    return None if not rows or (len(rows) > 1 and rows[0][1] == rows[1][1]) else rows[0][0]
