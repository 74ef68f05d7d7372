"""What belongs to an entry and is changed with it, each part as one text: hours, areas, languages, ways in.

Hours are `mon tue wed 08:00-17:00; sat 08:00-12:00`, days also as `mon-fri` or `daily`, each maybe `from 2026-01-01 to 2026-03-31`; the others are
words with spaces between: ids of places, codes of languages, kinds of access. What stays keeps its row, and with it its note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from marshmallow import ValidationError
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from referral.directory.help_tables import PART_FIELDS, TABLES, Values, cells, values_of
from referral.directory.lines import DAYS, in_words
from referral.store.base import new_id

_HOURS = re.compile(r"(?P<days>[a-z -]*[a-z]) (?P<opens>\d\d:\d\d) ?- ?(?P<closes>\d\d:\d\d)(?: from (?P<valid_from>\S+))?(?: to (?P<valid_to>\S+))?")


class PartProblem(ValueError):
    """What is wrong with a part's text."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table of parts. `read` takes a text apart into the cells of rows, `say` makes a row's cells a piece of it."""

    table: str
    read: Callable[[str], Iterator[Mapping[str, str]]]
    say: Callable[[Mapping[str, str]], str]
    between: str = " "


@dataclass(frozen=True, slots=True)
class Exchange:
    """What of a table a text replaces: the rows that come, by their new ids, and the ids of those that go."""

    field: str
    table: str
    fresh: Mapping[str, Values]
    gone: frozenset[str]
    text: str


def _read_hours(text: str) -> Iterator[Mapping[str, str]]:
    for piece in filter(None, (" ".join(one.lower().split()) for one in text.split(";"))):
        found = _HOURS.fullmatch(piece)
        if found is None:
            raise PartProblem("must be such as mon-fri 08:00-17:00; sat 08:00-12:00")
        yield {**{name: value for name, value in found.groupdict().items() if value}, "days": " ".join(map(_days, found["days"].split()))}


def _days(word: str) -> str:
    if word == "daily":
        return " ".join(DAYS)
    first, dash, last = word.partition("-")
    if not dash or first not in DAYS or last not in DAYS:
        return word
    start, length = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % len(DAYS) + 1
    return " ".join((*DAYS, *DAYS)[start : start + length])


def _say_hours(row: Mapping[str, str]) -> str:
    limits = "".join(f" {word} {row[name]}" for word, name in (("from", "valid_from"), ("to", "valid_to")) if row[name])
    return f"{row['days']} {row['opens']}-{row['closes']}{limits}"


def _words(column: str, table: str) -> Part:
    return Part(table, lambda text: ({column: word} for word in text.split()), lambda row: row[column])


_KINDS = {
    "hours": Part("hours", _read_hours, _say_hours, "; "),
    "areas": _words("place", "service_areas"),
    "languages": _words("code", "languages"),
    "accessibility": _words("access", "accessibility"),
}
PARTS: Mapping[str, Mapping[str, Part]] = MappingProxyType(
    {
        owner: {PART_FIELDS[name]: _KINDS[PART_FIELDS[name]] for name in PART_FIELDS if owner in TABLES[name].owners}
        for owner in ("service", "location", "service_at_location", "phone")
    }
)
"""By the entity they belong to, which is also the column that names it, and by field."""


def parts_of(session: Session, entity: str, entry: str) -> dict[str, str]:
    """Every part of an entry as its text, "" for none."""
    return {field: _text(part, _said(part, _rows(session, part, entity, entry))) for field, part in PARTS.get(entity, {}).items()}


def exchanges(session: Session, entity: str, entry: str, changes: Mapping[str, str]) -> tuple[list[Exchange], list[str]]:
    """What these texts would replace, by the rules of the parts' own lines; and every problem, `field: reason`."""
    found, problems = [], []
    for field in changes.keys() & PARTS.get(entity, {}).keys():
        try:
            one = _exchange(session, PARTS[entity][field], field, entity, entry, changes[field])
        except PartProblem as problem:
            problems.append(f"{field}: {problem}")
        else:
            found += [one] if one.fresh or one.gone else []
    return found, problems


def exchange(session: Session, one: Exchange) -> None:
    """Write it."""
    table = TABLES[one.table].table
    session.execute(delete(table).where(table.c.id.in_(one.gone)))
    if one.fresh:
        session.execute(insert(table), list(one.fresh.values()))


def _exchange(session: Session, part: Part, field: str, entity: str, entry: str, text: str) -> Exchange:
    standing = _said(part, _rows(session, part, entity, entry))
    wanted: dict[str, Values] = {}
    for piece in part.read(text):
        row = _row(part, {"id": new_id(), entity: entry, **piece})
        said = part.say(cells(TABLES[part.table], row))
        if said in wanted:
            raise PartProblem("names something twice")
        wanted[said] = row
    fresh = {row["id"]: row for said, row in wanted.items() if said not in standing}
    gone = frozenset(one for said, one in standing.items() if said not in wanted)
    return Exchange(field, part.table, fresh, gone, _text(part, wanted))


def _row(part: Part, said: Mapping[str, str]) -> Values:
    table = TABLES[part.table]
    try:
        return values_of(table, table.line().load(said))
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"line": error.messages}
        raise PartProblem("; ".join(f"{column} {in_words(reasons)}" for column, reasons in sorted(messages.items()))) from None


def _rows(session: Session, part: Part, entity: str, entry: str) -> Sequence[Values]:
    table = TABLES[part.table].table
    return [dict(row) for row in session.execute(select(*table.columns).where(table.c[entity] == entry)).mappings()]


def _said(part: Part, rows: Sequence[Values]) -> dict[str, str]:
    """The ids of rows by what they say."""
    return {part.say(cells(TABLES[part.table], row)): row["id"] for row in rows}


def _text(part: Part, pieces: Mapping[str, object]) -> str:
    return part.between.join(sorted(pieces, key=_order))


def _order(piece: str) -> tuple[int, str]:
    """Hours by their first day."""
    first = piece.split(" ", 1)[0]
    return (DAYS.index(first) if first in DAYS else 0), piece
