"""What the holder of a code does at a report's mailbox, and what they are shown of it. The code was looked up before; here is only the report."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.conversation.effects import AtBox
from referral.conversation.mailbox import ALLOW, ERASE, NOT_HELPED, READ, STOP, WRITE
from referral.conversation.nodes import Does
from referral.conversation.ports import BoxView, Status
from referral.handover.mailbox import Mailbox, Standing
from referral.intake.dialogues import Dialogues
from referral.intake.filing import Filing
from referral.intake.hearing import Hearing
from referral.intake.help_words import HelpWords
from referral.intake.sessions import Sessions
from referral.vocabulary.letters import Reply
from referral.vocabulary.option import Option
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from referral.vocabulary.report import Danger, Hours, Told

NOBODY = ""
"""The report of a code of nobody: the same questions are asked for it, so that an answer takes as long as for a report."""
_LINE = 60
"""Characters of an officer's own words on one line of a screen, so that each line fits beside the answers."""


@dataclass(frozen=True)
class AtMailbox:
    """Every method works inside the caller's transaction."""

    mailbox: Mailbox
    filing: Filing
    hearing: Hearing
    dialogues: Dialogues
    sessions: Sessions

    def view(self, session: Session, report: str | None, now: datetime) -> BoxView:
        """The state in words that tell nobody else anything, and what can be done. For a code of nobody: one neutral answer."""
        standing = self.mailbox.standing(session, report or NOBODY, now)
        if report is None:
            return BoxView(Status.UNKNOWN)
        return BoxView(Status(f"status.{standing.stage}"), standing.unread > 0, _lines(standing))

    def letters(self, session: Session, report: str | None, now: datetime) -> Sequence[Option]:
        """The officers' letters in lines, the newest letter first."""
        lines: list[Option] = []
        for letter in reversed(self.mailbox.for_reporter(session, report or NOBODY, now)):
            own = [HelpWords.plain(line) for line in textwrap.wrap(letter.words or "", _LINE)]
            lines += [Option("", letter.template.text)] if letter.template else [Option("", line, verbatim=True) for line in own]
        return lines

    def do(self, session: Session, report: str, effect: AtBox, number: Callable[[], PhoneNumber], now: datetime) -> None:
        """Do it. `number` is looked at only where contact is allowed."""
        match effect.does:
            case Does.READ_LETTERS:
                self.mailbox.read_by_reporter(session, report, now)
            case Does.REPLY:
                self.say(session, report, Reply(effect.said), now)
            case Does.WRITE:
                self.say(session, report, effect.said, now)
            case Does.NOT_HELPED:
                self.mailbox.not_helped(session, report, now)
            case Does.ALLOW:
                self._allow(session, report, Hours(effect.said), number, now)
            case Does.STOP:
                self.mailbox.withdraw(session, report, now)
            case Does.ERASE:
                self._erase(session, report, now)
            case _:
                raise ValueError("nothing that is done at a mailbox")

    def say(self, session: Session, report: str, said: Reply | str, now: datetime) -> None:
        """A letter. Whom it accuses must not be told of it, and who writes of danger is in danger: the report and its plan follow first, the letter after."""
        self.filing.ladder.outbox.ladder(session, report)  # two letters at once must not take each other's word back
        known = self.filing.register.read(session, report)
        told = None if known is None else self._with(known.told, said)
        if known is not None and told is not None and told != known.told:
            self.filing.amend(session, report, told, now)
            session.flush()
        self.mailbox.write_as_reporter(session, report, said, now)

    def about_another(self, session: Session, report: str, words: str) -> bool:
        """Whether words from a reporter's phone may tell of another child than the report does. Asked before they are kept as its letter."""
        self.filing.ladder.outbox.ladder(session, report)  # the letter is written under the same lock, from what is read here
        known = self.filing.register.find(session, report)
        return known is not None and self.hearing.another(known.told, words)

    def _with(self, before: Told, said: Reply | str) -> Told:
        """What the report says with this letter."""
        if isinstance(said, Reply):
            return before.adding(danger=Danger.NOW) if said is Reply.UNSAFE else before
        told = self.hearing.adding(before, said)
        return told.adding(danger=Danger.NOW) if self.filing.planner.policy.life_risk.search(said) else told

    def _erase(self, session: Session, report: str, now: datetime) -> None:
        """The words go, also where a dialogue or a call that is open would write them back.

        In this order: a text holds its dialogue when it comes to the report, and a call comes to the report before its own row.
        """
        self.dialogues.forget_words(session, report)
        self.mailbox.erase_words(session, report, now)
        self.sessions.forget_words(session, report)

    def _allow(self, session: Session, report: str, hours: Hours, number: Callable[[], PhoneNumber], now: datetime) -> None:
        try:
            self.filing.give_contact(session, report, number(), hours, False, now)
        except NotAPhoneNumber:
            return  # a hidden number, or one from over the border: the report stands, without a contact


def _lines(standing: Standing) -> tuple[str, ...]:
    applies = {
        READ: standing.letters > 0,
        WRITE: True,
        NOT_HELPED: True,
        ALLOW: not standing.reachable or standing.renewable,
        STOP: standing.reachable,
        ERASE: standing.words,
    }
    return tuple(line for line, holds in applies.items() if holds)
