"""The officers' side of a report's mailbox: read what its reporter wrote, write back. Whose alert it is not finds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.casework.desk import Desk
from referral.casework.second_reading import SecondReading
from referral.handover.mailbox import Mailbox
from referral.privacy.audit import Action
from referral.reports.letters import Letter
from referral.vocabulary.letters import Template


@dataclass(frozen=True)
class OfficersMail:
    """Every method works inside the caller's transaction, on an alert that this person has opened, under the desk's own rules."""

    desk: Desk
    mailbox: Mailbox
    second: SecondReading

    def read(self, session: Session, person: str, alert: str, now: datetime) -> bool:
        """They open the letters: in the audit like any reading, and the reporter's count as read. False if it is not theirs."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=True)
        if mine is None:
            return False
        mine.alert.mail_turn = max(mine.alert.mail_turn or 0, self.mailbox.read_by_officer(session, mine.report, now))
        self.desk.audit.write(session, now, person, Action.READ, mine.report.id, office=mine.alert.office, what="letters")
        return True

    def look(self, session: Session, person: str, alert: str, now: datetime) -> tuple[Letter, ...] | None:
        """The letters once more, for another page of a reading that `read` has written down, the newest first. None if it is not theirs."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=False)
        return None if mine is None else tuple(reversed(self.mailbox.for_officers(session, mine.report, now)))

    def write(self, session: Session, person: str, alert: str, template: Template, now: datetime) -> bool:
        """Leave a ready-made letter for the reporter. False if the report is not theirs."""
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=True)
        if mine is None:
            return False
        office = mine.alert.office or ""
        self.mailbox.write_as_officer(session, mine.report.id, person, office, template=template, words=None, asks=template.asks, now=now)
        return True

    def write_own(self, session: Session, person: str, alert: str, words: str, now: datetime) -> bool:
        """Leave own words, held until somebody else has read them, who is told that they wait. False if the report is not theirs.

        Raises handover.mailbox.OwnWordsTooLong.
        """
        mine = self.desk.mine_to_hand_on(session, person, alert, now, lock=True)
        if mine is None:
            return False
        office = mine.alert.office or ""
        self.mailbox.write_as_officer(session, mine.report.id, person, office, template=None, words=words, asks=True, now=now)
        self.second.ask(session, mine.report, person, office, now)
        return True
