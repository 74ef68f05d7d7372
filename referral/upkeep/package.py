"""Reading an HSDS 3.1 tabular package: a folder or zip of CSV files with datapackage.json, as rows of our own tables.

What is ours and says what we publish says nothing new. What others assert (that they checked an entry, whose phone a person's is) is not taken
over. Field names are those of the Human Services Data Specification (https://openreferral.org/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from referral.directory.help_state import HelpState
from referral.directory.help_tables import TABLES
from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_package import DESCRIPTOR
from referral.upkeep.csv_records import Record, read_records
from referral.upkeep.incoming import Incoming, NotImportable, Refused, Row, csv_members, opened_zip, plain
from referral.upkeep.package_parts import NotOurs
from referral.upkeep.package_rows import FILES, Attributes, Foreign

Flat = Mapping[str, object]


@dataclass(frozen=True)
class Package:
    """The files of a package by name without ending."""

    name: str
    files: Mapping[str, tuple[Row, ...]]
    columns: Mapping[str, tuple[str, ...]]


def is_package(path: Path) -> bool:
    """Whether a folder or zip is one of HSDS; without its descriptor it holds tables of ours. Raises NotImportable for what only looks like a zip."""
    if path.is_dir() or path.suffix != ".zip":
        return (path / DESCRIPTOR).is_file()
    with opened_zip(path) as archive:
        return any(Path(one.filename).name == DESCRIPTOR for one in archive.infolist())


def open_package(path: Path) -> Package:
    """Raises NotImportable where it is none, or a file of it cannot be read."""
    files: dict[str, tuple[Row, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    for file, data in csv_members(path):
        name = Path(file).stem
        columns[name], files[name] = _rows(file, data)
    if "services" not in files and "organizations" not in files:
        raise NotImportable([f"{path.name}:1: file: holds neither services.csv nor organizations.csv"])
    return Package(path.stem, files, columns)


def _rows(file: str, data: bytes) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """The columns and rows of a file: its parts refer to each other, so that it is read whole or not at all."""
    records = list(read_records(data))
    if wrong := [f"{file}:{one.number}: line: {one.wrong}" for one in records if one.wrong]:
        raise NotImportable(wrong)
    columns = tuple(records[0].cells) if records else ()
    return columns, tuple(_row(file, one, columns) for one in records[1:])


def _row(file: str, one: Record, columns: tuple[str, ...]) -> Row:
    kept = dict(zip(columns, one.cells, strict=False))
    kept = {column: kept.get(column, "") for column in columns}
    if len(one.cells) > len(columns):
        kept[""] = " ".join(one.cells[len(columns) :])
    return Row(file, one.number, kept, {column: plain(value) for column, value in kept.items()})


def incoming_of(package: Package, state: HelpState, published: Mapping[str, list[dict[str, object]]], here: datetime) -> list[Incoming]:
    """The package as rows of our tables. `published` are the tables that we would publish now, by which our own entries are told from changed
    ones; `here` is now in the county's time zone, the only one in which hours are taken."""
    ours = {name: {hsds_id(spec.kind, one): one for one in state.rows(spec.table)} for name, spec in FILES.items()}
    foreign = Foreign(package.name, here, ours, Attributes(package.files, state, published))
    return [_table(package, name, foreign, published.get(name, [])) for name in FILES if name in package.files]


def _table(package: Package, name: str, foreign: Foreign, published: list[dict[str, object]]) -> Incoming:
    spec = FILES[name]
    shown = {str(flat["id"]): {column: "" if value is None else str(value) for column, value in flat.items()} for flat in published}
    ours = foreign.ours[name]
    rows: list[Row] = []
    refused: list[Refused] = []
    for row in package.files[name]:
        uuid = row.cells.get("id", "")
        if uuid in shown and uuid not in ours:
            continue  # what stands in our own package for something that is not published
        one = ours.get(uuid, uuid)
        said = {column: cell for column, cell in row.cells.items() if cell != shown.get(uuid, {}).get(column, "")}
        try:
            cells = foreign.cells(name, row.cells, said, new=uuid not in ours)
        except NotOurs as problem:
            refused.append(Refused(Row(row.file, row.number, row.raw, {"id": one}), problem.column, problem.reason))
        else:
            rows.append(Row(row.file, row.number, row.raw, {"id": one, **cells}))
    names = {column: theirs for theirs, column in spec.columns.items()}
    scope = frozenset(ours[uuid] for uuid in shown if uuid in ours)
    assert spec.table in TABLES
    return Incoming(spec.table, package.columns[name], tuple(rows), names, tuple(refused), scope)
