"""The mailbox of a report: letters without a number, and what its reporter can ask for by the code. Nothing here knows who that is.

For the reporter's side (a phone that has given the code) and the officers' side alike. The caller has made sure who may be here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.alerts import relays
from referral.alerts.state import acting, answered, served
from referral.handover import held_back
from referral.handover.ladder import Ladder
from referral.handover.writers import heard
from referral.privacy.audit import Action
from referral.privacy.limits import first_this_hour
from referral.reports import consents, reporters_acts
from referral.reports.erasing import Erasing
from referral.reports.event_records import CaseEvent, CaseEventRecord, ServiceEventRecord
from referral.reports.keeping import REOPENS
from referral.reports.letter_records import LetterState, Side
from referral.reports.letters import Letter, Letters
from referral.reports.register import Report
from referral.vocabulary.letters import Reply, Template

LONGEST_WORDS = 140
"""Characters of an officer's own words: as many as a screen of a plain phone can show in two pages."""
_WAS_CLOSED, _WAS_OPEN = REOPENS, "was_open"


class Stage(StrEnum):
    """How far a report is, as its reporter may be told: words that say nothing to anybody else who reads them."""

    RECEIVED = "received"
    REFERRED = "referred"
    SEEN = "seen"
    ACTING = "acting"
    SERVED = "served"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the holder of the code is shown, and what they can do. `letters` from officers, `unread` ones among them; `words`: some are there to erase.

    `renewable`: they can be contacted, not for long any more, and may agree to it anew.
    """

    stage: Stage
    letters: int
    unread: int
    reachable: bool
    words: bool
    renewable: bool = False


class OwnWordsTooLong(ValueError):
    """An officer's own words are empty or longer than LONGEST_WORDS."""


@dataclass(frozen=True)
class Mailbox:
    """Every method works inside the caller's transaction; those that write take the report's lock first. Nothing is sent."""

    post: Letters
    ladder: Ladder
    erasing: Erasing
    holds: Callable[[Session, datetime, str], Collection[str]]
    """The holds by which two people keep a report for a court just now."""

    # ── both sides ──

    def letters(self, session: Session, report: str) -> tuple[Letter, ...]:
        """All letters, the oldest first, opened."""
        return self.post.of(session, report)

    def for_reporter(self, session: Session, report: str, now: datetime) -> tuple[Letter, ...]:
        """The officers' letters that its reporter may read, the oldest first: none unread of somebody who may no longer be heard."""
        may = heard(self.ladder, session, report, now)
        ready = [one for one in self.letters(session, report) if one.side is Side.OFFICER and one.state is LetterState.READY]
        return tuple(one for one in ready if one.read or may(one.person, one.office))

    def for_officers(self, session: Session, report: Report, now: datetime) -> tuple[Letter, ...]:
        """All letters but those of the reporter whose time has not come, the oldest first."""
        last = held_back.last_turn(session, report, now)
        return tuple(one for one in self.letters(session, report.id) if last is None or one.side is Side.OFFICER or one.turn <= last)

    def standing(self, session: Session, report: str, now: datetime) -> Standing:
        """What the holder of the code is shown. For a report that is not there the same questions are asked, so that the answer takes as long."""
        register, alerts = self.ladder.register, self.ladder.outbox.alerts_of(session, report)
        events = self._events(session, report)
        given = session.scalar(select(func.max(ServiceEventRecord.noted_hour)).where(ServiceEventRecord.report == report))
        may = heard(self.ladder, session, report, now)
        letters = [one for one in self.post.from_officers(session, report) if one.read or may(one.person, one.office)]
        words = register.holds_words(session, report) or self.post.written_by_reporter(session, report)
        stage = next(
            stage
            for stage, holds in (
                (Stage.CLOSED, _closed(events)),
                (Stage.SERVED, served(alerts) or _since(given, events)),
                (Stage.ACTING, acting(alerts)),
                (Stage.SEEN, bool(answered(alerts))),
                (Stage.REFERRED, any(alert.sent_at for alert in alerts)),
                (Stage.RECEIVED, True),
            )
            if holds
        )
        reachable = register.reachable(session, report, now) is not None
        unread = sum(not one.read for one in letters)
        return Standing(stage, len(letters), unread, reachable, words, consents.renewable(session, report, now))

    # ── the officers' side ──

    def write_as_officer(
        self, session: Session, report: str, person: str, office: str, *, template: Template | None, words: str | None, asks: bool, now: datetime
    ) -> Letter:
        """A letter to the reporter: one of the ready-made, to be read at once, or own words, held until another person has read them.

        Raises OwnWordsTooLong, and ValueError for both or neither.
        """
        if (template is None) == (words is None):
            raise ValueError("either a template or words")
        if words is not None and not 0 < len(words.strip()) <= LONGEST_WORDS:
            raise OwnWordsTooLong
        self.ladder.outbox.ladder(session, report)
        letter = self.post.from_officer(session, report, person, office, now, template=template, words=words, asks=asks)
        self.ladder.audit.write(session, now, person, Action.LETTER_WRITTEN, report, office=office, template=template or "own words")
        return letter

    def approve(self, session: Session, report: str, letter: str, second_person: str, now: datetime) -> bool:
        """A second reader lets an officer's own words through. False if they are not held, are that person's own, or if who wrote them may no longer be
        heard by the reporter."""
        self.ladder.outbox.ladder(session, report)
        written = self.post.one(session, letter)
        if written is None or written.report != report or not heard(self.ladder, session, report, now)(written.person, written.office):
            return False
        return self._settle(session, report, letter, second_person, LetterState.READY, now)

    def refuse(self, session: Session, report: str, letter: str, second_person: str, now: datetime) -> bool:
        """A second reader keeps them back for good."""
        return self._settle(session, report, letter, second_person, LetterState.REFUSED, now)

    def read_by_officer(self, session: Session, report: Report, now: datetime) -> int:
        """They have read what there is for officers by now. The turn of the last letter of it."""
        letters = self.for_officers(session, report, now)
        self.post.read(session, report.id, Side.REPORTER, [one.id for one in letters], now)
        return max((one.turn for one in letters if one.side is Side.REPORTER), default=0)

    def _settle(self, session: Session, report: str, letter: str, second_person: str, state: LetterState, now: datetime) -> bool:
        self.ladder.outbox.ladder(session, report)
        done = self.post.settle(session, letter, second_person, state)
        if done:
            self.ladder.audit.write(session, now, second_person, Action.LETTER_READ_BY_SECOND, report, letter=letter, state=state)
        return done

    # ── the reporter's side ──

    def write_as_reporter(self, session: Session, report: str, said: Reply | str, now: datetime) -> Letter:
        """A letter to the officers: kept, and whoever has the report and may still know of it is told that there is one, when it points at no phone any
        more (held_back). Whom it accuses must have been added to the report before."""
        self.ladder.outbox.ladder(session, report)
        letter = self.post.from_reporter(session, report, said, now)
        self.ladder.audit.write(session, now, "reporter", Action.LETTER_WRITTEN, report)
        found = self.ladder.register.find(session, report)
        if found is not None:
            held_back.tell(self.ladder, session, found, letter.turn, now)
        return letter

    def read_by_reporter(self, session: Session, report: str, now: datetime) -> None:
        """They have read what they were shown."""
        self.post.read(session, report, Side.OFFICER, [one.id for one in self.for_reporter(session, report, now)], now)

    def not_helped(self, session: Session, report_id: str, now: datetime) -> bool:
        """Reopened, at another institution, at once; where none is left the duty person is told, and the report is flagged.

        Once an hour: whoever presses the key again and again must not use up everybody who could still help. False if it changed nothing.
        """
        ladder = self.ladder
        ladder.outbox.ladder(session, report_id)
        report = ladder.register.find(session, report_id)
        events = self._events(session, report_id)
        if report is None or not first_this_hour(session, report_id, now):
            return False
        reporters_acts.note(session, report_id, CaseEvent.NOT_HELPED, "", now)
        reporters_acts.note(session, report_id, CaseEvent.REOPENED, _WAS_CLOSED if _closed(events) else _WAS_OPEN, now)
        moved = ladder.elsewhere(session, report, now)
        ladder.register.flag(session, report_id, "not_helped", *(() if moved else ("nobody_else",)))
        ladder.audit.write(session, now, "reporter", Action.REOPENED, report_id, elsewhere=moved)
        return True

    def erase_words(self, session: Session, report: str, now: datetime) -> None:
        """Story, exact place, role and letters of the reporter go, in this transaction; what is held for a court is read by nobody else from now on,
        and goes when the hold ends. The report and its routing stay."""
        self.ladder.outbox.ladder(session, report)
        holds = self.holds(session, now, report)
        self.erasing.erase(session, report, now, holds=holds)
        self.ladder.audit.write(session, now, "reporter", Action.WORDS_ERASED, report, held=bool(holds))

    def withdraw(self, session: Session, report: str, now: datetime) -> None:
        """The number and the consent go in this transaction; officers see that the reporter cannot be contacted."""
        self.ladder.register.withdraw_contact(session, report)
        relays.drop(session, report, now)
        self.ladder.audit.write(session, now, "reporter", Action.CONTACT_WITHDRAWN, report)

    def _events(self, session: Session, report: str) -> list[CaseEventRecord]:
        return list(session.scalars(select(CaseEventRecord).where(CaseEventRecord.report == report)))


def _closed(events: list[CaseEventRecord]) -> bool:
    """Counted, since hours cannot tell which of two came last."""
    closed = sum(event.kind is CaseEvent.CLOSED for event in events)
    return closed > sum(event.kind is CaseEvent.REOPENED and event.reason == _WAS_CLOSED for event in events)


def _since(given: datetime | None, events: list[CaseEventRecord]) -> bool:
    """Whether a service was given since the reporter last said that they were not helped."""
    reopened = [event.noted_hour for event in events if event.kind is CaseEvent.REOPENED]
    return given is not None and all(given > hour for hour in reopened)
