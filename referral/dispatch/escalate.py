"""Climbing: nobody answered in time, nobody acted in time, nobody answered at the ladder's end. Once a step, whoever runs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import acting
from referral.dispatch.one_by_one import OneByOne, PassedOver
from referral.handover.ladder import Ladder
from referral.handover.queued import SILENCE
from referral.privacy.audit import Action, Audit
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.routing.clock import action_deadline
from referral.store.database import Database
from referral.vocabulary.report import Urgency

RECEIPT_WINDOW = timedelta(hours=1)
"""How far back to look for missing receipts: later than that the ladder has long moved on."""


@dataclass(frozen=True)
class Escalation:
    database: Database
    register: Register
    outbox: Outbox
    ladder: Ladder
    audit: Audit
    passed: Mapping[str, PassedOver] = field(default_factory=lambda: defaultdict(PassedOver))
    """By clock: one that cannot be served must not hold up the others of the same report."""

    def climb(self, now: datetime, limit: int = 20) -> int:
        """Take every step that is due. Each report is looked at again under its lock: two workers never take the same step twice."""
        clocks: tuple[tuple[InstrumentedAttribute[datetime | None], _Rung], ...] = (
            (LadderRecord.step_due_at, self._unanswered),
            (LadderRecord.action_due_at, self._not_acted),
            (LadderRecord.again_at, self._again),
        )
        return sum(self._due(clock, rung, now, limit) for clock, rung in clocks) + self._without_receipt(now, limit)

    def _each(self, clock: str) -> OneByOne:
        return OneByOne(self.database, self.outbox, self.passed[clock])

    def _without_receipt(self, now: datetime, limit: int) -> int:
        """RED alerts that no phone has confirmed for ten minutes: somebody else is told early."""
        before = now - timedelta(minutes=self.ladder.planner.policy.receipt)
        silent = (
            AlertRecord.purpose == Purpose.ALERT,
            AlertRecord.lane == Urgency.RED.rank,
            AlertRecord.sent_at.between(before - RECEIPT_WINDOW, before),
            *(column.is_(None) for column in (AlertRecord.delivered_at, AlertRecord.failed_at, AlertRecord.early_at, AlertRecord.acknowledged_at)),
            *(column.is_(None) for column in (AlertRecord.declined_at, AlertRecord.revoked_at, AlertRecord.expired_at)),
        )
        due = select(AlertRecord.id, AlertRecord.report).where(*silent).order_by(AlertRecord.sent_at)
        return self._each("receipt").deal("nobody can be told early", due, partial(self._tell_early, now=now), now, limit)

    def _tell_early(self, session: Session, alert_id: str, *, now: datetime) -> None:
        alert = session.get(AlertRecord, alert_id)
        report = None if alert is None or alert.report is None else self.register.find(session, alert.report)
        if alert is None or report is None or alert.early_at or alert.delivered_at or alert.acknowledged_at or alert.revoked_at:
            return
        if closed(session, report.id) or self.ladder.satisfied(report, self.outbox.alerts_of(session, report.id)):
            alert.early_at = now
        else:
            self.ladder.also(session, report, alert, now, "no receipt of the first alert")

    def _due(self, clock: InstrumentedAttribute[datetime | None], rung: _Rung, now: datetime, limit: int) -> int:
        due = select(LadderRecord.report).where(clock <= now).order_by(clock)
        return self._each(clock.key).deal("a report cannot climb", due, partial(self._climb, rung=rung, now=now), now, limit)

    def _climb(self, session: Session, report_id: str, *, rung: _Rung, now: datetime) -> None:
        ladder = self.outbox.ladder(session, report_id)
        report = self.register.find(session, report_id)
        if ladder is not None and closed(session, report_id):
            ladder.step_due_at = ladder.action_due_at = ladder.again_at = None
        elif ladder is not None and report is not None:
            rung(session, report, ladder, now)

    def _unanswered(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        if ladder.step_due_at is None or ladder.step_due_at > now:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        if self.ladder.satisfied(report, alerts):
            ladder.step_due_at = None
            return
        for alert in alerts:
            silent = alert.acknowledged_at is None and alert.declined_at is None and alert.revoked_at is None
            if silent and alert.expired_at is None and alert.deadline_at is not None and alert.deadline_at <= now:
                alert.expired_at = now
        self.ladder.advance(session, report, ladder, now, SILENCE)

    def _not_acted(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        """Answered is not acted: another institution is told, and the supervisor of whoever answered and did nothing."""
        if ladder.action_due_at is None or ladder.action_due_at > now:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        if acting(alerts):
            ladder.action_due_at = None
            return
        ladder.action_due_at = action_deadline(report.urgency, now, self.ladder.planner.policy)  # whoever is told now has as long
        self.audit.write(session, now, "service", Action.ACTION_MISSED, report.id)
        for alert in alerts:
            if alert.acknowledged_at is not None and alert.revoked_at is None and alert.referred_on_at is None:
                self.ladder.tell_supervisor(session, report, alert, "supervisor.not_acted", now)
        if ladder.ended_at is None:
            self.ladder.advance(session, report, ladder, now, "no action in time")
        else:
            self.ladder.repeat(session, report, ladder, now, not_acted=any(alert.acknowledged_at for alert in alerts))

    def _again(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        if ladder.again_at is None or ladder.again_at > now:
            return
        if self.ladder.satisfied(report, self.outbox.alerts_of(session, report.id)):
            ladder.again_at = None
            return
        self.ladder.repeat(session, report, ladder, now)


_Rung = Callable[[Session, Report, LadderRecord, datetime], None]
