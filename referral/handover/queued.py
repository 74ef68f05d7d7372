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


SILENCE = "no answer in time"
"""In the reason of an alert that is there only because nobody had answered: not since nobody acts, nor by an officer's own hand-over."""


def for_silence(alert: AlertRecord) -> bool:
    return SILENCE in (alert.reason or "")


def call_off_later(session: Session, alerts: Iterable[AlertRecord]) -> list[AlertRecord]:
    """Enough have answered: what waits of later steps and has certainly not gone out does not, and those people can still be told one day. The rest."""
    kept = []
    for alert in alerts:
        waits = alert.due_at is not None and alert.unknown_at is None and alert.claim is None and not alert.calling
        if waits and for_silence(alert):
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
