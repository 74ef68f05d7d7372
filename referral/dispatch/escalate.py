"""Climbing: nobody answered in time, nobody acted in time, nobody answered at the ladder's end. Once a step, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import LadderRecord
from referral.alerts.state import acting
from referral.handover.ladder import Ladder
from referral.privacy.audit import Action, Audit
from referral.reports.register import Register, Report
from referral.store.database import Database


@dataclass(frozen=True)
class Escalation:
    database: Database
    register: Register
    outbox: Outbox
    ladder: Ladder
    audit: Audit

    def climb(self, now: datetime, limit: int = 20) -> int:
        """Take every step that is due. Each report is looked at again under its lock: two workers never take the same step twice."""
        clocks: tuple[tuple[ColumnElement[bool], _Rung], ...] = (
            (LadderRecord.step_due_at <= now, self._unanswered),
            (LadderRecord.action_due_at <= now, self._not_acted),
            (LadderRecord.again_at <= now, self._again),
        )
        return sum(self._due(late, rung, now, limit) for late, rung in clocks)

    def _due(self, late: ColumnElement[bool], rung: _Rung, now: datetime, limit: int) -> int:
        with self.database.read() as session:
            reports = list(session.scalars(select(LadderRecord.report).where(late).limit(limit)))
        for report_id in reports:
            with self.database.transaction() as session:
                ladder = self.outbox.ladder(session, report_id)
                report = self.register.find(session, report_id)
                if ladder is not None and report is not None:
                    rung(session, report, ladder, now)
        return len(reports)

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
        self.ladder.advance(session, report, ladder, now, "no answer in time")

    def _not_acted(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        """Answered is not acted: another institution is told, and the supervisor of whoever answered and did nothing."""
        if ladder.action_due_at is None or ladder.action_due_at > now:
            return
        ladder.action_due_at = None
        alerts = self.outbox.alerts_of(session, report.id)
        if acting(alerts):
            return
        self.audit.write(session, now, "service", Action.ACTION_MISSED, report.id)
        for alert in alerts:
            if alert.acknowledged_at is not None and alert.revoked_at is None:
                self.ladder.tell_supervisor(session, report, alert, "supervisor.not_acted", now)
        if ladder.ended_at is None:
            self.ladder.advance(session, report, ladder, now, "no action in time")

    def _again(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        if ladder.again_at is None or ladder.again_at > now:
            return
        if self.ladder.satisfied(report, self.outbox.alerts_of(session, report.id)):
            ladder.again_at = None
            return
        self.ladder.repeat(session, report, ladder, now)


_Rung = Callable[[Session, Report, LadderRecord, datetime], None]
