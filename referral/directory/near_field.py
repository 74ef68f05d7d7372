"""The nearest of many points, found by looking at squares of a grid, the near ones first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import cos, hypot, radians, sqrt

from referral.directory.ground import Point, crow

IN_A_SQUARE = 6
"""Points a square holds on average: fewer means more squares to look at, more means more points."""
LEAST_SIDE = 1e-4
SPARE = 5
"""The order on a plane and on the globe differ by a place or two at the end of a list: that many more are taken, and put in order."""


class Field:
    """Points with ids, on a plane of degrees whose meridians are as far apart as in the middle of them."""

    def __init__(self, points: Sequence[tuple[str, Point]]) -> None:
        lats = [point[0] for _, point in points]
        self._squeeze = max(0.01, cos(radians((min(lats) + max(lats)) / 2)))
        flat = [(point[0], point[1] * self._squeeze, name, point) for name, point in points]
        easts = [one[1] for one in flat]
        high, wide = max(lats) - min(lats), max(easts) - min(easts)
        self._side = max(LEAST_SIDE, sqrt(max(high, LEAST_SIDE) * max(wide, LEAST_SIDE) * IN_A_SQUARE / len(flat)), max(high, wide) / 1000)
        self._squares: dict[tuple[int, int], list[tuple[float, float, str, Point]]] = defaultdict(list)
        for one in flat:
            self._squares[self._square(one[0], one[1])].append(one)
        rows, columns = [key[0] for key in self._squares], [key[1] for key in self._squares]
        self._box = (min(rows), max(rows), min(columns), max(columns))

    def nearest(self, here: Point, count: int) -> list[tuple[int, str]]:
        """The `count` nearest as (metres, id), nearest first; fewer only where there are no more."""
        north, east = here[0], here[1] * self._squeeze
        found: list[tuple[float, str, Point]] = []
        for covered, square in self._rings(north, east):
            found += [(hypot(one[0] - north, one[1] - east), one[2], one[3]) for one in square]
            if len(found) >= count + SPARE:
                found.sort()
                del found[count + SPARE :]
                if found[-1][0] <= covered:
                    break
        return sorted((round(crow(here, point) * 1000), name) for _, name, point in sorted(found)[: count + SPARE])[:count]

    def _square(self, north: float, east: float) -> tuple[int, int]:
        return int(north // self._side), int(east // self._side)

    def _rings(self, north: float, east: float) -> Iterator[tuple[float, list[tuple[float, float, str, Point]]]]:
        """The points of one ring of squares after the other, with the distance within which then nothing is missing."""
        row, column = self._square(north, east)
        south, top, west, right = self._box
        first = max(0, south - row, row - top, west - column, column - right)
        last = max(row - south, top - row, column - west, right - column, first)
        for ring in range(first, last + 1):
            keys = _ring(row, column, ring, self._box)
            yield ring * self._side, [one for key in keys if key in self._squares for one in self._squares[key]]


def _ring(row: int, column: int, ring: int, box: tuple[int, int, int, int]) -> Iterable[tuple[int, int]]:
    """The squares `ring` steps away that lie in the box."""
    south, top, west, right = box
    for north in range(max(row - ring, south), min(row + ring, top) + 1):
        if abs(north - row) == ring:
            for east in range(max(column - ring, west), min(column + ring, right) + 1):
                yield north, east
        else:
            for east in {column - ring, column + ring}:
                if west <= east <= right:
                    yield north, east
