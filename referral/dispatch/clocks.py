"""After the machine's clock went back: what was set by the wrong time would wait for hours, or a day. It is set anew, as if begun now.

A leap forward needs nothing here: each report climbs the step it is due for, once, and the next is counted from the new time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.handover.ladder import Ladder
from referral.handover.rungs import END
from referral.reports.records import ReportRecord
from referral.routing import clock
from referral.store.database import Database
from referral.vocabulary.report import Urgency

log = structlog.get_logger()
SLACK = timedelta(minutes=1)
"""Clocks of several hosts differ a little."""
FULL_HOUR = timedelta(hours=1)
"""Old reports' clocks are rounded up to the hour on purpose."""
_CLOCKS = ("step_due_at", "action_due_at", "again_at")


@dataclass(frozen=True)
class Clocks:
    database: Database
    outbox: Outbox
    ladder: Ladder

    def set_right(self, now: datetime, limit: int = 50) -> int:
        """Bring back every clock of a ladder, and every waiting RED or HIGH alert, that no rule can have set so far ahead. How many."""
        return sum(self._ladders(urgency, now, limit) for urgency in Urgency) + self._alerts(now)

    def _ladders(self, urgency: Urgency, now: datetime, limit: int) -> int:
        least = {name: min(self._latest(urgency, step, now)[name] for step in (1, 2, 3, END)) + SLACK for name in _CLOCKS}
        ahead = or_(*(getattr(LadderRecord, name) > at for name, at in least.items()))
        with self.database.read() as session:
            of = ReportRecord.urgency == urgency
            found = select(LadderRecord.report).join(ReportRecord, ReportRecord.id == LadderRecord.report).where(of, ahead).limit(limit)
            reports = list(session.scalars(found))
        return sum(self._set(report, urgency, now) for report in reports)

    def _set(self, report: str, urgency: Urgency, now: datetime) -> int:
        with self.database.transaction() as session:
            ladder = self.outbox.ladder(session, report)
            if ladder is None:
                return 0
            latest = self._latest(urgency, ladder.step, now)
            wrong = [name for name in _CLOCKS if _impossible(getattr(ladder, name), latest[name])]
            for name in wrong:
                setattr(ladder, name, latest[name])
        if wrong:
            log.warning("a clock set by a later time is set anew", urgency=urgency, count=len(wrong))
        return len(wrong)

    def _latest(self, urgency: Urgency, step: int, now: datetime) -> Mapping[str, datetime]:
        """The latest that each clock can have been set to at `now`."""
        policy = self.ladder.planner.policy
        step_due = clock.latest(urgency, step, now, policy)
        waited = clock.latest_sending(urgency, now, policy)
        again = clock.next_sending_time(urgency, now + timedelta(minutes=policy.duty_repeat), policy)
        return {"step_due_at": step_due, "action_due_at": clock.action_deadline(urgency, waited, policy), "again_at": max(step_due, again)}

    def _alerts(self, now: datetime) -> int:
        """HIGH waits half an hour at most, and RED not at all (see alerts.claims): one that waits longer goes out now."""
        policy = self.ladder.planner.policy
        longest = timedelta(minutes=max(policy.delay_high, policy.delay_high_not_now.most)) + SLACK + timedelta(minutes=5)
        waits = (AlertRecord.purpose == Purpose.ALERT, AlertRecord.lane == Urgency.HIGH.rank, AlertRecord.due_at > now + longest)
        with self.database.read() as session:
            found = session.execute(select(AlertRecord.id, AlertRecord.report).where(*waits).limit(50)).all()
        for alert, report in found:
            with self.database.transaction() as session:
                self._send_now(session, alert, report or "", now + longest, now)
        return len(found)

    def _send_now(self, session: Session, alert_id: str, report: str, limit: datetime, now: datetime) -> None:
        self.outbox.ladder(session, report)
        alert = session.scalar(select(AlertRecord).where(AlertRecord.id == alert_id, AlertRecord.due_at > limit).with_for_update())
        if alert is not None:
            alert.due_at = now


def _impossible(at: datetime | None, latest: datetime) -> bool:
    if at is None or at <= latest + SLACK:
        return False
    rounded = at.minute == at.second == at.microsecond == 0
    return not (rounded and at <= latest + FULL_HOUR)
