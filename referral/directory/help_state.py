"""The help tables as they stand, read once for an import: every row by its id, and where the places they name lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.field_changes import by_hand, verified_no_more
from referral.directory.ground import Grounds, Point
from referral.directory.help_tables import PART_FIELDS, PHONES, TABLES, Values
from referral.directory.lines import Line
from referral.directory.reading import read_grounds
from referral.directory.records import OfficeRow
from referral.vocabulary.limits import WIDEST, Spread
from referral.vocabulary.place import SMALL, Place, PlaceKind

Rows = Mapping[str, Values]


class Remembered(NamedTuple):
    """What the record of changes knows of an entry: the fields that somebody changed by hand, and up to which day its verification was taken back."""

    by_hand: frozenset[str] = frozenset()
    unverified: date | None = None


NOTHING = Remembered()


class Map:
    """Where places lie. A sub-county or the county is too wide for its point to say anything about what lies in it."""

    def __init__(self, grounds: Grounds, unread: frozenset[str] = frozenset()) -> None:
        self._grounds = grounds
        self._unread = unread
        self._wards = {one: frozenset(w for w in (one, *heights) if self.kind(w) is PlaceKind.WARD) for one, heights in grounds.heights.items()}
        self._within: dict[str, list[str]] = defaultdict(list)
        for one, heights in grounds.heights.items():
            for above in heights:
                self._within[above].append(one)

    def __contains__(self, place: object) -> bool:
        return place in self._grounds.places or place in self._unread

    def kind(self, place: str) -> PlaceKind | None:
        known = self._grounds.places.get(place)
        return known.kind if known else None

    def neighbourhood(self, place: str | None) -> frozenset[str]:
        """The wards a place is or lies in; for one above the wards, or none at all, itself."""
        if place is None:
            return frozenset({""})
        return self._wards.get(place) or frozenset({place})

    def kilometres_off(self, place: str, point: Point) -> float | None:
        """How far a point lies from the place it is said to be in: from its own point or the nearest that lies in it, since a ward can be
        wider than fifty kilometres. None where the place is too wide for that, or no point is known."""
        if self.kind(place) not in SMALL:
            return None
        measured = (self._grounds.kilometres_to(one, point) for one in (place, *self._within[place]))
        return min((one for one in measured if one is not None), default=None)

    def with_lines(self, lines: Iterable[Line], unread: frozenset[str] = frozenset()) -> Map:
        """As it will be once these lines of places.csv are loaded."""
        fresh = {line["id"]: line for line in lines}
        kept = [place for one, place in self._grounds.places.items() if one not in fresh]
        points = {place.id: point for place in kept if (point := self._grounds.point(place.id)) is not None}
        points |= {one: (line["lat"], line["lon"]) for one, line in fresh.items() if line["lat"] is not None and line["lon"] is not None}
        added = [Place(one, line["kind"], line["name"], tuple(line["parents"])) for one, line in fresh.items()]
        return Map(Grounds([*kept, *added], points), unread)


@dataclass(frozen=True)
class HelpState:
    """Every row of every help table by its id, the places, and the offices' ids."""

    map: Map
    offices: frozenset[str] = frozenset()
    tables: Mapping[str, Rows] = field(default_factory=dict)
    memory: Mapping[tuple[str, str], Remembered] = field(default_factory=dict)
    today: date | None = None
    """The county's day: what is said to have been verified after it is refused. None where nothing is weighed."""
    spread: Spread = WIDEST

    def rows(self, table: str) -> Rows:
        return self.tables.get(table, {})

    def remembered(self, table: str, one: str) -> Remembered:
        return self.memory.get((table, one), NOTHING)

    def by_hand(self, table: str, row: Values) -> str | None:
        """The entry whose part a row is, if somebody changed such parts of it by hand: no file adds one, changes one or takes one away."""
        field, refers = PART_FIELDS.get(table, ""), TABLES[table].refers
        owners = ((column, row[column]) for column in TABLES[table].owners if row[column] is not None)
        return next((owner for column, owner in owners if field in self.remembered(refers[column], owner).by_hand), None)

    def along(self, places: Iterable[Line], offices: Iterable[Line], unread: Iterable[str] = ()) -> HelpState:
        """As it will be once places and offices of the same load are there. `unread` are ids of their bad lines, not to be missed once more."""
        known = self.offices | {line["id"] for line in offices} | frozenset(unread)
        return replace(self, map=self.map.with_lines(places, frozenset(unread)), offices=known)


@dataclass(frozen=True)
class View:
    """What is there, and what a load would make of it. `changing` holds new and changed rows by table and id, `gone` the ids to be removed,
    `unread` the ids of lines that are already known to be bad."""

    state: HelpState
    changing: Mapping[str, Rows]
    gone: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unread: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def _after(self) -> dict[str, dict[str, Values]]:
        return {}

    def after(self, table: str) -> dict[str, Values]:
        """The table as it would be."""
        if table not in self._after:
            rows = {**self.state.rows(table), **self.changing.get(table, {})}
            for one in self.gone.get(table, ()):
                rows.pop(one, None)
            self._after[table] = rows
        return self._after[table]

    def standing(self, table: str) -> Iterable[tuple[str, Values]]:
        """The rows that stay as they are."""
        changing, gone = self.changing.get(table, {}), self.gone.get(table, frozenset())
        return ((one, row) for one, row in self.state.rows(table).items() if one not in changing and one not in gone)


def read_state(session: Session, today: date | None = None, spread: Spread = WIDEST) -> HelpState:
    """Everything as it stands. `today` is the county's day, `spread` its own: wanted where rows are to be weighed."""
    tables: dict[str, Rows] = {}
    for name, table in TABLES.items():
        rows = session.execute(select(*table.table.columns)).mappings()
        tables[name] = {row["id"]: dict(row) for row in rows}
    return HelpState(Map(read_grounds(session)), frozenset(session.scalars(select(OfficeRow.id))), tables, _memory(session), today, spread)


def _memory(session: Session) -> dict[tuple[str, str], Remembered]:
    tables = {table.entity: name for name, table in TABLES.items()}
    known = {(tables[entity], one): Remembered(fields) for (entity, one), fields in by_hand(session).items() if entity in tables}
    for one, day in verified_no_more(session, TABLES[PHONES].entity).items():
        known[PHONES, one] = known.get((PHONES, one), NOTHING)._replace(unverified=day)
    return known
