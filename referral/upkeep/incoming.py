"""Reading files that somebody hands in: the rows as they stand there, by table, each with the place it came from."""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from referral.directory.help_tables import OFFICES, PLACES, TABLES
from referral.directory.lines import ImportProblems, OfficeLine, PlaceLine
from referral.upkeep.csv_records import Record, read_records

SECRETS = "location_secrets"
SECRET_COLUMNS = ("location", "address", "lat", "lon")
REASONS = ("line", "column", "reason")
"""What a file of rejected rows has besides: read over, so that it can be mended and handed in again."""
_GROUND = {PLACES: tuple(PlaceLine().fields), OFFICES: tuple(OfficeLine().fields)}
MOST = 200 * 1024 * 1024
"""Bytes of one file once unpacked: a small zip can hold a file that fills the disk."""
_NO_ZIP = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What Python's zipfile raises; a password and an unknown kind of packing are RuntimeErrors, a name in no known letters is a ValueError."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Mode(StrEnum):
    """ADD takes new ids only; UPDATE new and changed ones; REPLACE also takes away what the file no longer has."""

    ADD = "add"
    UPDATE = "update"
    REPLACE = "replace"


class NotImportable(ImportProblems):
    """A file as a whole cannot be used."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it came. `raw` are its cells as the file has them, to be given back; `cells` what they say, by our columns."""

    file: str
    number: int
    raw: Mapping[str, str]
    cells: Mapping[str, str]


class Refused(NamedTuple):
    """A row that could not even be read as one of ours."""

    row: Row
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """The rows of one table. `columns` are the file's own; `names` gives the file's name of one of our columns where they differ.

    `scope`: the ids of what stands that such a file could name at all; what it does not name beyond them is not missing from it. None: any.
    """

    table: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()
    scope: frozenset[str] | None = None

    def __len__(self) -> int:
        return len(self.rows)


def columns_of(table: str) -> tuple[str, ...] | None:
    """The columns of a table that can be imported, or None for no such table."""
    if table in TABLES:
        return TABLES[table].columns
    return SECRET_COLUMNS if table == SECRETS else _GROUND.get(table)


def table_of(path: Path) -> str:
    """The table that a file's name says: `services.csv`, `services.sample.csv`, `rejected.services.csv`. Where a place is hidden must be
    asked for by name. Raises NotImportable."""
    for word in reversed(path.name.split(".")):
        if columns_of(word) and word != SECRETS:
            return word
    raise NotImportable([f"{path.name}:1: file: its name is no table's: give one with --table"])


def read_file(path: Path, table: str | None = None) -> Incoming:
    """The rows of one CSV file, UTF-8, header first. Columns may be missing, none may be unknown. A row that cannot be read is refused, and no other.
    Raises NotImportable."""
    table = table or table_of(path)
    return read_rows(_bytes(path), path.name, table)


def read_rows(data: bytes | str, name: str, table: str) -> Incoming:
    known = columns_of(table) or ()
    records = read_records(data.encode() if isinstance(data, str) else data)
    first = next(records, Record(1, []))
    if first.wrong:
        raise NotImportable([f"{name}:{first.number}: file: {first.wrong}"])
    header = tuple(first.cells)
    own = tuple(column for column in header if column not in REASONS)
    wrong = [f"{name}:1: {column}: column is unknown" for column in own if column not in known]
    wrong += [f"{name}:1: {column}: column stands twice" for column in sorted(set(header)) if header.count(column) > 1]
    key = known[0] if known else "id"
    wrong += [f"{name}:1: {key}: column is missing"] if key not in own else []
    if wrong:
        raise NotImportable(wrong)
    rows: list[Row] = []
    refused: list[Refused] = []
    for one in records:
        if one.wrong:  # of a hidden place not a word is kept
            refused.append(Refused(Row(name, one.number, {key: "" if table == SECRETS else one.text}, {}), "line", one.wrong))
        else:
            rows.append(_row(name, one, header, own))
    return Incoming(table, own, tuple(rows), refused=tuple(refused))


def _row(name: str, one: Record, header: tuple[str, ...], own: tuple[str, ...]) -> Row:
    said = dict(zip(header, one.cells, strict=False))
    kept = {column: said.get(column, "") for column in own}
    if len(one.cells) > len(header):
        kept[""] = " ".join(one.cells[len(header) :])
    return Row(name, one.number, kept, {column: plain(kept[column]) for column in own})


def read_folder(path: Path) -> list[Incoming]:
    """The tables in a folder or zip of CSV files named after them, as `export` writes it. Raises NotImportable."""
    return [read_rows(data, name, table_of(Path(name))) for name, data in csv_members(path)]


def csv_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each CSV file of a folder or zip: its name without folders, and its bytes. Raises NotImportable."""
    if path.is_dir():
        for file in sorted(path.glob("*.csv")):
            yield file.name, _bytes(file)
        return
    with opened_zip(path) as archive:
        files = [one for one in archive.infolist() if one.filename.endswith(".csv")]
        if large := [one.filename for one in files if one.file_size > MOST]:
            raise NotImportable([f"{path.name}: {name}: file: is too large" for name in large])
        for one in files:
            yield Path(one.filename).name, archive.read(one)


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Raises NotImportable for what is no zip, is damaged, wants a password, or is packed as nobody here can unpack it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except NotImportable:
        raise
    except _NO_ZIP as error:
        raise NotImportable([f"{path.name}:1: file: cannot be read as a zip ({type(error).__name__}: no zip, damaged, or with a password)"]) from None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotImportable([f"{file.name}:1: file: cannot be read ({error.strerror})"]) from None


def plain(cell: str) -> str:
    """A cell as it is meant: without the blanks around it, and without the quote that keeps a spreadsheet from running it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def guarded(cell: str) -> str:
    """A cell of ours that a spreadsheet would run as a formula, made words; `plain` takes it back."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def digest_of(files: Iterable[Path], mode: Mode) -> str:
    """What tells one hand-in from another: the files' bytes, in order, and how they were to be taken."""
    summed = hashlib.sha256(mode.encode())
    for path in files:
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            if file.is_file():
                summed.update(hashlib.sha256(file.read_bytes()).digest())
    return summed.hexdigest()
