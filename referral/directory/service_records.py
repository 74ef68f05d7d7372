"""The tables of help that anyone may look up: organizations, places where they serve, services. What hangs on them is in `point_records`.

The model follows the Human Services Data Specification 3.1 (organization, location, service, service at location) where the
directory publishes it, and keeps apart what it must never publish: where a confidential place lies stands in a table of its own,
sealed, and the public row cannot carry a point or a way to it. No table here can hold a person's phone: it has no such owner.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.directory.records import CODE, word_column
from referral.store.base import Base
from referral.vocabulary.help import HelpKind

NAME = String(160)
SHORT_NAME = 18
"""Characters: two of them, with a distance and a word on opening, fit a line of a phone."""


class Status(StrEnum):
    """HSDS's own words."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DEFUNCT = "defunct"
    TEMPORARILY_CLOSED = "temporarily closed"


class Visibility(StrEnum):
    """CONFIDENTIAL: told to nobody, "ask 116". STAFF: officers see it. A location is PUBLIC or CONFIDENTIAL."""

    PUBLIC = "public"
    STAFF = "staff"
    CONFIDENTIAL = "confidential"


class LocationType(StrEnum):
    """A helpline is virtual: it has neither a place nor a distance."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"


class Precision(StrEnum):
    """How the point was found: on the spot, from a map, or no better than the town or the ward."""

    GPS = "gps"
    APPROX = "approx"
    TOWN = "town"
    WARD = "ward"


class VerifyMethod(StrEnum):
    CALL = "call"
    VISIT = "visit"
    EMAIL = "email"
    ANSWER = "answer"
    """Answered an alert or a drill."""


class Fee(StrEnum):
    FREE = "free"
    PAID = "paid"
    UNKNOWN = "unknown"


class NameKind(StrEnum):
    OFFICIAL = "official"
    ALIAS = "alias"
    FORMER = "former"
    MISSPELT = "misspelt"
    LANDMARK = "landmark"


class Listed:
    """What every public entry carries: where it is from, who checked it and when, and which version it is for a proposal to build on.

    `edited`: fields were changed by hand, and no file overwrites those (field_changes). `updated_at` says nothing of being right.
    """

    source: Mapped[str] = mapped_column(String(240), default="")
    source_id: Mapped[str] = mapped_column(CODE, default="")
    verified_on: Mapped[date | None]
    verified_by: Mapped[str | None]
    verify_method: Mapped[VerifyMethod | None] = mapped_column(word_column(VerifyMethod))
    sample: Mapped[bool] = mapped_column(default=False)
    edited: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


VERIFIED_WHOLE = "(verified_on IS NULL) = (verify_method IS NULL)"
"""A check of every table whose rows are verified: on which day, and how."""


class OrganizationRow(Listed, Base):
    """`sector` is one of vocabulary.duty.Institution, or "other". `do_not_list`: never shown or exported again, however often it is imported."""

    __tablename__ = "directory_organization"
    __table_args__ = (CheckConstraint("parent <> id", name="not_its_own_parent"), CheckConstraint(VERIFIED_WHOLE, name="verified_whole"))

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    short_name: Mapped[str] = mapped_column(String(SHORT_NAME), default="")
    description: Mapped[str] = mapped_column(String(500), default="")
    sector: Mapped[str] = mapped_column(String(40))
    parent: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_organization.id"))
    website: Mapped[str] = mapped_column(String(240), default="")
    email: Mapped[str] = mapped_column(default="")
    status: Mapped[Status] = mapped_column(word_column(Status), default=Status.ACTIVE)
    do_not_list: Mapped[bool] = mapped_column(default=False)


class LocationRow(Listed, Base):
    """Where help is given. A confidential one may say which sub-county, and nothing else: the database refuses it a point, directions, a name of a road."""

    __tablename__ = "directory_location"
    __table_args__ = (
        CheckConstraint("(lat IS NULL) = (lon IS NULL) AND (lat IS NULL) = (precision IS NULL)", name="point_whole"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="point_on_earth"),
        CheckConstraint("visibility <> 'confidential' OR (lat IS NULL AND directions = '' AND transport = '')", name="confidential_is_nowhere"),
        CheckConstraint("visibility IN ('public', 'confidential')", name="public_or_not"),
        CheckConstraint("location_type <> 'virtual' OR lat IS NULL", name="virtual_is_nowhere"),
        CheckConstraint(VERIFIED_WHOLE, name="verified_whole"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    organization: Mapped[str] = mapped_column(CODE, ForeignKey("directory_organization.id"), index=True)
    name: Mapped[str] = mapped_column(NAME)
    location_type: Mapped[LocationType] = mapped_column(word_column(LocationType), default=LocationType.PHYSICAL)
    visibility: Mapped[Visibility] = mapped_column(word_column(Visibility), default=Visibility.PUBLIC)
    place: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_place.id"), index=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    precision: Mapped[Precision | None] = mapped_column(word_column(Precision))
    directions: Mapped[str] = mapped_column(String(240), default="")
    transport: Mapped[str] = mapped_column(String(240), default="")


class LocationSecretRow(Base):
    """Where a confidential place lies, sealed. Nothing that answers the public reads this table, and no relationship leads here."""

    __tablename__ = "directory_location_secret"

    location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_location.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(info={"sealed": "fields"})


class ServiceRow(Listed, Base):
    """What is done for whom. `kind` is what a caller looks for it under; `terms` are finer words of the county's taxonomy, space-separated codes."""

    __tablename__ = "directory_service"
    __table_args__ = (
        CheckConstraint("min_age >= 0 AND max_age >= 0 AND (min_age IS NULL OR max_age IS NULL OR min_age <= max_age)", name="ages_in_order"),
        CheckConstraint(VERIFIED_WHOLE, name="verified_whole"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    organization: Mapped[str] = mapped_column(CODE, ForeignKey("directory_organization.id"), index=True)
    name: Mapped[str] = mapped_column(NAME)
    kind: Mapped[HelpKind] = mapped_column(word_column(HelpKind))
    terms: Mapped[str] = mapped_column(String(240), default="")
    description: Mapped[str] = mapped_column(String(500), default="")
    status: Mapped[Status] = mapped_column(word_column(Status), default=Status.ACTIVE)
    visibility: Mapped[Visibility] = mapped_column(word_column(Visibility), default=Visibility.PUBLIC)
    min_age: Mapped[int | None]
    max_age: Mapped[int | None]
    gender: Mapped[str] = mapped_column(String(10), default="")
    eligibility: Mapped[str] = mapped_column(String(240), default="")
    fee: Mapped[Fee] = mapped_column(word_column(Fee), default=Fee.UNKNOWN)
    fee_note: Mapped[str] = mapped_column(String(240), default="")
    application: Mapped[str] = mapped_column(String(240), default="")
    alert: Mapped[str] = mapped_column(String(240), default="")


class ServiceAtLocationRow(Listed, Base):
    """A service point: what is ranked, shown and named by `code`, four characters without 0 O 1 I L. `unconfirmed`: enough callers said it is wrong."""

    __tablename__ = "directory_service_at_location"
    __table_args__ = (UniqueConstraint("service", "location"), CheckConstraint(VERIFIED_WHOLE, name="verified_whole"))

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    service: Mapped[str] = mapped_column(CODE, ForeignKey("directory_service.id"))
    location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_location.id"), index=True)
    code: Mapped[str] = mapped_column(String(4), unique=True)
    short_name: Mapped[str] = mapped_column(String(SHORT_NAME))
    description: Mapped[str] = mapped_column(String(240), default="")
    unconfirmed: Mapped[bool] = mapped_column(default=False)


class ServiceAreaRow(Base):
    """A place that a service, or one service point, is for. None: for whoever comes."""

    __tablename__ = "directory_service_area"
    __table_args__ = (
        CheckConstraint("(service IS NULL) <> (service_at_location IS NULL)", name="one_owner"),
        UniqueConstraint("service", "place"),
        UniqueConstraint("service_at_location", "place"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    service: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service.id"))
    service_at_location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service_at_location.id"))
    place: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id"), index=True)
