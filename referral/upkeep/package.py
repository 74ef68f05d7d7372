"""Reading an HSDS 3.1 tabular package: a folder or zip of CSV files with datapackage.json, as rows of our own tables.

What is ours and says what we publish says nothing new. What others assert (that they checked an entry, whose phone a person's is) is not taken
over. Field names are those of the Human Services Data Specification (https://openreferral.org/).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from referral.directory.help_state import HelpState
from referral.directory.help_tables import TABLES
from referral.directory.hsds_ids import hsds_id
from referral.upkeep.incoming import Incoming, NotImportable, Refused, Row, plain
from referral.upkeep.package_rows import FILES, Attributes, Foreign, NotOurs

DESCRIPTOR = "datapackage.json"
_MOST = 200 * 1024 * 1024
"""Bytes of one file once unpacked: a small zip can hold a file that fills the disk."""
Flat = Mapping[str, object]


@dataclass(frozen=True)
class Package:
    """The files of a package by name without ending."""

    name: str
    files: Mapping[str, tuple[Row, ...]]
    columns: Mapping[str, tuple[str, ...]]


def is_package(path: Path) -> bool:
    return (path / DESCRIPTOR).is_file() if path.is_dir() else path.suffix == ".zip"


def open_package(path: Path) -> Package:
    """Raises NotImportable where it is none, or a file of it cannot be read."""
    files: dict[str, tuple[Row, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    try:
        for name, text in _texts(path):
            reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=True)
            columns[name] = tuple(reader.fieldnames or ())
            files[name] = tuple(_row(f"{name}.csv", reader.line_num, raw) for raw in reader)
    except (UnicodeDecodeError, csv.Error, OSError, zipfile.BadZipFile, KeyError) as error:
        raise NotImportable([f"{path.name}:1: file: cannot be read as a package ({type(error).__name__})"]) from None
    if "services" not in files and "organizations" not in files:
        raise NotImportable([f"{path.name}:1: file: holds neither services.csv nor organizations.csv"])
    return Package(path.stem, files, columns)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for file in sorted(path.glob("*.csv")):
            yield file.stem, file.read_text("utf-8-sig")
        return
    with zipfile.ZipFile(path) as archive:
        if not any(Path(one.filename).name == DESCRIPTOR for one in archive.infolist()):
            raise KeyError(DESCRIPTOR)
        for one in archive.infolist():
            if one.filename.endswith(".csv"):
                if one.file_size > _MOST:
                    raise OSError("too large")
                yield Path(one.filename).stem, archive.read(one).decode("utf-8-sig")


def _row(file: str, number: int, raw: Mapping[str, str]) -> Row:
    kept = {column: value if isinstance(value, str) else " ".join(value) for column, value in raw.items()}
    return Row(file, number, kept, {column: plain(value) for column, value in kept.items()})


def incoming_of(package: Package, state: HelpState, published: Mapping[str, list[dict[str, object]]], zone: str) -> list[Incoming]:
    """The package as rows of our tables. `published` are the tables that we would publish now, by which our own entries are told from changed
    ones; `zone` is the county's offset ("+03:00"), the only one in which hours are taken."""
    ours = {name: {hsds_id(spec.kind, one): one for one in state.rows(spec.table)} for name, spec in FILES.items()}
    foreign = Foreign(package.name, zone, ours, Attributes(package.files, state, published))
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
            cells = foreign.cells(name, uuid, said, new=uuid not in ours)
        except NotOurs as problem:
            refused.append(Refused(Row(row.file, row.number, row.raw, {"id": one}), problem.column, problem.reason))
        else:
            rows.append(Row(row.file, row.number, row.raw, {"id": one, **cells}))
    names = {column: theirs for theirs, column in spec.columns.items()}
    scope = frozenset(ours[uuid] for uuid in shown if uuid in ours)
    assert spec.table in TABLES
    return Incoming(spec.table, package.columns[name], tuple(rows), names, tuple(refused), scope)
