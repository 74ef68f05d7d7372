"""Rows that could not be taken, given back as they came with the line, the column and the reason, so that they can be mended and handed in again."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from referral.upkeep.incoming import REASONS, SECRETS, Incoming, NotImportable, Row, guarded


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


def targets(path: Path, tables: Iterable[str]) -> dict[str, Path]:
    """Where the rejected rows of each table would go: `path` itself for one, `path.table.csv` for several."""
    several = list(dict.fromkeys(tables))
    return {table: path if len(several) == 1 else path.with_suffix(f".{table}.csv") for table in several}


def refuse_target(path: Path, incoming: Sequence[Incoming], files: Iterable[Path]) -> None:
    """Raise NotImportable where rejected rows could not be written, or would be written over what was handed in: before anything is taken."""
    given = [file.resolve() for file in files]
    may_be = {path, *targets(path, ("", *(one.table for one in incoming))).values()}
    for one in sorted(may_be):
        if any(file == one.resolve() or file in one.resolve().parents for file in given):
            raise NotImportable([f"{one}: is what is handed in: give rejected rows another name"])
    folder = path.resolve().parent
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise NotImportable([f"{path}: rejected rows cannot be written there"])


def write_rejected(path: Path, incoming: Sequence[Incoming], rejected: Sequence[Rejected]) -> list[Path]:
    """One file for each table that has rejected rows (`targets`). The files that were written.

    The sender's cells stay byte by byte; only ours are kept from being run by a spreadsheet. Where a place is hidden is not written again.
    """
    written = targets(path, (one.table for one in rejected))
    for table, target in written.items():
        columns = list(dict.fromkeys(column for source in incoming if source.table == table for column in source.columns))
        columns = [columns[0]] if table == SECRETS else columns
        _write(target, columns, [one for one in rejected if one.table == table])
    return list(written.values())


def _write(path: Path, columns: Sequence[str], rejected: Sequence[Rejected]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *REASONS])
        for one in rejected:
            ours = (str(one.row.number), one.column, one.reason)
            writer.writerow([*(one.row.raw.get(column, "") for column in columns), *map(guarded, ours)])
