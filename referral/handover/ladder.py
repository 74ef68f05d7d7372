"""The ladder of a report: the first step when it is filed, the next when nobody answered, a new plan when more is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from referral.alerts import letter_texts
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import acting, recused
from referral.handover.queued import SILENCE, call_off, call_off_later, for_silence, hurry
from referral.handover.rungs import END, Rungs
from referral.privacy.audit import Action
from referral.reports.keeping import closed
from referral.reports.register import Report
from referral.routing import clock
from referral.routing.plan import Chosen, Plan
from referral.store.database import put
from referral.vocabulary.report import DOUBTFUL, Urgency

log = structlog.get_logger()
_AT_THE_END = "end of the ladder: the duty person, told again until somebody answers"
_CLOCKS = ("report", "step", "step_due_at", "action_due_at", "again_at", "ended_at")


@dataclass(frozen=True)
class Ladder(Rungs):
    """Writes the hand-overs of a report. Every method works inside the caller's transaction and sends nothing."""

    def start(self, session: Session, report: Report, plan: Plan, now: datetime) -> None:
        """Queue the first step of a new report's plan, and set both clocks. `plan` was made from facts the caller decided on."""
        self.keep(session, report, plan, 1)
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
        told_people, told_offices = frozenset(a.person for a in alerts), frozenset(a.office or "" for a in alerts)
        plan = self.planner.plan(report, now, told_people=told_people, told_offices=told_offices, after=ladder.step, without=recused(alerts))
        coming = next(iter(plan.steps), None)
        self.audit.write(session, now, "service", Action.STEP_TAKEN, report.id, why=why, step=coming.number if coming else END)
        if coming is None:
            self._end(session, report, ladder, plan, now, f"{_AT_THE_END}; {why}")
            return
        choices = [replace(chosen, reason=f"{chosen.reason}; {why}") for chosen in coming.choices]
        self._take(session, report, ladder, coming.number, choices, self.may_go(report, now), now)

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
            self._take(session, report, ladder, step, (chosen,), self.may_go(report, now), now)
        else:
            plan = self.planner.plan(report, now, told_people=frozenset(alert.person for alert in alerts), after=END, without=recused(alerts))
            for alert in alerts:
                if plan.end is not None and alert.person == plan.end.person:
                    alert.acknowledged_at = alert.acting_at = alert.done_at = alert.declined_at = None
            self._end(session, report, ladder, plan, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, self.may_go(report, now), self.planner.policy)
        return chosen is not None

    def renew(self, session: Session, report: Report, now: datetime) -> None:
        """Plan anew, since more was told: take back what the accused must not see, and alert by the new plan whoever was not yet told."""
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None:
            return
        alerts = self.outbox.alerts_of(session, report.id)
        self._take_back(session, report, alerts, now)
        due_at = clock.due(report.urgency, report.told, now, self.planner.policy, self.random, last=DOUBTFUL in report.flags)
        fresh = self.planner.plan(report, now, without=recused(alerts))
        alerts = call_off(session, alerts, {chosen.bearer.person for step in fresh.steps[:1] for chosen in step.choices})
        hurry(alerts, due_at, report.urgency.rank)
        if report.urgency.at_least(Urgency.HIGH):
            letter_texts.hurry(session, report.id, due_at)
        self.keep(session, report, fresh, self.register.plans_made(session, report.id) + 1)
        self.audit.write(session, now, "service", Action.REPLANNED, report.id, urgency=report.urgency)
        known = {a.person for a in alerts}
        first = fresh.steps[0] if fresh.steps else None
        ladder.step = 0
        if first is not None:
            new = [chosen for chosen in first.choices if chosen.bearer.person not in known]
            self._take(session, report, ladder, first.number, new, due_at, now)
        else:
            self._end(session, report, ladder, fresh, now)
        ladder.action_due_at = clock.action_deadline(report.urgency, due_at, self.planner.policy)

    def replace(self, session: Session, report: Report, alert: AlertRecord, now: datetime, why: str) -> None:
        """Somebody cannot be told: their office's next person is, or the next step at once."""
        alert.revoked_at, alert.due_at, alert.claim = now, None, None
        self._instead(session, report, alert, now, f"in place of another: {why}")

    def take_off(self, session: Session, report: Report, alert: AlertRecord, now: datetime, why: str) -> None:
        """Somebody who was told may not have it any more: what they said counts no longer, and where that leaves too few the clock runs for the next."""
        self.audit.write(session, now, "service", Action.REPLANNED, report.id, taken_back_from=alert.office)
        self.replace(session, report, alert, now, why)
        session.flush()
        self.run_on(session, report, self.deadline(report, alert.step or 1, now), now)

    def run_on(self, session: Session, report: Report, deadline: datetime, now: datetime) -> None:
        """Where not enough others have it, the ladder climbs if those who were told in somebody's place do not answer by `deadline`."""
        self.settle(session, report, now)
        ladder = self.outbox.ladder(session, report.id)
        if ladder is None or self.satisfied(report, self.outbox.alerts_of(session, report.id)):
            return
        if ladder.ended_at is None:
            ladder.step_due_at = ladder.step_due_at or deadline
        else:
            ladder.again_at = ladder.again_at or deadline

    def also(self, session: Session, report: Report, alert: AlertRecord, now: datetime, why: str) -> None:
        """An alert may not have been read: the office's next person is told too, or the next step is due. Once an alert; nothing is taken back."""
        if alert.early_at is None:
            alert.early_at = now
            self._instead(session, report, alert, now, f"told early: {why}")

    def _instead(self, session: Session, report: Report, alert: AlertRecord, now: datetime, reason: str) -> None:
        reason = f"{reason}; {SILENCE}" if for_silence(alert) else reason
        following = None if closed(session, report.id) else self.next_in(session, report, alert, now)
        if following is None:
            self.hasten(session, report.id, now)
        else:
            self.queue(session, report, alert.step or 1, [(following, reason)], self.may_go(report, now), now)

    def hasten(self, session: Session, report: str, now: datetime) -> None:
        """The next step is due now; at the ladder's end, the next telling. Of a report that is closed nothing falls due any more."""
        ladder = self.outbox.ladder(session, report)
        if ladder is None or closed(session, report):
            return
        if ladder.ended_at is None:
            ladder.step_due_at = now
        else:
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
            self._down(ladder, call_off_later(session, alerts))
        if acting(alerts):
            ladder.action_due_at = None
        elif ladder.action_due_at is None:  # whoever was acting has taken it back
            ladder.action_due_at = clock.action_deadline(report.urgency, now, self.planner.policy)

    def spare(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> bool:
        """Whether a later step's alert that is about to go out need not, since enough have answered while it waited; if so it is called off."""
        ladder = self.outbox.ladder(session, report.id) if for_silence(alert) else None
        if ladder is None or not self.satisfied(report, alerts := self.outbox.alerts_of(session, report.id)):
            return False
        if alert.unknown_at is None:
            alert.claim = None
            self._down(ladder, call_off_later(session, alerts))
        else:  # it may have gone out: they keep it, and it is not said again
            alert.failed_at, alert.failure, alert.due_at, alert.claim = now, "answered", None, None
        return True

    @staticmethod
    def _down(ladder: LadderRecord, left: Iterable[AlertRecord]) -> None:
        """A step that nobody was told of has not been taken: should those who answered fall away, it is the next."""
        steps = {alert.step or 1 for alert in left}
        if ladder.step not in steps:
            ladder.step, ladder.ended_at = max(steps - {END}, default=1), None

    def repeat(self, session: Session, report: Report, ladder: LadderRecord, now: datetime, *, not_acted: bool = False) -> None:
        """The duty person of this moment is told, or told again, or who takes their place (`Rungs.last`)."""
        ladder.again_at = self.again(report, now)
        alerts = {alert.person: alert for alert in self.outbox.alerts_of(session, report.id)}
        duty = self.last(report, alerts.values(), now, not_acted)
        if duty is None:
            log.error("nobody is at the end of a ladder")
        elif duty.person not in alerts:
            self.queue(session, report, END, [(duty, _AT_THE_END)], self.may_go(report, now), now)
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

    def _end(self, session: Session, report: Report, ladder: LadderRecord, plan: Plan, now: datetime, why: str = _AT_THE_END) -> None:
        ladder.step, ladder.step_due_at, ladder.ended_at = END, None, ladder.ended_at or now
        ladder.again_at = self.again(report, now)
        self.audit.write(session, now, "service", Action.LADDER_ENDED, report.id)
        if plan.end is None or plan.end.person in {alert.person for alert in self.outbox.alerts_of(session, report.id)}:
            self.repeat(session, report, ladder, now)
        else:
            self.queue(session, report, END, [(plan.end, why)], self.may_go(report, now), now)

    def _take(self, session: Session, report: Report, ladder: LadderRecord, step: int, choices: Iterable[Chosen], due_at: datetime, now: datetime) -> None:
        self.queue(session, report, step, [(chosen.bearer, chosen.reason) for chosen in choices], due_at, now)
        ladder.step, ladder.step_due_at, ladder.again_at, ladder.ended_at = step, self.deadline(report, step, due_at), None, None

    def _take_back(self, session: Session, report: Report, alerts: Iterable[AlertRecord], now: datetime) -> None:
        for alert in alerts:
            gone = not self.planner.may_know(report, alert.office or "") or self.planner.keeps_from(report, alert.person, now)
            if alert.revoked_at is None and gone:
                alert.revoked_at, alert.due_at = now, None
                self.audit.write(session, now, "service", Action.REPLANNED, report.id, taken_back_from=alert.office)
