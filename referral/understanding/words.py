"""The word tables of a county, parsed from words.toml and checked all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from referral.understanding.patterns import Entry, EntryError, Found, Groups, compile_entry, find_all, verb
from referral.understanding.spelling import Line, bare, fold
from referral.vocabulary.problems import Unusable
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Happened, Reporter, Sex

Word = TypeVar("Word", bound=StrEnum)
LIFE = "life"
"""Words of a risk to life: danger now, whoever says them and whenever."""


class WordsError(Unusable):
    """words.toml cannot be used; `problems` names everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands for one value. `unless` is struck out of the message first: there the words mean something else."""

    value: str
    entries: tuple[Entry, ...]
    unless: tuple[Entry, ...] = ()

    def find(self, line: Line) -> list[Found]:
        """Where a message says it."""
        struck = frozenset(place for found in find_all(self.unless, line) for place in found.places)
        return find_all(self.entries, line.without(struck) if struck else line)


@dataclass(frozen=True, slots=True)
class Words:
    """The tables of words.toml. The order of `concerns` is their gravity: of two that are told, the earlier is the report's.

    `known` are the folded words of all tables, which are never taken for a slip of another word or for a place; `verbs` is
    every form of every root and stem in them, which is not mended into another word. `mendable` are the words a slip is mended to.
    """

    concerns: tuple[Meaning, ...]
    accused: tuple[Meaning, ...]
    danger: tuple[Meaning, ...]
    happened: tuple[Meaning, ...]
    age: tuple[Meaning, ...]
    sex: tuple[Meaning, ...]
    reporter: tuple[Meaning, ...]
    answers: Mapping[str, tuple[Entry, ...]]
    languages: Mapping[str, frozenset[str]]
    spellings: Mapping[str, str]
    numbers: Mapping[str, int]
    lists: Mapping[str, frozenset[str]]
    aliases: Mapping[str, str]
    known: frozenset[str]
    mendable: frozenset[str]
    verbs: re.Pattern[str]


_LISTS = (
    *("negations", "greetings", "ordinary", "locators", "prepositions", "shy_places", "place_kinds", "broad_places"),
    *("age_before", "age_after", "age_months", "span_before", "span_after", "class_young", "class_old", "mine", "age_never", "age_hints", "counted"),
)


def parse_words(data: Mapping[str, object]) -> Words:
    """Words from the parsed words.toml. Raises WordsError naming every problem, none of which quotes a message."""
    reader = _Reader(data)
    lists = {name: frozenset(fold(bare(word)) for word in reader.texts("lists", name)) for name in _LISTS}
    spellings = {bare(short): bare(long) for short, long in reader.pairs("spellings").items()}
    words = Words(
        concerns=reader.meanings("concern", Concern),
        accused=reader.meanings("accused", Accused),
        danger=reader.meanings("danger", Danger, LIFE),
        happened=reader.meanings("happened", Happened),
        age=reader.meanings("age", AgeBand),
        sex=reader.meanings("sex", Sex),
        reporter=reader.meanings("reporter", Reporter),
        answers={name: reader.entries(f"answers.{name}", reader.texts("answers", name)) for name in reader.names("answers")},
        languages={name: frozenset(map(fold, reader.texts("languages", name))) for name in reader.names("languages")},
        spellings=spellings,
        numbers={fold(name): int(value) for name, value in reader.pairs("numbers").items() if value.isdigit()},
        lists=lists,
        aliases=reader.pairs("places"),
        verbs=re.compile("|".join((*map(verb, sorted(reader.roots)), *(rf"{stem}\w*" for stem in sorted(reader.stems)))) or r"(?!)"),
        known=frozenset().union(reader.seen, reader.exact, *lists.values()),
        mendable=frozenset().union(reader.seen, *lists.values()),
    )
    for table in reader.left():
        reader.problems.append(f"{table}: unknown")
    if reader.problems:
        raise WordsError(reader.problems)
    return words


class _Reader:
    """Reads tables without stopping at the first mistake, and notes every plain word it sees."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data
        self._asked = {"groups"}
        self.problems: list[str] = []
        self.seen: set[str] = set()
        self.exact: set[str] = set()
        self.roots: set[str] = set()
        self.stems: set[str] = set()
        self._groups: Groups = {name: self._list(f"groups.{name}", value) for name, value in self._table("groups").items()}
        for phrases in self._groups.values():
            self._note(phrases)

    def left(self) -> list[str]:
        return [name for name in self._data if name not in self._asked]

    def names(self, table: str) -> list[str]:
        return list(self._table(table))

    def texts(self, table: str, name: str) -> list[str]:
        found = self._table(table).get(name)
        if found is None:
            self.problems.append(f"{table}.{name}: missing")
            return []
        texts = self._list(f"{table}.{name}", found)
        self._note(texts)
        return texts

    def pairs(self, table: str) -> dict[str, str]:
        return {name: str(value) for name, value in self._table(table).items()}

    def meanings(self, table: str, values: type[StrEnum], *others: str) -> tuple[Meaning, ...]:
        """The [[table]] lists, in the order of the file: each `is` a value and has `words`, perhaps `unless`."""
        self._asked.add(table)
        rows = self._data.get(table)
        if not isinstance(rows, list) or not rows:
            self.problems.append(f"{table}: missing")
            return ()
        return tuple(self._meaning(table, row, {*values, *others}) for row in rows)

    def entries(self, path: str, texts: Iterable[str]) -> tuple[Entry, ...]:
        made = []
        for text in texts:
            try:
                made.append(compile_entry(text, self._groups))
            except EntryError as error:
                self.problems.append(f"{path}: {error}")
        return tuple(made)

    def _meaning(self, table: str, row: object, values: set[str]) -> Meaning:
        held = row if isinstance(row, Mapping) else {}
        value = str(held.get("is", ""))
        path = f"{table} {value}"
        if value not in values:
            self.problems.append(f"{path}: is none of {', '.join(sorted(values))}")
        words, unless = self._list(path, held.get("words")), self._list(path, held.get("unless", []))
        self._note(words)
        self._note(unless)
        self.problems.extend(f"{path}: {key}: unknown" for key in held if key not in {"is", "words", "unless"})
        return Meaning(value, self.entries(path, words), self.entries(path, unless))

    def _table(self, name: str) -> Mapping[str, object]:
        self._asked.add(name)
        table = self._data.get(name, {})
        if not isinstance(table, Mapping):
            self.problems.append(f"{name}: must be a table")
            return {}
        return table

    def _list(self, path: str, value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.problems.append(f"{path}: must be a list of texts")
            return []
        return value

    def _note(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.roots.update(word[1:] for word in text.split() if len(word) > 1 and word[0] == "~")
            self.stems.update(fold(bare(word)) for word in text.split() if word.endswith("*"))
            plain = {fold(bare(word)) for word in text.split() if word[0] not in "~@+#.|" and not word.endswith("*")}
            (self.exact if text.startswith("=") else self.seen).update(plain)
