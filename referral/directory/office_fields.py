"""Places, offices and people as fields, to tell afterwards what a write changed. A number is shown by its tag alone, and recorded not even so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.help_tables import clock_of, days_of
from referral.directory.records import AbsenceRow, AppointmentRow, JurisdictionRow, OfficeRow, PersonRow, PlaceParentRow, PlaceRow, ShiftRow

Fields = Mapping[str, Mapping[str, dict[str, Any]]]
"""By entity and id."""


def read_fields(session: Session) -> Fields:
    """What stands of every place, office and person; of a person also the posts that have no end, as "office kind rank", their leave and their turns."""
    parents, covers, posts = (defaultdict[str, list[str]](list) for _ in range(3))
    for below, parent in session.execute(select(PlaceParentRow.place, PlaceParentRow.parent).order_by(PlaceParentRow.place, PlaceParentRow.position)):
        parents[below].append(parent)
    for office_id, area in session.execute(select(JurisdictionRow.office, JurisdictionRow.place).order_by(JurisdictionRow.office, JurisdictionRow.place)):
        covers[office_id].append(area)
    filled = AppointmentRow.__table__.c
    now_filled = select(filled.person, filled.office, filled.kind, filled.rank).where(filled.ends.is_(None)).order_by(filled.person, filled.office, filled.kind)
    for holder, office_id, kind, rank in session.execute(now_filled):
        posts[holder].append(f"{office_id} {kind} {rank}")
    leave, shifts = _leave(session), _shifts(session)
    place, office, person = PlaceRow.__table__.c, OfficeRow.__table__.c, PersonRow.__table__.c
    places = session.execute(select(place.id, place.kind, place.name, place.lat, place.lon, place.precision, place.source)).mappings()
    offices = session.execute(select(office.id, office.role, office.name, office.parent, office.concerns, office.sample, office.source, office.note)).mappings()
    people = session.execute(select(person.id, person.name, person.number_tag, person.language, person.verified_on, person.sample)).mappings()
    return {
        "place": {row["id"]: {**row, "parents": " ".join(parents[row["id"]])} for row in places},
        "office": {row["id"]: {**row, "covers": " ".join(covers[row["id"]])} for row in offices},
        "person": {row["id"]: {**row, "posts": ", ".join(posts[row["id"]]), "leave": leave[row["id"]], "shifts": shifts[row["id"]]} for row in people},
    }


def _leave(session: Session) -> Mapping[str, str]:
    """By person, "from - to" for each."""
    row = AbsenceRow.__table__.c
    found = session.execute(select(row.person, row.starts, row.ends).order_by(row.person, row.starts, row.ends))
    return _joined((person, _once(starts, ends)) for person, starts, ends in found)


def _shifts(session: Session) -> Mapping[str, str]:
    """By person, "office days opens-closes" or "office from - to" for each."""
    row = ShiftRow.__table__.c
    turns = select(row.person, row.office, row.weekdays, row.opens, row.closes, row.starts, row.ends).order_by(row.person, row.office, row.id)
    return _joined(
        (person, f"{office} {_once(starts, ends) if days is None else f'{days_of(days)} {clock_of(opens)}-{clock_of(closes)}'}")
        for person, office, days, opens, closes, starts, ends in session.execute(turns)
    )


def _joined(found: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    by_person: dict[str, list[str]] = defaultdict(list)
    for person, said in found:
        by_person[person].append(said)
    return defaultdict(str, {person: ", ".join(sorted(each)) for person, each in by_person.items()})


def _once(starts: datetime, ends: datetime) -> str:
    return f"{starts.astimezone(UTC):%Y-%m-%d %H:%MZ} - {ends.astimezone(UTC):%Y-%m-%d %H:%MZ}"
