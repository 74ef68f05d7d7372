"""The tables of promises kept: counts for limits, purge runs, the audit's chain and its daily heads. No number and no story in any."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base

EVERYBODY = -1
"""The tag of a count that is over all callers."""
HIDDEN = -2
"""The tag of those together whose number is hidden or of another country."""


class LimitTallyRecord(Base):
    """How often callers who share a 20-bit tag of the day did something in an hour: a count, never a number, and never beside a report."""

    __tablename__ = "limit_tally"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    tag: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]


class CounterRecord(Base):
    """How often something that should not happen did, by day: stray callbacks, refused ones, unknown receipts."""

    __tablename__ = "counter"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int]


class PurgeRunRecord(Base):
    """One run of the purge. `removed` is JSON, {what: how many}; a run that did not end has no `ended_at`."""

    __tablename__ = "purge_run"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    removed: Mapped[str] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(String(200))


class ChainRecord(Base):
    """One link: `mac` binds an audit entry to its position and to everything before it."""

    __tablename__ = "audit_chain"
    __table_args__ = (CheckConstraint("position >= 0", name="from_zero"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class AnchorRecord(Base):
    """Where the chain begins since entries that were kept long enough went: the last link that was removed, and the proof that the service did it."""

    __tablename__ = "audit_anchor"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    proof: Mapped[bytes] = mapped_column(LargeBinary(32))


class HeadRecord(Base):
    """The chain's end of a day, as it was told to the custodians: a chain that is shorter or other than this has been cut."""

    __tablename__ = "audit_head"

    day: Mapped[date] = mapped_column(primary_key=True)
    position: Mapped[int]
    head: Mapped[str] = mapped_column(String(16))
    told_at: Mapped[datetime | None]
