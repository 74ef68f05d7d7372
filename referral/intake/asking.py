"""Questions by text that are no report: how a report stands, where help is, a child's rights, which language, and that an entry is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from referral.directory.point_records import FlagReason
from referral.intake.dialogues import Dialogue, Wanted
from referral.intake.guide import DirectoryGuide
from referral.intake.questions import Questions
from referral.intake.services import Services
from referral.privacy.codes import show_code
from referral.understanding.answers import read_answer
from referral.understanding.corrections import read_letters, read_reason
from referral.understanding.keywords import Keyword, KeywordKind, Keywords, Where, read_service
from referral.understanding.places import Gazetteer
from referral.understanding.sentence import understand
from referral.understanding.spelling import bare, split
from referral.understanding.words import Words
from referral.vocabulary.language import ENGLISH, KISWAHILI, LANGUAGES
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Told

_ASKED = frozenset({KeywordKind.SERVICE, KeywordKind.STATUS, KeywordKind.RIGHTS, KeywordKind.WRONG})
_MEANT = frozenset({Where.FIRST, Where.ALONE, Where.WITH_PLACE, Where.AFTER, Where.WITH_CODE})
_NAME = 2
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
        return next(iter(languages)) if len(languages) == 1 and languages <= set(LANGUAGES) else otherwise

    def answer(self, session: Session, dialogue: Dialogue, keyword: Keyword, language: str, now: datetime) -> Taken:
        """The answer to a keyword, in `language` unless it chooses another."""
        match keyword.kind:
            case KeywordKind.STATUS:
                reply = self._state(session, language, dialogue.number, keyword.code) if keyword.code else self.questions.say(language, "status_ask")
            case KeywordKind.SERVICE:
                about, rest = (keyword.about, keyword.rest) if keyword.about else read_service(keyword.rest, self.keywords)
                reply, wanted = self.services.nearest(session, language, about, rest, self.gazetteer(), now)
                dialogue = replace(dialogue, wanted=wanted)
            case KeywordKind.LANGUAGE:
                language = keyword.about if keyword.about in LANGUAGES else (ENGLISH if language == KISWAHILI else KISWAHILI)
                reply = self.questions.say(language, "language")
            case _:
                reply = self.questions.say(language, "rights")
        if keyword.asks_danger:
            opened = replace(dialogue, language=language, asked="danger_now", choices=self.questions.options("danger_now"))
            asks = self.questions.say(language, "danger_now")
            return Taken(opened, f"{asks} {reply}" if len(reply) < _LONG else asks)
        keeps = dialogue.report is not None or dialogue.unfiled or dialogue.wanted is not None or keyword.kind is KeywordKind.LANGUAGE
        return Taken(replace(dialogue, language=language) if keeps else None, reply)

    def _state(self, session: Session, language: str, number: PhoneNumber, code: str) -> str:
        """What is said of a code, and that letters are read by dialling: none is ever sent to a phone."""
        view = self.guide.of(lambda: number).box_within(session, code)
        if view is None:
            return self.questions.say(language, "status_again")
        return self.questions.standing(language, view) if view.lines else self.questions.status(language, view.status)

    def settled(
        self, session: Session, dialogue: Dialogue, keyword: Keyword | None, words: str, table: Words, tells: Callable[[str], bool], now: datetime
    ) -> Taken | None:
        """What becomes of a correction, and of the answer to what was asked back about a service. None for all else, and for what `tells` of a child."""
        if keyword is None:
            return self._wanted(session, dialogue, words, table, now)
        if keyword.kind is not KeywordKind.WRONG:
            return None
        return self._corrected(session, dialogue, keyword, self.spoken(words, dialogue.language), tells, now)

    def _wanted(self, session: Session, dialogue: Dialogue, words: str, table: Words, now: datetime) -> Taken | None:
        """The answer to what was asked back about a service: a place and nothing else, or the service and the place. None for whatever says more."""
        wanted, gazetteer = dialogue.wanted, self.gazetteer()
        if wanted is None or wanted.until <= now:
            return None
        kind, rest = (wanted.kind, words) if wanted.kind else read_service(words, self.keywords)
        chosen = self._chosen(wanted, words, gazetteer, table)
        dialogue = replace(dialogue, wanted=None)
        if chosen is not None:
            reply = self.services.near(session, dialogue.language, kind, chosen, now)
        elif kind and (not rest.strip() or gazetteer.is_place(rest) or self._like_a_place(rest, gazetteer, table)):
            reply, again = self.services.nearest(session, dialogue.language, kind, rest, gazetteer, now)
            dialogue = replace(dialogue, wanted=again)
        else:
            return None
        return Taken(None if dialogue == Dialogue(dialogue.number, language=dialogue.language) else dialogue, reply)

    @staticmethod
    def _chosen(wanted: Wanted, words: str, gazetteer: Gazetteer, table: Words) -> str | None:
        """Which of the places offered is meant: its name or number, or yes where it was one."""
        options = [option for option in map(gazetteer.option, wanted.choices) if option is not None]
        chosen = read_answer("choice", words, options, table) if options else None
        agreed = chosen is None and len(options) == 1 and read_answer("yes_no", words, (), table) == "yes"
        return options[0].value if agreed else chosen

    @staticmethod
    def _like_a_place(words: str, gazetteer: Gazetteer, table: Words) -> bool:
        """Whether a word or two, of which nothing else is understood, look like a place: "ukundaa"."""
        told = understand(words, table, gazetteer).told
        alone = told.adding(story=None, place=None, spot=None) == Told()
        return alone and len(words.split()) <= _NAME and bool(gazetteer.read(words).choices)

    def noted(self, session: Session, keyword: Keyword, number: PhoneNumber | None, now: datetime) -> bool:
        """Whether a correction names an entry, and has been counted."""
        reason, _ = self._why(keyword.rest)
        return keyword.code is not None and self.services.help.say_wrong_code(session, keyword.code, number, now, reason)

    def _corrected(self, session: Session, dialogue: Dialogue, keyword: Keyword, language: str, tells: Callable[[str], bool], now: datetime) -> Taken | None:
        """What becomes of BAD. None where it is a sentence all the same: one that `tells` of a child, or one behind whose first words no entry stands.

        A code of no entry is answered as it is, with how to write one: codes are no secret, and those of hidden entries are as none.
        """
        keeps = dialogue if dialogue != Dialogue(dialogue.number) else None
        plain = not keyword.rest or self._why(keyword.rest)[1]
        if self.noted(session, keyword, dialogue.number, now):
            return Taken(keeps, self.questions.say(language, "wrong_thanks")) if plain or not tells(keyword.rest) else None
        telling = dialogue.asked is not None or dialogue.unfiled
        return Taken(keeps, self.questions.say(language, "wrong_how")) if plain and (keyword.code or not telling) else None

    def lettered(self, session: Session, words: str, tells: Callable[[str], bool]) -> Keyword | None:
        """BAD and a code without a figure, as some entries bear one: a word like any other, so it is a correction only where an entry has it and
        nothing besides is said but why."""
        typed = bare(words).split()
        named = any(tuple(typed[:1]) == form.words for form in self.keywords.of(Where.WITH_CODE, KeywordKind.WRONG))
        found = read_letters(typed[1:]) if named else None
        if found is None or tells(found[0]) or (found[1] and not self._why(found[1])[1]):
            return None
        return Keyword(KeywordKind.WRONG, found[1], code=found[0]) if self.services.help.nearest.by_code(session, found[0]) is not None else None

    def noted_only(self, session: Session, keyword: Keyword, tells: Callable[[str], bool], now: datetime) -> bool:
        """A correction from somebody who cannot be answered: whether that was all, and no child's story."""
        noted = self.noted(session, keyword, None, now)
        return not tells(keyword.rest) if noted else bool(keyword.code and not keyword.rest)

    def code(self, dialogue: Dialogue, words: str) -> Taken | None:
        """Only somebody who asks for the code is sent it."""
        if words.strip() != "1" or dialogue.code is None:
            return None
        told = replace(dialogue, asked=None, questions=(*dialogue.questions, "told"))
        return Taken(told, self.questions.say(dialogue.language, "code", code=show_code(dialogue.code)))

    def _why(self, rest: str) -> tuple[FlagReason, bool]:
        """Why an entry is wrong, by what stands behind its code, and whether nothing else stands there."""
        reasons = [(form.folded, form.about) for form in self.keywords.of(Where.AFTER, KeywordKind.WRONG)]
        reason, plain = read_reason(rest, reasons, [word for form in self.keywords.of(Where.BESIDE, KeywordKind.WRONG) for word in form.folded])
        return FlagReason(reason) if reason else FlagReason.OTHER, plain
