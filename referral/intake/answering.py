"""A text from a phone that the service has texted for an officer: the reporter's answer. It is kept as their letter, and the number is dropped.

Where it may tell of another child as well it goes the way of every text too: it must not be lost among the letters of a case that is not its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.handover.relay import CONVERSATION
from referral.intake.dialogues import Dialogues
from referral.intake.inbox import number_of
from referral.intake.mailbox import AtMailbox
from referral.intake.merging import LONGEST_STORY
from referral.intake.texts import Text
from referral.privacy.keys import Keys
from referral.reports import consents
from referral.reports.keeping import closed
from referral.understanding.keywords import Keywords, read_keyword
from referral.understanding.places import Gazetteer
from referral.vocabulary.phone import PhoneNumber


@dataclass(frozen=True)
class Answering:
    """Works inside the caller's transaction. Nothing is sent back for an answer: a phone that answers by itself says whose it is, and so does a reply that
    comes when somebody else holds it. What the silence itself can tell stands in docs/threat-model.md, section 4."""

    at: AtMailbox
    dialogues: Dialogues
    keys: Keys
    keywords: Keywords
    gazetteer: Callable[[], Gazetteer]

    def take(self, session: Session, text: Text, now: datetime) -> bool:
        """Whether a text was such an answer and nothing else, and has been kept. One that may tell of another child is kept, and is still to be dealt
        with. A keyword, or words in a dialogue that is going on, are what they always are.
        """
        number = number_of(text.sender)
        if number is None or not text.words.strip() or read_keyword(text.words, self.keywords, self.gazetteer()) is not None:
            return False
        report = None if self.dialogues.read(session, number, now) is not None else self._answered(session, number, now)
        if report is None:
            return False
        words = " ".join(text.words.split())[:LONGEST_STORY]
        another = self.at.about_another(session, report, words)
        self.at.say(session, report, words, now)
        return not another

    def _answered(self, session: Session, number: PhoneNumber, now: datetime) -> str | None:
        """The report whose relay texted this number in the last 7 days. None if there is none, or it is closed."""
        report = consents.in_conversation(session, self.keys.contact_tag(number.reveal()), now - CONVERSATION, now)
        return None if report is None or closed(session, report) else report
