"""A reporter's letter: officers are told of it, and read it, when an alert of its urgency would go. At once it would point at whoever used the phone a
minute ago."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts import letter_texts
from referral.alerts.records import Purpose
from referral.alerts.state import stands
from referral.handover.ladder import Ladder
from referral.reports.letters import after
from referral.reports.register import Report
from referral.routing import clock
from referral.vocabulary.report import Urgency


def tell(ladder: Ladder, session: Session, report: Report, turn: int, now: datetime) -> None:
    """A word to those who have it and may know, of the letter of this turn. There is no second while a first is for later, but what has become urgent
    waits no longer; of a RED one there is none while a first is being tried either, since nothing is held back there."""
    due_at = clock.due(report.urgency, report.told, now, ladder.planner.policy, ladder.random)
    if report.urgency.at_least(Urgency.HIGH):
        letter_texts.hurry(session, report.id, due_at)
    untried = {row.person for row in letter_texts.untried(session, report.id)}
    for alert in ladder.outbox.alerts_of(session, report.id):
        has_it = stands(alert, alert.acknowledged_at) and alert.referred_on_at is None and alert.done_at is None
        if not has_it or alert.person in untried or not ladder.planner.may_know(report, alert.office or ""):
            continue
        if report.urgency is not Urgency.RED or not ladder.outbox.waiting(session, Purpose.LETTER, report.id, alert.person):
            letter_texts.queue(session, report.id, alert, report.number, turn, due_at)


def last_turn(session: Session, report: Report, now: datetime) -> int | None:
    """The last letter that officers may read by now, by its turn; None for all of them. In danger nothing is held back."""
    return None if report.urgency is Urgency.RED else letter_texts.last_turn(session, report.id, now)


def unread(session: Session, report: Report, since: int, now: datetime) -> int:
    """How many letters after that turn wait for an officer who may read them by now. Nothing is opened."""
    return after(session, report.id, since, last_turn(session, report, now))
