"""How much waits to be sent, for figures and alarms: counts and ages by lane, nothing of what or to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from referral.alerts.claims import is_due
from referral.alerts.records import DRILL_LANE, RED_LANE, AlertRecord
from referral.vocabulary.report import Urgency

LANES = MappingProxyType({urgency.rank: urgency.value for urgency in Urgency} | {DRILL_LANE: "DRILL"})
"""What a lane is called in figures. Replies and words to officers travel with HIGH."""
assert LANES[RED_LANE] == Urgency.RED


@dataclass(frozen=True, slots=True)
class Depth:
    """`due` counts what may go out now and has not been taken in hand, `waiting` what has been due and is being sent or tried again; `oldest` is how
    long the oldest that the gateway has not accepted has been due, however often it was tried since.

    What was never due yet is not counted: an alert waits so that it points at nobody, and a figure that rose when it was queued would.
    """

    due: int
    waiting: int
    oldest: timedelta


def queue_depths(session: Session, now: datetime) -> Mapping[str, Depth]:
    """Every lane by its name in LANES, the empty ones too."""
    due = dict(session.execute(select(AlertRecord.lane, func.count()).where(is_due(now)).group_by(AlertRecord.lane)).all())
    since = func.min(func.coalesce(AlertRecord.first_due_at, AlertRecord.due_at))
    been_due = or_(is_due(now), AlertRecord.first_due_at.is_not(None), AlertRecord.attempts > 0)
    counted = select(AlertRecord.lane, func.count(), since).where(AlertRecord.due_at.is_not(None), been_due).group_by(AlertRecord.lane)
    every = {lane: (many, max(now - (first or now), timedelta())) for lane, many, first in session.execute(counted)}
    none = 0, timedelta()
    return {name: Depth(due.get(lane, 0), every.get(lane, none)[0] - due.get(lane, 0), every.get(lane, none)[1]) for lane, name in LANES.items()}
