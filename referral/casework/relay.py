"""An officer asks that the reporter's phone be texted. They see whether and when that can be, and never a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.casework.desk import Desk
from referral.handover.relay import Asked, Line, PhoneRelay
from referral.vocabulary.letters import Nudge


@dataclass(frozen=True)
class OfficersRelay:
    """Every method works inside the caller's transaction, on an alert that this person has opened, under the desk's own rules."""

    desk: Desk
    relay: PhoneRelay

    def line(self, session: Session, person: str, alert: str, now: datetime) -> Line | None:
        """How the reporter's phone can be reached. None if the report is not theirs."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=False)
        return None if mine is None else self.relay.line(session, mine.report.id, now)

    def ask(self, session: Session, person: str, alert: str, nudge: Nudge, now: datetime) -> Asked | None:
        """Have a neutral text sent in the reporter's hours. None if the report is not theirs."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=True)
        return None if mine is None else self.relay.ask(session, mine.report.id, person, mine.alert.office or "", nudge, now)
