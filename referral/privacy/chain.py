"""The audit's chain: every entry bound to all before it, so that none can be taken out, put in or moved without being seen."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.privacy.audit import AuditRecord, over
from referral.privacy.records import AnchorRecord, ChainRecord, HeadRecord
from referral.store.database import Database

BATCH = 2000
"""Links a transaction: on SQLite it holds the lock that a child's report needs."""
CUT = 10_000
"""Entries that one call of `cut_before` removes at most, for the same reason."""
LOOKS_BACK = timedelta(days=2)
"""How far back most looks for unchained entries go. The first of each day looks at all."""
BEGINNING = bytes(32)
Waiting = tuple[datetime, str, bytes]
"""An entry that is not chained yet: hour, id, MAC."""
Shuffle = Callable[[list[Waiting]], None]


@dataclass(frozen=True, slots=True)
class End:
    """The last link: `count` entries were ever chained, and `head` stands for all of them."""

    position: int
    mac: bytes

    @property
    def count(self) -> int:
        return self.position + 1


class Chain:
    """Binds entries to each other with MACs under a key that is not in the database.

    Web processes write entries unchained, so that they neither wait for each other nor keep the order in which reports came in. An entry
    tells the hour it was written in, so entries are chained only when their hour is over, hour by hour, in a random order
    within each: the chain then says no more about when somebody reported than the entry itself does. What tells its day only waits for the day's end.
    """

    def __init__(self, key: bytes, *, batch: int = BATCH) -> None:
        self._key = key
        self._batch = batch
        self._all_seen: date | None = None

    def link(self, previous: bytes, position: int, entry: str, mac: bytes) -> bytes:
        """The MAC of a link: `previous` is the MAC of the link before it, `mac` the entry's own."""
        return self._mac("link", position, previous.hex(), entry, mac.hex())

    def head(self, end: End) -> str:
        """Sixteen characters (80 bits, base32: no 0, 1, 8, 9) that stand for the chain up to here: short enough to be texted and typed."""
        return base64.b32encode(self._mac("head", end.position, end.mac.hex())[:10]).decode()

    def proof(self, position: int, mac: bytes) -> bytes:
        """What shows that the chain was cut here by the service, and not by somebody with the database alone."""
        return self._mac("cut", position, mac.hex())

    def _mac(self, purpose: str, position: int, *parts: str) -> bytes:
        return hmac.digest(self._key, "|".join((purpose, str(position), *parts)).encode(), sha256)

    def end(self, session: Session) -> End:
        """The last link, or where the chain was cut if nothing came after; position -1 before the first."""
        last = session.execute(select(ChainRecord.position, ChainRecord.mac).order_by(ChainRecord.position.desc()).limit(1)).first()
        cut = select(AnchorRecord.position, AnchorRecord.mac).order_by(AnchorRecord.position.desc()).limit(1)
        return End(*(last or session.execute(cut).first() or (-1, BEGINNING)))

    def take_in(self, database: Database, now: datetime, shuffle: Shuffle) -> int:
        """Chain every entry whose hour (or day, see `audit.by_day`) is over; how many. Killed midway, it goes on from what was committed.

        Two workers that do it at once cannot fork the chain: a position and an entry are there once, so that the second one's batch is
        refused whole, and what is left of it waits for the next time.
        """
        hour = _hour(now)
        everything = self._all_seen != hour.date()
        waiting = _waiting(database, None if everything else hour - LOOKS_BACK, now)
        shuffle(waiting)
        waiting.sort(key=_by_hour)
        done = 0
        for start in range(0, len(waiting), self._batch):
            batch = waiting[start : start + self._batch]
            try:
                with database.transaction() as session:
                    self._append(session, batch)
            except IntegrityError:
                return done
            done += len(batch)
        if everything:
            self._all_seen = hour.date()
        return done

    @staticmethod
    def waits(database: Database, now: datetime) -> bool:
        """Whether an entry whose hour is over is not chained yet."""
        return bool(_waiting(database, None, now))

    def _append(self, session: Session, batch: Sequence[Waiting]) -> None:
        end = self.end(session)
        position, mac = end.position, end.mac
        links = []
        for _, entry, own in batch:
            position += 1
            mac = self.link(mac, position, entry, own)
            links.append({"position": position, "entry": entry, "mac": mac})
        session.execute(insert(ChainRecord), links)

    def cut_before(self, session: Session, day: date) -> int:
        """Remove entries of hours before `day` (00:00 UTC) from the front of the chain, some thousands at most; how many. 0: nothing is left to remove.

        What is removed is vouched for by an anchor, from which the rest is verified. Only the front goes: an old entry that was chained late
        stays until all before it are old. Whoever calls this writes an entry about it.
        """
        before = datetime.combine(day, time(), UTC)
        joined = select(ChainRecord.position, ChainRecord.mac, AuditRecord.hour).join(AuditRecord, AuditRecord.id == ChainRecord.entry)
        last: tuple[int, bytes] | None = None
        for position, mac, hour in session.execute(joined.order_by(ChainRecord.position).limit(CUT)):
            if hour >= before:
                break
            last = position, mac
        if last is None:
            return 0
        position, mac = last
        session.execute(delete(AnchorRecord))
        session.add(AnchorRecord(position=position, mac=mac, proof=self.proof(position, mac)))
        session.flush()  # the database lets go only of what an anchor covers
        front = ChainRecord.position <= position
        removed = len(session.scalars(select(ChainRecord.position).where(front)).all())
        session.execute(delete(AuditRecord).where(AuditRecord.id.in_(select(ChainRecord.entry).where(front))))
        session.execute(delete(ChainRecord).where(front))
        session.execute(delete(HeadRecord).where(HeadRecord.position <= position))
        return removed


def _hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _by_hour(waiting: Waiting) -> datetime:
    """Sorting keeps the random order of what is of one hour."""
    return waiting[0]


def _waiting(database: Database, since: datetime | None, now: datetime) -> list[Waiting]:
    """Entries of hours since then that are over and in no link. Read without a lock."""
    rows = select(AuditRecord.hour, AuditRecord.id, AuditRecord.mac).outerjoin(ChainRecord, ChainRecord.entry == AuditRecord.id)
    rows = rows.where(ChainRecord.entry.is_(None), over(now))
    if since is not None:
        rows = rows.where(AuditRecord.hour >= since)
    with database.read() as session:
        return [(hour, entry, mac) for hour, entry, mac in session.execute(rows)]
