"""Texts that arrived: kept before they are answered for, thought about later, forgotten when dealt with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.intake.filing import Filing
from referral.intake.records import TextRecord
from referral.privacy.codes import issue_code
from referral.privacy.daykeys import DayKeys
from referral.privacy.logs import describe
from referral.privacy.seal import Cell, Sealer
from referral.store.base import new_id
from referral.store.database import Database, changed
from referral.vocabulary.report import Channel, Concern, Told

_TABLE = TextRecord.__tablename__
_PAD = 256
TAG_KEPT = timedelta(hours=48)
_LONGEST = 2_000
AGAIN = timedelta(minutes=1)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `sender` is what the gateway gave, which need not be a number. Nothing of it shows in `repr`."""

    row: str
    sender: str
    words: str

    def __repr__(self) -> str:
        return "<text>"


@dataclass(frozen=True)
class Texts:
    """The inbox of the service."""

    database: Database
    sealer: Sealer
    daykeys: DayKeys
    filing: Filing
    issue_code: Callable[[], str] = issue_code

    def receive(self, gateway_id: str, sender: str, words: str, now: datetime) -> bool:
        """Keep a text durably, once. False if it is here already: the gateway repeats itself until it hears 200."""
        today, yesterday = self.daykeys.tags(gateway_id, now)
        if yesterday is not None and self._known(yesterday):
            return False
        row = new_id()
        sealed = self.sealer.seal(json.dumps([sender, words[:_LONGEST]]), Cell(_TABLE, "sealed", row), pad=_PAD)
        try:
            with self.database.transaction() as session:
                session.add(TextRecord(tag=today, row=row, sealed=sealed, received_at=now, due_at=now))
        except IntegrityError:
            return False
        return True

    def handle(self, answer: Callable[[Text, datetime], bool], now: datetime, limit: int = 20) -> int:
        """Deal with what waits: `answer` first (is it an officer's?), else it is a report. Returns how many were dealt with."""
        with self.database.read() as session:
            waiting = select(TextRecord.row, TextRecord.sealed).where(TextRecord.due_at <= now).order_by(TextRecord.received_at).limit(limit)
            found = [(row, sealed) for row, sealed in session.execute(waiting) if sealed is not None]
        return sum(self._handle(row, sealed, answer, now) for row, sealed in found)

    def forget(self, now: datetime) -> None:
        """Drop the tags of texts dealt with two days ago."""
        with self.database.draft() as session:
            session.execute(delete(TextRecord).where(TextRecord.received_at < now - TAG_KEPT, TextRecord.due_at.is_(None)))

    def _handle(self, row: str, sealed: bytes, answer: Callable[[Text, datetime], bool], now: datetime) -> int:
        """One text that cannot be dealt with must not keep back those behind it: it is tried again in a minute, and stays."""
        try:
            text = self._open(row, sealed)
            if not answer(text, now):
                self._file(text, now)
        except Exception as error:
            log.error("text not dealt with", **describe(error))
            with self.database.transaction() as session:
                session.execute(update(TextRecord).where(TextRecord.row == row, TextRecord.due_at.is_not(None)).values(due_at=now + AGAIN))
            return 0
        return 1

    def _file(self, text: Text, now: datetime) -> None:
        """Nothing that arrives is lost: it becomes a report for the desks, without a place, and the sender's number is forgotten at once."""
        with self.database.transaction() as session:
            if not take(session, text.row):
                return
            told = Told(concern=Concern.OTHER, story=text.words)
            self.filing.file(session, told, self.issue_code(), Channel.SMS, now)

    def _known(self, tag: bytes) -> bool:
        with self.database.read() as session:
            return session.scalar(select(TextRecord.tag).where(TextRecord.tag == tag)) is not None

    def _open(self, row: str, sealed: bytes) -> Text:
        sender, words = json.loads(self.sealer.open(sealed, Cell(_TABLE, "sealed", row)))
        return Text(row, sender, words)


def take(session: Session, row: str) -> bool:
    """Mark a text dealt with and blank it, in the transaction that acts on it. False if another worker has done so already."""
    mine = update(TextRecord).where(TextRecord.row == row, TextRecord.due_at.is_not(None)).values(due_at=None, sealed=None)
    return changed(session, mine) == 1
