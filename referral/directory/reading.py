"""From rows to frozen values. The only module that reads whole tables of the directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.ground import Grounds
from referral.directory.posts import Filling, Period, PersonView, Post, Turn
from referral.directory.records import AbsenceRow, AppointmentRow, JurisdictionRow, OfficeRow, PersonRow, PlaceParentRow, PlaceRow, ShiftRow
from referral.vocabulary.duty import Office
from referral.vocabulary.place import Place


def read_grounds(session: Session) -> Grounds:
    parents: dict[str, list[str]] = defaultdict(list)
    for link in session.scalars(select(PlaceParentRow).order_by(PlaceParentRow.place, PlaceParentRow.position)):
        parents[link.place].append(link.parent)
    rows = session.scalars(select(PlaceRow).order_by(PlaceRow.position, PlaceRow.id)).all()
    points = {row.id: (row.lat, row.lon) for row in rows if row.lat is not None and row.lon is not None}
    return Grounds([Place(row.id, row.kind, row.name, tuple(parents[row.id])) for row in rows], points)


def read_people(session: Session) -> dict[str, PersonView]:
    offices: dict[str, list[str]] = defaultdict(list)
    for person, office in session.execute(select(AppointmentRow.person, AppointmentRow.office).order_by(AppointmentRow.id)):
        offices[person].append(office)
    rows = session.scalars(select(PersonRow).where(PersonRow.removed.is_(False)).order_by(PersonRow.id))
    return {
        row.id: PersonView(
            id=row.id,
            name=row.name,
            language=row.language,
            suspended=row.suspended,
            unreachable=row.unreachable,
            sample=row.sample,
            verified_on=row.verified_on,
            offices=tuple(dict.fromkeys(offices[row.id])),
        )
        for row in rows
    }


def read_posts(session: Session, grounds: Grounds, people: Mapping[str, PersonView]) -> list[Post]:
    fillings, shifts = _fillings(session, people)
    return [Post(office, tuple(sorted(fillings[office.id], key=lambda one: one.order)), office.id in shifts) for office in _offices(session, grounds)]


def _offices(session: Session, grounds: Grounds) -> Iterable[Office]:
    covers: dict[str, set[str]] = defaultdict(set)
    for area in session.scalars(select(JurisdictionRow)):
        covers[area.office].add(area.place)
    for row in session.scalars(select(OfficeRow).order_by(OfficeRow.id)):
        area_ids = frozenset(covers[row.id])
        yield Office(
            id=row.id,
            role=row.role,
            name=row.name,
            covers=area_ids,
            subcounties=frozenset(one for place in area_ids for one in grounds.ground(place).subcounties),
            county_wide=grounds.county in area_ids,
            concerns=frozenset(row.concerns.split()),
            parent=row.parent,
            sample=row.sample,
        )


def _fillings(session: Session, people: Mapping[str, PersonView]) -> tuple[dict[str, list[Filling]], set[str]]:
    absences: dict[str, list[Period]] = defaultdict(list)
    for absence in session.scalars(select(AbsenceRow)):
        absences[absence.person].append(Period(absence.starts, absence.ends))
    once: dict[tuple[str, str], list[Period]] = defaultdict(list)
    weekly: dict[tuple[str, str], list[Turn]] = defaultdict(list)
    shifts = set()
    for shift in session.scalars(select(ShiftRow)):
        shifts.add(shift.office)
        key = (shift.office, shift.person)
        if shift.starts is not None:
            once[key].append(Period(shift.starts, shift.ends))
        elif shift.weekdays is not None and shift.opens is not None and shift.closes is not None:
            weekly[key].append(Turn(shift.weekdays, shift.opens, shift.closes))
    fillings: dict[str, list[Filling]] = defaultdict(list)
    for row in session.scalars(select(AppointmentRow)):
        person = people.get(row.person)
        if person is not None:
            key = (row.office, row.person)
            period = Period(row.starts, row.ends)
            fillings[row.office].append(Filling(person, row.kind, row.rank, period, tuple(absences[row.person]), tuple(once[key]), tuple(weekly[key])))
    return fillings, shifts
