"""Sending what is due: claim, look again who it goes to, send with nothing open, write down what came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.claims import ALL, ONCE, Due, Lanes, is_due, release
from referral.alerts.ledger import book
from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch import relaying
from referral.dispatch.letters import Letters
from referral.dispatch.policy_of_codes import Text, course
from referral.dispatch.receipts import Receipts
from referral.dispatch.road import Roads
from referral.gateway.port import Gateway, Outcome, Sending
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.privacy.keys import Keys
from referral.privacy.logs import describe
from referral.reports.register import Register, Report
from referral.routing.clock import Randomness
from referral.store.database import Database
from referral.store.health import NotNow

log = structlog.get_logger()
BATCH = 4
"""Few at a time: a killed worker delays only what it had claimed."""
BASE = timedelta(seconds=5)
LONGEST = {0: timedelta(seconds=30), 1: timedelta(minutes=3)}
"""The longest wait between two tries, by lane: a RED alert is tried again soon however often the gateway refused. Half an hour for the others."""
STUCK = 4
HELD = timedelta(minutes=15)
"""How long an answer that cannot be written down is held; until then nobody else can take the text either, for the same reason."""
RECEIPT_WAIT = timedelta(minutes=5)
"""How long a text that may have gone out waits for a receipt before it is sent once more, marked."""


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
    stopping: Callable[[], bool] = lambda: False

    def send_due(self, now: Callable[[], datetime], lanes: Lanes = ALL) -> int:
        """Send one batch of these lanes. Returns how many rows were claimed; 0 means that nothing is due, or that it has to wait."""
        claimed = self._claim(lanes, now())
        for position, due in enumerate(claimed):
            if self.stopping():
                with self.database.transaction() as session:
                    release(session, claimed[position:], now())
                break
            self._try(due, now)
        return len(claimed)

    def _claim(self, lanes: Lanes, now: datetime) -> Sequence[Due]:
        with self.database.read() as session:
            waits = select(AlertRecord.lane).where(is_due(now), AlertRecord.lane.between(lanes.first, lanes.last)).order_by(AlertRecord.lane)
            first = session.scalar(waits.limit(1))
        if first is None:
            return ()
        with self.database.transaction() as session:
            taken: list[Due] = []
            for part in lanes.parts(first):
                if not taken and (most := self.roads.allowed(session, part, BATCH, now)):
                    taken = self.outbox.claim(session, now, most, part)
                    self.roads.took(session, part, len(taken), now)
            return taken

    def _try(self, due: Due, now: Callable[[], datetime]) -> None:
        """One row that cannot be sent must not keep back those behind it: it waits a while, and an alert's office is asked for another person."""
        try:
            self._one(due, now)
        except NotNow:
            raise
        except Exception as error:
            log.error("not sent", purpose=due.purpose, attempts=due.attempts, **describe(error))
            with self.database.transaction() as session:
                row = self.outbox.held(session, due)
                if row is not None and not row.calling:
                    self._stuck(session, row, now())

    def _stuck(self, session: Session, row: AlertRecord, now: datetime) -> None:
        """A text that cannot be put together: after a few tries somebody else is told."""
        self._later(row, now)
        report = None if row.report is None else self.register.find(session, row.report)
        if row.purpose is Purpose.ALERT and report is not None and row.attempts >= STUCK:
            self.ladder.replace(session, report, row, now, "their alert could not be put together")

    def _one(self, due: Due, now: Callable[[], datetime]) -> None:
        with self.database.transaction() as session:
            letter = self.letters.make(session, due, now())
        if letter is None:
            return
        sending = self.gateway.send(letter.to, letter.text)
        what = course(sending)
        self._write_down(due, sending, what.text, now)
        log.info("sent", outcome=sending.outcome, reason=sending.reason, code=sending.code, purpose=due.purpose, attempts=due.attempts, lane=due.lane)
        self.roads.heard(what, sending.reason, now())
        if what.text is Text.NEXT and due.purpose not in ONCE:
            self.receipts.takes_none(due.person, now())

    def _write_down(self, due: Due, sending: Sending, text: Text, now: Callable[[], datetime]) -> None:
        """The gateway's answer is in hand and nowhere else: while the database takes nothing it is held, or the same words would go out again."""
        given_up = now() + HELD
        while True:
            try:
                with self.database.transaction() as session:
                    self._record(session, due, sending, text, now())
            except NotNow:
                while not self.database.health.wait(1.0):
                    if self.stopping() or now() > given_up:
                        raise
            else:
                return

    def _record(self, session: Session, due: Due, sending: Sending, text: Text, now: datetime) -> None:
        row = self.outbox.held(session, due)
        if row is None:
            return
        with session.no_autoflush:  # what is written down is written once, at the end
            self._note(session, row, due, sending, text, now)

    def _note(self, session: Session, row: AlertRecord, due: Due, sending: Sending, text: Text, now: datetime) -> None:
        row.calling = False
        if sending.outcome is Outcome.ACCEPTED:
            book(session, due.purpose, sending.parts or 1, sending.cost, now)
        if due.purpose is Purpose.RELAY:
            relaying.record(self.ladder.audit, session, row, text, self._wait(row), now)
        elif due.purpose is Purpose.REPORTER:
            self._record_reporter(session, row, text, now)
        else:
            self._record_officer(session, row, sending, text, now)

    def _record_reporter(self, session: Session, row: AlertRecord, text: Text, now: datetime) -> None:
        """An answer to a reporter is sent once or not at all, and nothing of it is kept: no id of the gateway's either, which leads back to a number."""
        if text is Text.LATER:
            self._later(row, now)
        else:
            session.delete(row)

    def _record_officer(self, session: Session, row: AlertRecord, sending: Sending, text: Text, now: datetime) -> None:
        if sending.message_id:
            row.gateway_tag = self.keys.message_tag(sending.message_id)
        report = None if row.report is None else self.register.find(session, row.report)
        match text:
            case Text.SENT:
                self._accepted(session, row, report, now)
            case Text.LATER:
                self._later(row, now)
            case Text.NEXT:
                self._next(session, row, report, sending, now)
            case Text.RECEIPT if row.repeated:
                row.sent_at, row.due_at, row.claim = now, None, None  # twice is all: silence climbs the ladder
            case Text.RECEIPT:
                row.unknown_at, row.due_at, row.claim, row.repeated = now, now + RECEIPT_WAIT, None, True

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
