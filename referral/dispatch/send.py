"""Sending what is due: claim, look again who it goes to, send with nothing open, write down what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from referral.alerts.claims import ALL, ONCE, Due, Lanes, release, waits
from referral.alerts.ledger import book
from referral.alerts.outbox import Outbox
from referral.alerts.records import RED_LANE, AlertRecord, Purpose
from referral.dispatch import relaying
from referral.dispatch.letters import Letters
from referral.dispatch.one_by_one import PassedOver
from referral.dispatch.policy_of_codes import NOT_THERE, UNLISTED, Course, Text, course
from referral.dispatch.receipts import Receipts
from referral.dispatch.road import Roads
from referral.dispatch.sounding import Heard, Sounding
from referral.dispatch.unsent import Unsent
from referral.gateway.port import Gateway, Outcome, Sending
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.privacy.keys import Keys
from referral.reports.register import Register, Report
from referral.routing.clock import Randomness
from referral.store.database import Database
from referral.store.faults import contended
from referral.store.health import NotNow

log = structlog.get_logger()
BATCH = 4
"""Few at a time: a killed worker delays only what it had claimed."""
BASE = timedelta(seconds=5)
LONGEST = {0: timedelta(seconds=30), 1: timedelta(minutes=3)}
"""The longest wait between two tries, by lane: a RED alert is tried again soon however often the gateway refused. Half an hour for the others."""
KEPT_BACK = timedelta(minutes=30)
"""How long the one repeat of a text is kept for when the gateway is back; then it is sent all the same."""
HELD = timedelta(minutes=15)
"""How long an answer that cannot be written down is held; until then nobody else can take the text either, for the same reason."""
IN_THE_WAY = 30.0
"""Seconds for which it is tried again to write an answer down where somebody else holds the row's report: longer than a lost host's transaction is
left standing, and over before the lease."""
RECEIPT_WAIT = timedelta(minutes=5)
"""How long a text that may have gone out waits for a receipt before it is sent once more, marked. RED without an id waits as the policy says."""
UNKNOWN_TWICE = "unknown twice"
"""Why a text failed of which nobody knows whether the first or the repeat arrived."""


@dataclass(frozen=True)
class Sender:
    """The only caller of `Gateway.send`. `stopping` says that the worker is to end: what is in hand is finished, the rest given back."""

    database: Database
    gateway: Gateway
    outbox: Outbox
    register: Register
    ladder: Ladder
    letters: Letters
    contacts: Contacts
    receipts: Receipts
    roads: Roads
    keys: Keys
    random: Randomness
    sounding: Sounding
    stopping: Callable[[], bool] = lambda: False
    passed: PassedOver = field(default_factory=PassedOver)

    @property
    def _unsent(self) -> Unsent:
        return Unsent(self.database, self.outbox, self.register, self.ladder, self.passed, self._later)

    def send_due(self, now: Callable[[], datetime], lanes: Lanes = ALL) -> int:
        """Send one batch of these lanes. Returns how many rows were claimed; 0 means that nothing is due, or that it has to wait."""
        claimed = self._claim(lanes, now())
        for position, due in enumerate(claimed):
            if self.stopping() or self.roads.closed(due.lane):
                with self.database.transaction() as session:
                    release(session, claimed[position:], now())
                break
            self._try(due, now)
        self.roads.spare(now())
        return len(claimed)

    def _claim(self, lanes: Lanes, now: datetime) -> Sequence[Due]:
        passed = self.passed.at(now)
        with self.database.read() as session:
            first = session.scalar(select(AlertRecord.lane).where(waits(lanes, now, passed)).order_by(AlertRecord.lane).limit(1))
        if first is None:
            return ()
        with self.database.transaction() as session:
            taken: list[Due] = []
            for part in lanes.parts(first):
                if not taken and (most := self.roads.allowed(session, part, BATCH, now)):
                    taken = self.outbox.claim(session, now, most, part, passed)
                    self.roads.took(session, part, len(taken), now)
            return taken

    def _try(self, due: Due, now: Callable[[], datetime]) -> None:
        """One row that cannot be sent must not keep back those behind it, whatever stands in its way."""
        try:
            self._one(due, now)
        except NotNow:
            raise
        except Exception as error:
            self._unsent.after(due, error, now())

    def _one(self, due: Due, now: Callable[[], datetime]) -> None:
        if due.repeated and not due.spent and self._kept_back(due, now):
            return
        with self.database.transaction() as session:
            free = self._unsent.free(session, due, now())
            letter = self.letters.make(session, due, now()) if free and not due.spent else None
        if free and due.spent:
            self._write_down(due, Sending(Outcome.UNKNOWN), UNLISTED[Outcome.UNKNOWN], now)
        if letter is None:
            return
        sending = self.gateway.send(letter.to, letter.text)
        what = course(sending)
        self._write_down(due, sending, what, now)
        log.info("sent", outcome=sending.outcome, reason=sending.reason, code=sending.code, purpose=due.purpose, attempts=due.attempts, lane=due.lane)
        self.roads.heard(what, sending.reason, now(), red=due.lane == RED_LANE)
        if what.text is Text.NEXT and due.purpose not in ONCE:
            self.receipts.takes_none(due.person, now())

    def _kept_back(self, due: Due, clock: Callable[[], datetime]) -> bool:
        """Whether the second and last try of a text waits. While the gateway fails it would most likely be lost too, and with it, one after the other,
        everybody who can be told: it is kept until the gateway answers something."""
        with self.database.read() as session:
            fails = self.roads.fails(session)
        heard = self.sounding.ask(clock) if fails else Heard.AN_ANSWER
        if heard is Heard.AN_ANSWER:
            return False
        now = clock()
        if heard is Heard.NOTHING:
            self.roads.heard(NOT_THERE, "no_answer", now)
        with self.database.transaction() as session:
            row = self.outbox.held(session, due)
            if row is not None and row.unknown_at is not None and now - row.unknown_at >= KEPT_BACK:
                return False
            if row is not None:  # not put off on purpose: how long it has waited stays known
                row.due_at, row.claim, row.attempts = now + min(self._wait(row), timedelta(minutes=1)), None, row.attempts - 1
        return True

    def _write_down(self, due: Due, sending: Sending, what: Course, now: Callable[[], datetime]) -> None:
        """The gateway's answer is in hand and nowhere else: while the database takes nothing, or somebody holds the report, it is held, or the same words
        would go out again."""
        given_up, until = now() + HELD, time.monotonic() + IN_THE_WAY
        while True:
            try:
                with self.database.transaction() as session:
                    self._record(session, due, sending, what, now())
            except NotNow:
                while not self.database.health.wait(1.0):
                    if self.stopping() or now() > given_up:
                        raise
            except DBAPIError as error:
                if not contended(error) or time.monotonic() > until:
                    raise
            else:
                return

    def _record(self, session: Session, due: Due, sending: Sending, what: Course, now: datetime) -> None:
        row = self.outbox.held(session, due)
        if row is None:
            return
        with session.no_autoflush:  # what is written down is written once, at the end
            self._note(session, row, due, sending, what, now)

    def _note(self, session: Session, row: AlertRecord, due: Due, sending: Sending, what: Course, now: datetime) -> None:
        row.calling = False
        if sending.outcome is Outcome.ACCEPTED:
            book(session, due.purpose, sending.parts or 1, sending.cost, now)
        if due.purpose is Purpose.RELAY:
            relaying.record(self.ladder.audit, session, row, what.text, self._wait(row), now)
        elif due.purpose is Purpose.REPORTER:
            self._record_reporter(session, row, what.text, now)
        else:
            self._record_officer(session, row, sending, what, now)

    def _record_reporter(self, session: Session, row: AlertRecord, text: Text, now: datetime) -> None:
        """An answer to a reporter is sent once or not at all, and nothing of it is kept: no id of the gateway's either, which leads back to a number."""
        if text is Text.LATER:
            self._later(row, now)
        else:
            session.delete(row)

    def _record_officer(self, session: Session, row: AlertRecord, sending: Sending, what: Course, now: datetime) -> None:
        if sending.message_id:
            row.gateway_tag = self.keys.message_tag(sending.message_id)
        elif what.text is not Text.RECEIPT and row.unknown_at is None:
            row.gateway_tag = None  # a report that came meanwhile was about another text
        report = None if row.report is None else self.register.find(session, row.report)
        match what.text:
            case Text.SENT:
                self._accepted(session, row, report, now)
            case Text.LATER:
                self._later(row, now)
            case Text.NEXT:
                self._next(session, row, report, sending, now)
            case Text.RECEIPT:
                self._unknown(session, row, report, sending, now)

    def _unknown(self, session: Session, row: AlertRecord, report: Report | None, sending: Sending, now: datetime) -> None:
        """It may have gone out. It is sent once more, and if nobody knows of that either, somebody else is told; this one can still answer."""
        again, row.unknown_at, row.repeated = row.repeated, row.unknown_at or now, True
        self.receipts.catch_up(session, row, now)
        if row.due_at is None:
            return
        if not again:
            lost = timedelta(minutes=self.ladder.planner.policy.lost_red) if row.lane == RED_LANE and not sending.message_id else RECEIPT_WAIT
            row.due_at, row.claim = now + lost, None
        else:
            row.failed_at, row.failure, row.due_at, row.claim = now, UNKNOWN_TWICE, None, None
            log.error("nobody knows whether a text arrived, nor its repeat", purpose=row.purpose, lane=row.lane)
            if report is not None and row.purpose is Purpose.ALERT:
                self.ladder.also(session, report, row, now, "nobody knows whether another's alert arrived")

    def _accepted(self, session: Session, row: AlertRecord, report: Report | None, now: datetime) -> None:
        row.sent_at, row.due_at, row.claim = now, None, None
        if report is not None and row.purpose is Purpose.ALERT:
            self.ladder.sent(session, report, row, now)
        self.receipts.catch_up(session, row, now)

    def _next(self, session: Session, row: AlertRecord, report: Report | None, sending: Sending, now: datetime) -> None:
        row.failed_at, row.failure, row.due_at, row.claim = now, sending.reason, None, None
        self.contacts.unreachable(session, row.person)
        if report is not None and row.purpose is Purpose.ALERT:
            self.ladder.replace(session, report, row, now, "their phone takes no texts from the service")

    def _later(self, row: AlertRecord, now: datetime) -> None:
        row.due_at, row.claim = now + self._wait(row), None

    def _wait(self, row: AlertRecord) -> timedelta:
        """Doubling with each attempt up to the lane's longest, and up to half as much again at random, so that a queue does not come back at once."""
        base: timedelta = min(LONGEST.get(row.lane, timedelta(minutes=30)), BASE * 2 ** min(row.attempts, 10))
        return base * self.random.uniform(0.75, 1.25)
