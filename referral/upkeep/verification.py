"""What is due to be checked again, by kind; and that somebody checked it. Having been edited is not having been verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from referral.directory import service_records as records
from referral.directory.field_changes import record_changes
from referral.directory.flags import Flags
from referral.directory.near_build import rebuild_near
from referral.directory.people import bump
from referral.directory.point_records import PhoneRow
from referral.directory.records import OfficeRow, PersonRow
from referral.directory.service_records import Status, VerifyMethod
from referral.directory.tasks import SERVICE_POINT, open_task, open_tasks, settle
from referral.directory.upkeep_records import DrillRow, FieldChangeRow, TaskKind, TaskRow
from referral.routing.policy import Policy
from referral.store.database import Database
from referral.upkeep.entries import ENTITIES, OFFICE, PHONE, UnknownEntry, find

PERSON = "person"
ACTION = "verify"
_ORDER = ("helpline", "phone", "people", "office", "service", "address")
"""A number that nobody answers leaves somebody alone; a line in an address costs a walk."""
_SETTLES = (TaskKind.VERIFY, TaskKind.WRONG_INFORMATION, TaskKind.DRILL_UNANSWERED)
_LIVING = (Status.ACTIVE, Status.TEMPORARILY_CLOSED)
_HELPLINE = or_(PhoneRow.short_number.is_not(None), PhoneRow.toll_free)


@dataclass(frozen=True, slots=True)
class Due:
    """An entry to be checked again. `kind` is one of the policy's, `verified_on` None for one that nobody ever checked, `since` from when it is due."""

    kind: str
    entity: str
    entry: str
    verified_on: date | None
    since: date | None


@dataclass(frozen=True)
class Verification:
    database: Database
    policy: Policy

    def due(self, session: Session, now: datetime) -> list[Due]:
        """Everything due, what does most harm first, then what was never checked, then the oldest. Samples are nobody's to check."""
        today = self._today(now)
        found = (self._due(kind, entity, entry, on) for kind, entity, entry, on in _entries(session))
        late = [one for one in found if one.since is None or one.since <= today]
        return sorted(late, key=lambda one: (_ORDER.index(one.kind), one.since or date.min, one.entry))

    def daily(self, now: datetime) -> int:
        """Open tasks for what is due, so many a day as the policy says, and close those of entries that have been verified since. How many were opened."""
        with self.database.read() as session:  # the whole directory is read: no caller waits for it
            due = self.due(session, now)
        waiting = {(one.entity, one.entry) for one in due}
        with self.database.transaction() as session:
            asked = {(task.entity, task.entry) for task in open_tasks(session, TaskKind.VERIFY)}
            for entity, entry in asked - waiting:
                settle(session, TaskKind.VERIFY, entity, entry, "service", now)
            left = max(0, self.policy.upkeep.verify_a_day - self._opened_today(session, now))
            fresh = [one for one in due if (one.entity, one.entry) not in asked][:left]
            return sum(open_task(session, TaskKind.VERIFY, one.entity, one.entry, _note(one), now) for one in fresh)

    def mark(self, session: Session, entity: str, entry: str, by: str, method: VerifyMethod, now: datetime) -> None:
        """Somebody checked an entry and found it right. Its tasks are done, a service point that callers doubted is shown as before.

        An officer's phone that the gateway refuses stays flagged: only an answer to a text shows that texts arrive. Raises UnknownEntry.
        """
        today = self._today(now)
        if entity == PERSON:
            before = self._person(session, entry, today)
        elif entity == OFFICE:
            find(session, OFFICE, entry)
            before = {"verified_on": _offices(session).get(entry), "verified_by": None, "verify_method": None}
        else:
            before = self._listed(session, entity, entry, by, method, now)
        after = {**before, "verified_on": today, "verified_by": by, "verify_method": method}
        record_changes(session, entity, entry, before, after, ACTION, by, now)
        for kind in _SETTLES:
            settle(session, kind, entity, entry, by, now)
        if entity == SERVICE_POINT:
            Flags.confirm(session, entry, now)
        if entity not in (PERSON, OFFICE):
            rebuild_near(session, now, self.policy.timezone)
        bump(session)

    def _listed(self, session: Session, entity: str, entry: str, by: str, method: VerifyMethod, now: datetime) -> dict[str, Any]:
        row = find(session, entity, entry)
        before = {name: getattr(row, name) for name in ("verified_on", "verified_by", "verify_method")}
        row.verified_on, row.verified_by, row.verify_method, row.updated_at = self._today(now), by, method, now
        if entity == PHONE and method is VerifyMethod.CALL:
            row.fails, row.last_ok = 0, self._today(now)
        session.flush()
        return before

    @staticmethod
    def _person(session: Session, entry: str, today: date) -> dict[str, Any]:
        row = session.get(PersonRow, entry)
        if row is None or row.removed:
            raise UnknownEntry(f"{PERSON} {entry}")
        before = {"verified_on": row.verified_on, "verified_by": None, "verify_method": None}
        row.verified_on = today
        session.flush()
        return before

    def _due(self, kind: str, entity: str, entry: str, on: date | None) -> Due:
        return Due(kind, entity, entry, on, on + timedelta(days=self.policy.upkeep.verify_days[kind]) if on else None)

    def _today(self, now: datetime) -> date:
        return now.astimezone(self.policy.timezone).date()

    def _opened_today(self, session: Session, now: datetime) -> int:
        midnight = now.astimezone(self.policy.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
        return session.scalar(select(func.count()).where(TaskRow.kind == TaskKind.VERIFY, TaskRow.opened_at >= midnight)) or 0


VERIFIABLE = (*ENTITIES, PERSON)


def _entries(session: Session) -> Iterable[tuple[str, str, str, date | None]]:
    """Every entry that is somebody's to check: policy's kind, entity, id, and when it was last verified."""
    offices = _offices(session)
    for office in session.scalars(select(OfficeRow.id).where(OfficeRow.sample.is_(False))):
        yield "office", OFFICE, office, offices.get(office)
    for kind, entity, row, only in _SOURCES:
        for entry, on in session.execute(select(row.id, row.verified_on).where(row.sample.is_(False), *only)):
            yield kind, entity, entry, on


_SOURCES: Sequence[tuple[str, str, Any, tuple[Any, ...]]] = (
    ("people", PERSON, PersonRow, (PersonRow.removed.is_(False),)),
    ("helpline", PHONE, PhoneRow, (_HELPLINE,)),
    ("phone", PHONE, PhoneRow, (~_HELPLINE,)),
    ("address", "location", records.LocationRow, (records.LocationRow.location_type == records.LocationType.PHYSICAL,)),
    ("service", "service", records.ServiceRow, (records.ServiceRow.status.in_(_LIVING),)),
    ("service", SERVICE_POINT, records.ServiceAtLocationRow, ()),
    (
        "service", "organization", records.OrganizationRow,
        (records.OrganizationRow.status.in_(_LIVING), records.OrganizationRow.do_not_list.is_(False)),
    ),
)  # fmt: skip


def _offices(session: Session) -> dict[str, date]:
    """When each office was last known to be there: somebody said so, or answered its test."""
    said = select(FieldChangeRow.entry, func.max(FieldChangeRow.at)).where(
        FieldChangeRow.entity == OFFICE, FieldChangeRow.field == "verified_on", FieldChangeRow.action == ACTION
    )
    tested = select(DrillRow.office, func.max(DrillRow.sent_at)).where(DrillRow.minutes.is_not(None))
    found: dict[str, date] = {}
    for statement in (said.group_by(FieldChangeRow.entry), tested.group_by(DrillRow.office)):
        for office, at in session.execute(statement):
            if at is not None:
                found[office] = max(found.get(office, date.min), at.date())
    return found


def _note(one: Due) -> str:
    return f"{one.kind}: {'never verified' if one.verified_on is None else f'last verified {one.verified_on}, due since {one.since}'}"
