"""Answers to an open question: by number, by word, or by both at once."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import JaroWinkler

from referral.understanding.patterns import find_all
from referral.understanding.spelling import Line, fold, split
from referral.understanding.words import LIFE, Meaning, Words
from referral.vocabulary.option import Option
from referral.vocabulary.report import IN_AUTHORITY, Accused, Danger

LIKE = 0.88
"""From here on a typed name is taken for the one offered name it resembles: the choice is among three, and was asked."""
_SHORT = 4
_NUMBER_WORDS = frozenset({"namba", "nambari", "number", "no"})


def read_answer(question: str, text: str, options: Sequence[Option], words: Words) -> str | None:
    """The value of the option that was meant, or None: ask again, or read the text as a sentence of its own.

    `question` is a name in the table `answers` of words.toml before a dot ("danger", "yes_no"), or "who", or anything else, as "place":
    then the options' verbatim names are the only words. `options` are in the order they were numbered, from 1. A number and
    a word that disagree are no answer. Words of a danger now are an answer to "danger" in any number of words.
    """
    line = Line.of(text, words.spellings)
    values = [option.value for option in options]
    numbered = _numbered(line, values, words)
    said = _said(question, line, options, words)
    if question == "danger" and Danger.NOW in values and _pressing(line, words):
        return Danger.NOW
    if numbered is not None and len(said) == 1:
        return numbered if numbered == said[0] else None
    if numbered is not None:
        return numbered if not said or numbered in said else None
    if question == "who" and len(said) > 1:
        said = [one for one in said if one in IN_AUTHORITY]  # whoever in authority is named must not be told, so no second question
    return said[0] if len(said) == 1 else None


def _numbered(line: Line, values: Sequence[str], words: Words) -> str | None:
    """A number that begins a short answer: 1, "no 1", "moja", "1 ukunda"."""
    content = [word for word in line.words if word not in _NUMBER_WORDS]
    if not content or len(content) > _SHORT or any(fold(word) in words.lists["negations"] for word in content):
        return None
    place = int(content[0]) if content[0].isdigit() else words.numbers.get(fold(content[0]), 0)
    return values[place - 1] if 1 <= place <= len(values) else None


def _said(question: str, line: Line, options: Sequence[Option], words: Words) -> list[str]:
    """The values whose words are said, at most once each."""
    values = [option.value for option in options]
    listed = [(name.split(".", 1)[1], find_all(entries, line)) for name, entries in words.answers.items() if name.split(".", 1)[0] == question]
    places = {value: frozenset(place for one in found for place in one.places) for value, found in listed if found}
    told = [value for value, used in places.items() if not any(used < others for others in places.values())]  # "si sasa" is not "sasa"
    if question == "who":
        told = _meant(line, words.accused) or told
    told += _named(line, options)
    return [value for value in dict.fromkeys(told) if value in values or not values]


def _meant(line: Line, meanings: Sequence[Meaning]) -> list[str]:
    found = [meaning.value for meaning in meanings if find_all(meaning.entries, line)]
    return [one for one in found if one != Accused.UNKNOWN] or found


def _named(line: Line, options: Sequence[Option]) -> list[str]:
    """Options with a proper name that is typed: in full, or as the one of them that it looks like."""
    typed = "".join(fold(word) for word in line.words if not word.isdigit())
    names = {option.value: "".join(map(fold, split(option.text.split("(")[0]))) for option in options if option.verbatim}
    full = [value for value, name in names.items() if name and (name in typed or (len(typed) >= _SHORT and typed in name))]
    if full or not typed:
        return full
    return [value for value, name in names.items() if JaroWinkler.normalized_similarity(typed, name) >= LIKE]


def _pressing(line: Line, words: Words) -> bool:
    return any(meaning.find(line) for meaning in words.danger if meaning.value in (Danger.NOW, LIFE))
