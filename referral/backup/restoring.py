"""Restoring a backup, into an empty place only: all of it or nothing."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, CursorResult, DateTime, Table, delete, func, insert, inspect, or_, select, text, update
from sqlalchemy import table as named
from sqlalchemy.exc import SQLAlchemyError

from referral.backup.making import CANARY, CANARY_CELL, FORMAT
from referral.backup.sealed import DoesNotOpen, OpeningReader
from referral.backup.tables import LEFT_OUT_COLUMNS, LEFT_OUT_ROWS, NOT_OURS, read, tables
from referral.privacy.audit import Action, AuditRecord
from referral.privacy.seal import Sealer, Unreadable
from referral.store.database import Database
from referral.store.migrate import known, undo, upgrade
from referral.store.patience import unhurried

BATCH = 500
BY_ITSELF = frozenset({"audit_anchor", "audit_chain", "audit_head", "counter", "day_key", "directory_proof", "heartbeat", "inbox_cursor", "purge_run"})
"""What a service that nobody has told anything writes by itself, beside the audit's word of the keys it made."""
_TOLD = select(func.count()).select_from(AuditRecord).where(AuditRecord.action != Action.KEY_MADE)


class NotRestored(Exception):
    """Nothing was restored; the words say why."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: rows by table, the shape it was made in, and the hour (UTC) it was made in. `dropped`: what was in it of reporters' numbers and
    of texts to them, and is not brought back."""

    rows: Mapping[str, int]
    revision: str
    made: datetime
    dropped: int = 0


def restore(database: Database, key: bytes, sealer: Sealer, path: Path) -> Restored:
    """Fill an empty database from a backup and bring it to the newest shape. Raises NotRestored, having left the place as empty as it was.
    One that was only migrated is empty, too: containers that were started a moment too early must not stand in the way.

    Of reporters who agreed to be contacted no number comes back, and no text to them: whoever has said STOP since is not texted on the word of
    an old copy. What they said can be erased since is there again, until it is erased again.
    """
    with database.engine.connect() as connection:
        if _used(connection):
            raise NotRestored("the database is not empty: a backup is restored into an empty place, and the other one kept until you have looked")
    try:
        with path.open("rb") as file:
            return _restore(database, sealer, _lines(file, key))
    except SQLAlchemyError as error:
        raise NotRestored(f"the database did not take it ({type(error).__name__})") from None
    except (DoesNotOpen, OSError, EOFError, zlib.error, ValueError) as error:
        raise NotRestored(str(error) if isinstance(error, (DoesNotOpen, OSError)) else "the file is not as it was written") from None


def _lines(file: BinaryIO, key: bytes) -> Iterator[Any]:
    with gzip.GzipFile(fileobj=cast("BinaryIO", OpeningReader(file, key))) as lines:
        for line in lines:
            yield json.loads(line)


def _restore(database: Database, sealer: Sealer, lines: Iterator[Any]) -> Restored:
    head = next(lines, None)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise NotRestored("the backup is of another format: restore it with the code that made it")
    _sings(sealer, read(head["canary"], aware=False))
    revision = str(head["revision"])
    if not known(revision):
        raise NotRestored("the backup is of newer code than this: install that first")
    with database.engine.connect() as connection:
        bare = not inspect(connection).get_table_names()
    if not bare:
        undo(database.engine)
    upgrade(database.engine, revision)
    try:
        with database.engine.begin() as connection:
            unhurried(connection)
            rows = _fill(connection, lines)
            dropped = _drop_consents(connection)
        upgrade(database.engine)
    except BaseException:
        undo(database.engine)
        raise
    return Restored(rows, revision, datetime.fromisoformat(head["made"]), dropped)


def _used(connection: Connection) -> bool:
    """Whether anything stands there that somebody may miss. A table that this code does not know counts."""
    for name in set(inspect(connection).get_table_names()) - NOT_OURS - BY_ITSELF:
        rows = select(func.count()).select_from(named(name))
        if connection.scalar(_TOLD if name == AuditRecord.__tablename__ else rows):
            return True
    return False


def _drop_consents(connection: Connection) -> int:
    """Backups of before they were left out hold them. How many."""
    here = {table.name: table for table in tables(connection)}
    report, alert = here["report"], here["alert"]
    columns = [report.c[name] for name in LEFT_OUT_COLUMNS["report"] if name in report.c]
    held = or_(*(report.c[name].is_not(None) for name in ("contact", "consent") if name in report.c))
    numbers = update(report).where(held).values(dict.fromkeys(columns))
    texts = delete(alert).where(text(f"NOT ({LEFT_OUT_ROWS['alert']})"))
    return sum(cast("CursorResult[Any]", connection.execute(statement)).rowcount for statement in (numbers, texts))


def _sings(sealer: Sealer, canary: object) -> None:
    """Before anything is written: with other keys the rows would be there, and nobody could read them."""
    try:
        heard = sealer.open(cast("bytes", canary), CANARY_CELL)
    except Unreadable:
        heard = ""
    if heard != CANARY:
        raise NotRestored("the canary does not open: restore the keys of that time first (`referral keys restore`)")


def _fill(connection: Connection, lines: Iterator[Any]) -> Mapping[str, int]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    here = {table.name: table for table in tables(connection)}
    for table in reversed(here.values()):  # what a migration itself put in is in the backup too
        connection.execute(table.delete())
    counted: dict[str, int] = {}
    for name, rows in _batches(lines, counted):
        _insert(connection, here[name], rows)
    _compare(connection, here, counted)
    return counted


def _batches(lines: Iterator[Any], counted: dict[str, int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows by the name of their table, some hundreds at once; what the backup says at its end of how many there were goes into `counted`."""
    name, columns, batch = "", list[str](), list[dict[str, Any]]()
    for line in lines:
        if isinstance(line, list):
            batch.append(dict(zip(columns, line, strict=True)))
        if batch and (isinstance(line, dict) or len(batch) >= BATCH):
            yield name, batch
            batch = []
        if isinstance(line, dict):
            name, columns = line.get("table", ""), line.get("columns", [])
            counted.update(line.get("rows", {}))


def _insert(connection: Connection, table: Table, batch: list[dict[str, Any]]) -> None:
    aware = connection.dialect.name != "sqlite"
    connection.execute(insert(table), [{name: read(value, aware=aware) for name, value in row.items()} for row in batch])


def _compare(connection: Connection, here: Mapping[str, Table], counted: Mapping[str, int]) -> None:
    """The rows that are there now against those that were there then; and numbers that the database gives out itself go on after the last."""
    for name, table in here.items():
        there = connection.scalar(select(func.count()).select_from(table))
        if there != counted.get(name):
            raise NotRestored(f"{name}: {there} rows are here, {counted.get(name)} were in the backup")
        if connection.dialect.name == "postgresql":
            _go_on(connection, table)


def _go_on(connection: Connection, table: Table) -> None:
    for column in table.primary_key.columns:
        if isinstance(column.type, DateTime) or column.type.python_type is not int:
            continue
        sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name})
        if sequence is not None:
            last = connection.scalar(select(func.max(column)))
            connection.execute(text("SELECT setval(:sequence, :next, false)"), {"sequence": sequence, "next": (last or 0) + 1})
