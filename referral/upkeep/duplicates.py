"""Entries that may be the same place twice: hinted to a person, never merged. Two clinics can share a yard, and a merge cannot be undone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from itertools import chain
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.process import extract

from referral.directory.ground import crow
from referral.directory.help_state import View
from referral.directory.help_tables import Values, norm
from referral.directory.service_records import LocationType, Precision, Visibility
from referral.vocabulary.place import SMALL

NEAR_KM = 1.0
ALIKE = 90.0
"""Of 100. At these figures 94 of 100 planted twins were found among 5,000 against 10,000 entries, and none that was not one."""
_FIGURES = re.compile(r"\d+")
_SQUARE = 0.01
"""Degrees of a square of the grid: a little over a kilometre, so that neighbours lie in it or in the eight around it."""


class Hint(NamedTuple):
    """Two locations that may be one, the one that came in first, and why."""

    location: str
    other: str
    why: str


def hints(view: View) -> list[Hint]:
    """Every new or changed public location that may be there already in the same ward. Confidential ones are left alone: a hint would place them."""
    fresh = {one for one in view.changing.get("locations", {}) if one in view.after("locations")}
    fresh |= {row["location"] for row in view.changing.get("phones", {}).values() if row["location"]}
    found = {hint.location + " " + hint.other: hint for hint in (*_namesakes(view, fresh), *_named(view, fresh), *_phoned(view, fresh))}
    return [hint for hint in found.values() if f"{hint.other} {hint.location}" not in found or hint.location < hint.other]


def _open(view: View) -> Iterator[tuple[str, Values]]:
    return ((one, row) for one, row in view.after("locations").items() if row["visibility"] is not Visibility.CONFIDENTIAL)


def _same_ward(view: View, one: Values, other: Values) -> bool:
    return bool(view.state.map.neighbourhood(one["place"]) & view.state.map.neighbourhood(other["place"]))


def _square(row: Values) -> tuple[int, int]:
    return int(row["lat"] // _SQUARE), int(row["lon"] // _SQUARE)


def _named(view: View, fresh: Set[str]) -> Iterator[Hint]:
    grid: dict[tuple[int, int], list[tuple[str, Values, str]]] = defaultdict(list)
    measured = {one: row for one, row in _open(view) if row["lat"] is not None}
    for one, row in measured.items():
        grid[_square(row)].append((one, row, norm(row["name"])))
    for one in sorted(fresh & measured.keys()):
        row = measured[one]
        name, (north, east) = norm(row["name"]), _square(row)
        around = (grid.get((north + a, east + b), ()) for a in (-1, 0, 1) for b in (-1, 0, 1))
        for other, twin, its_name in chain.from_iterable(around):
            alike = other != one and fuzz.ratio(name, its_name, score_cutoff=ALIKE) >= ALIKE and _same_figures(name, its_name)
            if alike and _same_ward(view, row, twin) and crow((row["lat"], row["lon"]), (twin["lat"], twin["lon"])) <= NEAR_KM:
                yield Hint(one, other, "nearly the same name within a kilometre")


def _namesakes(view: View, fresh: Set[str]) -> Iterator[Hint]:
    """Where either was not measured on the spot, how far apart they are says nothing: then the ward alone does."""
    for inside in _wards(view):
        against = {True: [each for each in inside if not each.measured], False: inside}
        names = {measured: [each.name for each in others] for measured, others in against.items()}
        for one in (each for each in inside if each.id in fresh):
            others = against[one.measured]
            found = extract(one.name, names[one.measured], scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None)
            for name, other in ((name, others[at].id) for name, _, at in found):
                if other != one.id and _same_figures(one.name, name):
                    yield Hint(one.id, other, "nearly the same name in the same ward, not both measured")


class _Named(NamedTuple):
    """A location, its name as names are compared, and whether somebody stood there with a phone."""

    id: str
    name: str
    measured: bool


def _wards(view: View) -> Iterable[list[_Named]]:
    """The locations of each ward. A place that nobody named, or no better than by its sub-county, is no ward."""
    wards: dict[str, list[_Named]] = defaultdict(list)
    for one, row in _open(view):
        if row["place"] is not None and row["location_type"] is not LocationType.VIRTUAL:
            for ward in view.state.map.neighbourhood(row["place"]):
                wards[ward].append(_Named(one, norm(row["name"]), row["precision"] is Precision.GPS))
    return (inside for ward, inside in wards.items() if view.state.map.kind(ward) in SMALL)


def _same_figures(name: str, other: str) -> bool:
    """Two that are told apart by a number ("Clinic 1", "Clinic 2") are two."""
    return _FIGURES.findall(name) == _FIGURES.findall(other)


def _phoned(view: View, fresh: Set[str]) -> Iterator[Hint]:
    """Locations of different organizations that give one number, directly or for a service point of theirs. Helplines are many places' number."""
    locations, points = dict(_open(view)), view.after("service_at_locations")
    answering: dict[str, set[str]] = defaultdict(set)
    for phone in view.after("phones").values():
        point = points.get(phone["service_at_location"] or "")
        where = phone["location"] or (point["location"] if point else None)
        if phone["e164"] and not phone["sample"] and where in locations:
            answering[phone["e164"]].add(where)
    for together in answering.values():
        for one in sorted(together & fresh):
            for other in sorted(together - {one}):
                if _same_ward(view, locations[one], locations[other]):
                    yield Hint(one, other, "the same phone")
