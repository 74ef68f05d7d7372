"""Places: one ground under two trees, the electoral (constituency, ward) and the administrative (sub-county, location)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    COUNTY = "county"
    SUBCOUNTY = "subcounty"
    CONSTITUENCY = "constituency"
    WARD = "ward"
    LOCATION = "location"
    SUBLOCATION = "sublocation"
    TOWN = "town"


SMALL = frozenset({PlaceKind.WARD, PlaceKind.LOCATION, PlaceKind.SUBLOCATION, PlaceKind.TOWN})
"""Small enough for a point to say where things in it are. A sub-county may be as wide as a country."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place. `parents` are the ids directly above it, the administrative one first; a ward has two or more."""

    id: str
    kind: PlaceKind
    name: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a report lies, as routing needs it: the place, everything above it, and the sub-counties and county among those.

    A ward whose sub-county is uncertain has both: a rule that excludes "in that sub-county" then excludes in both.
    """

    place: str | None
    above: frozenset[str]
    subcounties: frozenset[str]
    county: str
