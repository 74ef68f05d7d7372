"""An officer answers an alert by text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import recused
from referral.casework import marks
from referral.casework.grammar import Command, Verb, read_command
from referral.directory import drilling
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.privacy.audit import Action, Audit
from referral.reports.keeping import closed
from referral.reports.register import Register, Report

log = structlog.get_logger()
FEW_WORDS = 2
"""Somebody who was just tested and writes "OK nimepata" answers, without the number; three words can tell of a child, and are heard like anybody's."""
WRONG_ANSWERS = 3
"""Wrong one-time numbers after which an alert takes no more answers by text: a thief of the number gets three guesses of ten thousand."""


@dataclass(frozen=True)
class OfficersAnswers:
    """What an answer changes. Works inside the caller's transaction; every reply is a row in the outbox."""

    register: Register
    outbox: Outbox
    ladder: Ladder
    contacts: Contacts
    audit: Audit

    def means_us(self, session: Session, person: str, text: str, now: datetime) -> bool:
        """Whether a text from the number of `person` answers an alert. Somebody with no alert open who writes in sentences reports like anybody."""
        if any(alert.acknowledged_at is None and alert.declined_at is None for alert in self.outbox.alerts_for(session, person, now)):
            return True
        command = read_command(text)
        if command is None:
            return False
        tested = any(test.acknowledged_at is None for test in self._tests(session, person, now))
        return command.number is not None or len(text.split()) <= (FEW_WORDS if tested else 1)

    def answer(self, session: Session, person: str, text: str, now: datetime) -> None:
        """Take a text from the number of `person`, and queue the reply. What cannot be understood changes nothing and is answered with how to answer."""
        if self.contacts.suspended(person):
            log.warning("an answer from somebody suspended changes nothing")
            return
        command = read_command(text)
        if command is None or command.verb is Verb.HELP:
            self._reply(session, person, "reply.help", now)
        elif command.number is None:
            self._reply(session, person, "reply.number_missing", now, verb=command.verb.upper())
        else:
            self._numbered(session, person, command, now)

    def _numbered(self, session: Session, person: str, command: Command, now: datetime) -> None:
        sent = [alert for alert in self.outbox.alerts_ever(session, person, now) if alert.sent_at or alert.unknown_at or alert.calling]
        alerts = [alert for alert in sent if not _over(alert)]
        alert = self.outbox.numbers.meant([*alerts, *(one for one in sent if _over(one))], command.number or "")
        report = None if alert is None or alert.report is None else self.register.find(session, alert.report)
        if alert is None or report is None:
            if not self._tested(session, person, command, now):
                self._wrong(session, person, alerts, now)
            return
        self.outbox.ladder(session, report.id)  # locks the report: one answer at a time, and on what stands when it is ours
        session.refresh(alert)
        if not self._counts(session, report, alert, command.verb, now):
            self._reply(session, person, "reply.no_longer", now, number=report.number)
            return
        self.outbox.arrived(alert, now)
        self.contacts.verified(session, person, now)
        match command.verb:
            case Verb.OK:
                self._ok(session, report, alert, now)
            case Verb.ACT:
                self._act(session, report, alert, now)
            case _:
                self._no(session, report, alert, command.reason, now)
        session.flush()
        self.ladder.settle(session, report, now)

    def _counts(self, session: Session, report: Report, alert: AlertRecord, verb: Verb, now: datetime) -> bool:
        """Whether an answer to this alert changes anything. All others are no guesses and hear one reply, whatever the reason: else whom a report has
        come to accuse could tell it from the words. Of somebody who has left the office, or is kept out by now, the next person is told."""
        if _over(alert) or closed(session, report.id):
            return False
        if alert.office not in {post.id for post in self.ladder.planner.posts(report, alert.person, now)}:
            self.ladder.take_off(session, report, alert, now, "no longer in the office or not to know")
            return False
        return verb is Verb.NO or alert.person not in recused([alert], for_good=True)

    def _tests(self, session: Session, person: str, now: datetime) -> list[AlertRecord]:
        """The monthly tests that went out to this person."""
        rows = self.outbox.alerts_for(session, person, now, Purpose.DRILL)
        return [row for row in rows if row.sent_at or row.unknown_at or row.calling]

    def _tested(self, session: Session, person: str, command: Command, now: datetime) -> bool:
        """Take the answer to a test: whatever its verb, somebody is there. False if the number is no test's."""
        test = self.outbox.numbers.meant(self._tests(session, person, now), command.number or "")
        if test is None:
            return False
        self.outbox.arrived(test, now)
        test.acknowledged_at = test.acknowledged_at or now
        self.contacts.verified(session, person, now)
        drilling.answered(session, test.id, test.sent_at or now, person, now)
        self._reply(session, person, "reply.drill", now)
        return True

    def _ok(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
        marks.acknowledge(self.audit, session, report, alert, now)
        self._reply(session, alert.person, "reply.acknowledged", now, number=report.number, alert=alert.id)

    def _act(self, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
        marks.act(self.audit, session, report, alert, now)
        self._reply(session, alert.person, "reply.acting", now, number=report.number)

    def _no(self, session: Session, report: Report, alert: AlertRecord, reason: str | None, now: datetime) -> None:
        marks.decline(self.audit, self.ladder, self.outbox, session, report, alert, reason, now)
        self._reply(session, alert.person, "reply.declined", now, number=report.number)

    def _wrong(self, session: Session, person: str, alerts: Sequence[AlertRecord], now: datetime) -> None:
        """A number that is no alert's: counted on every alert still open to this person, since any of them may be the one guessed at."""
        ended: str | None = None
        for alert in alerts:
            if alert.acknowledged_at is not None:
                continue
            alert.wrong_answers += 1
            if alert.wrong_answers >= WRONG_ANSWERS:
                ended = self._end_answers(session, alert, now) or ended
        if ended:
            self._reply(session, person, "reply.answers_ended", now, number=ended)
        else:
            self._reply(session, person, "reply.wrong_number", now)

    def _end_answers(self, session: Session, alert: AlertRecord, now: datetime) -> str | None:
        """Take no more answers by text for an alert, and tell the supervisor. Returns the alert's number."""
        alert.answers_ended_at = now
        report = None if alert.report is None else self.register.find(session, alert.report)
        if report is None:
            return None
        self.audit.write(session, now, alert.person, Action.ANSWERS_ENDED, report.id, office=alert.office)
        self.ladder.tell_supervisor(session, report, alert, "supervisor.wrong_answers", now)
        return report.number

    def _reply(self, session: Session, person: str, key: str, now: datetime, **params: str) -> None:
        self.outbox.tell(session, Purpose.REPLY, person, key, params, now)


def _over(alert: AlertRecord) -> bool:
    """Taken back, handed on, done, or guessed at too often."""
    return any((alert.revoked_at, alert.referred_on_at, alert.done_at, alert.answers_ended_at))
