"""Keeping the letters between an officer and a reporter: sealed on the way in, opened only for who may read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from referral.privacy.seal import Cell, Sealer, Unreadable, key_of
from referral.reports.letter_records import TABLE, LetterRecord, LetterState, Side
from referral.reports.records import ReportRecord
from referral.store.base import new_id
from referral.vocabulary.letters import Reply, Template

log = structlog.get_logger()
_PAD = 160
_READY_MADE = "\x1e"
"""In front of a reporter's ready-made answer, within the sealed words: no row tells in clear that a child is not safe, and nobody can type it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, opened. An officer's is a `template` or has `words`; a reporter's is a `reply` or has `words`. All are None once erased.

    `person` wrote it; nobody did where it is a reporter's.
    """

    id: str
    turn: int
    side: Side
    state: LetterState
    office: str
    template: Template | None
    reply: Reply | None
    words: str | None
    asks: bool
    read: bool
    unreadable: bool = False
    person: str = ""


@dataclass(frozen=True, slots=True)
class Unopened:
    """An officer's letter, unopened: whose it is and whether the reporter has read it."""

    id: str
    report: str
    person: str
    office: str
    read: bool


class Letters:
    """Every method works inside the caller's transaction. Who writes holds the report's lock, so that turns follow one another."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def of(self, session: Session, report: str) -> tuple[Letter, ...]:
        """All letters about a report, the oldest first, opened. One that does not open is said to be unreadable, and an alarm in the log."""
        rows = session.scalars(select(LetterRecord).where(LetterRecord.report == report).order_by(LetterRecord.turn))
        return tuple(self._opened(row) for row in rows)

    def from_officers(self, session: Session, report: str) -> tuple[Unopened, ...]:
        """The letters that wait for the reporter or have been read. Nothing is opened."""
        ready = (LetterRecord.report == report, LetterRecord.side == Side.OFFICER, LetterRecord.state == LetterState.READY)
        return tuple(_unopened(row) for row in session.scalars(select(LetterRecord).where(*ready).order_by(LetterRecord.turn)))

    def from_officer(
        self, session: Session, report: str, person: str, office: str, now: datetime, *, template: Template | None, words: str | None, asks: bool
    ) -> Letter:
        """An officer's letter: ready-made words may be read at once, their own wait for a second reader."""
        state = LetterState.READY if words is None else LetterState.HELD
        return self._add(session, report, Side.OFFICER, state, now, words, person=person, office=office, template=template, asks=asks)

    def from_reporter(self, session: Session, report: str, said: Reply | str, now: datetime) -> Letter:
        """A reporter's letter: a ready-made answer, or a few words."""
        words = f"{_READY_MADE}{said}" if isinstance(said, Reply) else said.replace(_READY_MADE, " ")
        return self._add(session, report, Side.REPORTER, LetterState.READY, now, words)

    def settle(self, session: Session, letter: str, second_person: str, state: LetterState) -> bool:
        """A second reader's yes or no to a letter that is held; False where it is not held, or they wrote it themselves."""
        row = session.get(LetterRecord, letter)
        if row is None or row.state is not LetterState.HELD or row.person == second_person:
            return False
        row.state, row.second_reader = state, second_person
        return True

    def one(self, session: Session, letter: str) -> Unopened | None:
        """Whose letter it is. Nothing is opened."""
        row = session.get(LetterRecord, letter)
        return None if row is None else _unopened(row)

    def held(self, session: Session) -> tuple[Unopened, ...]:
        """What waits for a second reader, of all reports, the oldest hour first. Nothing is opened."""
        rows = session.scalars(select(LetterRecord).where(LetterRecord.state == LetterState.HELD).order_by(LetterRecord.written_hour, LetterRecord.id))
        return tuple(_unopened(row) for row in rows)

    def words(self, session: Session, letter: str) -> str | None:
        """The words of one letter, opened. Raises privacy.seal.Unreadable."""
        row = session.get(LetterRecord, letter)
        return None if row is None else self._opened(row).words

    def last_turn(self, session: Session, report: str) -> int:
        return session.scalar(select(func.max(LetterRecord.turn)).where(LetterRecord.report == report)) or 0

    def read(self, session: Session, report: str, side: Side, letters: Collection[str], now: datetime) -> None:
        """These letters of this side have been read by the other."""
        unread = (LetterRecord.report == report, LetterRecord.side == side, LetterRecord.id.in_(letters), LetterRecord.read_hour.is_(None))
        session.execute(update(LetterRecord).where(*unread).values(read_hour=_told(Side.OFFICER if side is Side.REPORTER else Side.REPORTER, now)))

    def erase(self, session: Session, report: str) -> None:
        """The reporter's words go; that there was a letter stays."""
        theirs = (LetterRecord.report == report, LetterRecord.side == Side.REPORTER)
        session.execute(update(LetterRecord).where(*theirs).values(words=None))

    def written_by_reporter(self, session: Session, report: str) -> bool:
        """Whether words of the reporter are in a letter."""
        theirs = (LetterRecord.report == report, LetterRecord.side == Side.REPORTER, LetterRecord.words.is_not(None))
        return session.scalar(select(LetterRecord.id).where(*theirs).limit(1)) is not None

    def _add(
        self,
        session: Session,
        report: str,
        side: Side,
        state: LetterState,
        now: datetime,
        words: str | None,
        *,
        person: str = "",
        office: str = "",
        template: Template | None = None,
        asks: bool = False,
    ) -> Letter:
        id_ = new_id()
        filed = session.scalar(select(ReportRecord.filed_hour).where(ReportRecord.id == report))
        sealer = self._sealer.of_month(filed or now)
        last = self.last_turn(session, report)
        row = LetterRecord(
            id=id_,
            report=report,
            turn=last + 1,
            side=side,
            state=state,
            office=office,
            person=person,
            template=template,
            asks=asks,
            words=None if words is None else sealer.seal(words, Cell(TABLE, "words", id_), pad=_PAD),
            written_hour=_told(side, now),
        )
        session.add(row)
        session.flush()
        return self._opened(row)

    def _opened(self, row: LetterRecord) -> Letter:
        words, unreadable = None, False
        if row.words is not None:
            try:
                words = self._sealer.open(row.words, Cell(TABLE, "words", row.id))
            except Unreadable:
                log.error("a field does not open", table=TABLE, column="words", key=key_of(row.words))
                unreadable = True
        reply = Reply(words.removeprefix(_READY_MADE)) if words is not None and words.startswith(_READY_MADE) else None
        template = None if row.template is None else Template(row.template)
        shown, read = None if reply else words, row.read_hour is not None
        return Letter(row.id, row.turn, row.side, row.state, row.office, template, reply, shown, row.asks, read, unreadable, row.person)


def after(session: Session, report: str, turn: int, last: int | None) -> int:
    """How many letters of the reporter came after that turn, up to the turn `last` where there is one. Nothing is opened."""
    theirs = (LetterRecord.report == report, LetterRecord.side == Side.REPORTER, LetterRecord.turn > turn)
    upto = () if last is None else (LetterRecord.turn <= last,)
    return session.scalar(select(func.count()).where(*theirs, *upto)) or 0


def _unopened(row: LetterRecord) -> Unopened:
    return Unopened(row.id, row.report, row.person, row.office, row.read_hour is not None)


def _told(by: Side, now: datetime) -> datetime:
    """When somebody wrote or read, as it is kept: of an officer the hour, of a reporter the day (UTC), since hours beside a list of calls are one phone."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if by is Side.REPORTER else hour
