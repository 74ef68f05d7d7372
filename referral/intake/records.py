"""What lives for minutes: where a caller is in a dialogue, and texts that arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base

TAG_LENGTH = 16


class SessionRecord(Base):
    """One USSD session, found by a tag of its id under the day's key. Sealed, and gone in a quarter of an hour. No number in any form."""

    __tablename__ = "ussd_session"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    tag: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), primary_key=True)
    turn: Mapped[int]
    sealed: Mapped[bytes]
    partial_at: Mapped[datetime | None] = mapped_column(index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class TextRecord(Base):
    """A text that arrived: sender and words sealed until it has been dealt with, then only the tag, so that a repeat is known.

    `due_at` is empty once it is dealt with.
    """

    __tablename__ = "inbound_text"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    tag: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), primary_key=True)
    row: Mapped[str] = mapped_column(String(ID_LENGTH))
    sealed: Mapped[bytes | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
