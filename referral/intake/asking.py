"""Questions by text that are no report: how a report stands, where help is, a child's rights, which language, and that an entry is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from referral.intake.dialogues import Dialogue
from referral.intake.guide import DirectoryGuide
from referral.intake.questions import Questions
from referral.intake.services import Services
from referral.understanding.keywords import Keyword, KeywordKind, Keywords, Where, read_service
from referral.understanding.places import Gazetteer
from referral.understanding.spelling import split
from referral.vocabulary.phone import PhoneNumber

_ASKED = frozenset({KeywordKind.SERVICE, KeywordKind.STATUS, KeywordKind.RIGHTS, KeywordKind.WRONG})
_MEANT = frozenset({Where.FIRST, Where.ALONE, Where.WITH_PLACE, Where.AFTER, Where.WITH_CODE})
_LANGUAGES = frozenset({"sw", "en"})
_LONG = 100
"""Septets of an answer beside which there is no room for a question."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of a text: the dialogue as it now stands (None: none is kept), and what to say (None: nothing)."""

    dialogue: Dialogue | None
    reply: str | None


@dataclass(frozen=True)
class Asking:
    """Works inside the caller's transaction. A dialogue that is open stays as it is."""

    guide: DirectoryGuide
    keywords: Keywords
    gazetteer: Callable[[], Gazetteer]
    questions: Questions
    services: Services

    def spoken(self, words: str, otherwise: str) -> str:
        """The language of a keyword and a place, which hold too few words to tell it by: that of the keywords, if they agree."""
        said = split(words)
        runs = {said[start:end] for start in range(len(said)) for end in range(start + 1, len(said) + 1)}
        languages = {form.language for form in self.keywords.forms if form.kind in _ASKED and form.where in _MEANT and form.words in runs}
        return next(iter(languages)) if len(languages) == 1 and languages <= _LANGUAGES else otherwise

    def answer(self, session: Session, dialogue: Dialogue, keyword: Keyword, language: str, now: datetime) -> Taken:
        """The answer to a keyword, in `language` unless it chooses another."""
        match keyword.kind:
            case KeywordKind.STATUS:
                reply = self._state(session, language, dialogue.number, keyword.code) if keyword.code else self.questions.say(language, "status_ask")
            case KeywordKind.SERVICE:
                about, rest = (keyword.about, keyword.rest) if keyword.about else read_service(keyword.rest, self.keywords)
                reply = self.services.nearest(session, language, about, rest, self.gazetteer(), now)
            case KeywordKind.LANGUAGE:
                language = keyword.about if keyword.about in ("sw", "en") else ("en" if language == "sw" else "sw")
                reply = self.questions.say(language, "language")
            case _:
                reply = self.questions.say(language, "rights")
        if keyword.asks_danger:
            opened = replace(dialogue, language=language, asked="danger_now", choices=self.questions.options("danger_now"))
            asks = self.questions.say(language, "danger_now")
            return Taken(opened, f"{asks} {reply}" if len(reply) < _LONG else asks)
        keeps = dialogue.report is not None or dialogue.unfiled or keyword.kind is KeywordKind.LANGUAGE
        return Taken(replace(dialogue, language=language) if keeps else None, reply)

    def _state(self, session: Session, language: str, number: PhoneNumber, code: str) -> str:
        """What is said of a code, and that letters are read by dialling: none is ever sent to a phone."""
        view = self.guide.of(lambda: number).box_within(session, code)
        if view is None:
            return self.questions.say(language, "status_again")
        return self.questions.standing(language, view) if view.lines else self.questions.status(language, view.status)

    def wrong(self, session: Session, dialogue: Dialogue | None, code: str, number: PhoneNumber, language: str, now: datetime) -> Taken:
        """Somebody says that an entry is wrong. Thanks are the same whether it is one or not: nobody learns codes by trying."""
        self.services.help.say_wrong_code(session, code, number, now)
        return Taken(dialogue, self.questions.say(language, "wrong_thanks"))
