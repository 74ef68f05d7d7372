"""The directory as one CSV file a table, which read in again changes nothing. People, their numbers and all that is confidential stay here."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.help_state import read_state
from referral.directory.help_tables import OFFICES, PLACES, TABLES, cell, cells
from referral.directory.office_fields import read_fields
from referral.directory.records import PlaceRow
from referral.upkeep.hidden import hidden
from referral.upkeep.incoming import columns_of, guarded

_NUMBERS = frozenset({"lat", "lon", "e164"})
"""May begin with + or - and are no words, so no spreadsheet can be made to run them."""


def export(session: Session, folder: Path) -> Mapping[str, int]:
    """Write every table that can be imported to `folder`, which is made, without what is confidential. Rows by table."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = read_fields(session)
    order = session.scalars(select(PlaceRow.id).order_by(PlaceRow.position, PlaceRow.id))
    written = {
        PLACES: _write(folder, PLACES, ({name: cell(value) for name, value in fields["place"][one].items()} for one in order)),
        OFFICES: _write(folder, OFFICES, ({name: cell(value) for name, value in row.items()} for _, row in sorted(fields["office"].items()))),
    }
    state = read_state(session)
    kept = hidden(state)
    for name, table in TABLES.items():
        rows = ((one, row) for one, row in sorted(state.rows(name).items()) if one not in kept.get(name, ()))
        written[name] = _write(folder, name, (cells(table, row) for _, row in rows))
    return written


def _write(folder: Path, table: str, rows: Iterable[Mapping[str, str]]) -> int:
    columns: Sequence[str] = columns_of(table) or ()
    count = 0
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([row[column] if column in _NUMBERS else guarded(row[column]) for column in columns])
            count += 1
    return count
