"""How an entry of the word tables finds itself in a message. The notation is explained to its editors in words.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from referral.understanding.spelling import Line, bare, fold

Groups = Mapping[str, Sequence[str]]

_GAP = r"(?:\S+ ){0,3}"
_MORPHEMES = (
    *("ngali", "nge", "taka", "mesha", "sha", "me", "na", "ta", "li", "ki", "ka", "ja", "hu", "si", "ambaye", "ye", "yo", "vyo", "cho", "po", "o"),
    *("ni", "n", "u", "a", "tu", "mw", "mu", "m", "wa", "w", "i", "zi", "vi", "ya", "ku", "k", "ji", "ha", "jua"),
)
_PREFIX = "(?:" + "|".join(sorted({fold(one) for one in _MORPHEMES}, key=lambda one: (-len(one), one))) + "){0,6}?"
_ENDING = "(?:a|e|wa|we|ana|ane|anwa)(?:ni|ga|nga|je|po|ye|o|vyo|mo|ko)?"
_DENIED = "(?!(?:ha(?:wa|tu|u|m|i|zi)?|si)(?:ku|ja))"
"""A verb that says it did not happen: hakunipiga, hajampiga, sijapigwa."""


class EntryError(ValueError):
    """An entry cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where an entry was found: `first` and `last` are places of words, `entry` the line of the table, `places` all the words it used."""

    entry: str
    first: int
    last: int
    places: frozenset[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table: all its parts must be in the message, in any order."""

    text: str
    parts: tuple[tuple[str, bool], ...]

    def find(self, line: Line) -> list[Found]:
        """Every place where its first part stands, if the other parts are there too."""
        spans = [_spans(_compiled(pattern), line.plain if exact else line.folded) for pattern, exact in self.parts]
        if not all(spans):
            return []
        rest = frozenset(place for others in spans[1:] for first, last in others[:1] for place in range(first, last + 1))
        return [Found(self.text, first, last, rest | frozenset(range(first, last + 1))) for first, last in spans[0]]


def compile_entry(text: str, groups: Groups) -> Entry:
    """Reads the notation of words.toml. Raises EntryError for an unknown group or an entry without words."""
    parts = [one.strip() for one in text.split(" + ")]
    if not all(parts):
        raise EntryError(f"{text!r}: nothing on one side of +")
    return Entry(text, tuple(_part(part, groups) for part in parts))


def find_all(entries: Iterable[Entry], line: Line) -> list[Found]:
    return [found for entry in entries for found in entry.find(line)]


_compiled = cache(re.compile)
"""Two thousand patterns take a second: only a process that reads a message pays for them, once, and not every command that starts."""


def _part(part: str, groups: Groups) -> tuple[str, bool]:
    exact = part.startswith("=")
    words = part.removeprefix("=").split()
    return "(?<= )" + "".join(_word(word, groups, exact=exact) for word in words), exact


def _word(word: str, groups: Groups, *, exact: bool) -> str:
    if word == "...":
        return _GAP
    if word == "|":
        return "$"
    if word == "#":
        return r"\d+ "
    if word.startswith("@"):
        if word[1:] not in groups:
            raise EntryError(f"{word}: no such group")
        return "(?:" + "|".join("".join(_word(one, {}, exact=exact) for one in phrase.split()) for phrase in groups[word[1:]]) + ")"
    if word.startswith("~"):
        return verb(word[1:]) + " "
    letters = bare(word.removesuffix("*"))
    return (re.escape(letters) if exact else _silent_h(fold(letters))) + (r"\w* " if word.endswith("*") else " ")


def verb(root: str) -> str:
    """A Kiswahili verb of this root with whoever does it, whomever it is done to and whenever, but not where it is denied."""
    root = root.removesuffix("a")
    ending = f"(?:{_ENDING})?" if root[-1:] in "eiou" else _ENDING  # verbs from Arabic keep their own last vowel: amemlawiti
    return f"{_DENIED}{_PREFIX}{re.escape(fold(root))}{ending}"


def _silent_h(letters: str) -> str:
    """A first h is dropped and added on the coast; a word of one vowel stays what it is."""
    if len(letters) > 2 and letters[0] == "h":
        return "h?" + re.escape(letters[1:])
    if len(letters) > 3 and letters[0] in "aiou":
        return "h?" + re.escape(letters)
    return re.escape(letters)


def _spans(pattern: re.Pattern[str], line: str) -> list[tuple[int, int]]:
    """First and last word of each match, the line beginning with a blank."""
    found = []
    for match in pattern.finditer(line):
        first = line.count(" ", 0, match.start()) - 1
        found.append((first, first + max(match.group().count(" "), 1) - 1))
    return found
