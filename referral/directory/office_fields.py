"""Places, offices and people as fields, to tell afterwards what a write changed. A number is shown by its tag alone, and recorded not even so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.records import JurisdictionRow, OfficeRow, PersonRow, PlaceParentRow, PlaceRow

Fields = Mapping[str, Mapping[str, dict[str, Any]]]
"""By entity and id."""


def read_fields(session: Session) -> Fields:
    """What stands of every place, office and person."""
    parents, covers = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for below, parent in session.execute(select(PlaceParentRow.place, PlaceParentRow.parent).order_by(PlaceParentRow.place, PlaceParentRow.position)):
        parents[below].append(parent)
    for office_id, area in session.execute(select(JurisdictionRow.office, JurisdictionRow.place).order_by(JurisdictionRow.office, JurisdictionRow.place)):
        covers[office_id].append(area)
    place, office, person = PlaceRow.__table__.c, OfficeRow.__table__.c, PersonRow.__table__.c
    places = session.execute(select(place.id, place.kind, place.name, place.lat, place.lon, place.precision, place.source)).mappings()
    offices = session.execute(select(office.id, office.role, office.name, office.parent, office.concerns, office.sample, office.source, office.note)).mappings()
    people = session.execute(select(person.id, person.name, person.number_tag, person.language, person.verified_on, person.sample)).mappings()
    return {
        "place": {row["id"]: {**row, "parents": " ".join(parents[row["id"]])} for row in places},
        "office": {row["id"]: {**row, "covers": " ".join(covers[row["id"]])} for row in offices},
        "person": {row["id"]: dict(row) for row in people},
    }
