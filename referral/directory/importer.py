"""Loads a county's directory from CSV files: all lines or none, and the same files a second time change nothing.

What was changed by hand since (a row marked `edited`), a suspension, a refused number or a later verification stays as it is.
A line that is no longer in a file is not deleted: people and offices end by a decision, not by a missing line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.apply import apply
from referral.directory.checks import Batch, Known, TagNumber, check
from referral.directory.lines import ImportProblems, LeaveLine, OfficeLine, PersonLine, PlaceLine, ShiftLine, read_lines
from referral.directory.people import bump
from referral.directory.records import AppointmentKind, AppointmentRow, OfficeRow, PersonRow, PlaceRow
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.place import PlaceKind

__all__ = ["ImportProblems", "Loaded", "load", "load_people"]

SealNumber = Callable[[str, PhoneNumber], bytes]
REQUIRED = ("places", "offices")
_SCHEMAS = {"places": PlaceLine, "offices": OfficeLine, "people": PersonLine, "leave": LeaveLine, "shifts": ShiftLine}


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many lines of each kind the files held, and how many rows were new or different."""

    places: int
    offices: int
    people: int
    leave: int
    shifts: int
    changed: int


def load(session: Session, folder: Path, *, seal_number: SealNumber, tag_number: TagNumber, now: datetime) -> Loaded:
    """Load `places.csv`, `offices.csv` and, each where it exists, `people`, `leave` and `shifts` (`.csv` and `.sample.csv`).

    Runs in the caller's transaction. `seal_number(person id, number)` and `tag_number(number)` keep the numbers from this room.
    Raises ImportProblems naming every bad line; nothing is written then.
    """
    problems: list[str] = []
    batch = Batch()
    for kind, schema in _SCHEMAS.items():
        files = [path for path in (folder / f"{kind}.csv", folder / f"{kind}.sample.csv") if path.is_file()]
        if not files and kind in REQUIRED:
            problems.append(f"{kind}.csv:1: file: missing")
        for path in files:
            getattr(batch, kind).extend(read_lines(path, schema(), problems, batch.unread))
    return _load(session, batch, problems, seal_number, tag_number, now)


def load_people(session: Session, files: Sequence[Path], *, seal_number: SealNumber, tag_number: TagNumber, now: datetime) -> Loaded:
    """Load officers only, from files outside the county's folder: real people's numbers never lie beside the code."""
    problems: list[str] = []
    batch = Batch()
    for path in files:
        batch.people.extend(read_lines(path, PersonLine(), problems, batch.unread))
    return _load(session, batch, problems, seal_number, tag_number, now)


def _load(session: Session, batch: Batch, problems: list[str], seal_number: SealNumber, tag_number: TagNumber, now: datetime) -> Loaded:
    check(batch, _known(session), tag_number, problems)
    if problems:
        raise ImportProblems(sorted(problems, key=_place_of))
    changed = apply(session, batch, seal_number, tag_number, now.astimezone(UTC))
    if changed:
        bump(session)
    return Loaded(len(batch.places), len(batch.offices), len(batch.people), len(batch.leave), len(batch.shifts), changed)


def _place_of(problem: str) -> tuple[str, int]:
    file, number, _ = problem.split(":", 2)
    return file, int(number)


def _known(session: Session) -> Known:
    open_posts = session.execute(select(AppointmentRow.person, AppointmentRow.office, AppointmentRow.kind).where(AppointmentRow.ends.is_(None))).all()
    people = session.execute(select(PersonRow.id, PersonRow.number_tag, PersonRow.edited, PersonRow.removed)).all()
    return Known(
        places=frozenset(session.scalars(select(PlaceRow.id))),
        counties=frozenset(session.scalars(select(PlaceRow.id).where(PlaceRow.kind == PlaceKind.COUNTY))),
        offices={office.id: office.parent for office in session.scalars(select(OfficeRow))},
        people={person: frozenset(office for one, office, _ in open_posts if one == person) for person, *_ in people},
        tags={tag: person for person, tag, _, _ in people if tag is not None},
        holders={office: person for person, office, kind in open_posts if kind is AppointmentKind.HOLDER},
        hand_edited=frozenset(person for person, _, edited, removed in people if edited or removed),
    )
