"""What two people agreed on about a report, dated and never edited."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from referral.store.base import ID_LENGTH, Base


class _Agreed:
    """What one person asks for about a report, with a sealed reason, and another agrees to: never the same one, which the database refuses."""

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    reason: Mapped[bytes] = mapped_column(info={"sealed": "month"})
    asked_by: Mapped[str]
    asked_hour: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_hour: Mapped[datetime | None]

    @declared_attr.directive
    def __table_args__(self) -> tuple[Any, ...]:
        return (
            CheckConstraint("approved_by is null or approved_by <> asked_by", name="second_person"),
            CheckConstraint("(approved_by is null) = (approved_hour is null)", name="approved_whole"),
            *self._more_constraints(),
            {"sqlite_with_rowid": False},
        )

    @staticmethod
    def _more_constraints() -> tuple[CheckConstraint, ...]:
        return ()


class LegalHoldRecord(_Agreed, Base):
    """A report that must not be purged before `until`: asked for by one person, approved by another. It holds from its approval."""

    __tablename__ = "legal_hold"

    until: Mapped[date]
    ended_hour: Mapped[datetime | None]


class RevealRecord(_Agreed, Base):
    """A consented number that somebody asks to see: shown once, after a second person has agreed."""

    __tablename__ = "reveal"

    shown_hour: Mapped[datetime | None]
    consent: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """The consent it was asked under (`report.consent`): what is agreed to later is another."""

    @staticmethod
    def _more_constraints() -> tuple[CheckConstraint, ...]:
        return (CheckConstraint("shown_hour is null or approved_hour is not null", name="shown_after_approval"),)
