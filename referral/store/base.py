"""The base of every record, and the column types all tables share."""

from __future__ import annotations

import enum
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Enum, LargeBinary, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

ID_LENGTH = 32


def new_id() -> str:
    """A random 128-bit id as 32 hex digits. Never ordered: the order of rows must not tell the order of reports."""
    return secrets.token_hex(16)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC. A naive datetime is refused where it is written, not found out where it is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


class Base(DeclarativeBase):
    """Typed records. Rows stay inside the rooms that own them; what leaves a room is a frozen value."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: dict[Any, Any] = {  # noqa: RUF012  SQLAlchemy's own hook; a ClassVar would hide it from the mapper
        datetime: UtcDateTime(),
        bytes: LargeBinary(),
        str: String(120),
        enum.StrEnum: Enum(enum.StrEnum, native_enum=False, create_constraint=False, length=40, values_callable=_values),
    }
