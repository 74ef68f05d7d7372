"""The letters of a message, before any meaning: one spelling for the many ways a word is typed on a keypad."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

LONGEST = 2_000
"""Letters of a message that are looked at; a text of several parts is far shorter."""
_APOSTROPHES = re.compile("[\u2018\u2019\u00b4\u02bc`']")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_GLUED = re.compile(r"(?<=\d)(?=(?:yrs?|yo|years?|miaka|months?|siku|days?|th|st|nd|rd)(?![a-z]))|(?<=\d\d)(?=[a-z])|(?<=[a-z]{3})(?=\d)")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DOUBLED = re.compile(r"([a-z])\1")
_LONE_C = re.compile(r"c(?=[bcdfgjklmnpqrstvwz])")


def bare(text: str) -> str:
    """Small letters a-z, digits and single blanks: no accents, no case, no punctuation, no fancy forms of letters."""
    compatible = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    ascii_only = "".join(letter for letter in unicodedata.normalize("NFKD", compatible) if not unicodedata.combining(letter))
    return _SEPARATORS.sub(" ", _APOSTROPHES.sub("", ascii_only)).strip()


def split(text: str) -> tuple[str, ...]:
    """The words of a message in bare letters; "12yrs" and "class6" are two words each; a letter held down counts twice at most."""
    return tuple(_STRETCHED.sub(r"\1\1", word) for word in _GLUED.sub(" ", bare(text)).split())


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """A word as it sounds on the coast: doubles single, x as s ("xaidia"), 2 as tu and 4 as kwa inside a word ("2saidie"),
    c before a consonant as si ("cjui"), dh as z, l as r. Both the tables and the messages are folded, so nothing is lost by it.
    """
    if word.isdigit():
        return word
    if any(letter.isdigit() for letter in word):
        word = word.replace("2", "tu").replace("4", "kwa")
    word = _LONE_C.sub("si", word.replace("x", "s")).replace("dh", "z").replace("l", "r")
    return _DOUBLED.sub(r"\1", _STRETCHED.sub(r"\1", word))


def headless(word: str) -> str:
    """A folded word without a first h, which the coast drops and adds: uduma, apana."""
    return word[1:] if len(word) > 2 and word.startswith("h") else word


def slips(word: str) -> int:
    """How many slips of the thumb a word of this length may hold and still be itself: short words turn into others too soon."""
    return 0 if len(word) < 4 else 1 if len(word) < 6 else 2


def apart(one: str, other: str, most: int) -> bool:
    """Whether two words differ by more than `most` letters added, dropped, changed or swapped with the next."""
    return OSA.distance(one, other, score_cutoff=most) > most


@dataclass(frozen=True, slots=True)
class Line:
    """A message in two spellings with the same number of words: `plain` as typed, `folded` as it sounds. Both begin and end with a blank."""

    words: tuple[str, ...]
    plain: str
    folded: str

    @classmethod
    def of(cls, text: str, spellings: Mapping[str, str]) -> Line:
        """`spellings` says what short forms stand for ("mtt": "mtoto"); a short form may stand for several words."""
        return cls.made(tuple(long for word in split(text) for long in spellings.get(word, word).split()))

    @classmethod
    def made(cls, words: tuple[str, ...]) -> Line:
        return cls(words, f" {' '.join(words)} ", f" {' '.join(map(fold, words))} ")

    def without(self, places: frozenset[int]) -> Line:
        """The same line with some words struck out, so that they can mean nothing more; every other word keeps its place."""
        return Line.made(tuple("_" if place in places else word for place, word in enumerate(self.words)))
