"""Whether a place's point can be right: it lies near what lies in the same place above it. A ward in another county would send every caller of it there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from referral.directory.ground import Point, crow
from referral.directory.lines import Line
from referral.vocabulary.limits import WIDEST, Spread
from referral.vocabulary.place import SMALL, PlaceKind


class Spot(NamedTuple):
    """A place as far as its point matters."""

    kind: PlaceKind
    parents: tuple[str, ...]
    point: Point | None


def spot(line: Line) -> Spot:
    point = None if line["lat"] is None or line["lon"] is None else (line["lat"], line["lon"])
    return Spot(line["kind"], tuple(line["parents"]), point)


def far_off(lines: Sequence[Line], known: Mapping[str, Spot], spread: Spread = WIDEST) -> Iterable[str]:
    """A problem for every new or moved place that is near nothing of what it lies in, nor (a small one) of what lies in it. What is nearer than `spread`
    may lie in the next ward, which without its border nobody can tell."""
    after = {**known, **{line["id"]: spot(line) for line in lines}}
    tree = _Tree(after, spread)
    for line in lines:
        here = after[line["id"]]
        if here.point is not None and here != known.get(line["id"]) and (limit := tree.too_far(line["id"], here, here.point)):
            yield line.problem("lat", f"lies more than {limit:.0f} km from what is there")


class _Tree:
    def __init__(self, places: Mapping[str, Spot], spread: Spread) -> None:
        self._places = places
        self._spread = spread
        self._children: dict[str, list[str]] = defaultdict(list)
        for one, place in places.items():
            for parent in place.parents:
                self._children[parent].append(one)
        self._under: dict[str, frozenset[str]] = {}

    def too_far(self, one: str, here: Spot, point: Point) -> float | None:
        """The limit that a place breaks. Of several parents it is enough to be near one: which of two a village lies in is often not known."""
        mine = self._below(one) | {one}
        above = [parent for parent in here.parents if parent in self._places]
        near = [parent for parent in above if self._places[parent].kind in SMALL] or above
        limit = self._spread.near if near and self._places[near[0]].kind in SMALL else self._spread.wide
        groups = [[each for each in ({parent} | self._below(parent)) - mine if self._places[each].point] for parent in near]
        if any(groups) and not any(self._near(point, group, limit) for group in groups):
            return limit
        inside = [each for each in mine - {one} if self._places[each].point] if here.kind in SMALL else []
        return self._spread.near if inside and not self._near(point, inside, self._spread.near) else None

    def _near(self, point: Point, places: Iterable[str], limit: float) -> bool:
        others = (self._places[one].point for one in places)
        return any(crow(point, other) <= limit for other in others if other is not None)

    def _below(self, one: str) -> frozenset[str]:
        if one not in self._under:
            found: set[str] = set()
            ahead = list(self._children[one]) if one in self._children else []
            while ahead:
                here = ahead.pop()
                if here not in found:
                    found.add(here)
                    ahead.extend(self._children.get(here, ()))
            self._under[one] = frozenset(found)
        return self._under[one]
