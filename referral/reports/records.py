"""The report's table. What could point at a person is sealed; what routing and counting need is in clear, times by the hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base
from referral.vocabulary.report import AgeBand, Channel, Concern, Danger, Disability, Happened, Hours, Sex, Urgency

TABLE = "report"


class ReportRecord(Base):
    """One report. `filed_hour` is rounded: an exact time could be matched with the operator's call records."""

    __tablename__ = TABLE
    __table_args__ = (
        CheckConstraint("length(number) = 6", name="number_of_six_digits"),
        CheckConstraint("need in (1, 2)", name="one_or_two_institutions"),
        CheckConstraint("(contact is null) = (contact_hours is null)", name="contact_with_hours"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    number: Mapped[str] = mapped_column(String(6), unique=True)
    code_digest: Mapped[bytes] = mapped_column(unique=True)
    channel: Mapped[Channel]
    partial: Mapped[bool]
    filed_hour: Mapped[datetime]
    concern: Mapped[Concern | None]
    danger: Mapped[Danger | None]
    place: Mapped[str | None] = mapped_column(index=True)
    accused: Mapped[str] = mapped_column(String(200))
    happened: Mapped[Happened | None]
    age: Mapped[AgeBand | None]
    sex: Mapped[Sex | None]
    disability: Mapped[Disability | None]
    urgency: Mapped[Urgency]
    rule: Mapped[str]
    need: Mapped[int]
    flags: Mapped[str] = mapped_column(String(200))
    words_gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    """What could point at a person has been erased, by the reporter or when its time was over."""
    reporter: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    spot: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    landmark: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    story: Mapped[bytes | None] = mapped_column(info={"sealed": "month"})
    contact: Mapped[bytes | None] = mapped_column(info={"sealed": "relay"})
    contact_hours: Mapped[Hours | None]
    contact_by_call: Mapped[bool | None]
    contact_until: Mapped[datetime | None]
    contact_first_hour: Mapped[datetime | None]
    """When the consent that still stands was first given: it may be renewed, but not for longer than policy allows in all."""
    contact_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    relayed_hour: Mapped[datetime | None]
    """When a text last went to the consented number: for some days what comes from it is taken for an answer. Gone with the consent."""
    consent: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """Random: a request to see the number is for this consent and no other. Gone with it."""


class PlanStepRecord(Base):
    """What the plan said when it was made, in words a person can check. Each new plan of a report keeps the old one."""

    __tablename__ = "plan_step"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    report: Mapped[str] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    plan: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    offices: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(1000))
