"""How much waits to be sent, for figures and alarms: counts and ages by lane, nothing of what or to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.alerts.claims import is_due
from referral.alerts.records import DRILL_LANE, RED_LANE, AlertRecord
from referral.vocabulary.report import Urgency

LANES = MappingProxyType({urgency.rank: urgency.value for urgency in Urgency} | {DRILL_LANE: "DRILL"})
"""What a lane is called in figures. Replies and words to officers travel with HIGH."""
assert LANES[RED_LANE] == Urgency.RED


@dataclass(frozen=True, slots=True)
class Depth:
    """`due` counts what may go out now and has not been taken in hand, `waiting` what is for later or is being sent; `oldest` is how long the
    oldest due one has been due."""

    due: int
    waiting: int
    oldest: timedelta


def queue_depths(session: Session, now: datetime) -> Mapping[str, Depth]:
    """Every lane by its name in LANES, the empty ones too."""
    due = dict.fromkeys(LANES, (0, timedelta()))
    counted = select(AlertRecord.lane, func.count(), func.min(AlertRecord.due_at)).where(is_due(now)).group_by(AlertRecord.lane)
    for lane, many, since in session.execute(counted):
        due[lane] = many, max(now - (since or now), timedelta())
    every = dict(session.execute(select(AlertRecord.lane, func.count()).where(AlertRecord.due_at.is_not(None)).group_by(AlertRecord.lane)).all())
    return {name: Depth(due[lane][0], every.get(lane, 0) - due[lane][0], due[lane][1]) for lane, name in LANES.items()}
