"""What may be shown of the service points: the one place that decides which of them the public hears of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from referral.directory.ground import Point
from referral.directory.point_records import DayExceptionRow, HoursRow, PhoneRow
from referral.directory.service_records import (
    LocationRow,
    LocationType,
    OrganizationRow,
    Precision,
    ServiceAreaRow,
    ServiceAtLocationRow,
    ServiceRow,
    Status,
    Visibility,
)
from referral.directory.weeks import UnlikeDay, Weekly, compile_week
from referral.vocabulary.help import HelpKind

PEP_TERM = "pep"
NEVER_SHOWN = frozenset({HelpKind.SAFE})
"""Where a child can be safe is found by asking 116, never in a list: not by name, place, distance or opening hours."""
_OWNER = aliased(OrganizationRow)


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """A service point that the public may see. `kinds` it is looked for under; `areas` it is for, none: for whoever comes."""

    id: str
    kinds: tuple[HelpKind, ...]
    point: Point | None
    place: str | None
    virtual: bool
    areas: frozenset[str]
    shown: Mapping[str, object]
    """The columns of its rows in directory_shown_point, without its id and kind."""


def shown_only() -> ColumnElement[bool]:
    """The condition under which the public may see a service point, over the four tables joined by `joined`."""
    return and_(
        LocationRow.visibility == Visibility.PUBLIC,
        ServiceRow.visibility == Visibility.PUBLIC,
        ServiceRow.status == Status.ACTIVE,
        ServiceRow.kind.not_in(NEVER_SHOWN),
        OrganizationRow.status == Status.ACTIVE,
        OrganizationRow.do_not_list.is_(False),
        LocationRow.organization.not_in(select(_OWNER.id).where(_OWNER.do_not_list.is_(True))),
    )


def joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Service points with their service, location and the organization that runs the service, as far as the public may see them."""
    return (
        statement.join(ServiceRow, ServiceRow.id == ServiceAtLocationRow.service)
        .join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
        .join(OrganizationRow, OrganizationRow.id == ServiceRow.organization)
        .where(shown_only())
    )


def read_points(session: Session, now: datetime, tz: tzinfo) -> list[ServicePoint]:
    """Every service point the public may see, by id, with its hours compiled as of now."""
    areas = _areas(session)
    hours = _Hours(session, now.astimezone(tz).date())
    owners = select(
        ServiceAtLocationRow.id, ServiceAtLocationRow.service, ServiceAtLocationRow.code, ServiceAtLocationRow.short_name, ServiceAtLocationRow.unconfirmed,
        func.coalesce(ServiceAtLocationRow.verified_on, ServiceRow.verified_on, LocationRow.verified_on).label("verified_on"),
        ServiceRow.kind, ServiceRow.terms, ServiceRow.name.label("service_name"), LocationRow.name.label("location_name"),
        LocationRow.location_type, LocationRow.place, LocationRow.lat, LocationRow.lon, LocationRow.precision,
    )  # fmt: skip
    found = []
    for row in session.execute(joined(owners).order_by(ServiceAtLocationRow.id)):
        virtual = row.location_type is LocationType.VIRTUAL
        pep = row.kind is HelpKind.PEP or PEP_TERM in row.terms.split()
        shown = {
            "code": row.code,
            "name": row.service_name if virtual else row.location_name,
            "short_name": row.short_name,
            "lat": row.lat,
            "lon": row.lon,
            "exact": row.precision is Precision.GPS,
            "pep": pep,
            "confirmed": not row.unconfirmed,
            "verified_on": row.verified_on,
            "week": hours.of(row.id, row.service),
        }
        # where medicine after rape is given there is a doctor: a caller who asks for one is shown it, whatever the entry's own kind
        kinds = dict.fromkeys([row.kind, HelpKind.MEDICAL, HelpKind.PEP] if pep else [row.kind])
        point = None if row.lat is None else (row.lat, row.lon)
        its_areas = areas["service", row.service] | areas["point", row.id]
        found.append(ServicePoint(row.id, tuple(kinds), point, row.place, virtual, frozenset(its_areas), shown))
    return found


def _areas(session: Session) -> dict[tuple[str, str], set[str]]:
    areas: dict[tuple[str, str], set[str]] = defaultdict(set)
    for service, service_point, place in session.execute(select(ServiceAreaRow.service, ServiceAreaRow.service_at_location, ServiceAreaRow.place)):
        areas["service" if service else "point", service or service_point or ""].add(place)
    return areas


class _Hours:
    """The compiled hours of service points. Many keep the same: each pattern is compiled once."""

    def __init__(self, session: Session, today: date) -> None:
        self._today = today
        self._weekly, self._lines = _weekly(session)
        self._own: dict[str, list[UnlikeDay]] = defaultdict(list)
        self._holidays: list[UnlikeDay] = []
        unlike = select(DayExceptionRow.service_at_location, DayExceptionRow.day, DayExceptionRow.opens, DayExceptionRow.closes)
        for owner, day, opens, closes in session.execute(unlike.order_by(DayExceptionRow.day, DayExceptionRow.id)):
            (self._holidays if owner is None else self._own[owner]).append(UnlikeDay(day, opens, closes))
        self._compiled: dict[tuple[object, ...], str | None] = {}

    def of(self, service_point: str, service: str) -> str | None:
        rows = self._weekly.get(service_point) or self._lines.get(("point", service_point)) or self._lines.get(("service", service)) or []
        own = self._own.get(service_point, ())
        key = (*rows, None, *own)
        if key not in self._compiled:
            self._compiled[key] = compile_week(rows, own, self._holidays, self._today)
        return self._compiled[key]


def _weekly(session: Session) -> tuple[dict[str, list[Weekly]], dict[tuple[str, str], list[Weekly]]]:
    """Hours of service points, and those of the public lines of a service point or service: a helpline is open when its line is answered."""
    weekly: dict[str, list[Weekly]] = defaultdict(list)
    lines: dict[tuple[str, str], list[Weekly]] = defaultdict(list)
    columns = (HoursRow.days, HoursRow.opens, HoursRow.closes, HoursRow.valid_from, HoursRow.valid_to)
    own = select(HoursRow.service_at_location, *columns).where(HoursRow.service_at_location.is_not(None)).order_by(HoursRow.id)
    for row in session.execute(own):
        weekly[row.service_at_location or ""].append(_row(row))
    answered = (
        select(PhoneRow.service_at_location, PhoneRow.service, *columns)
        .join(PhoneRow, PhoneRow.id == HoursRow.phone)
        .where(PhoneRow.visibility == Visibility.PUBLIC, PhoneRow.location.is_(None), PhoneRow.organization.is_(None), PhoneRow.office.is_(None))
        .order_by(PhoneRow.rank, HoursRow.id)
    )
    for line in session.execute(answered):
        lines["point" if line.service_at_location else "service", line.service_at_location or line.service or ""].append(_row(line))
    return weekly, lines


def _row(row: Row[*tuple[Any, ...]]) -> Weekly:
    return Weekly(row.days, row.opens, row.closes, row.valid_from, row.valid_to)
