"""HUDUMA: the nearest help of a kind, in one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from referral.intake.dialogues import WANTED, Wanted
from referral.intake.help import Help
from referral.intake.help_words import HelpWords, far
from referral.intake.questions import ROOM, Questions
from referral.texts.gsm import septets
from referral.understanding.places import Gazetteer, Sought
from referral.vocabulary.help import HelpKind, NearHelp

SHOWN = 3
KINDS = MappingProxyType(
    {
        "hospital": HelpKind.PEP,
        "police": HelpKind.POLICE,
        "children": HelpKind.CHILDREN,
        "talk": HelpKind.TALK,
        "legal": HelpKind.LEGAL,
        "school": HelpKind.SCHOOL,
    }
)
"""What is looked for under each word. Medicine after rape cannot be counted on in a dispensary, and a text has no room to say so: it means
hospitals and health centres. A safe place, a chief, and whatever has no list are answered with the national lines."""


@dataclass(frozen=True)
class Services:
    """Answers in the language of the asker, in one part that ends with a word on deleting it."""

    help: Help
    questions: Questions

    def nearest(self, session: Session, language: str, kind: str, rest: str, gazetteer: Gazetteer, now: datetime) -> tuple[str, Wanted | None]:
        """Up to three, nearest first. `rest` holds the place. Without a kind or a place it asks back, and says what the next text may answer; a kind
        without a list: whom to call."""
        wanted = KINDS.get(kind)
        if wanted is None:
            said = self.questions.say(language, "service_lines" if kind else "service_how")
            return said, None if kind else Wanted("", (), now + WANTED)
        sought = gazetteer.read(rest) if rest.strip() else Sought()
        only = sought.choices[0].value if len(sought.choices) == 1 and gazetteer.is_place(rest) else None  # the county town, by the county's name
        place = only or (sought.settled.spot or sought.settled.ward if sought.settled else sought.area)
        if sought.choices and only is None:  # a name like it, or one that is two places: a guess could send a child sixty kilometres the wrong way
            listed = ", ".join(option.text for option in sought.choices)
            return self.questions.say(language, "service_which", list=listed), Wanted(kind, tuple(option.value for option in sought.choices), now + WANTED)
        if place is None:
            return self.questions.say(language, "service_where"), Wanted(kind, (), now + WANTED)
        return self.near(session, language, kind, place, now), None

    def near(self, session: Session, language: str, kind: str, place: str, now: datetime) -> str:
        """Up to three of a kind, nearest first, from a place that is known."""
        found = self.help.near(session, KINDS[kind], place, now)[:SHOWN]
        return self._fitted(session, language, found, now) or self.questions.say(language, "service_lines")

    def _fitted(self, session: Session, language: str, near: Sequence[NearHelp], now: datetime) -> str | None:
        """As many as there is room for, then of each, the nearest first, as much as there is room for: a number before hours. None for nothing."""
        for count in range(len(near), 0, -1):
            lines = [_Line(one) for one in near[:count]]
            if self._fits(language, lines):
                for at, one in enumerate(near[:count]):
                    hours, phone = self.help.catalogue.line(language, self.help.words.brief(one, now)), self.help.phone(session, one.id, now)
                    for told in (f"{hours} {phone}", phone, hours):
                        fuller = [*lines[:at], _Line(one, told.strip()), *lines[at + 1 :]]
                        if self._fits(language, fuller):
                            lines = fuller
                            break
                return self._said(language, lines)
        return None

    def _fits(self, language: str, lines: Sequence[_Line]) -> bool:
        return septets(self._said(language, lines)) <= ROOM

    def _said(self, language: str, lines: Sequence[_Line]) -> str:
        listed = " ".join(f"{at}){line.text}" for at, line in enumerate(lines, 1))
        return self.questions.say(language, "service_near", list=listed, code=lines[0].one.code)


@dataclass(frozen=True)
class _Line:
    """One of the nearest, what is told of it besides, and the code by which to say that it is wrong."""

    one: NearHelp
    told: str = ""

    @property
    def text(self) -> str:
        return " ".join(filter(None, (HelpWords.plain(self.one.short_name or self.one.name), far(self.one), self.told, self.one.code)))
