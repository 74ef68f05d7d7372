"""Whether the road to the phones is open, for all workers alike: an empty account, a gateway that is down, how many texts a second.

RED alerts are never stopped here: they are only counted, so that the others leave them their share. What is left on an account that ran low is
theirs as well: a RED text that is still taken says nothing of whether there is enough for all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.alerts.claims import RED, Lanes
from referral.dispatch.policy_of_codes import Course, Road
from referral.routing.policy import Sending as Figures
from referral.store.base import Base
from referral.store.database import Database, changed, count_up

log = structlog.get_logger()


class Trouble(StrEnum):
    """What can be wrong with the sending as a whole."""

    EMPTY = "account_empty"
    DOWN = "gateway_down"
    REFUSED = "account_refused"


_TROUBLE = {Road.EMPTY: Trouble.EMPTY, Road.DOWN: Trouble.DOWN, Road.REFUSED: Trouble.REFUSED}
REFUSED_SHOWN = timedelta(minutes=15)
"""How long an account that was refused stays an alarm: the texts of another operator may go well all the while."""
BELOW_RESERVE = "below_reserve"
"""Why the account counts as empty before it is: what is left is kept for RED."""
READ_LATELY = timedelta(hours=1)
"""How long a balance that was read is believed. It is read each quarter of an hour; while it cannot be, a text tries the road as after any 405."""


class SendingPauseRecord(Base):
    """A trouble of the sending, shared by all workers, from its first sign to the text that shows it over. `count` is how often it was seen."""

    __tablename__ = "sending_pause"

    trouble: Mapped[Trouble] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
    probe_at: Mapped[datetime]
    """When one text may try whether it is over; of a refused account, until when the alarm is shown."""


class SendingRateRecord(Base):
    """How many texts all workers took in hand in a second. Kept for a minute."""

    __tablename__ = "sending_rate"

    second: Mapped[datetime] = mapped_column(primary_key=True)
    red: Mapped[int]
    others: Mapped[int]


_ANY = select(SendingPauseRecord.__table__.c.trouble).limit(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A trouble as it stands. `stops` says whether all but RED waits because of it."""

    trouble: Trouble
    since: datetime
    count: int
    reason: str
    stops: bool


@dataclass
class _Hand:
    """What one sending thread knows of the texts it has in hand."""

    tries: tuple[Trouble, ...] = ()
    """The troubles whose end its one text is to find out, until the gateway has been called with it."""
    empty: bool = False
    """The account was found empty with one of them."""


@dataclass(frozen=True)
class Roads:
    """What the workers know together of the road. One for each thread that sends."""

    database: Database
    figures: Figures
    _hand: _Hand = field(default_factory=_Hand, compare=False)

    def seen(self, session: Session) -> tuple[Seen, ...]:
        """Every trouble there is now, for alarms and figures."""
        rows = session.scalars(select(SendingPauseRecord).order_by(SendingPauseRecord.trouble))
        return tuple(Seen(row.trouble, row.since, row.count, row.reason, self._stops(row)) for row in rows)

    def broken(self, session: Session) -> bool:
        """Whether the breaker is open: the gateway failed so often in a row that all but RED waits."""
        return any(one.trouble is Trouble.DOWN and one.stops for one in self.seen(session))

    def fails(self, session: Session) -> bool:
        """Whether the gateway has failed since it last took a text."""
        return session.get(SendingPauseRecord, Trouble.DOWN) is not None

    def allowed(self, session: Session, lanes: Lanes, most: int, now: datetime) -> int:
        """How many texts of these lanes may be taken in hand now, at most `most`. The caller has looked that one is due: a probe is not wasted."""
        self._hand.tries, self._hand.empty = (), False
        rows = session.scalars(select(SendingPauseRecord)).all()
        left = min(most, self._left(session, lanes, now))
        if any(row.trouble is Trouble.DOWN for row in rows):
            left = min(left, 1)  # a gateway that hangs holds one text of this worker at a time, and the rest is free for others
        if lanes == RED or left < 1:
            return max(left, 0)
        stops = [row for row in rows if self._stops(row)]
        return min(left, 1) if stops and self._probe(session, stops, now) else left if not stops else 0

    def took(self, session: Session, lanes: Lanes, many: int, now: datetime) -> None:
        """Count what was taken in hand."""
        amounts = {"red": many if lanes == RED else 0, "others": 0 if lanes == RED else many}
        count_up(session, SendingRateRecord, {"second": now.replace(microsecond=0)}, amounts)

    def heard(self, course: Course, reason: str, now: datetime, *, red: bool = False) -> None:
        """What an answer of the gateway says of the road. A text that was accepted shows that the gateway is there. That the account has been filled
        only a probe shows: neither a RED text, which spends what is kept for it, nor one that was in hand already and costs less than another."""
        trouble, tried = _TROUBLE.get(course.road), self._hand.tries
        self._hand.tries, self._hand.empty = (), self._hand.empty or trouble is Trouble.EMPTY
        over = tuple(Trouble) if course.road is Road.OPEN else () if trouble is Trouble.DOWN else (Trouble.DOWN,)
        if trouble is None and not self._any():
            return
        with self.database.read() as session:
            known = {row.trouble: row for row in session.scalars(select(SendingPauseRecord))}
        tested = {one: one is Trouble.DOWN or known[one].probe_at <= now for one in known} | {Trouble.EMPTY: Trouble.EMPTY in tried and not red}
        over = tuple(one for one in over if one in known and tested[one])
        if trouble is None and not over:
            return
        with self.database.transaction() as session:
            for one in over:
                self._over(session, one, stopped=self._stops(known[one]))
            if trouble is not None:
                self._note(session, trouble, reason, now, stopped=trouble in known and self._stops(known[trouble]))

    def told(self, session: Session, left: float, now: datetime) -> None:
        """What is left on the account, as the gateway says. Below policy's reserve all but RED pauses, as if it were empty; above it goes on."""
        if not self.figures.balance_reserve:
            return
        row = session.get(SendingPauseRecord, Trouble.EMPTY)
        if left >= self.figures.balance_reserve:
            if row is not None:
                self._over(session, Trouble.EMPTY, stopped=True)
            return
        self._note(session, Trouble.EMPTY, BELOW_RESERVE, now, stopped=row is not None)
        held = session.get_one(SendingPauseRecord, Trouble.EMPTY)
        held.reason, held.probe_at = BELOW_RESERVE, now + READ_LATELY

    def closed(self, lane: int) -> bool:
        """Whether a text of this lane that is in hand stays unsent: one before it found the account empty, and what is left is kept for RED."""
        return self._hand.empty and lane > RED.last

    def spare(self, now: datetime) -> None:
        """The batch is through. If its text was to try the road and the gateway was never called (nobody wanted the text any more), the next one tries."""
        tries, self._hand.tries = self._hand.tries, ()
        if tries:
            with self.database.transaction() as session:
                session.execute(update(SendingPauseRecord).where(SendingPauseRecord.trouble.in_(tries)).values(probe_at=now))

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        """Drop the counts of past seconds; of seconds far ahead too, counted before the clock was set back."""
        minute = timedelta(minutes=1)
        session.execute(delete(SendingRateRecord).where(or_(SendingRateRecord.second < now - minute, SendingRateRecord.second > now + minute)))

    def _any(self) -> bool:
        """Whether anything at all is wrong: most of the time nothing is, and it is asked after every text."""
        with self.database.glance() as connection:
            return connection.scalar(_ANY) is not None

    @staticmethod
    def _over(session: Session, trouble: Trouble, *, stopped: bool) -> None:
        if changed(session, delete(SendingPauseRecord).where(SendingPauseRecord.trouble == trouble)) and stopped:
            log.warning("sending goes on", kind=trouble)

    def _note(self, session: Session, trouble: Trouble, reason: str, now: datetime, *, stopped: bool) -> None:
        begun = {"since": now, "reason": reason[:40], "probe_at": now + self._between(trouble)}
        count_up(session, SendingPauseRecord, {"trouble": trouble}, {"count": 1}, also=begun)
        row = session.get_one(SendingPauseRecord, trouble, populate_existing=True)
        if trouble is Trouble.REFUSED:
            row.probe_at = now + REFUSED_SHOWN
            log.error("gateway refuses the account", reason=reason, count=row.count)
        elif self._stops(row) and not stopped:
            log.error("sending stopped, all but red", kind=trouble, reason=reason)

    def _stops(self, row: SendingPauseRecord) -> bool:
        return row.trouble is Trouble.EMPTY or (row.trouble is Trouble.DOWN and row.count >= self.figures.down_after)

    def _between(self, trouble: Trouble, reason: str = "") -> timedelta:
        if trouble is Trouble.REFUSED:
            return REFUSED_SHOWN
        if reason == BELOW_RESERVE:
            return READ_LATELY
        return timedelta(minutes=self.figures.probe_empty if trouble is Trouble.EMPTY else self.figures.probe_down)

    def _probe(self, session: Session, stops: list[SendingPauseRecord], now: datetime) -> bool:
        """Whether this caller may send the one text that tells whether the road is open: one of all workers, once in a while.

        A gateway that is down cannot say whether the account is empty: with both troubles the pace is that of the gateway, and its answer is also the
        account's try.
        """
        stops = [row for row in stops if row.reason != BELOW_RESERVE] or stops  # what was read of the account, no text need find out
        first = min(stops, key=lambda row: (row.trouble is not Trouble.DOWN, row.trouble))
        between = self._between(first.trouble, first.reason)
        due = or_(SendingPauseRecord.probe_at <= now, SendingPauseRecord.probe_at > now + between)  # later: the clock was set back
        mine = update(SendingPauseRecord).where(SendingPauseRecord.trouble == first.trouble, due).values(probe_at=now + between)
        if changed(session, mine) != 1:
            return False
        for row in stops:
            row.probe_at = now + self._between(row.trouble)
        self._hand.tries = tuple(row.trouble for row in stops)
        return True

    def _left(self, session: Session, lanes: Lanes, now: datetime) -> int:
        """What this second still has for these lanes; the row of the second is locked until the caller commits."""
        self.took(session, lanes, 0, now)
        row = session.get_one(SendingRateRecord, now.replace(microsecond=0), populate_existing=True)
        rate, kept = self.figures.texts_a_second, self.figures.kept_for_red
        return rate - row.red - row.others if lanes == RED else rate - max(kept, row.red) - row.others
