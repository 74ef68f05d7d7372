"""Walking the audit's chain from its beginning, and naming the first thing that is not as it was written."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, Select, String, cast, select, type_coerce
from sqlalchemy.orm.attributes import InstrumentedAttribute

from referral.privacy.audit import DAY, Audit, AuditRecord, by_day
from referral.privacy.chain import BEGINNING, Chain, End
from referral.privacy.records import AnchorRecord, ChainRecord, HeadRecord
from referral.store.database import Database

PAGE = 5000
"""Rows in memory at once: a million entries are walked in the room of some thousands."""


class Fault(StrEnum):
    EDITED = "the entry is not as it was written"
    GONE = "the entry is gone"
    LINK_GONE = "a link is missing here"
    MOVED = "the link does not hold: this entry, or its place, is not what was chained"
    MADE_UP = "an entry that the service did not write"
    CLOCK = "the entry tells an hour that cannot be: it is older or newer than the heads around it"
    CUT = "the chain ends too early: its tail was cut off"
    OTHER_HEAD = "the chain is another than the one this head was told of"
    FORGED_CUT = "the beginning was removed, and not by the service"


@dataclass(frozen=True, slots=True)
class Bad:
    """The first thing that is wrong: where in the chain (None: not in it) and which entry (None: unknown)."""

    fault: Fault
    position: int | None
    entry: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a custodian was told: the chain's count and its sixteen characters."""

    count: int
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`walked` links, `waiting` entries that are not chained yet, `began` the count of entries that were kept long enough and went."""

    walked: int
    waiting: int
    began: int
    end: End
    head: str
    bad: Bad | None


@dataclass(frozen=True, slots=True)
class Words:
    """An entry as it stands in the database, byte for byte. None where a value is not even text."""

    id: str | None
    hour: datetime | None
    actor: str | None
    action: str | None
    subject: str | None
    details: str | None
    mac: bytes


class Verifier:
    """Reads the stored bytes rather than values made of them: two spellings of one value are one too many.

    Every page is a look of its own: a look that lasted as long as the walk would keep SQLite from emptying its log of what is forgotten.
    """

    def __init__(self, database: Database, audit: Audit, chain: Chain, tz: tzinfo) -> None:
        """`tz` is the zone in which heads have their days. Nothing is written."""
        self._database = database
        self._audit = audit
        self._chain = chain
        self._tz = tz
        self._sqlite = database.dialect == "sqlite"
        self._heads: dict[int, HeadRecord] = {}

    def verify(self, told: Told | None = None) -> Verdict:
        """Walk everything; stops at the first fault. `told` catches a tail that was cut off together with our own note of the heads; a head
        of entries that were kept long enough and went (`told.count` below `began`) says nothing any more."""
        end, bad = self._beginning(told)
        began = end.count
        if bad is None:
            end, bad = self._walk(end, told)
        bad = bad or self._short(end, told)
        waiting = 0
        if bad is None:
            waiting, bad = self._unchained()
        return Verdict(end.count - began, waiting, began, end, self._chain.head(end), bad)

    def _beginning(self, told: Told | None) -> tuple[End, Bad | None]:
        with self._database.read() as session:
            self._heads = {head.position: head for head in session.scalars(select(HeadRecord).order_by(HeadRecord.day))}
            anchor = session.scalar(select(AnchorRecord).order_by(AnchorRecord.position.desc()).limit(1))
        if anchor is None:
            return End(-1, BEGINNING), None
        end = End(anchor.position, anchor.mac)
        if not hmac.compare_digest(anchor.proof, self._chain.proof(anchor.position, anchor.mac)):
            return end, Bad(Fault.FORGED_CUT, anchor.position, None)
        return end, Bad(Fault.OTHER_HEAD, anchor.position, None) if self._otherwise(end, told) else None

    def _walk(self, end: End, told: Told | None) -> tuple[End, Bad | None]:
        earliest: datetime | None = None
        latest = self._latest(end.position)
        for position, entry, mac, words in self._links(end.position):
            fault = self._fault(end, position, entry, mac, words)
            if fault is None and words.hour is not None:
                late = latest is not None and position <= latest[0] and words.hour >= latest[1]
                fault = Fault.CLOCK if late or (earliest is not None and _newest(words, words.hour) < earliest) else None
            if fault is not None:
                return end, Bad(fault, end.count, entry)
            end = End(position, mac)
            head = self._heads.get(position)
            if self._otherwise(end, told) or (head is not None and head.head != self._chain.head(end)):
                return end, Bad(Fault.OTHER_HEAD, position, entry)
            if head is not None:
                earliest = self._midnight(head)
            if latest is not None and position >= latest[0]:
                latest = self._latest(position)
        return end, None

    def _fault(self, end: End, position: int, entry: str | None, mac: bytes, words: Words) -> Fault | None:
        if position != end.count:
            return Fault.LINK_GONE
        if words.id is None:
            return Fault.GONE
        if not self._genuine(words):
            return Fault.EDITED
        return None if hmac.compare_digest(mac, self._chain.link(end.mac, position, entry or "", words.mac)) else Fault.MOVED

    def _genuine(self, words: Words) -> bool:
        said = (words.id, words.actor, words.action, words.subject, words.details)
        if words.hour is None or any(one is None for one in said):
            return False
        id_, actor, action, subject, details = (one or "" for one in said)
        return hmac.compare_digest(words.mac, self._audit.mac(id_, words.hour, actor, action, subject, details))

    def _otherwise(self, end: End, told: Told | None) -> bool:
        return told is not None and told.count == end.count and not hmac.compare_digest(told.head.encode(), self._chain.head(end).encode())

    def _short(self, end: End, told: Told | None) -> Bad | None:
        """A head that is beyond the end: ours, or the custodian's."""
        beyond = any(position > end.position for position in self._heads) or (told is not None and told.count > end.count)
        return Bad(Fault.CUT, end.count, None) if beyond else None

    def _unchained(self) -> tuple[int, Bad | None]:
        count, last = 0, ""
        while True:
            rows = select(*self._words()).outerjoin(ChainRecord, ChainRecord.entry == AuditRecord.id).where(ChainRecord.entry.is_(None), AuditRecord.id > last)
            page = [self._read(tuple(row)) for row in self._page(rows.order_by(AuditRecord.id))]
            for words in page:
                if words.id is None or not self._genuine(words):
                    return count, Bad(Fault.MADE_UP, None, words.id)
                count, last = count + 1, words.id
            if len(page) < PAGE:
                return count, None

    def _links(self, after: int) -> Iterator[tuple[int, str | None, bytes, Words]]:
        """Every link with its entry, in the order of the chain."""
        columns = (ChainRecord.position, self._text(ChainRecord.entry), ChainRecord.mac, *self._words())
        rows = select(*columns).outerjoin(AuditRecord, AuditRecord.id == ChainRecord.entry).order_by(ChainRecord.position)
        while True:
            page = self._page(rows.where(ChainRecord.position > after))
            for row in map(tuple, page):
                position, entry, mac = row[:3]
                yield position, _decoded(entry), mac, self._read(row[3:])
            if len(page) < PAGE:
                return
            after = page[-1][0]

    def _page(self, rows: Select[Any]) -> Sequence[Row[Any]]:
        with self._database.read() as session:
            return session.execute(rows.limit(PAGE)).all()

    def _words(self) -> tuple[ColumnElement[Any], ...]:
        text = (AuditRecord.id, AuditRecord.actor, AuditRecord.action, AuditRecord.subject, AuditRecord.details)
        hour: ColumnElement[Any] = self._text(AuditRecord.hour) if self._sqlite else type_coerce(AuditRecord.hour, AuditRecord.hour.type)
        return (*(self._text(column).label(f"entry_{column.key}") for column in text), hour.label("entry_hour"), AuditRecord.mac.label("entry_mac"))

    def _text(self, column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
        """SQLite gives any bytes as they are, text that is not UTF-8 among them; PostgreSQL lets none in."""
        return cast(column, LargeBinary()) if self._sqlite else type_coerce(column, String())

    def _read(self, row: tuple[object, ...]) -> Words:
        texts, hour, mac = row[:-2], row[-2], row[-1]
        id_, actor, action, subject, details = (_decoded(one) for one in texts)
        return Words(id_, _moment(hour), actor, action, subject, details, mac if isinstance(mac, bytes) else b"")

    def _latest(self, after: int) -> tuple[int, datetime] | None:
        """The next head, and the end of its day: what it stands for was written before that."""
        coming = min((position for position in self._heads if position > after), default=None)
        return None if coming is None else (coming, self._midnight(self._heads[coming]) + timedelta(days=1))

    def _midnight(self, head: HeadRecord) -> datetime:
        return datetime.combine(head.day, time(), self._tz)


def _newest(words: Words, hour: datetime) -> datetime:
    """The hour it was written in at the latest: what tells its day only comes after what was told of that day."""
    return hour + DAY if by_day(words.actor or "", words.action or "") else hour


def _decoded(value: object) -> str | None:
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _moment(value: object) -> datetime | None:
    """A stored hour. On SQLite it is text, and only the one spelling that the service writes counts."""
    if isinstance(value, datetime):
        return value
    text = _decoded(value)
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None and f"{moment:%Y-%m-%d %H:%M:%S.%f}" == text else None
