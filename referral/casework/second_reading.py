"""A second reader of officers' own words: before a child or an abuser reads them, somebody of the desk or over the writer's office has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts.records import Purpose
from referral.casework.colleagues import Colleagues
from referral.handover.mailbox import Mailbox
from referral.handover.writers import heard
from referral.privacy.audit import Action, Audit
from referral.reports.letters import Unopened
from referral.reports.register import Register, Report
from referral.routing import clock


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that waits for a second reader, its words unopened. `office` is the name of the writer's."""

    letter: str
    report: str
    number: str
    office: str


@dataclass(frozen=True)
class SecondReading:
    """Every method works inside the caller's transaction. To whoever may not read a report its letters do not exist; to the writer
    neither; and those of a writer who may no longer be heard by the reporter do to nobody."""

    register: Register
    colleagues: Colleagues
    mailbox: Mailbox
    audit: Audit

    def waiting(self, session: Session, person: str, now: datetime) -> tuple[Waiting, ...]:
        """What waits for this person, or for any of their colleagues."""
        roster = self.colleagues.planner.roster()
        return tuple(Waiting(held.id, report.id, report.number, roster.office_name(held.office) or "?") for held, report in self._for(session, person, now))

    def read(self, session: Session, person: str, letter: str, now: datetime) -> bool:
        """They open it: in the audit, like any reading. False if it does not wait for them."""
        found = self._one(session, person, letter, now)
        if found is not None:
            self.audit.write(session, now, person, Action.READ, found[1].id, what="a letter that is held")
        return found is not None

    def look(self, session: Session, person: str, letter: str, now: datetime) -> str | None:
        """Its words, for a reading that `read` has written down. None if it does not wait for them."""
        if self._one(session, person, letter, now) is None:
            return None
        return self.mailbox.post.words(session, letter)

    def settle(self, session: Session, person: str, letter: str, through: bool, now: datetime) -> bool:
        """Let it through or keep it back, for good. False if it does not wait for them."""
        written = self.mailbox.post.one(session, letter)
        if written is None:
            return False
        self.mailbox.ladder.outbox.ladder(session, written.report)  # whom the reporter names meanwhile must not be let through
        found = self._one(session, person, letter, now)
        if found is None:
            return False
        settle = self.mailbox.approve if through else self.mailbox.refuse
        return settle(session, found[1].id, letter, person, now)

    def ask(self, session: Session, report: Report, writer: str, office: str, now: datetime) -> None:
        """Text whoever is to read it, by day unless the report is urgent. Nothing of the words is in the text."""
        reader = self.colleagues.second_reader(session, report, office, writer, now)
        outbox, policy = self.mailbox.ladder.outbox, self.colleagues.planner.policy
        if reader is not None:
            due_at = clock.next_sending_time(report.urgency, now, policy)
            fills = {"number": report.number}
            outbox.tell(session, Purpose.LETTER, reader.person, "alert.letter_held", fills, due_at, report=report.id, office=reader.office.id)

    def _for(self, session: Session, person: str, now: datetime) -> Iterator[tuple[Unopened, Report]]:
        for held in self.mailbox.post.held(session):
            report = self.register.find(session, held.report)
            if report is None or held.person == person or self.colleagues.over(session, report, held.office, person, now) is None:
                continue
            if heard(self.mailbox.ladder, session, report.id, now)(held.person, held.office):
                yield held, report

    def _one(self, session: Session, person: str, letter: str, now: datetime) -> tuple[Unopened, Report] | None:
        return next((found for found in self._for(session, person, now) if found[0].id == letter), None)
