"""What a person must look at: one open task for each kind and entry, oldest first, since its age is the alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.directory.point_records import EntryFlagRow
from referral.directory.upkeep_records import TaskKind, TaskRow
from referral.store.base import new_id

NOTE_LENGTH = 500
SERVICE_POINT = "service_at_location"


class UnknownTask(LookupError):
    """No open task of that id."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to look at. `entity` and `entry` name what it is about, `note` says what to do in staff's words."""

    id: str
    kind: TaskKind
    entity: str
    entry: str
    note: str
    opened_at: datetime


def open_task(session: Session, kind: TaskKind, entity: str, entry: str, note: str, now: datetime) -> bool:
    """Open a task unless one of this kind is open for the entry: its age goes on counting, and nobody looks at the same thing twice. True if it is new."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"id": new_id(), "kind": kind, "entity": entity, "entry": entry, "note": note[:NOTE_LENGTH], "opened_at": now}
    return session.scalar(insert(TaskRow).values(**row).on_conflict_do_nothing().returning(TaskRow.id)) is not None


def note_anew(session: Session, kind: TaskKind, entity: str, entry: str, note: str) -> None:
    """Say in the open task of this kind about an entry what is so by now. Its age stays."""
    mine = (TaskRow.kind == kind, TaskRow.entity == entity, TaskRow.entry == entry, TaskRow.done_at.is_(None))
    session.execute(update(TaskRow).where(*mine).values(note=note[:NOTE_LENGTH]))


def done(session: Session, task_id: str, by: str, now: datetime) -> Task:
    """Close a task. What callers said about its entry is settled with it; an entry marked unconfirmed stays so until somebody verifies it.

    Raises UnknownTask for one that does not exist or was closed before.
    """
    row = session.get(TaskRow, task_id)
    if row is None or row.done_at is not None:
        raise UnknownTask(task_id)
    _close(session, row, by, now)
    return _task(row)


def settle(session: Session, kind: TaskKind, entity: str, entry: str, by: str, now: datetime) -> bool:
    """Close the open task of this kind about an entry, if there is one. True if there was."""
    row = session.scalar(select(TaskRow).where(TaskRow.kind == kind, TaskRow.entity == entity, TaskRow.entry == entry, TaskRow.done_at.is_(None)))
    if row is None:
        return False
    _close(session, row, by, now)
    return True


def open_tasks(session: Session, kind: TaskKind | None = None) -> Sequence[Task]:
    """What is still to be looked at, oldest first."""
    rows = select(TaskRow).where(TaskRow.done_at.is_(None))
    rows = rows if kind is None else rows.where(TaskRow.kind == kind)
    return [_task(row) for row in session.scalars(rows.order_by(TaskRow.opened_at, TaskRow.id))]


def opened_since(session: Session, kind: TaskKind, entity: str, entry: str, since: datetime) -> bool:
    """Whether a task of this kind about an entry was opened since then, done or not."""
    same = (TaskRow.kind == kind, TaskRow.entity == entity, TaskRow.entry == entry, TaskRow.opened_at >= since)
    return session.scalar(select(TaskRow.id).where(*same).limit(1)) is not None


def settle_flags(session: Session, service_at_location_id: str) -> None:
    """What callers said so far about a service point has been looked at: it counts no longer."""
    session.execute(update(EntryFlagRow).where(EntryFlagRow.service_at_location == service_at_location_id).values(settled=True))


def _close(session: Session, row: TaskRow, by: str, now: datetime) -> None:
    row.done_at, row.done_by = now, by
    session.flush()
    if row.kind is TaskKind.WRONG_INFORMATION and row.entity == SERVICE_POINT:
        settle_flags(session, row.entry)


def _task(row: TaskRow) -> Task:
    return Task(row.id, row.kind, row.entity, row.entry, row.note, row.opened_at)
