"""Reminding whoever has not answered, once, before the next is told. Whether and when is the county's policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import silent
from referral.dispatch.one_by_one import OneByOne, PassedOver
from referral.handover.ladder import Ladder
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.store.database import Database

REMINDER = "alert.reminder"
"""The words of a reminder; it is a repeat (Purpose.AGAIN), so that it carries the alert's own four digits."""


@dataclass(frozen=True)
class Reminders:
    database: Database
    register: Register
    outbox: Outbox
    ladder: Ladder
    passed: PassedOver = field(default_factory=PassedOver)

    def remind(self, now: datetime, limit: int = 20) -> int:
        """Queue every reminder that is due. The alert's own time is taken away under its report's lock: two workers never remind twice."""
        due = select(AlertRecord.id, AlertRecord.report).where(AlertRecord.remind_at <= now).order_by(AlertRecord.remind_at)
        return OneByOne(self.database, self.outbox, self.passed).deal("nobody can be reminded", due, partial(self._one, now=now), now, limit)

    def _one(self, session: Session, alert_id: str, *, now: datetime) -> None:
        alert = session.scalar(select(AlertRecord).where(AlertRecord.id == alert_id).with_for_update())
        if alert is None or alert.remind_at is None or alert.remind_at > now:
            return
        alert.remind_at = None
        report = None if alert.report is None else self.register.find(session, alert.report)
        if report is None or not self._wanted(session, report, alert, now):
            return
        at = clock.next_reminding_time(report.urgency, now, self.ladder.planner.policy)
        if at > now:
            alert.remind_at = at
            return
        lane, of = report.urgency.rank, {"alert": alert.id}
        self.outbox.tell(session, Purpose.AGAIN, alert.person, REMINDER, of, now, report=report.id, office=alert.office, lane=lane)

    def _wanted(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> bool:
        """Not after the deadline: somebody else is told then, and after a leap of the clock or a long stop reminders would come down in a heap."""
        policy = self.ladder.planner.policy
        late = alert.deadline_at is None or alert.deadline_at <= now
        if late or not policy.remind[report.urgency] or not silent(alert) or closed(session, report.id):
            return False
        return not self.ladder.satisfied(report, self.outbox.alerts_of(session, report.id))
