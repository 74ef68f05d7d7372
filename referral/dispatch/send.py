"""Sending what is due: claim, look again who it goes to, send with nothing open, write down what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from referral.alerts.ledger import book
from referral.alerts.outbox import Due, Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import acting
from referral.alerts.wording import Matter, alert_text
from referral.directory import drilling
from referral.dispatch.receipts import Receipts
from referral.gateway.port import Gateway, Outcome, Refusal, Sending
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.privacy.keys import Keys
from referral.privacy.logs import describe
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.routing.clock import Randomness
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Urgency

log = structlog.get_logger()
BATCH = 4
"""Few at a time: a killed worker delays only what it had claimed."""
BASE = timedelta(seconds=5)
LONGEST = {0: timedelta(seconds=30), 1: timedelta(minutes=3)}
"""The longest wait between two tries, by lane: a RED alert is tried again soon however often the gateway refused. Half an hour for the others."""
STUCK = 4
RECEIPT_WAIT = timedelta(minutes=5)
"""How long a text that may have gone out waits for a receipt before it is sent once more, marked."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to go out now: to whom and in which words. Made in one transaction, sent after it."""

    to: PhoneNumber
    text: str


@dataclass(frozen=True)
class Sender:
    """The only caller of `Gateway.send`."""

    database: Database
    gateway: Gateway
    outbox: Outbox
    register: Register
    ladder: Ladder
    contacts: Contacts
    receipts: Receipts
    keys: Keys
    catalogue: Catalogue
    random: Randomness
    dial: str
    """What an officer dials to read a report."""

    def send_due(self, now: Callable[[], datetime]) -> int:
        """Send one batch. Returns how many rows were claimed; 0 means that nothing is due."""
        with self.database.transaction() as session:
            claimed = self.outbox.claim(session, now(), BATCH)
        for due in claimed:
            self._try(due, now)
        return len(claimed)

    def _try(self, due: Due, now: Callable[[], datetime]) -> None:
        """One row that cannot be sent must not keep back those behind it: it waits a while, and an alert's office is asked for another person."""
        try:
            self._one(due, now)
        except Exception as error:
            log.error("not sent", purpose=due.purpose, attempts=due.attempts, **describe(error))
            with self.database.transaction() as session:
                row = self.outbox.held(session, due)
                if row is not None and not row.calling:
                    self._stuck(session, row, now())

    def _stuck(self, session: Session, row: AlertRecord, now: datetime) -> None:
        """A text that cannot be put together: after a few tries somebody else is told."""
        row.due_at, row.claim = now + self._wait(row), None
        report = None if row.report is None else self.register.find(session, row.report)
        if row.purpose is Purpose.ALERT and report is not None and row.attempts >= STUCK:
            self.ladder.replace(session, report, row, now, "their alert could not be put together")

    def _one(self, due: Due, now: Callable[[], datetime]) -> None:
        with self.database.transaction() as session:
            letter = self._letter(session, due, now())
        if letter is None:
            return
        sending = self.gateway.send(letter.to, letter.text)
        with self.database.transaction() as session:
            self._record(session, due, sending, now())
        log.info("sent", outcome=sending.outcome, reason=sending.reason, code=sending.code, purpose=due.purpose, attempts=due.attempts)

    def _letter(self, session: Session, due: Due, now: datetime) -> Letter | None:
        """The text, or None where it must not go out any more: the one it was for is gone, on leave, or excluded since it was queued."""
        row = self.outbox.held(session, due)
        if row is None:
            return None
        report = None if due.report is None else self.register.find(session, due.report)
        if not self._wanted(session, row, due, report, now):
            return None
        if due.purpose is Purpose.REPORTER:
            row.calling = True
            return Letter(*self.outbox.letter_to_reporter(row))
        person = self.contacts.find(session, row.person)
        if person is None:
            self._drop(row, "nobody", now)
            return None
        letter = Letter(person.number, self._words(session, due, report, person.language, now))
        row.calling = True
        return letter

    def _wanted(self, session: Session, row: AlertRecord, due: Due, report: Report | None, now: datetime) -> bool:
        """Whether it should still go out, now and to this person; where not, what becomes of it has been written down."""
        if report is not None and not self._still_right(report, due, now):
            if due.purpose is Purpose.ALERT:
                self.ladder.replace(session, report, row, now, "no longer on duty or not to know")
            else:
                self._drop(row, "no longer right", now)
            return False
        if due.purpose is Purpose.AGAIN and report is not None and self._heard(session, report, due):
            self._drop(row, "answered", now)
            return False
        return due.purpose is not Purpose.DRILL or self._test_may_go(session, row, now)

    def _test_may_go(self, session: Session, row: AlertRecord, now: datetime) -> bool:
        """A test goes out by day, to whoever would answer for the office now: somebody suspended or on leave since it was queued is not asked."""
        planner = self.ladder.planner
        opens = clock.next_sending_time(Urgency.LOW, now, planner.policy)
        if opens > now:
            row.due_at, row.claim, row.attempts = opens + timedelta(minutes=self.random.uniform(0, 60)), None, row.attempts - 1
            return False
        on_duty = planner.on_duty(row.office or "", now)
        if not on_duty:
            self._drop(row, "nobody", now)
        elif row.person not in {bearer.person for bearer in on_duty}:
            self.outbox.address(session, row, on_duty[0].person, now)
            drilling.readdressed(session, row.id, row.person)
        return bool(on_duty)

    def _heard(self, session: Session, report: Report, due: Due) -> bool:
        """Whether a repeat has become needless: somebody answered, or, where it is acting that was missed, somebody acts."""
        alerts = self.outbox.alerts_of(session, report.id)
        return acting(alerts) if due.key == "alert.not_acted" else self.ladder.satisfied(report, alerts)

    def _still_right(self, report: Report, due: Due, now: datetime) -> bool:
        """Whether this person still answers for the office, and the office may still know."""
        planner = self.ladder.planner
        if due.office is None or not planner.may_know(report, due.office):
            return False
        return any(bearer.person == due.person for bearer in planner.on_duty(due.office, now))

    def _words(self, session: Session, due: Due, report: Report | None, language: str, now: datetime) -> str:
        zone = self.ladder.planner.policy.timezone
        local_now = now.astimezone(zone)
        if due.purpose in (Purpose.ALERT, Purpose.AGAIN) and report is not None:
            of = session.get(AlertRecord, due.params.get("alert", due.id))
            assert of is not None  # a repeat is deleted with the alert it repeats
            place = self.ladder.planner.roster().place_name(report.told.place) if report.told.place else None
            matter = Matter(report.number, report.urgency, report.told, place)
            by = of.deadline_at if due.purpose is Purpose.AGAIN and of.deadline_at else self.ladder.deadline(report, due.step or 1, now)
            text = alert_text(self.catalogue.say, language, matter, self.outbox.one_time(of), by.astimezone(zone), local_now, key=due.key)
            return self.catalogue.say(language, "alert.repeated", text=text) if due.repeated else text
        if due.purpose is Purpose.DRILL:
            test = session.get_one(AlertRecord, due.id)
            text = self.catalogue.say(language, "drill.text", one_time=self.outbox.one_time(test))
            return self.catalogue.say(language, "alert.repeated", text=text) if due.repeated else text
        return self.catalogue.say(language, due.key or "reply.help", dial=self.dial, **due.params)

    def _record(self, session: Session, due: Due, sending: Sending, now: datetime) -> None:
        row = self.outbox.held(session, due)
        if row is None:
            return
        row.calling = False
        if sending.outcome is Outcome.ACCEPTED:
            book(session, due.purpose, sending.parts or 1, sending.cost, now)
        if due.purpose is Purpose.REPORTER:
            self._record_reporter(session, row, sending, now)
        else:
            self._record_officer(session, row, sending, now)

    def _record_officer(self, session: Session, row: AlertRecord, sending: Sending, now: datetime) -> None:
        if sending.message_id:
            row.gateway_tag = self.keys.message_tag(sending.message_id)
        report = None if row.report is None else self.register.find(session, row.report)
        match sending.outcome:
            case Outcome.REFUSED:
                self._refused(session, row, report, sending, now)
            case Outcome.ACCEPTED:
                self._accepted(session, row, report, now)
            case Outcome.UNKNOWN if row.repeated:
                row.sent_at, row.due_at, row.claim = now, None, None  # twice is all: silence climbs the ladder
            case Outcome.UNKNOWN:
                row.unknown_at, row.due_at, row.claim, row.repeated = now, now + RECEIPT_WAIT, None, True

    def _accepted(self, session: Session, row: AlertRecord, report: Report | None, now: datetime) -> None:
        row.sent_at, row.due_at, row.claim = now, None, None
        if report is not None and row.purpose is Purpose.ALERT:
            self.ladder.sent(session, report, row, now)
        self.receipts.catch_up(session, row, now)

    def _record_reporter(self, session: Session, row: AlertRecord, sending: Sending, now: datetime) -> None:
        """An answer to a reporter is sent once or not at all, and nothing of it is kept: no id of the gateway's either, which leads back to a number."""
        if sending.outcome is Outcome.REFUSED and sending.refusal is not Refusal.PERSON_UNREACHABLE:
            row.claim, row.due_at = None, now + self._wait(row)
        else:
            session.delete(row)

    def _refused(self, session: Session, row: AlertRecord, report: Report | None, sending: Sending, now: datetime) -> None:
        row.claim = None
        if sending.refusal is Refusal.PERSON_UNREACHABLE:
            row.failed_at, row.failure, row.due_at = now, sending.reason, None
            self.contacts.unreachable(session, row.person)
            if report is not None and row.purpose is Purpose.ALERT:
                self.ladder.replace(session, report, row, now, "their phone takes no texts from the service")
            return
        if sending.refusal is not Refusal.RETRY:
            log.error("gateway refuses the account", reason=sending.reason, code=sending.code)
        row.due_at = now + self._wait(row)

    def _wait(self, row: AlertRecord) -> timedelta:
        """Doubling with each attempt up to the lane's longest, and up to half as much again at random, so that a queue does not come back at once."""
        base: timedelta = min(LONGEST.get(row.lane, timedelta(minutes=30)), BASE * 2 ** min(row.attempts, 10))
        return base * self.random.uniform(0.75, 1.25)

    @staticmethod
    def _drop(row: AlertRecord, why: str, now: datetime) -> None:
        row.failed_at, row.failure, row.due_at, row.claim = now, why, None, None
