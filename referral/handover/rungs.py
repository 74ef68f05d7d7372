"""What every move on a ladder is made of: alerts with their deadlines and hours, who is next in an office, whether enough have answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import answered, recused, stands
from referral.handover.planner import Planner
from referral.privacy.audit import Audit
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.routing.plan import Plan
from referral.vocabulary.duty import DutyBearer

END = 99
"""The step number of the ladder's end, the duty person who is told again and again."""


@dataclass(frozen=True)
class Rungs:
    """Every method works inside the caller's transaction. None moves the ladder itself."""

    planner: Planner
    register: Register
    outbox: Outbox
    audit: Audit
    random: clock.Randomness

    def queue(self, session: Session, report: Report, step: int, chosen: Iterable[tuple[DutyBearer, str]], due_at: datetime, now: datetime) -> None:
        """The alerts of a step, each to a person and with its reason."""
        deadline = self.deadline(report, step, due_at)
        self.outbox.hand_over(session, report.id, step, chosen, lane=report.urgency.rank, due_at=due_at, deadline_at=deadline, now=now)

    def deadline(self, report: Report, step: int, sent_at: datetime) -> datetime:
        """By when an alert of `step` sent at `sent_at` must be answered."""
        if step == END:
            return self.again(report, sent_at)
        return clock.deadline(report.urgency, step, sent_at, self.planner.policy)

    def keep(self, session: Session, report: Report, plan: Plan, made: int) -> None:
        """Write down a plan, so that it can be seen later what was meant."""
        steps = [(step.number, " ".join(c.bearer.office.id for c in step.choices), "; ".join(c.reason for c in step.choices)) for step in plan.steps]
        self.register.keep_plan(session, report.id, made, steps)

    def satisfied(self, report: Report, alerts: Iterable[AlertRecord]) -> bool:
        """Enough humans have it: as many institutions as must answer, or the duty person at the ladder's end."""
        rows = list(alerts)
        by_the_end = any(a.step == END and stands(a, a.acknowledged_at) and not a.referred_on_at for a in rows)
        return by_the_end or len(answered(rows)) >= report.need

    def tell_supervisor(self, session: Session, report: Report, alert: AlertRecord, key: str, now: datetime) -> None:
        """A word to whoever is over an office, unless the report must be kept from them too or they have said that it must."""
        over = self.planner.supervisor(report, alert.office or "", now, recused(self.outbox.alerts_of(session, report.id)))
        if over is not None:
            params = {"number": report.number, "office": self.planner.roster().office_name(alert.office or "") or "?"}
            lane = report.urgency.rank
            self.outbox.tell(session, Purpose.SUPERVISOR, over.person, key, params, now, report=report.id, office=over.office.id, lane=lane)

    def again(self, report: Report, now: datetime) -> datetime:
        """When the duty person is told the next time; at night only of what may be sent at night."""
        return self.may_go(report, now + timedelta(minutes=self.planner.policy.duty_repeat))

    def may_go(self, report: Report, at: datetime) -> datetime:
        """`at`, or when the hours open in which a text about this report may go."""
        return clock.next_sending_time(report.urgency, at, self.planner.policy)

    def next_in(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> DutyBearer | None:
        """Somebody of the same office who has not been told and may know."""
        known = {a.person for a in self.outbox.alerts_of(session, report.id)}
        on_duty = self.planner.on_duty(alert.office or "", now)
        return next((bearer for bearer in on_duty if bearer.person not in known and self.planner.may_be_told(report, bearer)), None)

    def last(self, report: Report, alerts: Iterable[AlertRecord], now: datetime, not_acted: bool) -> DutyBearer | None:
        """Who is told at the ladder's end: the duty person of this moment who has not said no, cannot be reached or handed it on; where acting was
        missed, nor said yes. Else a duty person who said no for want of means; else whoever a plan made now would tell; and only where nobody
        else is there one who said no without a reason, or who said yes before. Never who knows the people in the report, nor who is in danger from them."""
        rows, planner = list(alerts), self.planner
        passed = frozenset(a.person for a in rows if a.revoked_at or a.declined_at or a.referred_on_at or (not_acted and a.acknowledged_at))
        revoked = frozenset(a.person for a in rows if a.revoked_at)
        said_yes, out = frozenset(a.person for a in rows if stands(a, a.acknowledged_at)), recused(rows) | revoked
        return (
            planner.duty_person(report, now, passed)
            or planner.duty_person(report, now, out)
            or planner.anybody(report, now, passed | said_yes)
            or planner.anybody(report, now, out | said_yes)
            or planner.duty_person(report, now, recused(rows, for_good=True) | revoked)
            or planner.anybody(report, now, out)
        )
