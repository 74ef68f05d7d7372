"""The mailbox's table: what an officer and a reporter write to each other about a report, without a number."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base

TABLE = "letter"


class Side(StrEnum):
    OFFICER = "officer"
    REPORTER = "reporter"


class LetterState(StrEnum):
    """HELD: an officer's own words wait for a second reader. READY: the other side may read it. REFUSED: the second reader said no."""

    HELD = "held"
    READY = "ready"
    REFUSED = "refused"


class LetterRecord(Base):
    """One letter. `template` names ready-made words; `words` are an officer's own or the reporter's, sealed under the month's key, NULL once erased.

    Hours are rounded: an exact time could be matched with the operator's call records. `turn` orders the letters of one report.
    """

    __tablename__ = TABLE
    __table_args__ = (
        CheckConstraint("side <> 'officer' or person <> ''", name="officers_sign"),
        CheckConstraint("side <> 'reporter' or (person = '' and template is null)", name="reporters_are_nobody"),
        CheckConstraint("second_reader is null or second_reader <> person", name="second_reader_is_another"),
        UniqueConstraint("report", "turn"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    turn: Mapped[int]
    side: Mapped[Side]
    state: Mapped[LetterState]
    office: Mapped[str]
    person: Mapped[str]
    second_reader: Mapped[str | None]
    template: Mapped[str | None]
    asks: Mapped[bool] = mapped_column(default=False)
    """The officer waits for an answer to it."""
    words: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    written_hour: Mapped[datetime]
    read_hour: Mapped[datetime | None]
