"""The ladder of a report: the first step when it is filed, the next when nobody answered, a new plan when more is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import acting, answered
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.routing.plan import Chosen, Plan
from referral.vocabulary.duty import DutyBearer

END = 99
"""The step number of the ladder's end, the duty person who is told again and again."""


@dataclass(frozen=True)
class Ladder:
    """Writes the hand-overs of a report. Every method works inside the caller's transaction and sends nothing."""

    planner: Planner
    register: Register
    outbox: Outbox
    audit: Audit
    random: clock.Randomness

    def start(self, session: Session, report: Report, plan: Plan, now: datetime) -> None:
        """Queue the first step of a new report's plan, and set both clocks. `plan` was made from facts the caller decided on."""
        self._keep(session, report, plan, 1)
        due_at = clock.due(report.urgency, report.told, now, self.planner.policy, self.random)
        ladder = LadderRecord(report=report.id, step=0)
        session.add(ladder)
        if plan.steps:
            self._take(session, report, ladder, plan.steps[0].number, plan.steps[0].choices, due_at, now)
        else:
            self._end(session, report, ladder, plan, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, due_at, self.planner.policy)

    def advance(self, session: Session, report: Report, ladder: LadderRecord, now: datetime, why: str) -> None:
        """Tell the next step, from the directory as it is now and without anybody already told; after the last, the duty person."""
        alerts = self.outbox.alerts_of(session, report.id)
        told_people, told_offices = {a.person for a in alerts}, {a.office or "" for a in alerts}
        plan = self.planner.plan(report, now, told_people=frozenset(told_people), told_offices=frozenset(told_offices), after=ladder.step)
        coming = next(iter(plan.steps), None)
        self.audit.write(session, now, "service", Action.STEP_TAKEN, report.id, why=why, step=coming.number if coming else END)
        if coming is None:
            self._end(session, report, ladder, plan, now)
            return
        self._take(session, report, ladder, coming.number, coming.choices, clock.next_sending_time(report.urgency, now, self.planner.policy), now)

    def renew(self, session: Session, report: Report, now: datetime) -> None:
        """Plan anew, since more was told: take back what the accused must not see, and alert by the new plan whoever was not yet told."""
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        self._take_back(session, report, alerts, now)
        due_at = clock.due(report.urgency, report.told, now, self.planner.policy, self.random)
        self._hurry(alerts, due_at)
        fresh = self.planner.plan(report, now)
        self._keep(session, report, fresh, self.register.plans_made(session, report.id) + 1)
        self.audit.write(session, now, "service", Action.REPLANNED, report.id, urgency=report.urgency)
        known = {a.person for a in alerts}
        first = fresh.steps[0] if fresh.steps else None
        ladder.step = 0
        if first is not None:
            new = [chosen for chosen in first.choices if chosen.bearer.person not in known]
            self._take(session, report, ladder, first.number, new, due_at, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, due_at, self.planner.policy)

    def replace(self, session: Session, report: Report, alert: AlertRecord, now: datetime, why: str) -> None:
        """Somebody cannot be told: their office's next person is, or the next step at once."""
        alert.revoked_at, alert.due_at = now, None
        known = {a.person for a in self.outbox.alerts_of(session, report.id)}
        bearers: Sequence[DutyBearer] = ()
        if alert.office and self.planner.may_know(report, alert.office):
            bearers = [b for b in self.planner.on_duty(alert.office, now) if b.person not in known]
        if bearers:
            self._queue(session, report, alert.step or 1, bearers[0], now, now, f"in place of another: {why}")
            return
        self.hasten(session, report.id, now)

    def hasten(self, session: Session, report: str, now: datetime) -> None:
        """The next step is due now."""
        ladder = self.outbox.ladder(session, report)
        if ladder is not None and ladder.ended_at is None:
            ladder.step_due_at = now

    def hurry(self, session: Session, report: str, now: datetime) -> None:
        """What waits to go out goes out now."""
        self._hurry(self.outbox.alerts_of(session, report), now)

    def sent(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
        """An alert went out: its clock, and the report's if it is the first of the step, count from this moment."""
        alert.deadline_at = self.deadline(report, alert.step or 1, now)
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None or ladder.step != alert.step:
            return
        if ladder.step_due_at is not None and ladder.step_due_at > now:
            ladder.step_due_at = alert.deadline_at
        if ladder.step == 1 and ladder.action_due_at is not None:
            ladder.action_due_at = clock.action_deadline(report.urgency, now, self.planner.policy)

    def settle(self, session: Session, report: Report) -> None:
        """After an answer: stop the clocks that it stops. One yes is not enough where two institutions must answer."""
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        if self.satisfied(report, alerts):
            ladder.step_due_at = ladder.again_at = None
        if acting(alerts):
            ladder.action_due_at = None

    def satisfied(self, report: Report, alerts: Iterable[AlertRecord]) -> bool:
        """Enough humans have it: as many institutions as must answer, or the duty person at the ladder's end."""
        rows = list(alerts)
        by_the_end = any(a.step == END and a.acknowledged_at and not a.revoked_at for a in rows)
        return by_the_end or len(answered(rows)) >= report.need

    def tell_supervisor(self, session: Session, report: Report, alert: AlertRecord, key: str, now: datetime) -> None:
        """A word to whoever is over an office, unless the report must be kept from them too."""
        over = self.planner.supervisor(report, alert.office or "", now)
        if over is not None:
            name = self.planner.roster().office_name(alert.office or "") or "?"
            self.outbox.tell(session, Purpose.SUPERVISOR, over.person, key, {"number": report.number, "office": name}, now, report=report.id)

    def repeat(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
        """The duty person is told again; if nobody was on duty when the ladder ended, the directory is asked again."""
        alerts = [a for a in self.outbox.alerts_of(session, report.id) if a.step == END and a.revoked_at is None]
        ladder.again_at = now + self._repeat
        if not alerts:
            self._end(session, report, ladder, self.planner.plan(report, now), now)
            return
        for alert in alerts:
            params = {"alert": alert.id}
            self.outbox.tell(session, Purpose.AGAIN, alert.person, "alert.again", params, now, report=report.id)

    @property
    def _repeat(self) -> timedelta:
        return timedelta(minutes=self.planner.policy.duty_repeat)

    def _end(self, session: Session, report: Report, ladder: LadderRecord, plan: Plan, now: datetime) -> None:
        ladder.step, ladder.step_due_at = END, None
        ladder.ended_at = ladder.ended_at or now
        ladder.again_at = now + self._repeat
        self.audit.write(session, now, "service", Action.LADDER_ENDED, report.id, told=plan.end is not None)
        if plan.end is None:
            return
        known = {a.person: a for a in self.outbox.alerts_of(session, report.id)}
        before = known.get(plan.end.person)
        if before is None:
            self._queue(session, report, END, plan.end, now, now, "end of the ladder: the duty person, told again until somebody answers")
        else:  # told at an earlier step already: from now on again and again
            before.step = END

    def _take(self, session: Session, report: Report, ladder: LadderRecord, step: int, choices: Iterable[Chosen], due_at: datetime, now: datetime) -> None:
        for chosen in choices:
            self._queue(session, report, step, chosen.bearer, due_at, now, chosen.reason)
        ladder.step, ladder.step_due_at, ladder.again_at, ladder.ended_at = step, self.deadline(report, step, due_at), None, None

    def _queue(self, session: Session, report: Report, step: int, bearer: DutyBearer, due_at: datetime, now: datetime, reason: str) -> None:
        deadline = self.deadline(report, step, due_at)
        lane = report.urgency.rank
        self.outbox.hand_over(session, report.id, step, bearer, lane=lane, due_at=due_at, deadline_at=deadline, reason=reason, now=now)

    def deadline(self, report: Report, step: int, sent_at: datetime) -> datetime:
        """By when an alert of `step` sent at `sent_at` must be answered."""
        if step == END:
            return sent_at + self._repeat
        return clock.deadline(report.urgency, step, sent_at, self.planner.policy)

    def _keep(self, session: Session, report: Report, plan: Plan, made: int) -> None:
        steps = [(step.number, " ".join(c.bearer.office.id for c in step.choices), "; ".join(c.reason for c in step.choices)) for step in plan.steps]
        self.register.keep_plan(session, report.id, made, steps)

    def _take_back(self, session: Session, report: Report, alerts: Iterable[AlertRecord], now: datetime) -> None:
        for alert in alerts:
            if alert.revoked_at is None and not self.planner.may_know(report, alert.office or ""):
                alert.revoked_at, alert.due_at = now, None
                self.audit.write(session, now, "service", Action.REPLANNED, report.id, taken_back_from=alert.office)

    @staticmethod
    def _hurry(alerts: Iterable[AlertRecord], due_at: datetime) -> None:
        for alert in alerts:
            if alert.due_at is not None and alert.claim is None:
                alert.due_at = min(alert.due_at, due_at)
