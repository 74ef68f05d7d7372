"""Where an officer is in the menu, for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import Base


class OfficerSessionRecord(Base):
    """One session, found by a tag of its id under the day's key. Sealed; no number, and no digit of a PIN."""

    __tablename__ = "officer_session"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    turn: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(info={"sealed": "fields"})
    expires_at: Mapped[datetime] = mapped_column(index=True)
