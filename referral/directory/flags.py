"""What callers say is wrong: two make a task, three mark the entry unconfirmed. Nobody's number, and after two days nothing that tells callers apart."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.directory.people import bump
from referral.directory.service_records import EntryFlagRow, FlagReason, ServiceAtLocationRow, ShownPointRow
from referral.directory.tasks import SERVICE_POINT, open_task
from referral.directory.upkeep_records import TaskKind
from referral.privacy.daykeys import KEPT, TAG_BITS
from referral.store.base import new_id
from referral.store.database import changed

TASK_AT, UNCONFIRMED_AT = 2, 3
"""Distinct callers (behaviour.md, "wrong information?"): one may be mistaken or mean harm, two are looked at, three are believed for the time being."""


class Flags:
    """Every method works inside the caller's transaction."""

    def say_wrong(self, session: Session, service_at_location_id: str, reason: FlagReason, tag: int | None, now: datetime) -> None:
        """A caller says that a service point's entry is wrong. One that is no longer in the directory: nothing to do.

        `tag` is 20 bits of a digest of the caller's number under the day's key; None where there is none to make it of: all such count as one
        a day. Who says it twice in a day counts once. Raises ValueError for a longer tag, which could lead back to somebody.
        """
        if tag is not None and not 0 <= tag < 1 << TAG_BITS:
            raise ValueError(f"a tag has {TAG_BITS} bits")
        here = select(ServiceAtLocationRow).where(ServiceAtLocationRow.id == service_at_location_id)
        point = session.scalar(here.with_for_update(key_share=True))  # locked: two callers at one moment must see each other counted
        if point is None or not self._note(session, point.id, reason, tag, now):
            return
        callers = self._callers(session, point.id)
        if callers >= TASK_AT:
            note = f"callers say it is wrong: {self._reasons(session, point.id)}"
            open_task(session, TaskKind.WRONG_INFORMATION, SERVICE_POINT, point.id, note, now)
        if callers >= UNCONFIRMED_AT and not point.unconfirmed:
            self._show(session, point, confirmed=False, now=now)

    def confirm(self, session: Session, service_at_location_id: str, now: datetime) -> None:
        """Somebody verified the service point: it is shown as before."""
        point = session.get(ServiceAtLocationRow, service_at_location_id)
        if point is not None and point.unconfirmed:
            self._show(session, point, confirmed=True, now=now)

    @staticmethod
    def forget(session: Session, now: datetime) -> int:
        """Blank the tags whose day's key is gone: from then on a flag says that somebody once said so, and no more. How many."""
        old = (EntryFlagRow.tag.is_not(None), EntryFlagRow.day < now.astimezone(UTC).date() - KEPT)
        return changed(session, update(EntryFlagRow).where(*old).values(tag=None))

    @staticmethod
    def _note(session: Session, point: str, reason: FlagReason, tag: int | None, now: datetime) -> bool:
        """Write it down, unless this caller has said so today. True if it is new."""
        day = now.astimezone(UTC).date()  # the day of the key that made the tag
        if tag is None:
            same = (EntryFlagRow.service_at_location == point, EntryFlagRow.day == day, EntryFlagRow.tag.is_(None))
            if session.scalar(select(EntryFlagRow.id).where(*same).limit(1)) is not None:
                return False
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        row = {"id": new_id(), "service_at_location": point, "reason": reason, "day": day, "tag": tag, "settled": False}
        return session.scalar(insert(EntryFlagRow).values(**row).on_conflict_do_nothing().returning(EntryFlagRow.id)) is not None

    @staticmethod
    def _callers(session: Session, point: str) -> int:
        """Distinct (day, tag) among what is not settled. Each row is one: the database refuses a second, and blanking a tag loses no caller."""
        return session.scalar(select(func.count()).where(EntryFlagRow.service_at_location == point, EntryFlagRow.settled.is_(False))) or 0

    @staticmethod
    def _reasons(session: Session, point: str) -> str:
        mine = (EntryFlagRow.service_at_location == point, EntryFlagRow.settled.is_(False))
        counted = session.execute(select(EntryFlagRow.reason, func.count()).where(*mine).group_by(EntryFlagRow.reason).order_by(EntryFlagRow.reason))
        return ", ".join(f"{reason.replace('_', ' ')} {number}" for reason, number in counted)

    @staticmethod
    def _show(session: Session, point: ServiceAtLocationRow, *, confirmed: bool, now: datetime) -> None:
        point.unconfirmed, point.updated_at = not confirmed, now
        session.flush()
        session.execute(update(ShownPointRow).where(ShownPointRow.service_at_location == point.id).values(confirmed=confirmed))
        bump(session)
