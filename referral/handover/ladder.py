"""The ladder of a report: the first step when it is filed, the next when nobody answered, a new plan when more is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import acting, answered, stands
from referral.handover.planner import Planner
from referral.handover.queued import call_off, hurry
from referral.privacy.audit import Action, Audit
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.routing.plan import Chosen, Plan
from referral.store.database import put
from referral.vocabulary.duty import DutyBearer
from referral.vocabulary.report import DOUBTFUL

log = structlog.get_logger()
END = 99
"""The step number of the ladder's end, the duty person who is told again and again."""
_AT_THE_END = "end of the ladder: the duty person, told again until somebody answers"
_CLOCKS = ("report", "step", "step_due_at", "action_due_at", "again_at", "ended_at")


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
        due_at = clock.due(report.urgency, report.told, now, self.planner.policy, self.random, last=DOUBTFUL in report.flags)
        ladder = LadderRecord(report=report.id, step=0)
        if plan.steps:
            self._take(session, report, ladder, plan.steps[0].number, plan.steps[0].choices, due_at, now)
        else:
            self._end(session, report, ladder, plan, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, due_at, self.planner.policy)
        put(session, LadderRecord, {name: getattr(ladder, name) for name in _CLOCKS})

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
        self._take(session, report, ladder, coming.number, coming.choices, self._may_go(report, now), now)

    def elsewhere(self, session: Session, report: Report, now: datetime) -> bool:
        """The reporter was not helped: what was answered counts no longer, and an institution that nobody has told yet is told at once.

        False if there is none left: the duty person is told then, also if they were before, until somebody answers.
        """
        ladder, alerts = self.outbox.ladder(session, report.id), self.outbox.alerts_of(session, report.id)
        if ladder is None:
            return False
        for alert in alerts:
            alert.expired_at = now if alert.acknowledged_at else alert.expired_at
        chosen = self.planner.elsewhere(report, now, alerts)
        if chosen is not None:
            step = max((alert.step or 1 for alert in alerts if alert.step != END), default=1)
            self._take(session, report, ladder, step, (chosen,), self._may_go(report, now), now)
        else:
            plan = self.planner.plan(report, now, told_people=frozenset(alert.person for alert in alerts), after=END)
            for alert in alerts:
                if plan.end is not None and alert.person == plan.end.person:
                    alert.acknowledged_at = alert.acting_at = alert.done_at = alert.declined_at = None
            self._end(session, report, ladder, plan, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, self._may_go(report, now), self.planner.policy)
        return chosen is not None

    def renew(self, session: Session, report: Report, now: datetime) -> None:
        """Plan anew, since more was told: take back what the accused must not see, and alert by the new plan whoever was not yet told."""
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        self._take_back(session, report, alerts, now)
        due_at = clock.due(report.urgency, report.told, now, self.planner.policy, self.random, last=DOUBTFUL in report.flags)
        fresh = self.planner.plan(report, now)
        alerts = call_off(session, alerts, {chosen.bearer.person for step in fresh.steps[:1] for chosen in step.choices})
        hurry(alerts, due_at, report.urgency.rank)
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
        alert.revoked_at, alert.due_at, alert.claim = now, None, None
        following = self._next_in(session, report, alert, now)
        if following is None:
            self.hasten(session, report.id, now)
        else:
            self._queue(session, report, alert.step or 1, [(following, f"in place of another: {why}")], now, now)

    def also(self, session: Session, report: Report, alert: AlertRecord, now: datetime, why: str) -> None:
        """An alert may not have been read: the office's next person is told too, or the next step is due. Once an alert; nothing is taken back."""
        if alert.early_at is not None:
            return
        alert.early_at = now
        following = self._next_in(session, report, alert, now)
        if following is None:
            self.hasten(session, report.id, now)
        else:
            self._queue(session, report, alert.step or 1, [(following, f"told early: {why}")], now, now)

    def hasten(self, session: Session, report: str, now: datetime) -> None:
        """The next step is due now; at the ladder's end, the next telling."""
        ladder = self.outbox.ladder(session, report)
        if ladder is not None and ladder.ended_at is None:
            ladder.step_due_at = now
        elif ladder is not None:
            ladder.again_at = now

    def hurry(self, session: Session, report: Report, now: datetime) -> None:
        """What waits to go out goes out now."""
        hurry(self.outbox.alerts_of(session, report.id), now, report.urgency.rank)

    def sent(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
        """An alert went out: its clock, and the report's if it is the first of the step, count from this moment."""
        alert.deadline_at = self.deadline(report, alert.step or 1, now)
        alert.remind_at = None if alert.step == END else clock.reminder(report.urgency, alert.step or 1, now, self.planner.policy)
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None or ladder.step != alert.step:
            return
        if any(other.sent_at and other.id != alert.id and other.step == alert.step for other in self.outbox.alerts_of(session, report.id)):
            return  # a second person of a step must not give the first more time
        if ladder.step_due_at is not None and ladder.step_due_at > now:
            ladder.step_due_at = alert.deadline_at
        if ladder.step == 1 and ladder.action_due_at is not None:
            ladder.action_due_at = clock.action_deadline(report.urgency, now, self.planner.policy)

    def settle(self, session: Session, report: Report, now: datetime) -> None:
        """After an answer: stop the clocks that it stops. One yes is not enough where two institutions must answer."""
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None or closed(session, report.id):  # an answer that comes after the closing starts no clock
            return
        alerts = self.outbox.alerts_of(session, report.id)
        if self.satisfied(report, alerts):
            ladder.step_due_at = ladder.again_at = None
        if acting(alerts):
            ladder.action_due_at = None
        elif ladder.action_due_at is None:  # whoever was acting has taken it back
            ladder.action_due_at = clock.action_deadline(report.urgency, now, self.planner.policy)

    def satisfied(self, report: Report, alerts: Iterable[AlertRecord]) -> bool:
        """Enough humans have it: as many institutions as must answer, or the duty person at the ladder's end."""
        rows = list(alerts)
        by_the_end = any(a.step == END and stands(a, a.acknowledged_at) and not a.referred_on_at for a in rows)
        return by_the_end or len(answered(rows)) >= report.need

    def tell_supervisor(self, session: Session, report: Report, alert: AlertRecord, key: str, now: datetime) -> None:
        """A word to whoever is over an office, unless the report must be kept from them too."""
        over = self.planner.supervisor(report, alert.office or "", now)
        if over is not None:
            params = {"number": report.number, "office": self.planner.roster().office_name(alert.office or "") or "?"}
            lane = report.urgency.rank
            self.outbox.tell(session, Purpose.SUPERVISOR, over.person, key, params, now, report=report.id, office=over.office.id, lane=lane)

    def repeat(self, session: Session, report: Report, ladder: LadderRecord, now: datetime, *, not_acted: bool = False) -> None:
        """The duty person of this moment is told, or told again. Who said no, or cannot be reached, is passed over while there is another;
        so is who said yes, where it is acting that was missed."""
        ladder.again_at = self._again(report, now)
        alerts = {alert.person: alert for alert in self.outbox.alerts_of(session, report.id)}
        passed = frozenset(p for p, a in alerts.items() if a.revoked_at or a.declined_at or a.referred_on_at or (not_acted and a.acknowledged_at))
        duty = self.planner.duty_person(report, now, passed) or self.planner.duty_person(report, now, frozenset())
        if duty is None:
            log.error("nobody is at the end of a ladder")
        elif duty.person not in alerts:
            self._queue(session, report, END, [(duty, _AT_THE_END)], self._may_go(report, now), now)
        else:
            self._say_again(session, report, alerts[duty.person], now, not_acted)

    def _say_again(self, session: Session, report: Report, alert: AlertRecord, now: datetime, not_acted: bool) -> None:
        alert.step = END
        if alert.referred_on_at is not None:  # whoever they handed it on to is silent, and nobody else is left: it is theirs again
            alert.referred_on_at = alert.acknowledged_at = alert.acting_at = None
        if alert.due_at is None and alert.revoked_at is None and not self.outbox.waiting(session, Purpose.AGAIN, report.id, alert.person):
            key = "alert.not_acted" if not_acted else "alert.again"
            lane, of = report.urgency.rank, {"alert": alert.id}
            self.outbox.tell(session, Purpose.AGAIN, alert.person, key, of, now, report=report.id, office=alert.office, lane=lane)

    def _again(self, report: Report, now: datetime) -> datetime:
        """When the duty person is told the next time; at night only of what may be sent at night."""
        return self._may_go(report, now + timedelta(minutes=self.planner.policy.duty_repeat))

    def _may_go(self, report: Report, at: datetime) -> datetime:
        return clock.next_sending_time(report.urgency, at, self.planner.policy)

    def _next_in(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> DutyBearer | None:
        """Somebody of the same office who has not been told, if the office may know at all."""
        if alert.office is None or not self.planner.may_know(report, alert.office):
            return None
        known = {a.person for a in self.outbox.alerts_of(session, report.id)}
        return next((bearer for bearer in self.planner.on_duty(alert.office, now) if bearer.person not in known), None)

    def _end(self, session: Session, report: Report, ladder: LadderRecord, plan: Plan, now: datetime) -> None:
        ladder.step, ladder.step_due_at, ladder.ended_at = END, None, ladder.ended_at or now
        ladder.again_at = self._again(report, now)
        self.audit.write(session, now, "service", Action.LADDER_ENDED, report.id)
        if plan.end is None or plan.end.person in {alert.person for alert in self.outbox.alerts_of(session, report.id)}:
            self.repeat(session, report, ladder, now)
        else:
            self._queue(session, report, END, [(plan.end, _AT_THE_END)], self._may_go(report, now), now)

    def _take(self, session: Session, report: Report, ladder: LadderRecord, step: int, choices: Iterable[Chosen], due_at: datetime, now: datetime) -> None:
        self._queue(session, report, step, [(chosen.bearer, chosen.reason) for chosen in choices], due_at, now)
        ladder.step, ladder.step_due_at, ladder.again_at, ladder.ended_at = step, self.deadline(report, step, due_at), None, None

    def _queue(self, session: Session, report: Report, step: int, chosen: Iterable[tuple[DutyBearer, str]], due_at: datetime, now: datetime) -> None:
        deadline = self.deadline(report, step, due_at)
        self.outbox.hand_over(session, report.id, step, chosen, lane=report.urgency.rank, due_at=due_at, deadline_at=deadline, now=now)

    def deadline(self, report: Report, step: int, sent_at: datetime) -> datetime:
        """By when an alert of `step` sent at `sent_at` must be answered."""
        if step == END:
            return self._again(report, sent_at)
        return clock.deadline(report.urgency, step, sent_at, self.planner.policy)

    def _keep(self, session: Session, report: Report, plan: Plan, made: int) -> None:
        steps = [(step.number, " ".join(c.bearer.office.id for c in step.choices), "; ".join(c.reason for c in step.choices)) for step in plan.steps]
        self.register.keep_plan(session, report.id, made, steps)

    def _take_back(self, session: Session, report: Report, alerts: Iterable[AlertRecord], now: datetime) -> None:
        for alert in alerts:
            if alert.revoked_at is None and not self.planner.may_know(report, alert.office or ""):
                alert.revoked_at, alert.due_at = now, None
                self.audit.write(session, now, "service", Action.REPLANNED, report.id, taken_back_from=alert.office)
