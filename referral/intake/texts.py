"""Texts that arrived: kept before they are answered for, thought about later, forgotten when dealt with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.gateway.port import FetchFailed, Gateway
from referral.intake.records import InboxCursorRecord, TextRecord
from referral.privacy.daykeys import DayKeys
from referral.privacy.logs import describe
from referral.privacy.seal import Cell, Sealer
from referral.store.base import new_id
from referral.store.database import Database, changed
from referral.store.health import NotNow

log = structlog.get_logger()
_TABLE = TextRecord.__tablename__
_PAD = 256
_LONGEST = 2_000
AGAIN = timedelta(minutes=1)
TAG_KEPT = timedelta(hours=48)
"""Longer than the gateway repeats itself (12 hours)."""
TWICE = timedelta(seconds=4)
"""The same words from the same sender so soon are one text that the network sent twice."""
HELD = timedelta(minutes=10)
"""How long a text that must be seen in the gateway's inbox is waited for. A forged one is never seen there."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `sender` is what the gateway gave, which need not be a number. Nothing of it shows in `repr`."""

    row: str
    sender: str
    words: str

    def __repr__(self) -> str:
        return "<text>"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A text as it came. `gateway_id` is the callback's, "" if it has none, None for one read in the inbox; `date` is the gateway's, None if unreadable."""

    gateway_id: str | None
    sender: str
    words: str
    date: datetime | None

    def __repr__(self) -> str:
        return "<arrival>"


@dataclass(frozen=True)
class Texts:
    """The inbox of the service. `pull_required`: a text counts only once it has been seen in the gateway's own inbox."""

    database: Database
    sealer: Sealer
    daykeys: DayKeys
    pull_required: bool = False

    def receive(self, arrival: Arrival, now: datetime) -> bool:
        """Keep a text durably, once. False if it is here already: the gateway repeats itself until it hears 200, and its inbox holds it too."""
        pulled = arrival.gateway_id is None
        unread = now.replace(second=0, microsecond=0)
        if arrival.gateway_id == "":  # without an id and a date a repeat is known by its words alone: the same of one sender in a day are one text
            unread = unread.replace(hour=0, minute=0)
        moment = arrival.date or unread
        written = moment.astimezone(UTC).replace(microsecond=0).isoformat()
        content = self.daykeys.likeness(arrival.sender, f"{arrival.words} {written}", now)
        ids = self._tags(f"id {arrival.gateway_id}", now) if arrival.gateway_id else content
        same = self.daykeys.likeness(arrival.sender, arrival.words, now)
        try:
            with self.database.transaction() as session:
                if self._known(session, ids, content, same, now, pulled):
                    return False
                held = self.pull_required and not pulled
                self._keep(session, arrival, (ids[0], content[0], same[0]), held, now)
        except IntegrityError:  # the callback and the inbox at the same moment
            return False
        return True

    def pull(self, gateway: Gateway, now: datetime) -> int:
        """Read the gateway's inbox from where it was last read: a lost callback loses nothing. Returns how many texts were new."""
        with self.database.read() as session:
            last = session.scalar(select(InboxCursorRecord.last)) or 0
        try:
            found = gateway.fetch(last)
        except FetchFailed as error:
            log.warning("the inbox could not be read", reason=error.reason)
            return 0
        fresh = 0
        for one in found:
            if one.sender is not None:
                fresh += self.receive(Arrival(None, one.sender.reveal(), one.text, one.date), now)
        if found:
            with self.database.transaction() as session:
                session.merge(InboxCursorRecord(id=1, last=max(one.id for one in found)))
        return fresh

    def handle(self, deal: Callable[[Session, Text], None], now: datetime, limit: int = 20) -> int:
        """Deal with what waits, each text in one transaction with all that it changes. Returns how many were dealt with."""
        with self.database.read() as session:
            waiting = select(TextRecord.row, TextRecord.sealed).where(TextRecord.due_at <= now).order_by(TextRecord.received_at).limit(limit)
            found = [(row, sealed) for row, sealed in session.execute(waiting) if sealed is not None]
        return sum(self._handle(row, sealed, deal, now) for row, sealed in found)

    def forget(self, now: datetime) -> None:
        """Drop the tags of texts dealt with two days ago, and texts that never were in the gateway's inbox."""
        with self.database.transaction() as session:
            old = (TextRecord.received_at < now - TAG_KEPT, TextRecord.due_at.is_(None))
            forged = (TextRecord.held, TextRecord.received_at < now - HELD)
            session.execute(delete(TextRecord).where(*old))
            count = changed(session, update(TextRecord).where(*forged).values(held=False, sealed=None))
        if count:
            log.warning("texts dropped that were never in the gateway's inbox", count=count)

    def _handle(self, row: str, sealed: bytes, deal: Callable[[Session, Text], None], now: datetime) -> int:
        """One text that cannot be dealt with must not keep back those behind it: it is tried again in a minute, and stays."""
        try:
            text = self._open(row, sealed)
            with self.database.transaction() as session:
                if take(session, row):
                    deal(session, text)
        except NotNow:
            raise
        except Exception as error:
            log.error("text not dealt with", **describe(error))
            with self.database.transaction() as session:
                session.execute(update(TextRecord).where(TextRecord.row == row, TextRecord.due_at.is_not(None)).values(due_at=now + AGAIN))
            return 0
        return 1

    def _known(self, session: Session, ids: list[bytes], content: list[bytes], same: list[bytes], now: datetime, pulled: bool) -> bool:
        """Whether this text is here already. One that is held until it is seen in the inbox is let go when it is."""
        alike = or_(TextRecord.tag.in_(ids), TextRecord.content.in_(content), TextRecord.same.in_(same) & (TextRecord.received_at > now - TWICE))
        rows = session.scalars(select(TextRecord).where(alike)).all()
        for row in rows:
            if pulled and row.held:
                row.held, row.due_at = False, now
        return bool(rows)

    def _keep(self, session: Session, arrival: Arrival, tags: tuple[bytes, bytes, bytes], held: bool, now: datetime) -> None:
        row = new_id()
        sealed = self.sealer.seal(json.dumps([arrival.sender, arrival.words[:_LONGEST]]), Cell(_TABLE, "sealed", row), pad=_PAD)
        tag, content, same = tags
        due_at = None if held else now
        session.add(TextRecord(tag=tag, content=content, same=same, row=row, sealed=sealed, received_at=now, due_at=due_at, held=held))

    def _tags(self, value: str, now: datetime) -> list[bytes]:
        """Under today's key, and under yesterday's while it lives."""
        return [tag for tag in self.daykeys.tags(value, now) if tag is not None]

    def _open(self, row: str, sealed: bytes) -> Text:
        sender, words = json.loads(self.sealer.open(sealed, Cell(_TABLE, "sealed", row)))
        return Text(row, sender, words)


def take(session: Session, row: str) -> bool:
    """Mark a text dealt with and blank it, in the transaction that acts on it. False if another worker has done so already."""
    mine = update(TextRecord).where(TextRecord.row == row, TextRecord.due_at.is_not(None)).values(due_at=None, sealed=None)
    return changed(session, mine) == 1
