"""The facts in a sentence: what is said for certain goes into the report, what is only likely is left to a question or to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from referral.understanding.ages import age_told
from referral.understanding.patterns import Found, find_all
from referral.understanding.places import Gazetteer, Sought
from referral.understanding.spelling import Line, apart, fold, headless
from referral.understanding.words import LIFE, Meaning, Words
from referral.vocabulary import language
from referral.vocabulary.option import Option
from referral.vocabulary.report import IN_AUTHORITY, Accused, Concern, Danger, Happened, Reporter, Sex, Told

_CORRECTED_FROM = 6
_DENIAL_REACHES = 3
_KISWAHILI_VERBS = ("ana", "ame", "wame", "wana", "nime", "nina", "ali", "ari", "nata", "ata")
"""How verbs begin that no list of words can hold."""

_WITH_TOURIST = frozenset({Concern.SEXABUSE, Concern.SEXEXCH})
_HARM = frozenset(Concern) - {Concern.MISSING, Concern.SCHOOL, Concern.PREGNANT, Concern.OTHER}
"""Concerns in which somebody does it, so that a person who is named beside it is probably meant."""


class Language(StrEnum):
    KISWAHILI = language.KISWAHILI
    ENGLISH = language.ENGLISH
    MIXED = "mixed"


class Question(StrEnum):
    """What a report must still be asked, in this order and no more than these."""

    WHAT = "what"
    DANGER = "danger"
    PLACE = "place"
    WHO = "who"


@dataclass(frozen=True, slots=True)
class Guess:
    """Something likely: `field` is a field of Told, `value` its stored value, `why` the words of the table or the rule, never the message."""

    field: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Understood:
    """`told` holds only what is sure, with the whole text as `story`; `guesses` must not route. `place_choices`: at most three,
    values for `Gazetteer.settle`. `danger`: file and route at once. `greeting`: nothing is said but hello.
    """

    told: Told
    guesses: tuple[Guess, ...]
    place_choices: tuple[Option, ...]
    danger: bool
    language: Language
    greeting: bool

    @property
    def asks(self) -> tuple[Question, ...]:
        """What is missing. What happened is asked only of somebody who told nothing at all."""
        told = self.told
        silent = told.concern is None and told.danger is None and not told.accused
        missing = (
            (Question.WHAT, silent),
            (Question.DANGER, told.danger is None),
            (Question.PLACE, told.place is None),
            (Question.WHO, not told.accused),
        )
        return tuple(question for question, asked in missing if asked)

    @property
    def reply_in(self) -> str:
        """The language to answer in: English only for plain English."""
        return language.ENGLISH if self.language is Language.ENGLISH else language.KISWAHILI


def understand(text: str, words: Words, places: Gazetteer) -> Understood:
    """Everything a sentence tells. Never fails, whatever the text; empty text is told nothing.

    Whoever in authority is named counts as accused, even where it is not clear who did what: that keeps them from being told.
    """
    typed = Line.of(text, words.spellings)
    sought = places.find_in(typed)
    settled = sought.settled
    line = _corrected(typed, words, sought).without(sought.where if settled else frozenset())
    greets = _greets(typed, words)
    dangers = {} if greets else _values(line, words.danger)  # "sasa" alone is hello
    accused, likely = _accused(line, words)
    concerns, denied = _concerns(line, words)
    concern = _gravest(concerns, accused)
    sure, unsure = _sure_accused(accused, concern, likely)
    child = _child(line, words)
    age, why_age = age_told(child, words)
    told = Told(
        danger=_danger(dangers),
        concern=concern,
        place=settled.ward if settled else None,
        accused=sure,
        happened=_happened(_values(line, words.happened)),
        age=age,
        sex=_sex(child, words, concern),
        reporter=next((Reporter(value) for value in _values(line, words.reporter)), None),
        spot=settled.spot if settled else None,
        story=text.strip() or None,
    )
    guesses = (
        *(Guess("concern", found, why) for found, why in (*concerns.items(), *denied.items()) if found != concern),
        *unsure,
        *(Guess("place", option.value, "named, or nearly") for option in sought.choices),
        *([Guess("place", sought.area, "an area, not a ward")] if sought.area else []),
        *([Guess("age", age, why_age)] if age else []),
    )
    pressing = bool({Danger.NOW, LIFE} & dangers.keys())
    return Understood(told, tuple(guesses), sought.choices, pressing, language_of(typed, words), greets)


def language_of(line: Line, words: Words) -> Language:
    """By the words of each language's list; where both are well heard, mixed; where neither is, Kiswahili."""
    heard = {name: sum(fold(word) in listed for word in line.words) for name, listed in words.languages.items()}
    english, kiswahili = heard.get(Language.ENGLISH, 0), heard.get(Language.KISWAHILI, 0)
    kiswahili += sum(len(word) > 5 and fold(word).startswith(_KISWAHILI_VERBS) for word in line.words)
    if english and kiswahili and min(english, kiswahili) * 3 >= max(english, kiswahili):
        return Language.MIXED
    return Language.ENGLISH if english > kiswahili else Language.KISWAHILI


def _corrected(line: Line, words: Words, sought: Sought) -> Line:
    """One slip in a word of six letters or more is mended, if the word is nothing else and begins as the other does."""
    return Line.made(tuple(word if place in sought.where else _mended(word, words) for place, word in enumerate(line.words)))


def _mended(word: str, words: Words) -> str:
    folded = fold(word)
    if len(folded) < _CORRECTED_FROM or folded in words.known or words.verbs.fullmatch(folded):
        return word
    first = headless(folded)[0]
    near = sorted(one for one in words.mendable if len(one) >= _CORRECTED_FROM and headless(one)[0] == first and not apart(folded, one, 1))
    return near[0] if near else word


def _values(line: Line, meanings: Sequence[Meaning]) -> dict[str, str]:
    """The values that are told, in the order of the table, with the entry that told each."""
    told = ((meaning.value, meaning.find(line)) for meaning in meanings)
    return {value: found[0].entry for value, found in told if found}


def _concerns(line: Line, words: Words) -> tuple[dict[str, str], dict[str, str]]:
    """What is told to have happened, gravest first, and what is said not to have: "she was not beaten" is only a guess."""
    told: dict[str, str] = {}
    denied: dict[str, str] = {}
    for meaning in words.concerns:
        for found in meaning.find(line):
            (denied if _is_denied(line, found, words) else told).setdefault(meaning.value, found.entry)
    return told, {value: f"denied: {why}" for value, why in denied.items() if value not in told}


def _is_denied(line: Line, found: Found, words: Words) -> bool:
    before = line.words[max(found.first - _DENIAL_REACHES, 0) : found.first]
    return any(fold(word) in words.lists["negations"] for word in before)


def _gravest(concerns: dict[str, str], accused: dict[str, str]) -> Concern | None:
    gravest = next((Concern(value) for value in concerns), None)
    return Concern.SEXTOUR if gravest in _WITH_TOURIST and Accused.TOURIST in accused else gravest


def _accused(line: Line, words: Words) -> tuple[dict[str, str], dict[str, str]]:
    """Who is named, each with the entry, and who is named only where the tables say it means little."""
    named: dict[str, str] = {}
    passed: dict[str, str] = {}
    for meaning in words.accused:
        found = meaning.find(line)
        if found:
            named[meaning.value] = found[0].entry
        else:
            passed |= dict.fromkeys([meaning.value][: len(find_all(meaning.entries, line))], "named in passing")
    return named, passed


def _sure_accused(named: dict[str, str], concern: Concern | None, passed: dict[str, str]) -> tuple[frozenset[Accused], list[Guess]]:
    """Authority always; anybody else only beside a harm that somebody does. A known person makes "unknown" untrue."""
    sure = {Accused(one) for one in named if Accused(one) in IN_AUTHORITY or concern in _HARM}
    if len(sure) > 1:
        sure.discard(Accused.UNKNOWN)
    unsure = {**passed, **{one: why for one, why in named.items() if Accused(one) not in sure}}
    return frozenset(sure), [Guess("accused", one, why) for one, why in unsure.items()]


def _danger(dangers: dict[str, str]) -> Danger | None:
    """The worst that is told: a word too many costs an officer a glance."""
    if LIFE in dangers:
        return Danger.NOW
    return next((danger for danger in (Danger.NOW, Danger.SOON, Danger.NOT_NOW, Danger.UNKNOWN) if danger in dangers), None)


def _happened(told: dict[str, str]) -> Happened | None:
    """Going on outweighs a day that is named, and a late day an early one, since medicine has 72 hours."""
    order = (Happened.ONGOING, Happened.THREE_DAYS, Happened.MONTH, Happened.LONGER)
    return next((one for one in order if one in told), None)


def _child(line: Line, words: Words) -> Line:
    """The message without whoever is accused: "big boys of form 4" are not the child."""
    return line.without(frozenset(place for meaning in words.accused for found in meaning.find(line) for place in found.places))


def _sex(line: Line, words: Words, concern: Concern | None) -> Sex | None:
    """Girl or boy where only one of them is named."""
    told = _values(line, words.sex)
    if len(told) == 1:
        return Sex(next(iter(told)))
    return Sex.GIRL if not told and concern is Concern.PREGNANT else None


def _greets(line: Line, words: Words) -> bool:
    return bool(line.words) and all(fold(word) in words.lists["greetings"] for word in line.words)
