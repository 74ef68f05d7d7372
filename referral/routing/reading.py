"""Reading operator-written data without stopping at the first mistake: every problem is named, by its path, at once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from referral.vocabulary.problems import Unusable

Word = TypeVar("Word", bound=StrEnum)


class DataError(Unusable):
    """A county's data cannot be used."""


class Section:
    """One table of a TOML file. What is missing or malformed is added to `problems` and a harmless value is returned instead."""

    def __init__(self, data: object, path: str, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        self._data: Mapping[str, object] = {}
        if isinstance(data, Mapping):
            self._data = data
        else:
            self.wrong(path, "must be a table")
        self._asked: set[str] = set()

    def wrong(self, path: str, reason: str) -> None:
        self.problems.append(f"{path}: {reason}")

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def names(self) -> list[str]:
        return list(self._data)

    def has(self, key: str) -> bool:
        return key in self._data

    def raw(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._data:
            self.wrong(self.at(key), "missing")
            return None
        return self._data[key]

    def section(self, key: str) -> Section:
        self._asked.add(key)
        if key not in self._data:
            self.wrong(self.at(key), "missing")
            return Section({}, self.at(key), [])
        return Section(self._data[key], self.at(key), self.problems)

    def number(self, key: str, *, least: float = 0.0) -> float:
        """A number of at least `least`. Fractions are allowed everywhere, so that a test can run a ladder in seconds."""
        value = self.raw(key)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
            self.wrong(self.at(key), f"must be a number of at least {least:g}")
            return least
        return float(value)

    def numbers(self, key: str, count: int, *, rising: bool = False) -> tuple[float, ...]:
        """Exactly `count` numbers, each at least as large as the one before, or with `rising` larger."""
        value = self.raw(key)
        plain = isinstance(value, list) and all(isinstance(one, (int, float)) and not isinstance(one, bool) and one >= 0 for one in value)
        if value is None:
            return (0.0,) * count
        if not plain or not isinstance(value, list) or len(value) != count or sorted(value) != value or (rising and len(set(value)) != count):
            self.wrong(self.at(key), f"must be {count} numbers, {'each larger' if rising else 'none smaller'} than the one before")
            return (0.0,) * count
        return tuple(float(one) for one in value)

    def text(self, key: str) -> str:
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.wrong(self.at(key), "must be a text")
            return ""
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.wrong(self.at(key), "must be a list of texts")
            return ()
        return tuple(one.strip() for one in value)

    def done(self) -> None:
        """Name every key nobody asked for: a misspelt setting must not pass as an absent one."""
        for key in self._data:
            if key not in self._asked:
                self.wrong(self.at(key), "unknown")


def word(kind: type[Word], text: str, path: str, problems: list[str]) -> Word | None:
    """`text` as a member of a closed set, or None and a problem."""
    try:
        return kind(text)
    except ValueError:
        problems.append(f"{path}: {text!r} is no {kind.__name__.lower()}")
        return None
