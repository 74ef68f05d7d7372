"""Making a backup: one look at the database, written down whole while callers are served."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, select, text

from referral.backup.sealed import SealingWriter
from referral.backup.tables import LEFT_OUT_COLUMNS, LEFT_OUT_ROWS, own_parent, parents_first, tables, written
from referral.privacy.seal import Cell, Sealer
from referral.store.database import Database

FORMAT = 1
CANARY = "a canary: whoever reads this has the right keys"
CANARY_CELL = Cell("backup", "canary", "1")
SUFFIX, BEGUN = ".backup", ".part"
_NAME = "referral-%Y%m%dT%H%M%SZ"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Made:
    """The file, how many bytes it has, and how many rows of each table are in it."""

    path: Path
    size: int
    rows: Mapping[str, int]


def make(database: Database, key: bytes, sealer: Sealer, folder: Path, now: datetime) -> Made:
    """Write a backup into `folder`, sealed with `key` (32 bytes). The file is there whole or not at all, for nobody else to read (0600)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{now:{_NAME}}{SUFFIX}"
    beginning = path.with_suffix(BEGUN)
    try:
        with _private(beginning) as file, _look(database) as connection:
            writer = SealingWriter(file, key)
            with gzip.GzipFile(fileobj=writer, mode="wb", mtime=0) as lines:
                rows = _write(lines, connection, sealer, now)
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        beginning.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            beginning.unlink()
        raise
    _settle(folder)
    return Made(path, path.stat().st_size, rows)


def drop_old(folder: Path, now: datetime, days: int) -> list[Path]:
    """Remove backups of ours that are older than `days`, by their names, and what killed ones left a day ago: what is forgotten in the database must be
    forgotten here too. The newest that is whole stays, however old: a disk too full for another must not be left without any."""
    there = sorted(folder.glob("referral-*"))
    whole, begun = ([file for file in there if file.suffix == suffix] for suffix in (SUFFIX, BEGUN))
    before, killed = (f"{now - timedelta(days=ago):{_NAME}}" for ago in (days, 1))
    old = [file for file in whole[:-1] if file.name < before] + [file for file in begun if file.name < killed]
    for file in old:
        file.unlink()
    return old


@contextmanager
def _look(database: Database) -> Iterator[Connection]:
    """One look: what is written meanwhile is not seen, and nobody waits for us."""
    with database.read() as session:
        if database.dialect == "sqlite":
            yield session.connection()
        else:
            connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a slow disk may take long for a page; nobody waits for us
            yield connection


def _write(lines: gzip.GzipFile, connection: Connection, sealer: Sealer, now: datetime) -> Mapping[str, int]:
    revision = MigrationContext.configure(connection).get_current_revision()
    _line(lines, {"format": FORMAT, "revision": revision, "made": f"{now:%Y-%m-%dT%H:00:00+00:00}", "canary": written(sealer.seal(CANARY, CANARY_CELL))})
    counts: dict[str, int] = {}
    for table in tables(connection):
        _line(lines, {"table": table.name, "columns": [column.name for column in table.columns]})
        counts[table.name] = 0
        for row in _rows(connection, table):
            _line(lines, [written(value) for value in row.values()])
            counts[table.name] += 1
    _line(lines, {"rows": counts})
    return counts


def _rows(connection: Connection, table: Table) -> Iterator[Mapping[str, object]]:
    """In the order of the key, which is random where it stands for a report: the order on the disk is the order in which they came in."""
    wanted = select(table).order_by(*table.primary_key.columns)
    if table.name in LEFT_OUT_ROWS:
        wanted = wanted.where(text(LEFT_OUT_ROWS[table.name]))
    found = connection.execute(wanted.execution_options(yield_per=PAGE)).mappings()
    parent = own_parent(connection, table.name)
    empty = LEFT_OUT_COLUMNS.get(table.name, ())
    rows: Iterator[Mapping[str, object]] = ({str(key): None if key in empty else value for key, value in row.items()} for row in found)
    yield from rows if parent is None else parents_first(list(rows), *parent)


def _line(lines: gzip.GzipFile, value: object) -> None:
    lines.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file


def _settle(folder: Path) -> None:
    """The name itself must survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
