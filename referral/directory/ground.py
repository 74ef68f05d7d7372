"""The tree of places as it lies in memory: what is above what, how far, and the lists a caller chooses from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import asin, cos, hypot, radians, sin, sqrt

from referral.vocabulary.option import Option
from referral.vocabulary.place import Ground, Place, PlaceKind

EARTH_KM = 6371.0
Point = tuple[float, float]


def crow(a: Point, b: Point) -> float:
    """Kilometres between two points (latitude, longitude), as the crow flies."""
    north, east = radians(b[0] - a[0]) / 2, radians(b[1] - a[1]) / 2
    return 2 * EARTH_KM * asin(min(1.0, hypot(sin(north), sin(east) * sqrt(cos(radians(a[0])) * cos(radians(b[0]))))))


class Grounds:
    """Places with their points, in the order of the county's list. A place may have several parents: it lies under all of them."""

    def __init__(self, places: Sequence[Place], points: Mapping[str, Point]) -> None:
        self.places = {place.id: place for place in places}
        self.county = next((place.id for place in places if place.kind is PlaceKind.COUNTY), "")
        self._points = points
        self.heights = {place.id: self._climb(place) for place in places}
        self._subcounties = frozenset(place.id for place in places if place.kind is PlaceKind.SUBCOUNTY)
        self._grounds = {place.id: self._ground(place) for place in places}
        self._unknown = Ground(None, frozenset({self.county}), self._subcounties, self.county)
        self.subcounty_options = tuple(_option(place) for place in places if place.kind is PlaceKind.SUBCOUNTY)
        self._wards = {one: self._below(one, PlaceKind.WARD) for one in self._subcounties}
        self._spots = {place.id: self._spots_of(place.id) for place in places if place.kind is PlaceKind.WARD}

    def ground(self, place_id: str | None) -> Ground:
        """Where a report lies. A place that is not known, or no longer, may be anywhere in the county."""
        return self._grounds.get(place_id, self._unknown) if place_id else self._unknown

    def wards(self, subcounty: str) -> tuple[Option, ...]:
        """The wards of a sub-county; one whose sub-county is uncertain is listed under both."""
        return self._wards.get(subcounty, ())

    def spots(self, ward: str) -> tuple[Option, ...]:
        """Sub-locations and towns of a ward, by name; a town that bears a sub-location's name is the same to a caller, so listed once."""
        return self._spots.get(ward, ())

    def kilometres(self, one: str, other: str) -> float:
        """As the crow flies between the points of two places; 0 where either has none."""
        a, b = self._points.get(one), self._points.get(other)
        return 0.0 if a is None or b is None else crow(a, b)

    def point(self, place: str) -> Point | None:
        return self._points.get(place)

    def kilometres_to(self, place: str, point: Point) -> float | None:
        """As the crow flies from a place to a point; None where the place has none."""
        here = self._points.get(place)
        return None if here is None else crow(here, point)

    def _climb(self, place: Place) -> dict[str, int]:
        """Every place above, with the fewest steps to it."""
        heights: dict[str, int] = {}
        level, height = place.parents, 1
        while level:
            fresh = [one for one in level if one in self.places and one not in heights]
            heights.update(dict.fromkeys(fresh, height))
            level = tuple(parent for one in fresh for parent in self.places[one].parents)
            height += 1
        return heights

    def _ground(self, place: Place) -> Ground:
        above = frozenset(self.heights[place.id])
        within = {place.id} | above
        subcounties = self._subcounties & within
        if not subcounties:  # a constituency or the county itself: the sub-counties that lie in it or share a ward with it
            below = [one for one, heights in self.heights.items() if place.id in heights]
            subcounties = self._subcounties & (set(below) | {up for one in below for up in self.heights[one]})
        return Ground(place.id, above, subcounties, self.county)

    def _below(self, parent: str, kind: PlaceKind) -> tuple[Option, ...]:
        return tuple(_option(place) for place in self.places.values() if place.kind is kind and parent in self.heights[place.id])

    def _spots_of(self, ward: str) -> tuple[Option, ...]:
        sublocations = self._below(ward, PlaceKind.SUBLOCATION)
        names = {one.text for one in sublocations}
        towns = [one for one in self._below(ward, PlaceKind.TOWN) if one.text not in names]
        return tuple(sorted((*sublocations, *towns), key=lambda one: one.text))


def _option(place: Place) -> Option:
    return Option(place.id, place.name, verbatim=True)
