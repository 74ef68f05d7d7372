"""The few writes to officers that other rooms need, and the two ways to a number: by person, sealed, and by tag."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.orm import Session

from referral.directory.records import AppointmentRow, PersonRow, VersionRow


class UnknownPerson(LookupError):
    """No officer of that id."""


_VERSION = select(VersionRow.__table__.c.version)
"""Put together once: a caller waits for it at every list of places."""


def current_version(session: Session | Connection) -> int:
    """The directory's version; 0 before anything was loaded."""
    return session.scalar(_VERSION) or 0


def bump(session: Session) -> None:
    """Tell every process to read the directory anew. Called by each write here, and by whoever writes rows of this room."""
    changed = session.execute(update(VersionRow).values(version=VersionRow.version + 1).returning(VersionRow.version)).first()
    if changed is None:
        session.add(VersionRow(id=1, version=1))
        session.flush()


def sealed_number(session: Session, person_id: str) -> bytes | None:
    """The sealed number of an officer who may be texted, or None for one unknown, suspended or removed."""
    may = (PersonRow.id == person_id, PersonRow.suspended.is_(False), PersonRow.removed.is_(False))
    return session.scalar(select(PersonRow.sealed_number).where(*may))


def sealed_numbers(session: Session) -> dict[str, bytes]:
    """Every officer's sealed number, by person: to know the old ones when a file has brought others."""
    return {person: sealed for person, sealed in session.execute(select(PersonRow.id, PersonRow.sealed_number)) if sealed is not None}


def whose_number(session: Session, tag: bytes) -> str | None:
    """The id of the officer with that number tag, suspended ones included, since an answer of theirs must be recognised to be refused."""
    return session.scalar(select(PersonRow.id).where(PersonRow.number_tag == tag, PersonRow.removed.is_(False)))


def set_suspended(session: Session, person_id: str, suspended: bool) -> bool:
    """Suspend at once, or let back. True if it changed anything. Raises UnknownPerson."""
    person = _person(session, person_id)
    changed = person.suspended is not suspended
    person.suspended = suspended
    if changed:
        bump(session)
    return changed


def remove(session: Session, person_id: str, now: datetime) -> bool:
    """Gone for good: their number is erased, every post of theirs ends. The row stays for the record. True if it changed anything. Raises
    UnknownPerson. Nothing of it can be taken back: somebody who comes again is a new entry."""
    person = _person(session, person_id)
    if person.removed:
        return False
    person.removed = person.suspended = True
    person.sealed_number = person.number_tag = None
    mine = AppointmentRow.person == person_id
    session.execute(delete(AppointmentRow).where(mine, AppointmentRow.starts >= now))
    session.execute(update(AppointmentRow).where(mine, or_(AppointmentRow.ends.is_(None), AppointmentRow.ends > now)).values(ends=now))
    bump(session)
    return True


def set_unreachable(session: Session, person_id: str, unreachable: bool) -> bool:
    """Flag a number the gateway refuses, or clear the flag. True if it changed anything. Raises UnknownPerson."""
    person = _person(session, person_id)
    changed = person.unreachable is not unreachable
    person.unreachable = unreachable
    if changed:
        bump(session)
    return changed


def verified(session: Session, person_id: str, on: date) -> bool:
    """An alert or a drill was answered on that day: the entry is true. Never moves the date back. True if it changed anything."""
    person = _person(session, person_id)
    changed = person.unreachable or person.verified_on is None or person.verified_on < on
    person.unreachable = False
    person.verified_on = max(on, person.verified_on or on)
    if changed:
        bump(session)
    return changed


def _person(session: Session, person_id: str) -> PersonRow:
    person = session.get(PersonRow, person_id)
    if person is None:
        raise UnknownPerson(person_id)
    return person
