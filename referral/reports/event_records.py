"""What happened to a report after it was filed: dated rows, never edited. States and counts are derived from them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base


class CaseEvent(StrEnum):
    """States are derived from these and from the hand-overs, never typed. CLOSING waits for the second person."""

    NOT_HELPED = "not_helped"
    REOPENED = "reopened"
    CLOSING = "closing"
    CLOSED = "closed"
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


class HeldBoxRecord(Base):
    """A box of erased words (a WORDS_ERASED event with a note) and one of the holds that stood when it was made: those alone open it and keep it."""

    __tablename__ = "held_box"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    event: Mapped[str] = mapped_column(ForeignKey("case_event.id", ondelete="CASCADE"), primary_key=True)
    hold: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class Given(StrEnum):
    """Services a child or a family is given, in the words of the county's own beneficiary lists (docs/decisions, the officers' menu)."""

    MEDICAL = "medical"
    COUNSELLING = "counselling"
    SHELTER = "shelter"
    LEGAL = "legal"
    SCHOOLING = "schooling"
    SCHOOL_COSTS = "school_costs"
    ACCELERATED = "accelerated"
    VOCATIONAL = "vocational"
    FAMILY_INCOME = "family_income"
    DIGNITY_PACK = "dignity_pack"


class ServiceEventRecord(Base):
    """A service that was given, on a day: what counts and states are derived from. The same twice from one office is one."""

    __tablename__ = "service_event"
    __table_args__ = (
        UniqueConstraint("report", "office", "service", "given_on", name="uq_service_event_once"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    office: Mapped[str]
    person: Mapped[str]
    service: Mapped[Given]
    given_on: Mapped[date]
    noted_hour: Mapped[datetime]
