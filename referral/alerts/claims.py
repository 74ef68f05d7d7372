"""Taking what is due: who sends a row, for how long it is theirs, and what becomes of the rows of a worker that died."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from referral.alerts import relays
from referral.alerts.records import DRILL_LANE, RED_LANE, AlertRecord, Purpose
from referral.store.base import new_id

ONCE = frozenset({Purpose.REPORTER, Purpose.RELAY})
"""Texts to reporters are sent once or not at all: whoever holds the phone must not find two."""
FARTHEST = timedelta(minutes=10)
"""No RED alert ever waits longer for its next try. One that seems to was queued before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Which rows a sender takes: from lane `first` to lane `last`."""

    first: int
    last: int

    def parts(self, first: int) -> tuple[Lanes, ...]:
        """RED and the others apart, as the road treats them, from lane `first` on."""
        return tuple(part for part in (RED, OTHERS) if part.last >= first and part.first <= self.last and part.last >= self.first)


RED, OTHERS, ALL = Lanes(RED_LANE, RED_LANE), Lanes(RED_LANE + 1, DRILL_LANE), Lanes(RED_LANE, DRILL_LANE)


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed row: enough to put the text together and send it with no transaction open."""

    id: str
    claim: str
    purpose: Purpose
    report: str | None
    office: str | None
    person: str
    key: str | None
    params: dict[str, str]
    attempts: int
    repeated: bool
    deadline_at: datetime | None
    step: int | None
    lane: int
    spent: bool = False
    """A worker died while it sent the repeat: it is not sent a third time."""


def is_due(now: datetime) -> ColumnElement[bool]:
    """What may go out at `now`."""
    set_back = and_(AlertRecord.lane == RED_LANE, AlertRecord.purpose.in_((Purpose.ALERT, Purpose.AGAIN)), AlertRecord.due_at > now + FARTHEST)
    return or_(AlertRecord.due_at <= now, set_back)


def waits(lanes: Lanes, now: datetime, but: Sequence[str] = ()) -> ColumnElement[bool]:
    """What may go out at `now` of these lanes, `but` these rows."""
    mine = and_(is_due(now), AlertRecord.lane.between(lanes.first, lanes.last))
    return and_(mine, AlertRecord.id.not_in(but)) if but else mine


def claim(session: Session, now: datetime, limit: int, lease: timedelta, lanes: Lanes, but: Sequence[str] = ()) -> list[Due]:
    """Up to `limit` due rows of these lanes, `but` these, most urgent first, leased to the caller. Two workers never get the same row."""
    chosen = select(AlertRecord.id).where(waits(lanes, now, but)).order_by(AlertRecord.lane, AlertRecord.due_at).limit(limit).with_for_update(skip_locked=True)
    rows = session.scalars(select(AlertRecord).where(AlertRecord.id.in_(list(session.scalars(chosen))))).all()
    rows = [row for row in rows if row.lane < DRILL_LANE] or rows[:1]  # a test goes out alone: what is urgent never waits behind a batch of them
    token = new_id()
    taken = [(row, spent) for row, spent in ((row, _lost(session, row, now)) for row in rows) if spent is not None]
    for row, _ in taken:
        row.first_due_at = min(row.first_due_at or row.due_at or now, now)
        row.due_at, row.claim, row.attempts = now + lease, token, row.attempts + 1
    return [_due(row, token, spent) for row, spent in sorted(taken, key=lambda one: (one[0].lane, one[0].office or ""))]


def release(session: Session, due: Sequence[Due], at: datetime) -> None:
    """Give claimed rows back untried, to be due `at`, so that another worker need not wait for the lease to end. A row that somebody else holds, and
    one for which the gateway has been called, is left as it is: its lease ends by itself."""
    spent = {one.id for one in due if one.spent}
    held = select(AlertRecord).where(AlertRecord.id.in_([one.id for one in due]), AlertRecord.claim.in_([one.claim for one in due]))
    for row in session.scalars(held.with_for_update(skip_locked=True)):
        if not row.calling or row.id in spent:
            row.due_at, row.claim, row.attempts = at, None, row.attempts - 1


def _lost(session: Session, row: AlertRecord, now: datetime) -> bool | None:
    """A worker died while it was calling the gateway for this row: the text may have gone out. None where that was its only try, else whether it was
    the repeat.

    Its answer, and with it the id that a receipt would name, is lost: waiting for a receipt would only lose time, so it is sent once more as soon as
    the lease is over, marked as a repeat. Had the repeat itself been lost too, a third is not sent: whoever claims it tells somebody else, and until
    that is written down the row stays as the dead worker left it.
    """
    if not row.calling:
        return False
    if row.purpose is Purpose.REPORTER:
        session.delete(row)
        return None
    if row.purpose is Purpose.RELAY:
        relays.finish(row, now, relays.LOST)
        return None
    spent = row.calling = row.repeated
    row.unknown_at, row.repeated = row.unknown_at or now, True
    return spent


def _due(row: AlertRecord, token: str, spent: bool) -> Due:
    return Due(
        id=row.id,
        claim=token,
        purpose=row.purpose,
        report=row.report,
        office=row.office,
        person=row.person,
        key=row.key,
        params=json.loads(row.params) if row.params else {},
        attempts=row.attempts,
        repeated=row.repeated,
        deadline_at=row.deadline_at,
        step=row.step,
        lane=row.lane,
        spent=spent,
    )
