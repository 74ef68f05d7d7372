"""Putting alerts in the outbox, claiming what is due, writing down what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from referral.alerts import claims
from referral.alerts.claims import ALL, Due, Lanes
from referral.alerts.one_time import ANSWERABLE, OneTimeNumbers, recent
from referral.alerts.records import DRILL_LANE, PASSING, REPLY_LANE, TABLE, AlertRecord, LadderRecord, Purpose
from referral.privacy.keys import Keys
from referral.privacy.seal import Cell, Sealer
from referral.store.base import new_id
from referral.store.database import put
from referral.vocabulary.duty import DutyBearer
from referral.vocabulary.phone import PhoneNumber

_LANES = {Purpose.HEAD: DRILL_LANE}
_NEW = {"attempts": 0, "calling": False, "repeated": False, "wrong_answers": 0}
REPORTER_WAITS = timedelta(minutes=30)
LONGEST_REASON = 500
"""Characters. What is cut is the middle: the end says whether an alert is there only because nobody had answered."""
# Every text asks these several times: put together once.
_LADDER = select(LadderRecord).where(LadderRecord.report == bindparam("of")).with_for_update()
_FREE = _LADDER.with_for_update(skip_locked=True)
_HELD = select(AlertRecord).where(AlertRecord.id == bindparam("of"), AlertRecord.claim == bindparam("by")).with_for_update()
_ALERTS = select(AlertRecord).where(AlertRecord.report == bindparam("of"), AlertRecord.purpose == Purpose.ALERT).order_by(AlertRecord.step, AlertRecord.id)


class Outbox:
    """The alert rows. Every method works inside the caller's transaction."""

    def __init__(self, sealer: Sealer, keys: Keys, lease: timedelta) -> None:
        """`lease` is how long a claimed row is left alone: longer than the gateway may hang, so that a survivor takes over what a dead
        worker held but never sends beside a living one."""
        self.numbers = OneTimeNumbers(sealer, keys)
        self._sealer = sealer
        self._lease = lease

    def hand_over(
        self,
        session: Session,
        report: str,
        step: int,
        chosen: Iterable[tuple[DutyBearer, str]],
        *,
        lane: int,
        due_at: datetime,
        deadline_at: datetime,
        now: datetime,
    ) -> None:
        """Queue the alerts that hand `report` to offices and the people on duty in them, each with its reason. At most one a person and report:
        the database refuses a second."""
        to = list(chosen)
        numbers = self.numbers.fresh(session, {bearer.person for bearer, _ in to}, now)
        rows = [
            {
                **self.numbers.columns(new_id(), bearer.person, numbers[bearer.person]),
                "purpose": Purpose.ALERT,
                "lane": lane,
                "report": report,
                "step": step,
                "office": bearer.office.id,
                "institution": bearer.office.institution.value,
                "reason": reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 100]} … {reason[-90:]}",
                "due_at": due_at,
                "deadline_at": deadline_at,
                **_NEW,
            }
            for bearer, reason in to
        ]
        if rows:
            put(session, AlertRecord, *rows)

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
        for name, value in self.numbers.columns(row.id, person, self.numbers.fresh(session, {person}, now)[person]).items():
            setattr(row, name, value)

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
        late = (text(PASSING), AlertRecord.purpose == Purpose.REPORTER, AlertRecord.deadline_at < now, AlertRecord.calling.is_(False))
        session.execute(delete(AlertRecord).where(*late))

    def waiting(self, session: Session, purpose: Purpose, report: str, person: str) -> bool:
        """Whether such a text to this person is still to go out: a second beside it would only pile up."""
        found = select(AlertRecord.id).where(
            AlertRecord.purpose == purpose, AlertRecord.report == report, AlertRecord.person == person, AlertRecord.due_at.is_not(None)
        )
        return session.scalar(found.limit(1)) is not None

    def claim(self, session: Session, now: datetime, limit: int, lanes: Lanes = ALL, but: Sequence[str] = ()) -> list[Due]:
        """Up to `limit` due rows of these lanes, `but` these, most urgent first, leased to the caller. Two workers never get the same row."""
        return claims.claim(session, now, limit, self._lease, lanes, but)

    def begin(self, row: AlertRecord, now: datetime) -> None:
        """The gateway is about to be called for a claimed row, which is the caller's for a whole lease from now on: those before it in the batch may
        have used up the one it was claimed with."""
        row.calling, row.due_at = True, now + self._lease

    @staticmethod
    def arrived(alert: AlertRecord, now: datetime) -> None:
        """An answer proves that a text arrived: it is not sent again."""
        alert.sent_at, alert.due_at, alert.claim, alert.calling = alert.sent_at or now, None, None, False

    def held(self, session: Session, due: Due) -> AlertRecord | None:
        """The row of a claim, locked after its report, if the claim still holds it: a lease that ran out may have gone to another worker."""
        if due.report is not None:
            self.ladder(session, due.report)
        return session.scalar(_HELD, {"of": due.id, "by": due.claim})

    def alerts_of(self, session: Session, report: str) -> Sequence[AlertRecord]:
        """The hand-overs of a report, in the order of their steps."""
        return session.scalars(_ALERTS, {"of": report}).all()

    def alerts_for(self, session: Session, person: str, now: datetime, purpose: Purpose = Purpose.ALERT) -> Sequence[AlertRecord]:
        """The hand-overs (or tests) to a person that an answer can still mean: sent in the last 30 days or about to be, and not taken back."""
        return [alert for alert in self.alerts_ever(session, person, now, purpose) if alert.revoked_at is None]

    def alerts_ever(self, session: Session, person: str, now: datetime, purpose: Purpose = Purpose.ALERT) -> Sequence[AlertRecord]:
        """The same, with those that were taken back: their numbers are known to this person, and none of them is a guess."""
        return session.scalars(select(AlertRecord).where(AlertRecord.person == person, recent(now - ANSWERABLE), AlertRecord.purpose == purpose)).all()

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
        """The ladder of a report, locked for the caller: whoever holds it is the only one moving this report. Asked again in one transaction it is
        at hand."""
        held: dict[str, LadderRecord] = session.info.setdefault("ladders", {})
        if report not in held:
            found = session.scalar(_LADDER, {"of": report})
            if found is None:
                return None
            held[report] = found
        return held[report]

    def free(self, session: Session, report: str | None) -> bool:
        """Lock the ladder of a report, if there is one, unless somebody else holds it; False if so: who comes again keeps nobody waiting meanwhile."""
        held: dict[str, LadderRecord] = session.info.setdefault("ladders", {})
        if report is None or report in held:
            return True
        found = session.scalar(_FREE, {"of": report})
        if found is None:
            return session.scalar(select(LadderRecord.report).where(LadderRecord.report == report)) is None
        held[report] = found
        return True

    def forget_texts(self, session: Session, before: datetime) -> None:
        """Drop sent replies, repeats and supervisor texts older than `before`; the hand-overs themselves stay with the report, tests until
        no answer can mean them."""
        passing = [purpose for purpose in Purpose if purpose not in (Purpose.ALERT, Purpose.DRILL)]  # named, and not all but two: an index finds them
        old = (text(PASSING), AlertRecord.purpose.in_(passing), AlertRecord.due_at.is_(None), AlertRecord.sent_at < before)
        session.execute(delete(AlertRecord).where(*old))
        over = func.coalesce(AlertRecord.sent_at, AlertRecord.failed_at) < before - ANSWERABLE
        session.execute(delete(AlertRecord).where(text(PASSING), AlertRecord.purpose == Purpose.DRILL, AlertRecord.due_at.is_(None), over))
