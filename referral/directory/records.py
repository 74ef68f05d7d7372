"""The tables of the directory. Rows stay inside this room; what a table cannot hold is refused by the database itself, on both engines."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.store.base import Base
from referral.vocabulary.duty import Role
from referral.vocabulary.place import PlaceKind

CODE = String(60)
MINUTES_A_DAY = 24 * 60


class AppointmentKind(StrEnum):
    """How somebody fills a post. One holder at a time; an acting officer or a deputy stands in."""

    HOLDER = "holder"
    ACTING = "acting"
    DEPUTY = "deputy"


def _values(kind: type[StrEnum]) -> list[str]:
    return [one.value for one in kind]


def word_column(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, create_constraint=True, length=40, values_callable=_values, name=kind.__name__.lower())


class PlaceRow(Base):
    """A place. `position` keeps the order of the county's own list, which people know."""

    __tablename__ = "directory_place"
    __table_args__ = (
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="point_whole"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="point_on_earth"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    kind: Mapped[PlaceKind] = mapped_column(word_column(PlaceKind), index=True)
    name: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    precision: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(240))
    position: Mapped[int]


class PlaceParentRow(Base):
    """What lies directly above a place; `position` 0 is the administrative parent."""

    __tablename__ = "directory_place_parent"
    __table_args__ = (CheckConstraint("place <> parent", name="not_itself"),)

    place: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id"), primary_key=True)
    parent: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id"), primary_key=True)
    position: Mapped[int]


class OfficeRow(Base):
    """A post with an area. `concerns` is a space-separated list, empty for everything. `edited`: somebody changed fields by hand, which no file overwrites."""

    __tablename__ = "directory_office"
    __table_args__ = (CheckConstraint("parent <> id", name="not_its_own_parent"),)

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    role: Mapped[Role] = mapped_column(word_column(Role))
    name: Mapped[str]
    parent: Mapped[str | None] = mapped_column(CODE, ForeignKey("directory_office.id"))
    concerns: Mapped[str] = mapped_column(String(240), default="")
    sample: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(240), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    edited: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class JurisdictionRow(Base):
    """A place an office answers for."""

    __tablename__ = "directory_jurisdiction"

    office: Mapped[str] = mapped_column(CODE, ForeignKey("directory_office.id"), primary_key=True)
    place: Mapped[str] = mapped_column(CODE, ForeignKey("directory_place.id"), primary_key=True, index=True)


class PersonRow(Base):
    """An officer. The number is sealed by the caller; `number_tag`, a keyed digest, finds the sender of an SMS without opening anything.

    `unreachable` is set when the gateway refuses the number and cleared by an answer. `removed` keeps the row for the record.
    """

    __tablename__ = "directory_person"
    __table_args__ = (CheckConstraint("(sealed_number IS NULL) = (number_tag IS NULL)", name="number_whole"),)

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    name: Mapped[str]
    sealed_number: Mapped[bytes | None] = mapped_column(info={"sealed": "fields"})
    number_tag: Mapped[bytes | None] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(String(8))
    verified_on: Mapped[date | None]
    suspended: Mapped[bool] = mapped_column(default=False)
    unreachable: Mapped[bool] = mapped_column(default=False)
    removed: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[bool] = mapped_column(default=False)
    edited: Mapped[bool] = mapped_column(default=False)


class AppointmentRow(Base):
    """Who fills a post from `starts` until `ends` (open where NULL). The partial index allows one open holder for each office."""

    __tablename__ = "directory_appointment"
    __table_args__ = (
        CheckConstraint("ends IS NULL OR ends > starts", name="ends_after_start"),
        CheckConstraint("rank >= 0", name="rank_not_negative"),
        Index(
            "uq_directory_appointment_open_holder",
            "office",
            unique=True,
            sqlite_where=text("kind = 'holder' AND ends IS NULL"),
            postgresql_where=text("kind = 'holder' AND ends IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    office: Mapped[str] = mapped_column(CODE, ForeignKey("directory_office.id"))
    person: Mapped[str] = mapped_column(CODE, ForeignKey("directory_person.id"), index=True)
    kind: Mapped[AppointmentKind] = mapped_column(word_column(AppointmentKind))
    rank: Mapped[int] = mapped_column(default=0)
    starts: Mapped[datetime]
    ends: Mapped[datetime | None]


class AbsenceRow(Base):
    """Leave. No reason is kept: why somebody is away is nobody's business here."""

    __tablename__ = "directory_absence"
    __table_args__ = (CheckConstraint("ends > starts", name="ends_after_start"),)

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    person: Mapped[str] = mapped_column(CODE, ForeignKey("directory_person.id"), index=True)
    starts: Mapped[datetime]
    ends: Mapped[datetime]


class ShiftRow(Base):
    """A turn on duty: once (`starts`, `ends`) or weekly.

    Weekly: `weekdays` has bit 0 for Monday to bit 6 for Sunday, the days on which the shift begins; `opens` and `closes` are
    minutes of the county's day. `closes` at or before `opens` is the next morning, so 0 and 0 is the whole day.
    """

    __tablename__ = "directory_shift"
    __table_args__ = (
        CheckConstraint(
            "(starts IS NOT NULL AND ends IS NOT NULL AND weekdays IS NULL AND opens IS NULL AND closes IS NULL)"
            " OR (starts IS NULL AND ends IS NULL AND weekdays IS NOT NULL AND opens IS NOT NULL AND closes IS NOT NULL)",
            name="once_or_weekly",
        ),
        CheckConstraint("ends > starts", name="ends_after_start"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="some_weekday"),
        CheckConstraint(f"opens BETWEEN 0 AND {MINUTES_A_DAY - 1} AND closes BETWEEN 0 AND {MINUTES_A_DAY - 1}", name="minutes_of_a_day"),
    )

    id: Mapped[str] = mapped_column(CODE, primary_key=True)
    office: Mapped[str] = mapped_column(CODE, ForeignKey("directory_office.id"))
    person: Mapped[str] = mapped_column(CODE, ForeignKey("directory_person.id"))
    starts: Mapped[datetime | None]
    ends: Mapped[datetime | None]
    weekdays: Mapped[int | None]
    opens: Mapped[int | None]
    closes: Mapped[int | None]


class VersionRow(Base):
    """One row that counts changes, so that every process can tell cheaply whether its copy of the directory is still true."""

    __tablename__ = "directory_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int]
