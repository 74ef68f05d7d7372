"""The tables of help that anyone may look up: organizations, places where they serve, services, hours, phones.

The model follows the Human Services Data Specification 3.1 (organization, location, service, service at location) where the
directory publishes it, and keeps apart what it must never publish: where a confidential place lies stands in a table of its own,
sealed, and the public row cannot carry a point or a way to it. No table here can hold a person's phone: it has no such owner.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.directory.records import CODE, MINUTES_A_DAY, word_column
from referral.store.base import ID_LENGTH, Base
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


_VERIFIED_WHOLE = "(verified_on IS NULL) = (verify_method IS NULL)"


class OrganizationRow(Listed, Base):
    """`sector` is one of vocabulary.duty.Institution, or "other". `do_not_list`: never shown or exported again, however often it is imported."""

    __tablename__ = "directory_organization"
    __table_args__ = (CheckConstraint("parent <> id", name="not_its_own_parent"), CheckConstraint(_VERIFIED_WHOLE, name="verified_whole"))

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
        CheckConstraint(_VERIFIED_WHOLE, name="verified_whole"),
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
        CheckConstraint(_VERIFIED_WHOLE, name="verified_whole"),
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
    __table_args__ = (UniqueConstraint("service", "location"), CheckConstraint(_VERIFIED_WHOLE, name="verified_whole"))

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


class HoursRow(Base):
    """Weekly hours, in minutes of the county's day. `days` has bit 0 for Monday to bit 6 for Sunday, the days on which they begin.

    `closes` at or before `opens` is the next morning, so 0 and 0 is the whole day. Several rows make split hours; no row means unknown.
    """

    __tablename__ = "directory_hours"
    __table_args__ = (
        CheckConstraint("(service_at_location IS NULL) <> (phone IS NULL)", name="one_owner"),
        CheckConstraint("days BETWEEN 1 AND 127", name="some_day"),
        CheckConstraint(f"opens BETWEEN 0 AND {MINUTES_A_DAY - 1} AND closes BETWEEN 0 AND {MINUTES_A_DAY - 1}", name="minutes_of_a_day"),
        CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name="valid_in_order"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    service_at_location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service_at_location.id"), index=True)
    phone: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_phone.id"), index=True)
    days: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class DayExceptionRow(Base):
    """One day that is unlike its weekday: for one service point, or (no owner) a public holiday of the county. Closed, or open from `opens` to `closes`."""

    __tablename__ = "directory_day_exception"
    __table_args__ = (
        CheckConstraint("closed = (opens IS NULL) AND (opens IS NULL) = (closes IS NULL)", name="closed_or_hours"),
        CheckConstraint(f"opens BETWEEN 0 AND {MINUTES_A_DAY - 1} AND closes BETWEEN 0 AND {MINUTES_A_DAY - 1}", name="minutes_of_a_day"),
        UniqueConstraint("service_at_location", "day"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    service_at_location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service_at_location.id"))
    day: Mapped[date]
    closed: Mapped[bool]
    opens: Mapped[int | None]
    closes: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(80), default="")


class PhoneRow(Listed, Base):
    """A phone of an organization, service, location, service point or office: E.164 or a short code, never both, and never a person's.

    `fails` counts calls that went wrong since `last_ok`. STAFF phones are for officers; only PUBLIC ones are ever shown to callers.
    """

    __tablename__ = "directory_phone"
    __table_args__ = (
        CheckConstraint("(e164 IS NULL) <> (short_number IS NULL)", name="one_number"),
        CheckConstraint("e164 IS NULL OR e164 LIKE '+%'", name="e164_has_plus"),
        CheckConstraint(
            "(CASE WHEN organization IS NULL THEN 0 ELSE 1 END) + (CASE WHEN service IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN location IS NULL THEN 0 ELSE 1 END) + (CASE WHEN service_at_location IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN office IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
        CheckConstraint("visibility IN ('public', 'staff')", name="public_or_staff"),
        CheckConstraint("rank >= 0 AND fails >= 0", name="not_negative"),
        CheckConstraint(_VERIFIED_WHOLE, name="verified_whole"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    e164: Mapped[str | None] = mapped_column(String(16))
    short_number: Mapped[str | None] = mapped_column(String(6))
    description: Mapped[str] = mapped_column(default="")
    takes_texts: Mapped[bool] = mapped_column(default=False)
    toll_free: Mapped[bool] = mapped_column(default=False)
    visibility: Mapped[Visibility] = mapped_column(word_column(Visibility), default=Visibility.STAFF)
    rank: Mapped[int] = mapped_column(default=0)
    fails: Mapped[int] = mapped_column(default=0)
    last_ok: Mapped[date | None]
    organization: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_organization.id"), index=True)
    service: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service.id"), index=True)
    location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_location.id"), index=True)
    service_at_location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service_at_location.id"), index=True)
    office: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_office.id"), index=True)


class LanguageRow(Base):
    """A language that is regularly spoken there. `code` is ISO 639-3: swa eng dig dug sgn."""

    __tablename__ = "directory_language"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN service IS NULL THEN 0 ELSE 1 END) + (CASE WHEN location IS NULL THEN 0 ELSE 1 END) + (CASE WHEN phone IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
        UniqueConstraint("service", "code"),
        UniqueConstraint("location", "code"),
        UniqueConstraint("phone", "code"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    code: Mapped[str] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(default="")
    service: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_service.id"))
    location: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_location.id"))
    phone: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_phone.id"))


class Access(StrEnum):
    RAMP = "ramp"
    TOILET = "toilet"
    SIGN_LANGUAGE = "sign_language"
    FEMALE_STAFF = "female_staff"
    CHILD_SPACE = "child_space"
    TRANSPORT = "transport"


class AccessibilityRow(Base):
    __tablename__ = "directory_accessibility"
    __table_args__ = (UniqueConstraint("location", "access"),)

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_location.id"))
    access: Mapped[Access] = mapped_column(word_column(Access))
    details: Mapped[str] = mapped_column(String(240), default="")


class TermRow(Base):
    """A word of a taxonomy. The `help` taxonomy has the kinds a caller chooses from at its top and finer words below."""

    __tablename__ = "directory_term"
    __table_args__ = (UniqueConstraint("taxonomy", "code"), CheckConstraint("parent <> id", name="not_its_own_parent"))

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    parent: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_term.id"))
    name_en: Mapped[str]
    name_sw: Mapped[str]
    description: Mapped[str] = mapped_column(String(240))


class PlaceNameRow(Base):
    """What else a place is called. `norm` is the name as a text is compared: lower case, plain letters."""

    __tablename__ = "directory_place_name"
    __table_args__ = (UniqueConstraint("place", "norm"), Index("ix_directory_place_name_norm", "norm"))

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    place: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id"))
    language: Mapped[str] = mapped_column(String(3))
    name: Mapped[str] = mapped_column(String(60))
    norm: Mapped[str] = mapped_column(String(60))
    kind: Mapped[NameKind] = mapped_column(word_column(NameKind))


class NearRankRow(Base):
    """Derived: the service points of a kind as seen from a place, nearest first. `metres` is NULL for what has no point (a helpline)."""

    __tablename__ = "directory_near_rank"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    place: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[HelpKind] = mapped_column(word_column(HelpKind), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_at_location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_service_at_location.id", ondelete="CASCADE"), index=True)
    metres: Mapped[int | None]
    own_area: Mapped[bool] = mapped_column(default=False)


class ShownPointRow(Base):
    """Derived: everything of a public service point that a list needs, so that the nearest are one query away. `week` is its compiled hours.

    `kinds_mask` says under which kinds it is ranked; a point without coordinates is NULL in both.
    """

    __tablename__ = "directory_shown_point"
    __table_args__ = (Index("ix_directory_shown_point_box", "kind", "lat", "lon"),)

    service_at_location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_service_at_location.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[HelpKind] = mapped_column(word_column(HelpKind), primary_key=True)
    code: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(NAME)
    short_name: Mapped[str] = mapped_column(String(SHORT_NAME))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    exact: Mapped[bool]
    pep: Mapped[bool]
    confirmed: Mapped[bool]
    verified_on: Mapped[date | None]
    week: Mapped[str | None] = mapped_column(String(2000))


class FlagReason(StrEnum):
    WRONG_NUMBER = "wrong_number"
    CLOSED = "closed"
    MOVED = "moved"
    OTHER = "other"


class EntryFlagRow(Base):
    """A caller said that an entry is wrong. `tag` is 20 bits of a keyed digest under a key of the day, blanked when the day's key goes:
    it tells two callers of a day apart and leads back to nobody."""

    __tablename__ = "directory_entry_flag"
    __table_args__ = (
        Index(
            "uq_directory_entry_flag_once", "service_at_location", "day", "tag", unique=True,
            sqlite_where=text("tag IS NOT NULL"), postgresql_where=text("tag IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    service_at_location: Mapped[str] = mapped_column(CODE, ForeignKey("directory_service_at_location.id", ondelete="CASCADE"), index=True)
    reason: Mapped[FlagReason] = mapped_column(word_column(FlagReason))
    day: Mapped[date]
    tag: Mapped[int | None]
    settled: Mapped[bool] = mapped_column(default=False)
