"""Keeping the letters between an officer and a reporter: sealed on the way in, opened only for who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from referral.privacy.seal import Cell, Sealer
from referral.reports.letter_records import TABLE, LetterRecord, LetterState, Side
from referral.store.base import new_id
from referral.vocabulary.letters import Reply, Template

_PAD = 160
_READY_MADE = "\x1e"
"""In front of a reporter's ready-made answer, within the sealed words: no row tells in clear that a child is not safe, and nobody can type it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, opened. An officer's is a `template` or has `words`; a reporter's is a `reply` or has `words`. All are None once erased."""

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


class Letters:
    """Every method works inside the caller's transaction. Who writes holds the report's lock, so that turns follow one another."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def of(self, session: Session, report: str) -> tuple[Letter, ...]:
        """All letters about a report, the oldest first, opened. Raises privacy.seal.Unreadable."""
        rows = session.scalars(select(LetterRecord).where(LetterRecord.report == report).order_by(LetterRecord.turn))
        return tuple(self._opened(row) for row in rows)

    def from_officers(self, session: Session, report: str) -> tuple[int, int]:
        """How many letters wait for the reporter or have been read, and how many of them are unread. Nothing is opened."""
        ready = (LetterRecord.report == report, LetterRecord.side == Side.OFFICER, LetterRecord.state == LetterState.READY)
        found = select(func.count(), func.count(LetterRecord.read_hour)).where(*ready)
        every, read = session.execute(found).one()
        return every, every - read

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

    def read(self, session: Session, report: str, side: Side, now: datetime) -> None:
        """The letters of this side have been read by the other."""
        unread = (LetterRecord.report == report, LetterRecord.side == side, LetterRecord.state == LetterState.READY, LetterRecord.read_hour.is_(None))
        session.execute(update(LetterRecord).where(*unread).values(read_hour=_hour(now)))

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
        last = session.scalar(select(func.max(LetterRecord.turn)).where(LetterRecord.report == report)) or 0
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
            words=None if words is None else self._sealer.seal(words, Cell(TABLE, "words", id_), pad=_PAD),
            written_hour=_hour(now),
        )
        session.add(row)
        session.flush()
        return self._opened(row)

    def _opened(self, row: LetterRecord) -> Letter:
        words = None if row.words is None else self._sealer.open(row.words, Cell(TABLE, "words", row.id))
        reply = Reply(words.removeprefix(_READY_MADE)) if words is not None and words.startswith(_READY_MADE) else None
        template = None if row.template is None else Template(row.template)
        return Letter(row.id, row.turn, row.side, row.state, row.office, template, reply, None if reply else words, row.asks, row.read_hour is not None)


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
