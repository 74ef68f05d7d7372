"""The order of service points as seen from every place, worked out beforehand so that a caller waits for one look-up and no sum.

Only what changed is written. Every place is seen from somewhere: where one has no point of its own, near_spots makes one of what is around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from referral.directory.ground import Grounds, Point
from referral.directory.near_field import Field
from referral.directory.near_rows import ServicePoint, read_points
from referral.directory.near_spots import read_spots
from referral.directory.point_records import NearRankRow, ShownPointRow
from referral.directory.reading import read_grounds
from referral.directory.records import VersionRow
from referral.store.base import Base
from referral.vocabulary.help import HelpKind

NEAREST = 20
OWN, PEP = 3, 3
"""Beyond the nearest, always: so many that are for the very place, and (medical) so many that have medicine after rape, however far."""
UNMEASURED = 5
"""Of each sort without a point: addresses nobody measured, and helplines."""
CHUNK = 2000

Rank = tuple[str, int | None, bool]
"""A service point, how many metres away, and whether the place lies in its own area."""
Key = tuple[object, ...]
_RANKS, _SHOWN = Base.metadata.tables[NearRankRow.__tablename__], Base.metadata.tables[ShownPointRow.__tablename__]


def rebuild_near(session: Session, now: datetime, tz: tzinfo) -> int:
    """Work out directory_shown_point and directory_near_rank anew from the tables of help and places; how many rows were written or removed.

    To be called in the transaction of every accepted change of those tables, and once a day (hours ahead are compiled as of `now`).
    Two at a time wait for each other. `tz` is the county's.
    """
    session.flush()
    session.execute(select(VersionRow.version).with_for_update()).all()
    points = read_points(session, now, tz)
    shown = {(one.id, kind): tuple(one.shown.values()) for one in points for kind in one.kinds}
    columns = ("service_at_location", "kind", *(points[0].shown if points else ()))
    written = _write(session, _SHOWN, 2, columns, {key: [(*key, *values)] for key, values in shown.items()})
    grounds = read_grounds(session)
    return written + _write(session, _RANKS, 2, ("place", "kind", "rank", "service_at_location", "metres", "own_area"), _ranked(session, grounds, points))


def _ranked(session: Session, grounds: Grounds, points: Sequence[ServicePoint]) -> dict[Key, list[tuple[object, ...]]]:
    by_kind: dict[HelpKind, list[ServicePoint]] = defaultdict(list)
    for one in points:
        for kind in one.kinds:
            by_kind[kind].append(one)
    here = read_spots(session, grounds)
    surveys = {kind: _Survey(kind, ones, here) for kind, ones in by_kind.items()}
    ranked: dict[Key, list[tuple[object, ...]]] = {}
    for place, point in here.items():
        within = frozenset(grounds.heights[place]) | {place}
        for kind, survey in surveys.items():
            ranked[place, kind] = [(place, kind, rank, *one) for rank, one in enumerate(survey.seen_from(point, within))]
    return ranked


class _Survey:
    """The service points of one kind, laid out to be looked at from many places."""

    def __init__(self, kind: HelpKind, points: Sequence[ServicePoint], places: Mapping[str, Point]) -> None:
        self._areas = {one.id: one.areas for one in points}
        self._all = _field((one.id, one.point) for one in points)
        self._pep = _field((one.id, one.point) for one in points if one.shown["pep"]) if kind is HelpKind.MEDICAL else None
        for_place: dict[str, list[ServicePoint]] = defaultdict(list)
        for one in points:
            for area in one.areas:
                for_place[area].append(one)
        self._own = {place: field for place, ones in for_place.items() if (field := _field((one.id, one.point) for one in ones))}
        self._addresses = [one for one in points if one.point is None and not one.virtual]
        self._rough = _field((one.id, places.get(one.place or "")) for one in self._addresses)
        self._virtual = [one for one in points if one.virtual]

    def seen_from(self, here: Point, within: frozenset[str]) -> list[Rank]:
        """Measured ones by distance, then addresses nobody measured, then helplines."""
        measured = {name: metres for metres, name in (self._all.nearest(here, NEAREST) if self._all else ())}
        for metres, name in sorted(one for place in within if place in self._own for one in self._own[place].nearest(here, OWN))[:OWN]:
            measured.setdefault(name, metres)
        for metres, name in self._pep.nearest(here, PEP) if self._pep else ():
            measured.setdefault(name, metres)
        ranks: list[Rank] = [(name, metres, self._is_own(name, within)) for metres, name in sorted((metres, name) for name, metres in measured.items())]
        return ranks + [(name, None, self._is_own(name, within)) for name in (*self._unmeasured(here, within), *self._lines(within, not measured))]

    def _unmeasured(self, here: Point, within: frozenset[str]) -> list[str]:
        """Those for the very place first, then by how far the place they name is, then those of which nothing is known."""
        rough = [name for _, name in self._rough.nearest(here, UNMEASURED)] if self._rough else []
        own = [one.id for one in self._addresses if self._is_own(one.id, within)]
        return list(dict.fromkeys((*own, *rough, *(one.id for one in self._addresses[:UNMEASURED]))))[:UNMEASURED]

    def _lines(self, within: frozenset[str], nothing_else: bool) -> list[str]:
        """Helplines for this very place first, then those for everybody. Another place's only where there is nothing else at all: better than nobody."""
        for_here = [one.id for one in self._virtual if self._is_own(one.id, within)] + [one.id for one in self._virtual if not one.areas]
        return (for_here or ([one.id for one in self._virtual] if nothing_else else []))[:UNMEASURED]

    def _is_own(self, name: str, within: frozenset[str]) -> bool:
        return not self._areas[name].isdisjoint(within)


def _field(points: Iterable[tuple[str, Point | None]]) -> Field | None:
    located = [(name, point) for name, point in points if point is not None]
    return Field(located) if located else None


def _write(session: Session, table: Table, key_length: int, columns: Sequence[str], wanted: Mapping[Key, list[tuple[object, ...]]]) -> int:
    """Make a derived table hold what is wanted. Rows are compared and replaced by the first columns of their key; how many were written or removed."""
    key = list(table.primary_key.columns)[:key_length]
    there: dict[Key, list[tuple[object, ...]]] = defaultdict(list)
    for row in session.execute(select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns)):
        there[tuple(row[:key_length])].append(tuple(row))
    gone = [one for one, rows in there.items() if wanted.get(one, []) != rows]
    removal = delete(table).where(*(column == bindparam(f"key_{column.name}") for column in key))
    fresh = [dict(zip(columns, row, strict=True)) for one, rows in wanted.items() if there.get(one, []) != rows for row in rows]
    for start in range(0, len(gone), CHUNK):
        session.execute(removal, [{f"key_{column.name}": value for column, value in zip(key, one, strict=True)} for one in gone[start : start + CHUNK]])
    for start in range(0, len(fresh), CHUNK):
        session.execute(insert(table), fresh[start : start + CHUNK])
    return sum(len(there[one]) for one in gone) + len(fresh)
