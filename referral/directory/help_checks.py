"""What the lines of the help tables say about each other and about what stands: references, circles, what must be unique, hours, distances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

from referral.directory.checks import AHEAD
from referral.directory.help_names import ShortNames, holds_figure
from referral.directory.help_state import View
from referral.directory.help_tables import OFFICES, PLACES, TABLES, HelpTable, Values
from referral.directory.hours_overlap import overlap
from referral.directory.service_records import Visibility
from referral.vocabulary.place import PlaceKind

_HIDING = (PlaceKind.SUBCOUNTY, PlaceKind.COUNTY)


class Problem(NamedTuple):
    """What is wrong with one entry. `echo`: it only names another entry that is bad, so it is right again once that one is."""

    table: str
    id: str
    column: str
    reason: str
    echo: bool = False


Check = Callable[[View], Iterator[Problem]]


def check(view: View) -> list[Problem]:
    """Everything that new and changed rows must not be. Reads only."""
    return [problem for rule in CHECKS for problem in rule(view)]


def _references(view: View) -> Iterator[Problem]:
    for name, rows in view.changing.items():
        for column, target in TABLES[name].refers.items():
            known = _known(view, target)
            bad = view.unread.get(target, frozenset())
            for one, row in rows.items():
                if row[column] is not None and row[column] not in known:
                    echo = row[column] in bad
                    yield Problem(name, one, column, f"names one of {target} that " + ("was rejected" if echo else "is unknown"), echo)


def _known(view: View, target: str) -> Container[str]:
    outside: dict[str, Container[str]] = {PLACES: view.state.map, OFFICES: view.state.offices}
    return outside[target] if target in outside else view.after(target)


def _terms(view: View) -> Iterator[Problem]:
    known = {row["code"] for row in view.after("terms").values()}
    for one, row in view.changing.get("services", {}).items():
        if row["terms"] and not set(row["terms"].split()) <= known:
            yield Problem("services", one, "terms", "names an unknown term")


def _circles(view: View) -> Iterator[Problem]:
    for name in ("organizations", "terms"):
        after = view.after(name)
        for one, row in view.changing.get(name, {}).items():
            here, seen = row["parent"], set[str]()
            while here in after and here not in seen:
                seen.add(here)
                here = after[here]["parent"]
            if one in seen:
                yield Problem(name, one, "parent", "leads back to itself")


def _unique(view: View) -> Iterator[Problem]:
    for name in view.changing:
        for columns in TABLES[name].unique:
            yield from _taken(view, TABLES[name], columns)


def _taken(view: View, table: HelpTable, columns: tuple[str, ...]) -> Iterator[Problem]:
    """Also what another entry gives up in the same load counts as taken: rows are written one after the other."""
    gone = view.gone.get(table.name, frozenset())
    held = {_key(row, columns): one for one, row in view.state.rows(table.name).items() if one not in gone}
    for one, row in view.changing[table.name].items():
        key = _key(row, columns)
        if key[0] is None and columns[0] in table.owners:
            continue
        if held.setdefault(key, one) != one:
            yield Problem(table.name, one, columns[-1], "is another entry's already")


def _key(row: Values, columns: tuple[str, ...]) -> tuple[object, ...]:
    return tuple([row[column] for column in columns])


def _short_names(view: View) -> Iterator[Problem]:
    rows = view.changing.get("service_at_locations", {})
    names = ShortNames(view) if rows else None
    for one, row in rows.items():
        assert names is not None
        if not row["code"]:
            yield Problem("service_at_locations", one, "code", "missing")
        if not row["short_name"]:
            yield Problem("service_at_locations", one, "short_name", "missing")
        elif not names.free(one, row):
            yield Problem("service_at_locations", one, "short_name", "is borne by another place of this ward")
        else:
            names.take(one, row)


def _codes(view: View) -> Iterator[Problem]:
    """What was given out before stays, since it is printed somewhere, also where a whole directory moves to another machine. What stands gets no code
    that would be taken for a word."""
    standing = view.state.rows("service_at_locations")
    for one, row in view.changing.get("service_at_locations", {}).items():
        if row["code"] and not holds_figure(row["code"]) and one in standing and standing[one]["code"] != row["code"]:
            yield Problem("service_at_locations", one, "code", "must hold a figure: of letters alone it would be taken for a word")


def _points(view: View) -> Iterator[Problem]:
    for one, row in view.changing.get("locations", {}).items():
        place = row["place"]
        if place is None or place not in view.state.map:
            continue
        if row["visibility"] is Visibility.CONFIDENTIAL and view.state.map.kind(place) not in _HIDING:
            yield Problem("locations", one, "place", "a confidential place names its sub-county and nothing nearer")
        if row["lat"] is not None:
            off = view.state.map.kilometres_off(place, (row["lat"], row["lon"]))
            if off is not None and off > view.state.spread.near:
                yield Problem("locations", one, "lat", f"lies more than {view.state.spread.near:.0f} km from the place that is named")


def _samples(view: View) -> Iterator[Problem]:
    """Who is made up has no real number: somebody else would be called."""
    for one, row in view.changing.get("phones", {}).items():
        if row["sample"] or row["e164"] is None:
            continue
        for column in TABLES["phones"].owners:
            owner = view.after(TABLES["phones"].refers[column]).get(row[column]) if row[column] and column != "office" else None
            if owner is not None and owner["sample"]:
                yield Problem("phones", one, "e164", "the number of a sample must be a sample number")


def _ahead(view: View) -> Iterator[Problem]:
    """A day that has not come would keep an entry fresh for as long as somebody likes to write."""
    today = view.state.today
    for name, rows in view.changing.items() if today is not None else ():
        for one, row in rows.items() if TABLES[name].listed else ():
            if row["verified_on"] is not None and row["verified_on"] > today:
                yield Problem(name, one, "verified_on", AHEAD)


def _hours(view: View) -> Iterator[Problem]:
    rows = view.changing.get("hours", {})
    kept: dict[object, list[Values]] = defaultdict(list)
    touched = {_owner(row) for row in rows.values()}
    for _, row in view.standing("hours") if rows else ():
        if _owner(row) in touched:
            kept[_owner(row)].append(row)
    for one, row in rows.items():
        if any(overlap(row, other) for other in kept[_owner(row)]):
            yield Problem("hours", one, "opens", "overlaps other hours of the same day")
        else:
            kept[_owner(row)].append(row)


def _owner(row: Values) -> tuple[object, object]:
    return row["service_at_location"], row["phone"]


CHECKS: Iterable[Check] = (_references, _terms, _circles, _unique, _short_names, _codes, _points, _samples, _ahead, _hours)
