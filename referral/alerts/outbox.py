"""Putting alerts in the outbox, claiming what is due, writing down what became of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from referral.alerts import claims
from referral.alerts.claims import ALL, Due, Lanes
from referral.alerts.records import DRILL_LANE, REPLY_LANE, TABLE, AlertRecord, LadderRecord, Purpose
from referral.privacy.seal import Cell, Sealer, Unreadable
from referral.store.base import new_id
from referral.vocabulary.duty import DutyBearer
from referral.vocabulary.phone import PhoneNumber

_LANES = {Purpose.HEAD: DRILL_LANE}
_NEW = {"attempts": 0, "calling": False, "repeated": False, "wrong_answers": 0}
REPORTER_WAITS = timedelta(minutes=30)
ANSWERABLE = timedelta(days=30)
"""How long an alert's one-time number can be answered with. LOW reports have a week until their first action is due."""


class Outbox:
    """The alert rows. Every method works inside the caller's transaction."""

    def __init__(self, sealer: Sealer, lease: timedelta) -> None:
        """`lease` is how long a claimed row is left alone: longer than the gateway may hang, so that a survivor takes over what a dead
        worker held but never sends beside a living one."""
        self._sealer = sealer
        self._lease = lease

    def hand_over(
        self, session: Session, report: str, step: int, bearer: DutyBearer, *, lane: int, due_at: datetime, deadline_at: datetime, reason: str, now: datetime
    ) -> AlertRecord:
        """Queue the alert that hands `report` to an office and the person on duty in it. At most one a person and report: the database refuses a second."""
        id_ = new_id()
        number = self._fresh_one_time(session, bearer.person, now)
        alert = AlertRecord(
            id=id_,
            purpose=Purpose.ALERT,
            lane=lane,
            report=report,
            step=step,
            office=bearer.office.id,
            institution=bearer.office.institution.value,
            person=bearer.person,
            one_time=self._sealer.seal(number, Cell(TABLE, "one_time", id_)),
            reason=reason[:500],
            due_at=due_at,
            deadline_at=deadline_at,
            **_NEW,
        )
        session.add(alert)
        return alert

    def tell(
        self,
        session: Session,
        purpose: Purpose,
        person: str,
        key: str,
        params: dict[str, str],
        now: datetime,
        *,
        report: str | None = None,
        office: str | None = None,
        lane: int | None = None,
    ) -> None:
        """Queue a text that is no hand-over: a reply, a repeat, a word to a supervisor. It goes out at `now`, in the lane of its report's urgency
        where the caller names it."""
        row = AlertRecord(
            id=new_id(),
            purpose=purpose,
            lane=_LANES.get(purpose, REPLY_LANE) if lane is None else lane,
            person=person,
            report=report,
            office=office,
            key=key,
            params=json.dumps(params),
            due_at=now,
            **_NEW,
        )
        session.add(row)

    def drill(self, session: Session, bearer: DutyBearer, due_at: datetime, now: datetime) -> str:
        """Queue the test of an office to the person who answers for it. Returns the row's id."""
        id_ = new_id()
        row = AlertRecord(id=id_, purpose=Purpose.DRILL, lane=DRILL_LANE, office=bearer.office.id, institution=bearer.office.institution.value, **_NEW)
        self.address(session, row, bearer.person, now)
        row.due_at = due_at
        session.add(row)
        return id_

    def address(self, session: Session, row: AlertRecord, person: str, now: datetime) -> None:
        """A test that has not gone out goes to this person, with a number that no other text of theirs carries."""
        row.person = person
        row.one_time = self._sealer.seal(self._fresh_one_time(session, person, now), Cell(TABLE, "one_time", row.id))

    def tell_reporter(self, session: Session, number: PhoneNumber, text: str, now: datetime) -> None:
        """Queue an answer to somebody who texted. `text` is as it goes out; number and text are sealed, and blanked when the row is final."""
        id_ = new_id()
        row = AlertRecord(
            id=id_,
            purpose=Purpose.REPORTER,
            lane=REPLY_LANE,
            person="",
            number=self._sealer.seal(json.dumps([number.reveal(), text]), Cell(TABLE, "number", id_)),
            due_at=now,
            deadline_at=now + REPORTER_WAITS,
            **_NEW,
        )
        session.add(row)

    def letter_to_reporter(self, row: AlertRecord) -> tuple[PhoneNumber, str]:
        """Whom and what, for a REPORTER row that is still due. Raises Unreadable."""
        number, text = json.loads(self._sealer.open(row.number or b"", Cell(TABLE, "number", row.id)))
        return PhoneNumber(number), text

    def drop_texts_to(self, session: Session, number: PhoneNumber) -> None:
        """Answers to this number that have not gone out. There are few at any time, and only opening them tells whose they are."""
        for row in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.REPORTER, AlertRecord.number.is_not(None))):
            if not row.calling and self.letter_to_reporter(row)[0] == number:
                session.delete(row)

    def drop_reporter_texts(self, session: Session, now: datetime) -> None:
        """Answers that could not be sent for half an hour: the phone may be in other hands by now."""
        late = (AlertRecord.purpose == Purpose.REPORTER, AlertRecord.deadline_at < now, AlertRecord.calling.is_(False))
        session.execute(delete(AlertRecord).where(*late))

    def waiting(self, session: Session, purpose: Purpose, report: str, person: str) -> bool:
        """Whether such a text to this person is still to go out: a second beside it would only pile up."""
        found = select(AlertRecord.id).where(
            AlertRecord.purpose == purpose, AlertRecord.report == report, AlertRecord.person == person, AlertRecord.due_at.is_not(None)
        )
        return session.scalar(found.limit(1)) is not None

    def one_time(self, alert: AlertRecord) -> str:
        return self._sealer.open(alert.one_time or b"", Cell(TABLE, "one_time", alert.id))

    def claim(self, session: Session, now: datetime, limit: int, lanes: Lanes = ALL) -> list[Due]:
        """Up to `limit` due rows of these lanes, most urgent first, leased to the caller. Two workers never get the same row."""
        return claims.claim(session, now, limit, self._lease, lanes)

    @staticmethod
    def arrived(alert: AlertRecord, now: datetime) -> None:
        """An answer proves that a text arrived: it is not sent again."""
        alert.sent_at, alert.due_at, alert.claim, alert.calling = alert.sent_at or now, None, None, False

    def held(self, session: Session, due: Due) -> AlertRecord | None:
        """The row of a claim, locked after its report, if the claim still holds it: a lease that ran out may have gone to another worker."""
        if due.report is not None:
            self.ladder(session, due.report)
        found = select(AlertRecord).where(AlertRecord.id == due.id, AlertRecord.claim == due.claim).with_for_update()
        return session.scalar(found)

    def alerts_of(self, session: Session, report: str) -> Sequence[AlertRecord]:
        """The hand-overs of a report, in the order of their steps."""
        rows = select(AlertRecord).where(AlertRecord.report == report, AlertRecord.purpose == Purpose.ALERT)
        return session.scalars(rows.order_by(AlertRecord.step, AlertRecord.id)).all()

    def alerts_for(self, session: Session, person: str, now: datetime, purpose: Purpose = Purpose.ALERT) -> Sequence[AlertRecord]:
        """The hand-overs (or tests) to a person that an answer can still mean: sent in the last 30 days or about to be, and not taken back."""
        return session.scalars(select(AlertRecord).where(*_answerable(person, now), AlertRecord.purpose == purpose)).all()

    def sent_under(self, session: Session, tag: bytes) -> AlertRecord | None:
        """The row the gateway knows by an id with this tag, locked after its report: the order everybody locks in."""
        found = session.execute(select(AlertRecord.id, AlertRecord.report).where(AlertRecord.gateway_tag == tag)).first()
        if found is None:
            return None
        id_, report = found
        if report is not None:
            self.ladder(session, report)
        return session.scalar(select(AlertRecord).where(AlertRecord.id == id_).with_for_update())

    def ladder(self, session: Session, report: str) -> LadderRecord | None:
        """The ladder of a report, locked for the caller: whoever holds it is the only one moving this report."""
        return session.scalar(select(LadderRecord).where(LadderRecord.report == report).with_for_update())

    def forget_texts(self, session: Session, before: datetime) -> None:
        """Drop sent replies, repeats and supervisor texts older than `before`; the hand-overs themselves stay with the report, tests until
        no answer can mean them."""
        old = (AlertRecord.purpose.not_in((Purpose.ALERT, Purpose.DRILL)), AlertRecord.due_at.is_(None), AlertRecord.sent_at < before)
        session.execute(delete(AlertRecord).where(*old))
        over = func.coalesce(AlertRecord.sent_at, AlertRecord.failed_at) < before - ANSWERABLE
        session.execute(delete(AlertRecord).where(AlertRecord.purpose == Purpose.DRILL, AlertRecord.due_at.is_(None), over))

    def _fresh_one_time(self, session: Session, person: str, now: datetime) -> str:
        """Four digits no other alert or test of this person carries: they alone tell which of them an answer means."""
        mine = (*_answerable(person, now), AlertRecord.purpose.in_((Purpose.ALERT, Purpose.DRILL)))
        rows = session.execute(select(AlertRecord.id, AlertRecord.one_time).where(*mine))  # no whole rows: a caller waits, and a busy desk has hundreds
        taken = set()
        for id_, sealed in rows:
            with suppress(Unreadable):  # a number nobody can read is answered by nobody, and must not keep this report from being filed
                taken.add(self._sealer.open(sealed or b"", Cell(TABLE, "one_time", id_)))
        while True:
            number = f"{secrets.randbelow(10_000):04d}"
            if number not in taken or len(taken) > 9_000:
                return number


def _answerable(person: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    recent = or_(AlertRecord.sent_at.is_(None), AlertRecord.sent_at >= now - ANSWERABLE)
    return AlertRecord.person == person, AlertRecord.revoked_at.is_(None), recent
