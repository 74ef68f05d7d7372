"""An officer's desk: the alerts handed to one person, and what that person does with them. For the officers' menu and any other door.

Who may not know of a report finds nothing here, at every single look: an alert that was taken back, handed on or declined, one
of an office they no longer fill, one that a rule keeps from one of their posts by now. "Not there" and "not yours" are one answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.casework import marks
from referral.casework.records import Given, ServiceEventRecord
from referral.handover import held_back
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.reports.numbers import Reachable
from referral.reports.register import Register, Report
from referral.store.base import new_id
from referral.vocabulary.report import Urgency


class Standing(StrEnum):
    """How far an officer is with an alert."""

    NEW = "new"
    ANSWERED = "answered"
    ACTING = "acting"


@dataclass(frozen=True, slots=True)
class Brief:
    """An alert in a list: no more than its text message said. `due`: by when to answer, or to act; None once acting."""

    alert: str
    number: str
    urgency: Urgency
    place: str | None
    standing: Standing
    due: datetime | None
    unread: int = 0
    """Letters of the reporter that this officer has not read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A report as an officer reads it: never who reported, nor their number or code. `place` and `spot` are names."""

    report: Report
    place: str | None
    spot: str | None
    reachable: Reachable | None


@dataclass(frozen=True, slots=True)
class Mine:
    """An alert that is this person's to see, with its report, nothing sealed opened."""

    person: str
    alert: AlertRecord
    report: Report


@dataclass(frozen=True)
class Desk:
    """Every method works inside the caller's transaction. What is not theirs is None, False or an empty list, whatever the reason."""

    register: Register
    outbox: Outbox
    ladder: Ladder
    planner: Planner
    contacts: Contacts
    audit: Audit

    def open_alerts(self, session: Session, person: str, now: datetime) -> tuple[Brief, ...]:
        """What waits for this person: the most urgent first, then what is due first."""
        briefs = [self._brief(session, mine, now) for mine in self._all_mine(session, person, now)]
        return tuple(sorted(briefs, key=lambda brief: (brief.urgency.rank, brief.due is None, brief.due or now, brief.number)))

    def brief(self, session: Session, person: str, alert: str, now: datetime) -> Brief | None:
        mine = self._mine(session, person, alert, now)
        return None if mine is None else self._brief(session, mine, now)

    def look(self, session: Session, person: str, alert: str, now: datetime) -> Opened | None:
        """The report once more, for another page of a reading that `read` has written down. An alert never opened shows nothing."""
        mine = self._mine(session, person, alert, now)
        report = None if mine is None or mine.alert.acknowledged_at is None else self.register.read(session, mine.report.id)
        if report is None:
            return None
        roster, told = self.planner.roster(), report.told
        place = roster.place_name(told.place) if told.place else None
        spot = (roster.place_name(told.spot) or told.spot) if told.spot else None
        return Opened(report, place, spot, self.register.reachable(session, report.id, now))

    def read(self, session: Session, person: str, alert: str, now: datetime) -> bool:
        """They open it: that counts as "I have it", and each reading is in the audit."""
        mine = self._to_change(session, person, alert, now)
        if mine is None:
            return False
        marks.acknowledge(self.audit, session, mine.report, mine.alert, now)
        self.audit.write(session, now, person, Action.READ, mine.report.id, office=mine.alert.office)
        self._answered(session, mine, now)
        return True

    def act(self, session: Session, person: str, alert: str, now: datetime) -> bool:
        """They are acting: the clock to the first action stops."""
        mine = self._to_change(session, person, alert, now)
        if mine is None:
            return False
        marks.act(self.audit, session, mine.report, mine.alert, now)
        self._answered(session, mine, now)
        return True

    def decline(self, session: Session, person: str, alert: str, reason: str, now: datetime) -> bool:
        """They cannot: the next is told, and the report is out of their sight from now on."""
        mine = self._to_change(session, person, alert, now)
        if mine is None:
            return False
        marks.decline(self.audit, self.ladder, self.outbox, session, mine.report, mine.alert, reason, now)
        self._answered(session, mine, now)
        return True

    def give(self, session: Session, person: str, alert: str, service: Given, on: date, *, done: bool, now: datetime) -> bool:
        """A service was given on that day, which is acting too; with `done`, their part is. The same one twice is written once."""
        mine = self._to_change(session, person, alert, now)
        if mine is None:
            return False
        report, office = mine.report.id, mine.alert.office or ""
        marks.act(self.audit, session, mine.report, mine.alert, now)
        same = (ServiceEventRecord.report == report, ServiceEventRecord.office == office)
        known = select(ServiceEventRecord.id).where(*same, ServiceEventRecord.service == service, ServiceEventRecord.given_on == on)
        if session.scalar(known) is None:
            hour = now.replace(minute=0, second=0, microsecond=0)
            session.add(ServiceEventRecord(id=new_id(), report=report, office=office, person=person, service=service, given_on=on, noted_hour=hour))
            self.audit.write(session, now, person, Action.SERVICE_GIVEN, report, office=office, service=service)
        if done:
            mine.alert.done_at = now
            self.audit.write(session, now, person, Action.DONE, report, office=office)
        self._answered(session, mine, now)
        return True

    def mine_to_hand_on(self, session: Session, person: str, alert: str, now: datetime, *, lock: bool) -> Mine | None:
        """For the hand-over: an alert they have opened, under its report's lock where it is about to change."""
        mine = self._to_change(session, person, alert, now) if lock else self._mine(session, person, alert, now)
        return None if mine is None or mine.alert.acknowledged_at is None else mine

    def _answered(self, session: Session, mine: Mine, now: datetime) -> None:
        """As after an answer by text: no second text goes out, the entry in the directory is true as of today, the clocks follow."""
        self.outbox.arrived(mine.alert, now)
        self.contacts.verified(session, mine.person, now)
        session.flush()
        self.ladder.settle(session, mine.report, now)

    def _to_change(self, session: Session, person: str, alert: str, now: datetime) -> Mine | None:
        """Looked at under the report's lock: one answer at a time, and not on what somebody else has just changed."""
        report = session.scalar(select(AlertRecord.report).where(AlertRecord.id == alert, AlertRecord.person == person))
        if report is None or self.outbox.ladder(session, report) is None:
            return None
        return self._mine(session, person, alert, now)

    def _mine(self, session: Session, person: str, alert: str, now: datetime) -> Mine | None:
        return next((mine for mine in self._all_mine(session, person, now) if mine.alert.id == alert), None)

    def _all_mine(self, session: Session, person: str, now: datetime) -> Iterator[Mine]:
        planner = self.planner.of_the_moment()
        for alert in self._handed_to(session, person):
            report = None if alert.report is None else self.register.find(session, alert.report)
            if report is not None and alert.office in {post.id for post in planner.posts(report, person, now)}:
                yield Mine(person, alert, report)

    @staticmethod
    def _handed_to(session: Session, person: str) -> Sequence[AlertRecord]:
        """Sent to them, and still theirs. What has not been sent yet waits so that it points at nobody, and does not exist before."""
        over = (AlertRecord.revoked_at, AlertRecord.declined_at, AlertRecord.referred_on_at, AlertRecord.done_at)
        sent = or_(AlertRecord.sent_at.is_not(None), AlertRecord.unknown_at.is_not(None), AlertRecord.calling.is_(True))
        rows = select(AlertRecord).where(AlertRecord.person == person, AlertRecord.purpose == Purpose.ALERT, sent, *(at.is_(None) for at in over))
        return session.scalars(rows).all()

    def _brief(self, session: Session, mine: Mine, now: datetime) -> Brief:
        alert, report = mine.alert, mine.report
        place = self.planner.roster().place_name(report.told.place) if report.told.place else None
        unread = held_back.unread(session, report, alert.mail_turn or 0, now)
        if alert.acting_at is not None:
            return Brief(alert.id, report.number, report.urgency, place, Standing.ACTING, None, unread)
        if alert.acknowledged_at is None:
            return Brief(alert.id, report.number, report.urgency, place, Standing.NEW, alert.deadline_at)
        ladder = session.get(LadderRecord, report.id)
        return Brief(alert.id, report.number, report.urgency, place, Standing.ANSWERED, ladder.action_due_at if ladder else None, unread)
