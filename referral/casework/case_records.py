"""What two people agreed on about a report, dated and never edited; and, from below, what happened to it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.store.base import ID_LENGTH, Base

__all__ = ["CaseEvent", "CaseEventRecord", "LegalHoldRecord", "RevealRecord"]


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
