"""Loads a county's directory from CSV files: all lines or none, and the same files a second time change nothing.

What was changed by hand since (fields of a row marked `edited`), a suspension, a refused number or a later verification stays as it is.
A line that is no longer in a file is not deleted: people and offices end by a decision, not by a missing line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.apply import apply
from referral.directory.by_hand import offices_by_hand, offices_left
from referral.directory.checks import Batch, Known, TagNumber, check
from referral.directory.field_changes import record_all
from referral.directory.help_apply import write
from referral.directory.help_loading import HelpLines, problems_of, read_help, weigh
from referral.directory.help_state import View, read_state
from referral.directory.lines import ImportProblems, LeaveLine, OfficeLine, PersonLine, PlaceLine, ShiftLine, read_lines
from referral.directory.near_build import rebuild_near
from referral.directory.office_fields import Fields, read_fields
from referral.directory.people import bump
from referral.directory.place_points import Spot
from referral.directory.records import AppointmentKind, AppointmentRow, OfficeRow, PersonRow, PlaceParentRow, PlaceRow
from referral.directory.role_changes import EntryChange, entry_changes
from referral.vocabulary.limits import WIDEST, Spread
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.place import PlaceKind

__all__ = ["ImportProblems", "Loaded", "load", "load_people"]

SealNumber = Callable[[str, PhoneNumber], bytes]
Watch = AbstractContextManager[object]
REQUIRED = ("places", "offices")
_SCHEMAS = {"places": PlaceLine, "offices": OfficeLine, "people": PersonLine, "leave": LeaveLine, "shifts": ShiftLine}


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many lines of each kind the files held, and how many rows were new or different. `services` are service points.

    `left_alone` names the lines (`file:line: id`) of officers that somebody changed or removed by hand: the file did not touch them.
    Of offices and help it names the fields besides (`file:line: id: fields`) that somebody changed and the file has otherwise: they stay.
    `entries` are the officers whose posts or numbers are others now.
    """

    places: int
    offices: int
    people: int
    leave: int
    shifts: int
    changed: int
    services: int = 0
    left_alone: tuple[str, ...] = ()
    entries: tuple[EntryChange, ...] = ()


def load(
    session: Session,
    folder: Path,
    *,
    seal_number: SealNumber,
    tag_number: TagNumber,
    now: datetime,
    tz: tzinfo = UTC,
    spread: Spread = WIDEST,
    by: str = "service",
    watch: Watch | None = None,
) -> Loaded:
    """Load `places.csv`, `offices.csv` and, each where it exists, `people`, `leave`, `shifts` and the help tables (`.csv` and `.sample.csv`).

    Runs in the caller's transaction. `seal_number(person id, number)` and `tag_number(number)` keep the numbers from this room; `tz` is
    the county's, for hours, and `spread` how far apart its points may lie. `watch` is put around the writes and may refuse what they do. `by`
    stands in the record of changes.
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
    found = read_help(folder, problems)
    return _Load(session, batch, found, seal_number, tag_number, now.astimezone(UTC), tz, by, spread).run(problems, watch)


def load_people(
    session: Session, files: Sequence[Path], *, seal_number: SealNumber, tag_number: TagNumber, now: datetime, by: str = "service", watch: Watch | None = None
) -> Loaded:
    """Load officers only, from files outside the county's folder: real people's numbers never lie beside the code."""
    problems: list[str] = []
    batch = Batch()
    for path in files:
        batch.people.extend(read_lines(path, PersonLine(), problems, batch.unread))
    return _Load(session, batch, HelpLines(), seal_number, tag_number, now.astimezone(UTC), UTC, by).run(problems, watch)


@dataclass(frozen=True)
class _Load:
    """One load: checked whole, then written."""

    session: Session
    batch: Batch
    found: HelpLines
    seal_number: SealNumber
    tag_number: TagNumber
    now: datetime
    tz: tzinfo
    by: str
    spread: Spread = WIDEST

    def run(self, problems: list[str], watch: Watch | None) -> Loaded:
        today = self.now.astimezone(self.tz).date()
        known = read_known(self.session, today, self.spread)
        check(self.batch, known, self.tag_number, problems)
        state = read_state(self.session, today, self.spread).along(self.batch.places, self.batch.offices, self.batch.unread) if len(self.found) else None
        view = weigh(self.found, state) if state is not None else None
        if view is not None:
            problems += problems_of(self.found, view)
        if problems:
            raise ImportProblems(sorted(problems, key=_place_of))
        before = read_fields(self.session)
        by_hand = (*offices_left(self.batch.offices, before["office"], offices_by_hand(self.session)), *self.found.left)
        with watch or nullcontext():
            changed, entries = self._write(view, before)
        batch = self.batch
        services = len(self.found.lines["service_at_locations"])
        left = tuple(f"{line.file}:{line.number}: {line['id']}" for line in batch.people if line["id"] in known.hand_edited) + by_hand
        return Loaded(len(batch.places), len(batch.offices), len(batch.people), len(batch.leave), len(batch.shifts), changed, services, left, entries)

    def _write(self, view: View | None, before: Fields) -> tuple[int, tuple[EntryChange, ...]]:
        changed = apply(self.session, self.batch, self.seal_number, self.tag_number, self.now)
        after = record_fields(self.session, before, "load", self.by, self.now) if changed else before
        counts = write(self.session, view, action="load", by=self.by, now=self.now) if view is not None else None
        helped = counts.added + counts.updated if counts else 0
        if helped or (changed and self.batch.places):
            rebuild_near(self.session, self.now, self.tz)
        if changed or helped:
            bump(self.session)
        return changed + helped, tuple(entry_changes(before, after))


def record_fields(session: Session, before: Fields, action: str, by: str, now: datetime) -> Fields:
    """Record what changed of places, offices and people since `before`. Returns how they stand now."""
    after = read_fields(session)
    for entity, rows in after.items():
        changed = ((one, before[entity].get(one, {}), row) for one, row in rows.items() if before[entity].get(one) != row)
        record_all(session, entity, changed, action, by, now)
    return after


def _place_of(problem: str) -> tuple[str, int]:
    file, number, _ = problem.split(":", 2)
    return file, int(number)


def read_known(session: Session, today: date, spread: Spread = WIDEST) -> Known:
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
        today=today,
        spots=_spots(session),
        spread=spread,
    )


def _spots(session: Session) -> dict[str, Spot]:
    parents: dict[str, list[str]] = defaultdict(list)
    for place, parent in session.execute(select(PlaceParentRow.place, PlaceParentRow.parent).order_by(PlaceParentRow.place, PlaceParentRow.position)):
        parents[place].append(parent)
    rows = session.execute(select(PlaceRow.id, PlaceRow.kind, PlaceRow.lat, PlaceRow.lon))
    return {one: Spot(kind, tuple(parents[one]), None if lat is None or lon is None else (lat, lon)) for one, kind, lat, lon in rows}
