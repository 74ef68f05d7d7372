"""What a file that replaces takes away: what came from the same source and is missing now, and the parts of the entries it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from referral.directory.help_state import HelpState
from referral.directory.help_tables import TABLES, HelpTable, Values
from referral.directory.service_records import Status
from referral.upkeep.hidden import hidden

RETIRED = ("organizations", "services")
"""They stay, inactive: reports and other entries may name them."""
_PARTS_OF = {
    "service_at_locations": ("service_at_location", ("phones", "hours", "day_exceptions", "service_areas")),
    "phones": ("phone", ("hours", "languages")),
}


class Files(Protocol):
    """What the files hold: what the good rows say, and every id that stands in them."""

    @property
    def said(self) -> Mapping[str, Mapping[str, Values]]: ...

    @property
    def present(self) -> Mapping[str, set[str]]: ...

    @property
    def scope(self) -> Mapping[str, frozenset[str] | None]: ...


@dataclass
class Leaving:
    """`gone` are the ids to be removed by table, `retiring` the rows that become inactive, `kept` what stays because something hangs on it."""

    gone: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    retiring: dict[str, dict[str, Values]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    @property
    def retired(self) -> list[Values]:
        return list(chain.from_iterable(rows.values() for rows in self.retiring.values()))


def leaving(files: Files, state: HelpState, hidden: frozenset[str]) -> Leaving:
    """What the files, which replace what they hold, take away. `hidden` are the locations of which is known where they lie in secret."""
    result = Leaving()
    tables = [name for name in TABLES if files.present.get(name)]
    for name in set(tables).intersection(RETIRED):
        active = {one: row for one, row in _missing(files, state, name).items() if row["status"] is Status.ACTIVE}
        result.retiring[name] = {one: {**row, "status": Status.INACTIVE} for one, row in active.items()}
    if "service_at_locations" in tables:
        _take(result, state, "service_at_locations", _missing(files, state, "service_at_locations"))
    for name in tables:
        if TABLES[name].part:
            _take(result, state, name, _parts(files, state, TABLES[name]))
    if "locations" in tables:
        used = hidden | _used_locations(files, state, result)
        missing = _missing(files, state, "locations").keys()
        result.kept += sorted(missing & used)
        result.gone["locations"] |= missing - used
    return result


def _missing(files: Files, state: HelpState, table: str) -> dict[str, Values]:
    """Entries that came from a source of this file and do not stand in it any more. What was changed by hand is nobody's file's."""
    sources = {row["source"] for row in files.said[table].values()}
    return {one: row for one, row in _absent(files, state, table) if row["source"] in sources and not row["edited"]}


def _absent(files: Files, state: HelpState, table: str) -> Iterator[tuple[str, Values]]:
    """What stands and could be in the file, but is not. What is confidential is in no file."""
    present, scope, kept = files.present[table], files.scope.get(table), hidden(state).get(table, frozenset())
    return ((one, row) for one, row in state.rows(table).items() if one not in present and one not in kept and (scope is None or one in scope))


def _owner(table: HelpTable, row: Values) -> tuple[str, str | None]:
    """Whose part a row is; of a day exception without a service point, the county's."""
    columns = table.owners or ("service_at_location",)
    return next(((column, row[column]) for column in columns if row[column] is not None), ("county", None))


def _parts(files: Files, state: HelpState, table: HelpTable) -> Iterable[str]:
    owners = {_owner(table, row) for row in files.said[table.name].values()}
    owners |= {(column, one) for column in table.owners for one in files.present.get(table.refers[column], ())}
    absent = ((one, row) for one, row in _absent(files, state, table.name) if _owner(table, row) in owners and not row.get("edited"))
    return [one for one, row in absent if state.by_hand(table.name, row) is None]


def _take(result: Leaving, state: HelpState, table: str, ids: Iterable[str]) -> None:
    """Remove entries and what is part of them."""
    fresh = set(ids) - result.gone[table]
    result.gone[table] |= fresh
    column, parts = _PARTS_OF.get(table, ("", ()))
    for part in parts if fresh else ():
        _take(result, state, part, [one for one, row in state.rows(part).items() if row[column] in fresh])


def _used_locations(files: Files, state: HelpState, result: Leaving) -> set[str]:
    """Locations on which something hangs that stays or comes."""
    used: set[str] = set()
    for table in ("service_at_locations", "phones", "languages", "accessibility"):
        rows = {**state.rows(table), **files.said.get(table, {})}
        used |= {row["location"] for one, row in rows.items() if one not in result.gone[table] and row["location"]}
    return used
