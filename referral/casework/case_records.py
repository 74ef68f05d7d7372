"""What happened to a report after it was filed, and what two people agreed on about it: dated, and never edited."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base


class CaseEvent(StrEnum):
    """States are derived from these and from the hand-overs, never typed. CLOSING waits for the second person."""

    NOT_HELPED = "not_helped"
    REOPENED = "reopened"
    CLOSING = "closing"
    CLOSED = "closed"
    RAISED = "raised"
    LOWERED = "lowered"
    WORDS_ERASED = "words_erased"


class CaseEventRecord(Base):
    """`person` is an officer's id, "" for the reporter, "service" for the service itself. `note` is sealed under the month's key."""

    __tablename__ = "case_event"
    __table_args__ = (CheckConstraint("second is null or second <> person", name="second_is_another"), {"sqlite_with_rowid": False})

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    kind: Mapped[CaseEvent]
    office: Mapped[str]
    person: Mapped[str]
    second: Mapped[str | None]
    reason: Mapped[str] = mapped_column(String(40))
    note: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    noted_hour: Mapped[datetime]


class LegalHoldRecord(Base):
    """A report that must not be purged before `until`: asked for by one person, approved by another. It holds from its approval."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("approved_by is null or approved_by <> asked_by", name="second_person"),
        CheckConstraint("(approved_by is null) = (approved_hour is null)", name="approved_whole"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    reason: Mapped[bytes] = mapped_column(info={"sealed": "month"})
    asked_by: Mapped[str]
    asked_hour: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_hour: Mapped[datetime | None]
    until: Mapped[date]
    ended_hour: Mapped[datetime | None]


class RevealRecord(Base):
    """A consented number that somebody asks to see: shown once, after a second person has agreed."""

    __tablename__ = "reveal"
    __table_args__ = (
        CheckConstraint("approved_by is null or approved_by <> asked_by", name="second_person"),
        CheckConstraint("(approved_by is null) = (approved_hour is null)", name="approved_whole"),
        CheckConstraint("shown_hour is null or approved_hour is not null", name="shown_after_approval"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    reason: Mapped[bytes] = mapped_column(info={"sealed": "month"})
    asked_by: Mapped[str]
    asked_hour: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_hour: Mapped[datetime | None]
    shown_hour: Mapped[datetime | None]
