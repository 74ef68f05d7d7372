"""Child Rights Clubs: how many messages a month, and nothing that leads from a message to a club."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from referral.intake.records import ClubTallyRecord


def credit(session: Session, club: str, now: datetime) -> None:
    """One more message of a club this month."""
    key = (now.date().replace(day=1), club[:12])
    row = session.get(ClubTallyRecord, key, with_for_update=True)
    if row is None:
        session.add(ClubTallyRecord(month=key[0], club=key[1], count=1))
    else:
        row.count += 1
