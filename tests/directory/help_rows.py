"""A directory of help put together a service point at a time, straight into the tables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from referral.directory.point_records import HoursRow, PhoneRow
from referral.directory.records import PlaceParentRow, PlaceRow
from referral.directory.service_records import (
    LocationRow,
    LocationType,
    OrganizationRow,
    Precision,
    ServiceAreaRow,
    ServiceAtLocationRow,
    ServiceRow,
    Visibility,
)
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass
class Helper:
    """Adds rows to a session. Ids are the names given; what a test does not care for is filled in."""

    session: Session
    now: datetime
    serial: itertools.count[int] = field(default_factory=itertools.count)

    def place(self, name: str, kind: PlaceKind, parents: str = "", point: tuple[float, float] | None = None, precision: str = "proxy") -> None:
        lat, lon = point or (None, None)
        self.add(PlaceRow(id=name, kind=kind, name=name, lat=lat, lon=lon, precision=precision, source="made up", position=next(self.serial)))
        for position, parent in enumerate(parents.split()):
            self.add(PlaceParentRow(place=name, parent=parent, position=position))

    def organization(self, name: str = "org", **values: Any) -> None:
        self.add(OrganizationRow(id=name, name=name, sector="health", updated_at=self.now, **values))

    def location(self, name: str, point: tuple[float, float] | None = None, *, organization: str = "org", virtual: bool = False, **values: Any) -> None:
        lat, lon = point or (None, None)
        values.setdefault("precision", Precision.GPS if point else None)
        kind = LocationType.VIRTUAL if virtual else LocationType.PHYSICAL
        self.add(LocationRow(id=name, organization=organization, name=name, location_type=kind, lat=lat, lon=lon, updated_at=self.now, **values))

    def service(self, name: str, kind: HelpKind = HelpKind.MEDICAL, *, organization: str = "org", **values: Any) -> None:
        self.add(ServiceRow(id=name, organization=organization, name=name, kind=kind, updated_at=self.now, **values))

    def meets(self, name: str, service: str, location: str, **values: Any) -> str:
        """A service point; its code."""
        number = next(self.serial)
        code = "".join(ALPHABET[number // len(ALPHABET) ** power % len(ALPHABET)] for power in range(4))
        values.setdefault("code", code)
        self.add(ServiceAtLocationRow(id=name, service=service, location=location, short_name=name[:18], updated_at=self.now, **values))
        return str(values["code"])

    def point(
        self,
        name: str,
        kind: HelpKind = HelpKind.MEDICAL,
        point: tuple[float, float] | None = None,
        *,
        terms: str = "",
        virtual: bool = False,
        areas: str = "",
        **values: Any,
    ) -> str:
        """Service, location and service point of one name; its code."""
        self.location(name, point, virtual=virtual)
        self.service(name, kind, terms=terms)
        code = self.meets(name, name, name, **values)
        for area in areas.split():
            self.add(ServiceAreaRow(id=f"{name}-{area}", service=None, service_at_location=name, place=area))
        return code

    def hours(self, name: str, days: int, opens: int, closes: int) -> None:
        self.add(HoursRow(id=f"h{next(self.serial)}", service_at_location=name, days=days, opens=opens * 60, closes=closes * 60))

    def phone(self, name: str, number: str, *, visibility: Visibility = Visibility.PUBLIC, **values: Any) -> None:
        form = "e164" if number.startswith("+") else "short_number"
        self.add(PhoneRow(id=name, visibility=visibility, updated_at=self.now, **{form: number}, **values))

    def add(self, row: object) -> None:
        self.session.add(row)
        self.session.flush()
