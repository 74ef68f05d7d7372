"""Entries of the help tables that tests can break: made up, with samples' marks."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from referral.directory.point_records import PhoneRow, ShownPointRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAtLocationRow, ServiceRow, VerifyMethod, Visibility
from referral.vocabulary.help import HelpKind
from tests.conftest import START

WARD = "KE002-W0032"


def add_point(session: Session, point: str, code: str, *, verified_on: date | None = None, **location: Any) -> None:
    """A service point with all it needs: organization `<point>-org`, location `<point>-loc`, service `<point>-svc`; nothing is marked as a sample."""
    checked = {"verified_on": verified_on, "verify_method": VerifyMethod.CALL if verified_on else None, "updated_at": START}
    session.add(OrganizationRow(id=f"{point}-org", name="A made-up house", sector="other", **checked))
    session.flush()
    session.add(LocationRow(id=f"{point}-loc", organization=f"{point}-org", name="A made-up house", place=WARD, **{**checked, **location}))
    session.add(ServiceRow(id=f"{point}-svc", organization=f"{point}-org", name="Treatment", kind=HelpKind.MEDICAL, **checked))
    session.flush()
    session.add(ServiceAtLocationRow(id=point, service=f"{point}-svc", location=f"{point}-loc", code=code, short_name="Made-up house", **checked))
    session.flush()
    session.add(
        ShownPointRow(
            service_at_location=point,
            kind=HelpKind.MEDICAL,
            code=code,
            name="A made-up house",
            short_name="Made-up house",
            exact=False,
            pep=False,
            confirmed=True,
        )
    )
    session.flush()


def add_phone(session: Session, phone: str, point: str, *, e164: str | None = None, short_number: str | None = None, **more: Any) -> None:
    values = {"visibility": Visibility.PUBLIC, "updated_at": START, "service_at_location": point, **more}
    session.add(PhoneRow(id=phone, e164=e164, short_number=short_number, **values))
    session.flush()
