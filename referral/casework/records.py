"""What officers leave behind: the PIN they sign in with, and the services that were given to a child."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import ID_LENGTH, Base

PIN_TABLE = "officer_pin"


class PinRecord(Base):
    """One officer's PIN and invitation, each an Argon2id hash sealed for this row: a copy of the database alone cannot even be guessed at.

    `tries` counts wrong ones since the last right one, over all calls, or hanging up would give three more. `last_try` is a
    keyed tag of the request that was counted last, so that a request the gateway repeats is one try.
    """

    __tablename__ = PIN_TABLE
    __table_args__ = (
        CheckConstraint("(sealed_invitation is null) = (invited_until is null)", name="invitation_whole"),
        CheckConstraint("tries between 0 and 3", name="three_tries"),
        {"sqlite_with_rowid": False},
    )

    person: Mapped[str] = mapped_column(String(60), ForeignKey("directory_person.id"), primary_key=True)
    sealed_pin: Mapped[bytes | None]
    sealed_invitation: Mapped[bytes | None]
    invited_until: Mapped[datetime | None]
    tries: Mapped[int]
    last_try: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    locked_until: Mapped[datetime | None]


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
