"""Rows that could not be taken, given back as they came with the line, the column and the reason, so that they can be mended and handed in again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from referral.upkeep.incoming import REASONS, SECRETS, Incoming, Row, guarded


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row and why. `column` is the file's own name for it."""

    table: str
    row: Row
    column: str
    reason: str

    @property
    def text(self) -> str:
        return f"{self.row.file}:{self.row.number}: {self.column}: {self.reason}"


def write_rejected(path: Path, incoming: Sequence[Incoming], rejected: Iterable[Rejected]) -> list[Path]:
    """One file for each table that has rejected rows: `path` itself for one, `path.table.csv` for several. The files that were written.

    The sender's cells stay byte by byte; only ours are kept from being run by a spreadsheet. Where a place is hidden is not written again.
    """
    found: dict[str, list[Rejected]] = {}
    for one in rejected:
        found.setdefault(one.table, []).append(one)
    written = []
    for table, ones in found.items():
        target = path if len(found) == 1 else path.with_suffix(f".{table}.csv")
        columns = list(dict.fromkeys(column for source in incoming if source.table == table for column in source.columns))
        columns = [columns[0]] if table == SECRETS else columns
        _write(target, columns, ones)
        written.append(target)
    return written


def _write(path: Path, columns: Sequence[str], rejected: Sequence[Rejected]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *REASONS])
        for one in rejected:
            ours = (str(one.row.number), one.column, one.reason)
            writer.writerow([*(one.row.raw.get(column, "") for column in columns), *map(guarded, ours)])
