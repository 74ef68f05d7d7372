"""An officer hands a report on to another office: only to one that may have it, of the same place, with somebody on duty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.casework.desk import Desk, Mine
from referral.privacy.audit import Action
from referral.routing import clock
from referral.vocabulary.duty import AWAY, DutyBearer
from referral.vocabulary.option import Option


@dataclass(frozen=True)
class HandingOn:
    """The hand-over between offices, inside the caller's transaction."""

    desk: Desk

    def offices(self, session: Session, person: str, alert: str, now: datetime) -> tuple[Option, ...]:
        """The offices that may have it, nearest first, by name. Empty also where the alert is not this person's."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=False)
        if mine is None:
            return ()
        return tuple(Option(bearer.office.id, bearer.office.name, verbatim=True) for bearer in self._possible(session, mine, now))

    def hand_on(self, session: Session, person: str, alert: str, office: str, now: datetime) -> bool:
        """Alert that office, and take this one off: its yes counts no longer, so the clocks run for whoever has it now.

        False if the alert is not this person's, or the office may not have it (any more).
        """
        desk = self.desk
        mine = desk.mine_to_hand_on(session, person, alert, now, lock=True)
        bearer = None if mine is None else next((one for one in self._possible(session, mine, now) if one.office.id == office), None)
        if mine is None or bearer is None:
            return False
        report, old = mine.report, mine.alert
        step = old.step or 1
        due_at = clock.next_sending_time(report.urgency, now, desk.planner.policy)
        deadline = desk.ladder.deadline(report, step, due_at)
        reason = f"{bearer.office.name}: handed on by {desk.planner.roster().office_name(old.office or '') or '?'}"
        desk.outbox.hand_over(session, report.id, step, [(bearer, reason)], lane=report.urgency.rank, due_at=due_at, deadline_at=deadline, now=now)
        old.referred_on_at = now
        desk.audit.write(session, now, person, Action.HANDED_ON, report.id, office=old.office, to=office)
        session.flush()
        desk.ladder.run_on(session, report, deadline, now)
        desk.ladder.tell_supervisor(session, report, old, "supervisor.handed_on", now)
        return True

    def _possible(self, session: Session, mine: Mine, now: datetime) -> Iterator[DutyBearer]:
        """Nobody who was told already, taken back or not: one alert a person, and who was excluded once is not asked again."""
        planner, told = self.desk.planner, mine.report.told
        alerts = self.desk.outbox.alerts_of(session, mine.report.id)
        people, offices = {alert.person for alert in alerts}, {alert.office for alert in alerts}
        concern = planner.table.concern(told)
        for bearer in planner.roster().bearers(told.place, now, planner.policy.timezone):
            office = bearer.office
            if bearer.neighbour or bearer.doubts & AWAY or bearer.person in people or office.id in offices:
                continue
            if (not office.concerns or concern in office.concerns) and planner.may_be_told(mine.report, bearer):
                offices.add(office.id)
                yield bearer
