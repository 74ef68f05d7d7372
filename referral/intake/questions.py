"""What is asked by text, and how an answer is read: one text a question, three at most, one part each, and never the name of a crime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from referral.conversation.ports import WAITING, BoxView
from referral.intake.dialogues import Dialogue
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.understanding.answers import read_answer
from referral.understanding.words import Words
from referral.vocabulary.option import Option
from referral.vocabulary.report import Accused, Danger

MOST = 3
ROOM = 160
_WHO = (
    Accused.HOME,
    Accused.RELATIVE,
    Accused.DRIVER,
    Accused.TOURIST,
    Accused.EMPLOYER,
    Accused.TEACHER,
    Accused.CHIEF,
    Accused.POLICE,
)
_AUTHORITY = (Accused.RELIGIOUS, Accused.CHILDRENS_OFFICER, Accused.HEALTH_WORKER, Accused.NGO_WORKER, Accused.OFFICIAL, Accused.UNKNOWN)
_OPTIONS: dict[str, tuple[Option, ...]] = {
    "danger": tuple(Option(danger, f"sms.danger.{danger}") for danger in Danger),
    "danger_now": (Option(Danger.NOW, "sms.danger.now"),),
    "who": (*(Option(who, f"sms.who.{who}") for who in _WHO), Option("authority", "sms.who.authority"), Option(Accused.UNKNOWN, "sms.who.unknown")),
    "authority": tuple(Option(who, f"sms.who.{who}") for who in _AUTHORITY),
}
"""The numbered answers of each question. "Somebody else in authority" asks once more who: they must be kept from the report."""
_READS_AS = {"danger_now": "danger", "authority": "who"}


@dataclass(frozen=True)
class Questions:
    """Puts questions and answers into words. `dial` is the service's code."""

    catalogue: Catalogue
    dial: str

    def next(self, dialogue: Dialogue, choices: bool) -> str | None:
        """What is still to be asked: what happened of somebody who told nothing, then danger, place and who; None after three."""
        told, asked = dialogue.told, dialogue.questions
        missing = (
            ("danger", told.danger is None),
            ("choice" if choices else "place", told.place is None),
            ("who", not told.accused),
        )
        if self.spent(dialogue):
            return None
        return next((name for name, wanted in missing if wanted and ("place" if name == "choice" else name) not in asked), None)

    @staticmethod
    def spent(dialogue: Dialogue) -> bool:
        """Whether three questions have been asked. The offer of the code is none."""
        return sum(name not in ("code", "told") for name in dialogue.questions) >= MOST

    def options(self, asked: str) -> tuple[Option, ...]:
        return _OPTIONS.get(asked, ())

    @staticmethod
    def elsewhere() -> Option:
        return Option("", "sms.elsewhere")

    def ask(self, language: str, asked: str, options: Sequence[Option] = (), *, urgent: bool = False) -> str:
        """A question as it goes out, in one part. `urgent` says first that it is received and whom to call."""
        lines = [option.text if option.verbatim else self._say(language, option.text) for option in options]
        numbered = " ".join(f"{at} {line}" for at, line in enumerate(lines, 1)) + "." if lines else ""
        question = self._say(language, f"sms.ask_{asked}")
        first = self._say(language, "sms.urgent") if urgent else ""
        said = self._joined(language, first, question, numbered)
        if septets(said) <= ROOM or asked != "who":
            return said
        return self._joined(language, first, self._say(language, "sms.who_short"), numbered)

    def _joined(self, language: str, *said: str) -> str:
        return " ".join([*filter(None, said), self._say(language, "sms.delete")])

    def say(self, language: str, what: str, **values: str) -> str:
        return f"{self._say(language, f'sms.{what}', **values)} {self._say(language, 'sms.delete')}"

    def status(self, language: str, key: str) -> str:
        return f"{self._say(language, key)} {self._say(language, 'sms.delete')}"

    def standing(self, language: str, view: BoxView) -> str:
        """The state of a report, whether a letter waits, and how to do the rest; in one part."""
        waiting = self._say(language, WAITING) if view.waiting else ""
        return " ".join(filter(None, (self._say(language, view.status), waiting, self.say(language, "status_more"))))

    @staticmethod
    def read(dialogue: Dialogue, words: str, table: Words) -> str | None:
        """The value that was meant; None if that is not sure."""
        asked = dialogue.asked or ""
        return read_answer(_READS_AS.get(asked, asked), words, dialogue.choices, table)

    def _say(self, language: str, key: str, **values: str) -> str:
        return self.catalogue.say(language, key, **({"dial": self.dial} | values))
