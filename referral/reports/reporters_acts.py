"""What a reporter does to a report after filing it, written down by the day."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.reports.event_records import CaseEvent, CaseEventRecord, ServiceEventRecord
from referral.store.base import new_id


def note(session: Session, report: str, kind: CaseEvent, reason: str, now: datetime) -> None:
    """By the day: hours of a reporter's acts, laid beside a list of calls, are one phone. Only what an officer did before on that day is still
    before it, since a service or a first yes to closing counts no longer."""
    given = session.scalars(select(ServiceEventRecord.noted_hour).where(ServiceEventRecord.report == report))
    officers = session.scalars(select(CaseEventRecord.noted_hour).where(CaseEventRecord.report == report, CaseEventRecord.person != ""))
    noted = max((now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0), *given, *officers))
    session.add(CaseEventRecord(id=new_id(), report=report, kind=kind, office="", person="", reason=reason, noted_hour=noted))
