"""Child Rights Clubs: how many messages a month, and nothing that leads from a message to a club."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from referral.intake.records import ClubTallyRecord
from referral.store.database import count_up


def credit(session: Session, club: str, now: datetime) -> None:
    """One more message of a club this month."""
    count_up(session, ClubTallyRecord, {"month": now.date().replace(day=1), "club": club[:12]}, {"count": 1})
