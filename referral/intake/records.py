"""What lives for minutes: where a caller is in a dialogue, and texts that arrived."""

from __future__ import annotations

from datetime import date, datetime

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
    sealed: Mapped[bytes] = mapped_column(info={"sealed": "fields"})
    partial_at: Mapped[datetime | None] = mapped_column(index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class TextRecord(Base):
    """A text that arrived: sender and words sealed until it has been dealt with, then only tags, so that a repeat is known.

    `tag` is of the gateway's id (of the content where there is none), `content` of sender, words and date, by which a text seen in
    the gateway's inbox is matched with its callback, `same` of sender and words, by which the same text a few seconds later is known.
    `due_at` is empty once it is dealt with. `held`: it counts only once it is seen in the inbox.
    """

    __tablename__ = "inbound_text"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    tag: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), unique=True)
    same: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), index=True)
    row: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    sealed: Mapped[bytes | None] = mapped_column(info={"sealed": "fields", "row": "row"})
    received_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    held: Mapped[bool]


class InboxCursorRecord(Base):
    """How far the gateway's inbox has been read. One row."""

    __tablename__ = "inbox_cursor"

    id: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class DialogueRecord(Base):
    """A dialogue by text, found by a tag of the number under the day's key. Number, words and state are sealed, and gone within the hour."""

    __tablename__ = "sms_dialogue"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    tag: Mapped[bytes] = mapped_column(LargeBinary(TAG_LENGTH), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(info={"sealed": "fields"})
    silent_at: Mapped[datetime | None] = mapped_column(index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ReplyTallyRecord(Base):
    """How many replies went to the senders that share a 20-bit tag today: a count, never a number, and never beside a report."""

    __tablename__ = "reply_tally"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    day: Mapped[date] = mapped_column(primary_key=True)
    tag: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]


class ClubTallyRecord(Base):
    """How many messages a Child Rights Club sent in a month. Neither the club nor its member stands beside a report."""

    __tablename__ = "club_tally"

    month: Mapped[date] = mapped_column(primary_key=True)
    club: Mapped[str] = mapped_column(String(12), primary_key=True)
    count: Mapped[int]
