"""What hangs on a service point: its hours, phones, languages, how to get in; the words it is found by, and how it is shown and doubted."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.directory.records import CODE, MINUTES_A_DAY, word_column
from referral.directory.service_records import NAME, SHORT_NAME, VERIFIED_WHOLE, Listed, NameKind, Visibility
from referral.store.base import ID_LENGTH, Base
from referral.vocabulary.help import HelpKind


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
        CheckConstraint(VERIFIED_WHOLE, name="verified_whole"),
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
