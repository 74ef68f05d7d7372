"""When an entry last changed as it is shown: also by what hangs on it, and by what no longer does.

Hours, areas, languages and ways in have no date of their own, and what is gone has none any more: whoever asks what is new since yesterday learns of
them by their owner's. Where a change by hand holds such parts (help_tables.PART_FIELDS) its version rises too: what somebody proposed before was
proposed of something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from referral.directory.help_tables import PART_FIELDS, TABLES, Values
from referral.directory.point_records import HoursRow
from referral.directory.records import PlaceRow
from referral.directory.service_records import LocationRow, ServiceAreaRow, ServiceAtLocationRow, ServiceRow
from referral.vocabulary.place import PlaceKind

_AT_ONCE = 500
"""Ids in one statement: engines bound how many it may name."""
_OWNERS: Mapping[str, tuple[str, ...]] = {
    **{name: table.owners for name, table in TABLES.items() if table.part},
    "day_exceptions": ("service_at_location",),
    "service_at_locations": ("service",),
}
_HIDES = {"locations": "visibility", "organizations": "do_not_list"}
"""The columns by which locations come out of sight and into it."""
_POINTS, _SERVICES = "service_at_locations", "services"


class Written(NamedTuple):
    """A row of a help table before (empty: it is new) and after (empty: it is gone)."""

    table: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def stamp(session: Session, changes: Iterable[Written], now: datetime, done: Mapping[str, Collection[str]] = {}) -> None:
    """Make the owners of what was written newer. `done` are the entries, by table, that were written themselves, or are gone."""
    dated: dict[str, set[str]] = defaultdict(set)
    versioned: dict[str, set[str]] = defaultdict(set)
    for one in changes:
        for table, owner in _owners(one):
            (versioned if one.table in PART_FIELDS else dated)[table].add(owner)
        for table, shown in _shown_with(session, one):
            dated[table].update(shown)
    for table, ids in versioned.items():
        _write(session, table, ids.difference(done.get(table, ())), now, newer=True)
    for table, ids in dated.items():
        _write(session, table, ids.difference(done.get(table, ()), versioned.get(table, ())), now)


def stamp_renamed(session: Session, places: Collection[str], now: datetime) -> None:
    """The same for places that bear another name now: an area is shown by it. A county's name stands with every service that hides where it is."""
    counties = session.scalar(select(PlaceRow.id).where(PlaceRow.kind == PlaceKind.COUNTY, PlaceRow.id.in_(places)).limit(1)) if places else None
    if counties is not None:
        _write(session, _SERVICES, session.scalars(select(ServiceRow.id)).all(), now)
    found = [row for some in _chunks(sorted(places)) for row in session.scalars(select(ServiceAreaRow).where(ServiceAreaRow.place.in_(some)))]
    for table, ids in ((_SERVICES, {row.service for row in found}), (_POINTS, {row.service_at_location for row in found})):
        _write(session, table, [one for one in ids if one is not None], now)


def _owners(change: Written) -> Iterator[tuple[str, str]]:
    """Whom a row belongs to, and belonged to. One with a date of its own is missed only by an owner with whom it is no longer shown."""
    table, columns = TABLES[change.table], _OWNERS.get(change.table, ())
    if table.listed and change.after and all(change.before.get(name) == change.after.get(name) for name in (*columns, "visibility")):
        return
    for row in (change.before, change.after):
        for column in columns if row else ():
            target = table.refers[column]
            if row[column] is not None and target in TABLES:
                yield target, row[column]


def _shown_with(session: Session, change: Written) -> Iterator[tuple[str, Iterable[str]]]:
    """What else shows a row: a location that is hidden from now on takes a point from its services, as does one whose organization is listed no more;
    a holiday stands with everything that keeps hours, a term's name with what bears it."""
    before, after = change.before, change.after
    hides = _HIDES.get(change.table)
    if hides is not None:
        if before and after and before[hides] != after[hides]:
            there = LocationRow.id if change.table == "locations" else LocationRow.organization
            met = select(ServiceAtLocationRow.service).join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
            yield _SERVICES, session.scalars(met.where(there == after["id"]))
    elif change.table == "day_exceptions" and any(row and row["service_at_location"] is None for row in (before, after)):
        yield _POINTS, session.scalars(select(HoursRow.service_at_location).where(HoursRow.service_at_location.is_not(None)).distinct())
    elif change.table == "terms":
        codes = {row["code"] for row in (before, after) if row}
        bears = or_(ServiceRow.kind.in_(codes), *(ServiceRow.terms.contains(code, autoescape=True) for code in codes))
        yield _SERVICES, session.scalars(select(ServiceRow.id).where(bears))


def _write(session: Session, table: str, ids: Collection[str], now: datetime, *, newer: bool = False) -> None:
    row: Any = TABLES[table].row
    values: Values = {"updated_at": now} | ({"version": row.version + 1} if newer else {})
    for some in _chunks(sorted(ids)):
        session.execute(update(row).where(row.id.in_(some)).values(values))


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
