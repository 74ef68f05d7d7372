"""Whose phone is whose: the sample officers, by the names their offices have in a journey."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from referral.directory.snapshot import Roster
from referral.vocabulary.duty import Office

_FILE = Path(__file__).parents[2] / "config" / "kwale" / "people.sample.csv"
_ORDINALS = ("", ", second person", ", third person", ", fourth person")


class Officers:
    """The holder of a post has the office's name; who stands in is its second person, and so on."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def name(self, number: str) -> str:
        """Who has this phone; no officer's phone is a caller's."""
        found = _sample().get(number)
        if found is None:
            return "a caller"
        _, office, place = found
        return f"{self._roster.office_name(office)}{_ORDINALS[place]}"

    def number(self, name: str) -> str | None:
        return next((number for number in _sample() if self.name(number) == name), None)

    def person(self, number: str) -> str:
        return _sample()[number][0]

    def office(self, number: str) -> Office | None:
        found = _sample().get(number)
        return None if found is None else self._roster.office(found[1])


@cache
def _sample() -> dict[str, tuple[str, str, int]]:
    """Person, office and place in the office's order, by number."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["office"], int(row["rank"])))
    places: dict[str, int] = {}
    found = {}
    for row in rows:
        place = places[row["office"]] = places.get(row["office"], -1) + 1
        found[row["number"]] = (row["id"], row["office"], place)
    return found
