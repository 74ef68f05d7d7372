"""Which columns are sealed, under which class of key, and where each value lives: read off the records, so that no list can be forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from referral.privacy.ring import Kind
from referral.privacy.seal import Cell, head, key_of
from referral.store.base import Base

ROOT = "root"
"""The class of values under a key that is derived from the root and gone within two days: they are not rotated."""


@dataclass(frozen=True)
class SealedColumn:
    """A column that is declared with `info={"sealed": class}`. `row` is what tells its rows apart in their cells: the primary key, unless
    `info["row"]` names another column. `boxed`: what is sealed is a box for the relay."""

    table: Table
    column: Column[Any]
    row: Column[Any]
    kind: Kind
    boxed: bool

    def cell(self, row: object) -> Cell:
        """Where the value of a row lives: ids as they are, tags in hex, days in ISO."""
        name = row.hex() if isinstance(row, bytes) else row.isoformat() if isinstance(row, date) else str(row)
        return Cell(self.table.name, self.column.name, name)

    def under(self, keys: Iterable[str]) -> ColumnElement[bool]:
        """Rows whose value was sealed with one of these keys: found by how it begins, nothing is opened."""
        return or_(*(_begins(self.column, len(head(key))) == literal(head(key), LargeBinary()) for key in keys))

    def report(self) -> Column[Any] | None:
        """The column that says to which report a row belongs; None where it belongs to none."""
        return self.table.c.id if self.table.name == "report" else self.table.c.get("report")

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def sealed_columns() -> Sequence[SealedColumn]:
    """All of them, of every room whose records were imported, by name. Those of the class ROOT are left out."""
    return sorted(_declared(), key=lambda one: one.name)


def _declared() -> Iterator[SealedColumn]:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            said = column.info.get("sealed")
            if said is None or said == ROOT:
                continue
            [row] = [table.c[column.info["row"]]] if "row" in column.info else list(table.primary_key.columns)
            boxed = said == Kind.RELAY
            yield SealedColumn(table, column, row, Kind.MONTH if boxed else Kind(said), boxed)


def rows_by_key(session: Session, columns: Iterable[SealedColumn] | None = None) -> Counter[tuple[str, str]]:
    """How many values each key has sealed: by (column's name, key id). Reads how values begin, and opens none."""
    found: Counter[tuple[str, str]] = Counter()
    for one in sealed_columns() if columns is None else columns:
        for length in session.scalars(select(_begins(one.column, 2)).where(one.column.is_not(None)).distinct()):
            whole = 2 + (length[1] if len(length) == 2 else 0)
            begin = _begins(one.column, whole)
            same = (_begins(one.column, 2) == literal(length, LargeBinary()), one.column.is_not(None))
            for value, count in session.execute(select(begin, func.count()).where(*same).group_by(begin)):
                found[one.name, key_of(value)] += count
    return found


def rows_on(session: Session, key: str) -> int:
    """How many values need this key."""
    return sum(session.scalar(select(func.count()).select_from(one.table).where(one.under([key]))) or 0 for one in sealed_columns())


def _begins(column: Column[Any], length: int) -> ColumnElement[bytes]:
    return type_coerce(func.substr(column, 1, length), LargeBinary())
