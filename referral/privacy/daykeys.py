"""Keys that live for two days: what they made cannot be made again once they are gone, by anybody."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.privacy.keys import tag
from referral.privacy.seal import Cell, Sealer
from referral.store.base import Base
from referral.store.database import Database

KEPT = timedelta(days=1)
SETTLED_HOURS = 1
"""So long after midnight (UTC), whatever the machines' clocks, nobody makes a key for yesterday any more: where there is none it is not asked for
again at every key a caller presses."""
TAG_BITS = 20
"""About two hundred numbers of the country share a tag of so many bits: what is counted under it is no trace of anybody."""


class DayKeyRecord(Base):
    """The day's random key, sealed under the root. Deleting the row is what forgets every tag of that day."""

    __tablename__ = "day_key"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(info={"sealed": "root"})


class DayKeys:
    """Tags under today's key, for finding a session or a message by the gateway's id without keeping that id.

    The key is random and shared through the database, so that every web process of the day makes the same tag; it is not
    derived from the root, so that a stolen root does not bring back the tags of last month (threat model, P11).
    """

    def __init__(self, database: Database, day_key: bytes) -> None:
        self._database = database
        self._sealer = Sealer({"day": day_key}, "day")
        self._known: dict[date, bytes] = {}
        self._never_made: date | None = None

    def tags(self, value: str, now: datetime) -> tuple[bytes, bytes | None]:
        """The tag of `value` under today's key and, if that key still lives, under yesterday's: a session may cross midnight."""
        key, before = self._alive(now)
        return tag(key, value), tag(before, value) if before else None

    def likeness(self, sender: str, words: str, now: datetime) -> list[bytes]:
        """Tags that know the same words of the same sender again, under today's key and yesterday's. Of the sender only TAG_BITS go in: whoever has
        the words and both keys, and tries every number of the country, is left with dozens."""
        return [tag(key, f"{_few(tag(key, sender))} {words}") for key in self._alive(now) if key is not None]

    def few_bits(self, value: str, now: datetime) -> int:
        """TAG_BITS of today's tag: they tell the callers of a day apart, and not for sure, and lead back to nobody once the day's key is gone."""
        return _few(self.today(value, now))

    def today(self, value: str, now: datetime) -> bytes:
        """The tag of `value` under today's key alone, for what is counted by the day."""
        return tag(self._key(now.date()), value)

    def _alive(self, now: datetime) -> tuple[bytes, bytes | None]:
        """Today's key, and yesterday's if it was made."""
        today = now.date()
        key = self._key(today)
        before = self._known.get(today - KEPT) or (None if self._never_made == today - KEPT else self._read(today - KEPT))
        if before is None and now.hour >= SETTLED_HOURS:
            self._never_made = today - KEPT
        return key, before

    def _key(self, day: date) -> bytes:
        known = self._known.get(day) or self._read(day)
        if known is None:
            fresh = secrets.token_hex(32)
            try:
                with self._database.transaction() as session:
                    session.add(DayKeyRecord(day=day, sealed=self._sealer.seal(fresh, self._cell(day))))
            except IntegrityError:  # another process was first: its key is the day's key
                pass
            known = self._read(day)
            assert known is not None  # written above, by us or by the other
        return known

    def _read(self, day: date) -> bytes | None:
        with self._database.read() as session:
            sealed = session.scalar(select(DayKeyRecord.sealed).where(DayKeyRecord.day == day))
        if sealed is None:
            return None
        key = bytes.fromhex(self._sealer.open(sealed, self._cell(day)))
        self._known = {known: kept for known, kept in self._known.items() if known >= day - KEPT} | {day: key}
        return key

    @staticmethod
    def _cell(day: date) -> Cell:
        return Cell("day_key", "sealed", day.isoformat())


def _few(whole: bytes) -> int:
    return int.from_bytes(whole[:3], "big") >> (24 - TAG_BITS)


def forget_old_days(session: Session, now: datetime) -> None:
    """Delete every key older than yesterday's."""
    session.execute(delete(DayKeyRecord).where(DayKeyRecord.day < now.date() - KEPT))
