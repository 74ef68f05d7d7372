"""Writes checked lines into rows, touching only what differs, and counts what it touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from referral.directory.by_hand import office_said, offices_by_hand
from referral.directory.checks import Batch, TagNumber
from referral.directory.field_changes import verified_no_more
from referral.directory.lines import ON_LOADING, Line
from referral.directory.records import AbsenceRow, AppointmentRow, JurisdictionRow, OfficeRow, PersonRow, PlaceParentRow, PlaceRow, ShiftRow
from referral.directory.stamping import stamp_renamed
from referral.vocabulary.phone import PhoneNumber

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when somebody fills a post is not in the files: for a first load, from before the service began."""
REFRESH_SAMPLES = timedelta(days=90)


def apply(session: Session, batch: Batch, seal_number: Callable[[str, PhoneNumber], bytes], tag_number: TagNumber, now: datetime) -> int:
    """How many rows were new or different. The lines must have been checked; `now` aware."""
    changed = _places(session, batch.places, now) + _offices(session, batch.offices)
    changed += _people(session, batch.people, seal_number, tag_number, now)
    changed += _appointments(session, batch.people, now)
    for line in batch.leave:
        changed += _upsert(session, AbsenceRow, line["id"], person=line["person"], starts=line["starts"], ends=line["ends"])
    for line in batch.shifts:
        values = {name: line[name] for name in ("office", "person", "starts", "ends", "opens", "closes")}
        changed += _upsert(session, ShiftRow, line["id"], weekdays=line["days"], **values)
    session.flush()
    return changed


def _set(row: Any, values: dict[str, Any]) -> bool:
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _upsert(session: Session, kind: Any, key: str, /, **values: Any) -> bool:
    row = session.get(kind, key)
    if row is None:
        session.add(kind(id=key, **values))
        return True
    return _set(row, values)


def _places(session: Session, lines: Sequence[Line], now: datetime) -> int:
    named = {row.id: row.name for row in session.execute(select(PlaceRow.id, PlaceRow.name))} if lines else {}
    changed = {
        line["id"]
        for position, line in enumerate(lines)
        if _upsert(session, PlaceRow, line["id"], position=position, **{name: line[name] for name in ("kind", "name", "lat", "lon", "precision", "source")})
    }
    session.flush()
    stamp_renamed(session, {line["id"] for line in lines if named.get(line["id"], line["name"]) != line["name"]}, now)
    present: dict[str, list[str]] = {}
    for link in session.scalars(select(PlaceParentRow).order_by(PlaceParentRow.place, PlaceParentRow.position)):
        present.setdefault(link.place, []).append(link.parent)
    for line in lines:
        if tuple(present.get(line["id"], ())) != line["parents"]:
            session.execute(delete(PlaceParentRow).where(PlaceParentRow.place == line["id"]))
            session.add_all(PlaceParentRow(place=line["id"], parent=parent, position=at) for at, parent in enumerate(line["parents"]))
            changed.add(line["id"])
    return len(changed)


def _offices(session: Session, lines: Sequence[Line]) -> int:
    by_hand = offices_by_hand(session)
    mine = {line["id"]: {name: value for name, value in office_said(line).items() if name not in by_hand.get(line["id"], ())} for line in lines}
    changed, known = set(), set(session.scalars(select(OfficeRow.id)))
    for one, said in mine.items():  # parents are set below, once every office they name exists
        if _upsert(session, OfficeRow, one, **{name: value for name, value in said.items() if name not in ("parent", "covers")}):
            changed.add(one)
    session.flush()
    areas: dict[str, set[str]] = {}
    for area in session.scalars(select(JurisdictionRow)):
        areas.setdefault(area.office, set()).add(area.place)
    for one, said in mine.items():
        if "parent" in said and _upsert(session, OfficeRow, one, parent=said["parent"]):
            changed.add(one)
        if "covers" in said and areas.get(one, set()) != set(said["covers"].split()):
            session.execute(delete(JurisdictionRow).where(JurisdictionRow.office == one))
            session.add_all(JurisdictionRow(office=one, place=place) for place in said["covers"].split())
            changed.add(one)
    for one in changed & known:  # what somebody proposed before was proposed of another office
        session.get_one(OfficeRow, one).version += 1
    session.flush()
    return len(changed)


def _mine(rows: dict[str, PersonRow], lines: Sequence[Line]) -> Iterable[Line]:
    """Lines of people whom nobody changed by hand."""
    return (line for line in lines if line["id"] not in rows or not (rows[line["id"]].edited or rows[line["id"]].removed))


def _people(session: Session, lines: Sequence[Line], seal_number: Callable[[str, PhoneNumber], bytes], tag_number: TagNumber, now: datetime) -> int:
    rows = {row.id: row for row in session.scalars(select(PersonRow))}
    mine = list(_mine(rows, lines))
    tags = {line["id"]: tag_number(line["number"]) for line in mine}
    renumbered = {line["id"] for line in mine if line["id"] not in rows or rows[line["id"]].number_tag != tags[line["id"]]}
    for one in renumbered & set(rows):  # two people may have swapped numbers: give both up before either takes the other's
        rows[one].sealed_number = rows[one].number_tag = None
    session.flush()
    changed, before = set(renumbered), verified_no_more(session, "person")
    for line in mine:
        row = rows.get(line["id"])
        values = {"name": line["name"], "language": line["language"], "sample": line["sample"]}
        held, said = row.verified_on if row else None, line["verified_on"]
        if row and line["id"] in renumbered:  # whoever answered, it was at the old number
            before[row.id], held = max(filter(None, (held, before.get(row.id))), default=date.min), None
        if isinstance(said, date) and said <= before.get(line["id"], date.min):
            said = None
        values["verified_on"] = _verified_on(said, held, now.date())
        if line["id"] in renumbered:
            values |= {"sealed_number": seal_number(line["id"], line["number"]), "number_tag": tags[line["id"]]}
        if row and line["id"] in renumbered:
            values["unreachable"] = False  # it was the old number that was refused
        if _upsert(session, PersonRow, line["id"], **values):
            changed.add(line["id"])
    session.flush()
    return len(changed)


def _verified_on(said: date | str | None, held: date | None, today: date) -> date | None:
    """The later of what the file says and what an answered alert has shown. A sample is refreshed before it could go stale."""
    if said == ON_LOADING:
        return held if held is not None and today - held <= REFRESH_SAMPLES else today
    days = [day for day in (said, held) if isinstance(day, date)]
    return max(days, default=None)


def _appointments(session: Session, lines: Sequence[Line], now: datetime) -> int:
    """A line is one post: where it differs from the person's open post, that one ends now and the new one begins."""
    rows = {row.id: row for row in session.scalars(select(PersonRow))}
    held: dict[str, list[AppointmentRow]] = {}
    seen: set[str] = set()
    for post in session.scalars(select(AppointmentRow)):
        seen.add(post.person)
        if post.ends is None:
            held.setdefault(post.person, []).append(post)
    fresh = []
    for line in _mine(rows, lines):
        wanted = (line["office"], line["kind"], line["rank"])
        posts = held.get(line["id"], [])
        if wanted in [(post.office, post.kind, post.rank) for post in posts]:
            continue
        for post in posts:
            if post.starts < now:
                post.ends = now
            else:
                session.delete(post)
        fresh.append((line["id"], *wanted))
    session.flush()  # every old post ends before a new one begins: two holders may have changed places
    for person, office, kind, rank in fresh:
        session.add(AppointmentRow(person=person, office=office, kind=kind, rank=rank, starts=now if person in seen else ALWAYS))
    session.flush()
    return len(fresh)
