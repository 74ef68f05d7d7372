"""What callers say is wrong: two make a task, three of one day mark the entry unconfirmed. Nobody's number, and after two days nothing that tells
callers apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.directory.people import bump
from referral.directory.point_records import EntryFlagRow, FlagReason, ShownPointRow
from referral.directory.service_records import LocationRow, LocationType, ServiceAreaRow, ServiceAtLocationRow
from referral.directory.tasks import SERVICE_POINT, note_anew, open_task
from referral.directory.upkeep_records import TaskKind
from referral.privacy.daykeys import KEPT, TAG_BITS
from referral.store.base import new_id
from referral.store.database import changed

TASK_AT, UNCONFIRMED_AT = 2, 3
"""Callers who say that an entry is wrong: one may be mistaken or mean harm, two are looked at, three are believed for the time being.

Whether two are two is known only while one day's key lives: what was said on different days may be one phone, which a person may look at and
which never counts as three.
"""


@dataclass(frozen=True, slots=True)
class Flags:
    """Every method works inside the caller's transaction. `a_day`: of so many entries one caller is heard in a day, lest one phone make a task of
    every entry there is."""

    a_day: int

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
        if self._said(session, point.id) >= TASK_AT:
            note = f"callers say it is wrong: {self._reasons(session, point.id)}"
            if not open_task(session, TaskKind.WRONG_INFORMATION, SERVICE_POINT, point.id, note, now):
                note_anew(session, TaskKind.WRONG_INFORMATION, SERVICE_POINT, point.id, note)
        if not point.unconfirmed and self._callers(session, point.id, _day(now)) >= UNCONFIRMED_AT and not _for_everybody(session, point):
            self._show(session, point, confirmed=False, now=now)

    @classmethod
    def confirm(cls, session: Session, service_at_location_id: str, now: datetime) -> None:
        """Somebody verified the service point: it is shown as before."""
        point = session.get(ServiceAtLocationRow, service_at_location_id)
        if point is not None and point.unconfirmed:
            cls._show(session, point, confirmed=True, now=now)

    @staticmethod
    def forget(session: Session, now: datetime) -> int:
        """Blank the tags whose day's key is gone: from then on a flag says that somebody once said so, and no more. How many."""
        old = (EntryFlagRow.tag.is_not(None), EntryFlagRow.day < _day(now) - KEPT)
        return changed(session, update(EntryFlagRow).where(*old).values(tag=None))

    def _note(self, session: Session, point: str, reason: FlagReason, tag: int | None, now: datetime) -> bool:
        """Write it down, unless this caller has said so today, or has said enough for a day. True if it is new."""
        day = _day(now)
        theirs = (EntryFlagRow.day == day, EntryFlagRow.tag.is_(None) if tag is None else EntryFlagRow.tag == tag)
        said = session.scalars(select(EntryFlagRow.service_at_location).where(*theirs).limit(self.a_day)).all()
        if len(said) >= self.a_day or point in said:
            return False
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        row = {"id": new_id(), "service_at_location": point, "reason": reason, "day": day, "tag": tag, "settled": False}
        return session.scalar(insert(EntryFlagRow).values(**row).on_conflict_do_nothing().returning(EntryFlagRow.id)) is not None

    @staticmethod
    def _said(session: Session, point: str) -> int:
        """How often it was said, by one caller once a day, and is not settled. Each row is one: the database refuses a second, and blanking loses none."""
        return session.scalar(select(func.count()).where(EntryFlagRow.service_at_location == point, EntryFlagRow.settled.is_(False))) or 0

    @staticmethod
    def _callers(session: Session, point: str, day: date) -> int:
        """Phones that are surely several: their tags differ under one day's key. Whoever hides the number may be one of them."""
        mine = (EntryFlagRow.service_at_location == point, EntryFlagRow.settled.is_(False), EntryFlagRow.day == day, EntryFlagRow.tag.is_not(None))
        return session.scalar(select(func.count(EntryFlagRow.tag.distinct())).where(*mine)) or 0

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


def _day(now: datetime) -> date:
    """The day of the key that makes the tags."""
    return now.astimezone(UTC).date()


def _for_everybody(session: Session, point: ServiceAtLocationRow) -> bool:
    """Whether it is a helpline that answers for everybody, such as 116. Callers do not take it away, however many: it is what is left where nothing
    else is, and whoever hurts children would be the first to want it gone."""
    virtual = session.scalar(select(LocationRow.location_type).where(LocationRow.id == point.location)) is LocationType.VIRTUAL
    of_it = or_(ServiceAreaRow.service_at_location == point.id, ServiceAreaRow.service == point.service)
    return virtual and session.scalar(select(ServiceAreaRow.id).where(of_it).limit(1)) is None
