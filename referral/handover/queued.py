"""Hand-overs of a report that wait to go out, when its plan changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts.records import AlertRecord


def call_off(session: Session, alerts: Iterable[AlertRecord], wanted: set[str]) -> list[AlertRecord]:
    """What still waits for somebody whom the new plan does not tell first is not sent; they may be told at a later step."""
    kept = []
    for alert in alerts:
        if alert.due_at is not None and alert.attempts == 0 and alert.person not in wanted:
            session.delete(alert)
        else:
            kept.append(alert)
    session.flush()
    return kept


def hurry(alerts: Iterable[AlertRecord], due_at: datetime, lane: int) -> None:
    """What waits goes out at `due_at` at the latest, and in this lane at least."""
    for alert in alerts:
        if alert.due_at is not None and alert.claim is None:
            alert.due_at, alert.lane = min(alert.due_at, due_at), min(alert.lane, lane)
