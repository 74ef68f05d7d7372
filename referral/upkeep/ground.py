"""Taking in places and offices row by row, by the same rules as a county's folder. Nothing here is taken away by a missing row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.apply import apply
from referral.directory.by_hand import offices_by_hand
from referral.directory.checks import Batch, check
from referral.directory.help_apply import Counts
from referral.directory.help_tables import OFFICES, PLACES, cell
from referral.directory.importer import read_known, record_fields
from referral.directory.lines import Line, OfficeLine, PlaceLine
from referral.directory.office_fields import Fields, read_fields
from referral.directory.records import PlaceRow
from referral.upkeep.incoming import Incoming, Mode, Row
from referral.upkeep.rejected import Rejected
from referral.upkeep.weighing import CLEAR, told
from referral.vocabulary.limits import Spread
from referral.vocabulary.phone import PhoneNumber

_SCHEMAS: Mapping[str, type[Schema]] = {PLACES: PlaceLine, OFFICES: OfficeLine}
_ENTITY = {PLACES: "place", OFFICES: "office"}
Taken = tuple[Counts, Sequence[Rejected], int, int, Sequence[str]]


def take_ground(session: Session, incoming: Sequence[Incoming], mode: Mode, by: str, now: datetime, tz: tzinfo, spread: Spread) -> Taken:
    """Write what is good of places and offices: counts, rejected rows, how many change nothing, how many say nothing but what somebody did
    otherwise by hand, and which fields those are. `tz` and `spread` are the county's."""
    before = read_fields(session)
    taking = _Taking(session, before, mode, now.astimezone(tz).date(), spread)
    for table in (PLACES, OFFICES):
        for source in incoming:
            if source.table == table:
                taking.read(source)
    batch = taking.settle()
    apply(session, batch, _no_number, _no_tag, now)
    record_fields(session, before, "import", by, now)
    after = read_fields(session)
    added = sum(len(after[entity].keys() - before[entity].keys()) for entity in _ENTITY.values())
    updated = sum(before[entity][one] != row for entity in _ENTITY.values() for one, row in after[entity].items() if one in before[entity])
    counts = Counts(added, updated)
    return counts, taking.rejected, taking.rows - len(taking.rejected) - added - updated - taking.by_hand, taking.by_hand, taking.left


class _Taking:
    def __init__(self, session: Session, fields: Fields, mode: Mode, today: date, spread: Spread) -> None:
        self._session = session
        self._today = today
        self._spread = spread
        self._fields = fields
        self._mode = mode
        self._edited = offices_by_hand(session)
        self._lines: dict[str, dict[str, tuple[Line, Row, Incoming]]] = {PLACES: {}, OFFICES: {}}
        self.rejected: list[Rejected] = []
        self.rows = 0
        self.by_hand = 0
        self.left: list[str] = []

    def read(self, source: Incoming) -> None:
        schema, standing = _SCHEMAS[source.table](), self._fields[_ENTITY[source.table]]
        for row in source.rows:
            self.rows += 1
            one = row.cells.get("id", "")
            if one in self._lines[source.table]:
                self._reject(source, row, "id", "stands twice")
            elif one in standing and self._mode is Mode.ADD:
                continue
            elif source.table == OFFICES and one in self._edited and not self._others(row, standing[one]):
                self.by_hand += 1
            else:
                self._read(source, schema, row, standing.get(one, {}))

    def _others(self, row: Row, standing: Mapping[str, Any]) -> bool:
        """Whether a row of an office that somebody changed by hand says anything new that may be taken; what may not is named."""
        said = {column: _words("" if value == CLEAR else value) for column, value in row.cells.items() if value and column in standing}
        different = {column for column, value in said.items() if value != _words(cell(standing[column]))}
        kept = different & self._edited[row.cells["id"]]
        self.left += [f"{OFFICES} {row.cells['id']}: {' '.join(sorted(kept))}"] if kept else []
        return not kept or bool(different - kept)

    def _read(self, source: Incoming, schema: Schema, row: Row, standing: Mapping[str, Any]) -> None:
        cells = {column: cell(standing[column]) for column in schema.fields if column in standing}
        cells |= {column: "" if value == CLEAR else value for column, value in row.cells.items() if value}
        try:
            line = Line(row.file, row.number, schema.load({column: value for column, value in cells.items() if value}))
        except ValidationError as error:
            self._reject(source, row, *told(error))
        else:
            self._lines[source.table][line["id"]] = (line, row, source)

    def settle(self) -> Batch:
        """Drop bad rows, and those that hang on them, until none is left."""
        known = read_known(self._session, self._today, self._spread)
        while True:
            problems: list[str] = []
            batch = self._batch()
            check(batch, known, _no_tag, problems)
            bad = {problem.split(": ", 1)[0]: problem.split(": ", 2)[1:] for problem in reversed(problems)}
            if not bad:
                return batch
            for lines in self._lines.values():
                for one, (line, row, source) in list(lines.items()):
                    if f"{line.file}:{line.number}" in bad:
                        del lines[one]
                        self._reject(source, row, *bad[f"{line.file}:{line.number}"])

    def _batch(self) -> Batch:
        """Places come with all that stand already, in their order, since the order of the county's list is theirs to keep."""
        schema, changed = PlaceLine(), dict(self._lines[PLACES])
        places = []
        for one in self._session.scalars(select(PlaceRow.id).order_by(PlaceRow.position, PlaceRow.id)) if changed else ():
            if one in changed:
                places.append(changed.pop(one)[0])
            else:
                standing = self._fields["place"][one]
                places.append(Line("", 0, schema.load({column: text for column in schema.fields if (text := cell(standing[column]))})))
        places += [line for line, _, _ in changed.values()]
        return Batch(places=places, offices=[line for line, _, _ in self._lines[OFFICES].values()])

    def _reject(self, source: Incoming, row: Row, column: str, reason: str) -> None:
        self.rejected.append(Rejected(source.table, row, column, reason))


def _words(text: str) -> tuple[str, ...]:
    """Lists of words are the same in any order."""
    return tuple(sorted(text.split()))


def _no_number(_: str, __: PhoneNumber) -> bytes:
    raise LookupError("places and offices have no numbers")


def _no_tag(_: PhoneNumber) -> bytes:
    raise LookupError("places and offices have no numbers")
