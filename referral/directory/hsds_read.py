"""What may be published, read from the tables: the only way from rows to the open directory.

Nothing here knows the table of secrets. Of a confidential location no more is read than its id and its sub-county, never its name, and
its service points are not read at all: what was never read cannot be told by a mistake further up. What belongs to them stays here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral.directory.ground import Grounds
from referral.directory.point_records import AccessibilityRow, DayExceptionRow, HoursRow, LanguageRow, PhoneRow, TermRow
from referral.directory.reading import read_grounds
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAreaRow, ServiceAtLocationRow, ServiceRow, Status, Visibility
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind

Owned = TypeVar("Owned", HoursRow, DayExceptionRow, PhoneRow, ServiceAreaRow, LanguageRow, AccessibilityRow)


@dataclass(frozen=True, slots=True)
class Open:
    """The rows that may be published, each in the order of its id.

    `hidden` names the services with a point that is told to nobody, and the counties it may lie in; the services among them
    of kind SAFE are hidden altogether: no name, no organization. `points` are the others' service points, `locations` where those are.
    """

    grounds: Grounds
    organizations: Mapping[str, OrganizationRow]
    services: Mapping[str, ServiceRow]
    hidden: Mapping[str, tuple[str, ...]]
    locations: Mapping[str, LocationRow]
    points: Sequence[ServiceAtLocationRow]
    phones: Sequence[PhoneRow]
    hours: Sequence[HoursRow]
    exceptions: Sequence[DayExceptionRow]
    areas: Sequence[ServiceAreaRow]
    languages: Sequence[LanguageRow]
    access: Sequence[AccessibilityRow]
    terms: Sequence[TermRow]


def read_open(session: Session) -> Open:
    """Read what may be published. One query a table, whatever the size of the directory."""
    grounds = read_grounds(session)
    listed = {row.id: row for row in _rows(session, OrganizationRow, OrganizationRow.do_not_list.is_(False))}
    services = {row.id: row for row in _rows(session, ServiceRow, ServiceRow.visibility == Visibility.PUBLIC) if row.organization in listed}
    everywhere = {row.id: row for row in _rows(session, LocationRow, LocationRow.visibility == Visibility.PUBLIC) if row.organization in listed}
    points = [point for point in _points(session) if point.service in services and point.location in everywhere]
    used = {point.location for point in points}
    locations = {one: everywhere[one] for one in sorted(used)}
    told = {service.id for service in services.values() if service.kind is not HelpKind.SAFE}
    hidden = _hidden(session, services, grounds)
    organizations = _shown(session, listed, {services[one].organization for one in told})
    spots = {point.id for point in points}
    phones = _phones(session, (set(organizations), told, used, spots))
    called = {phone.id for phone in phones}
    return Open(
        grounds=grounds,
        organizations=organizations,
        services=services,
        hidden=hidden,
        locations=locations,
        points=points,
        phones=phones,
        hours=_owned(session, HoursRow, (HoursRow.service_at_location, spots), (HoursRow.phone, called)),
        exceptions=_rows(session, DayExceptionRow),
        areas=_owned(session, ServiceAreaRow, (ServiceAreaRow.service, told - hidden.keys()), (ServiceAreaRow.service_at_location, spots)),
        languages=_owned(session, LanguageRow, (LanguageRow.service, told), (LanguageRow.location, used), (LanguageRow.phone, called)),
        access=_owned(session, AccessibilityRow, (AccessibilityRow.location, used)),
        terms=_rows(session, TermRow),
    )


def _points(session: Session) -> Sequence[ServiceAtLocationRow]:
    """A safe place's point is told to nobody, even where somebody forgot to mark its location."""
    whole = (ServiceRow.id == ServiceAtLocationRow.service, LocationRow.id == ServiceAtLocationRow.location)
    may = (ServiceRow.visibility == Visibility.PUBLIC, ServiceRow.kind != HelpKind.SAFE, LocationRow.visibility == Visibility.PUBLIC)
    return _rows(session, ServiceAtLocationRow, *whole, *may)


def _hidden(session: Session, services: Mapping[str, ServiceRow], grounds: Grounds) -> dict[str, tuple[str, ...]]:
    """By service, the counties that stand for the places that are not told; every county where no place is set."""
    counties = tuple(sorted(place.id for place in grounds.places.values() if place.kind is PlaceKind.COUNTY))
    found: dict[str, set[str]] = {row.id: set() for row in services.values() if row.kind is HelpKind.SAFE}
    links = select(ServiceAtLocationRow.service, LocationRow.place).join(LocationRow, LocationRow.id == ServiceAtLocationRow.location)
    for service, place in session.execute(links.where(LocationRow.visibility == Visibility.CONFIDENTIAL)):
        if service in services:
            found.setdefault(service, set()).update(one for one in counties if place == one or one in grounds.heights.get(place or "", ()))
    return {service: tuple(sorted(places)) or counties for service, places in sorted(found.items())}


def _shown(session: Session, listed: Mapping[str, OrganizationRow], told: set[str]) -> dict[str, OrganizationRow]:
    """An organization that has nothing to show but what is hidden is not shown: its name alone would say that there is a refuge."""
    hiding = set(session.scalars(select(ServiceRow.organization).where(or_(ServiceRow.visibility != Visibility.PUBLIC, ServiceRow.kind == HelpKind.SAFE))))
    hiding |= set(session.scalars(select(LocationRow.organization).where(LocationRow.visibility == Visibility.CONFIDENTIAL)))
    return {one: row for one, row in listed.items() if one in told or (one not in hiding and row.status is not Status.DEFUNCT)}


def _phones(session: Session, owners: tuple[set[str], ...]) -> list[PhoneRow]:
    """Public phones of what is shown. An office's are not among them: they are for officers."""
    columns = (PhoneRow.organization, PhoneRow.service, PhoneRow.location, PhoneRow.service_at_location)
    found = _owned(session, PhoneRow, *zip(columns, owners, strict=True))
    return sorted((one for one in found if one.visibility is Visibility.PUBLIC and not one.sample), key=lambda one: (one.rank, one.id))


def _owned(session: Session, table: type[Owned], *owners: tuple[InstrumentedAttribute[str | None] | InstrumentedAttribute[str], set[str]]) -> list[Owned]:
    """Rows that belong to what is shown."""
    named = [(column.key, shown) for column, shown in owners]
    return [row for row in _rows(session, table) if any(getattr(row, name) in shown for name, shown in named)]


def _rows(session: Session, table: type[Any], *where: ColumnElement[bool]) -> Sequence[Any]:
    """Plain rows of a table, with its columns for attributes: nothing here is ever written, and entities cost three times as much to read."""
    columns = table.__table__.c
    return session.execute(select(*columns).where(*where).order_by(columns.id)).all()
