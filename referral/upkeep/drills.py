"""The monthly test of every office: queued by day at random minutes, answered like an alert, looked at when nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord
from referral.directory import drilling
from referral.directory.snapshot import Roster
from referral.directory.tasks import open_task, opened_since
from referral.directory.upkeep_records import DrillRow, TaskKind
from referral.routing import clock
from referral.routing.policy import Policy
from referral.store.database import Database
from referral.vocabulary.duty import DutyBearer, Office
from referral.vocabulary.report import Urgency

PATIENCE = timedelta(hours=72)
"""How long an office may take to answer a test before somebody looks why."""
ROOM = timedelta(hours=2)
"""With less of the sending hours left, tests wait for the next morning: sixty at once would be a burst."""
CATCH_UP = 3
"""Days after the drill's day on which a worker that was down still makes up for it."""
LOOKED_AT = timedelta(days=62)
"""Tests of months long past are no longer asked about."""
AT_ONCE = 25
"""Offices in one transaction, so that no caller waits for all of them."""
LAST = 6


class UnknownOffice(LookupError):
    """No office of that id."""


class Outcome(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    NOT_REACHED = "not reached"
    NOBODY = "nobody on duty"


@dataclass(frozen=True, slots=True)
class Asking:
    """One office's test as it would go out. `bearer` is None where nobody is on duty at `due_at`."""

    office: Office
    bearer: DutyBearer | None
    due_at: datetime
    month: date


@dataclass(frozen=True, slots=True)
class Drilled:
    """One test as the directory shows it: `person` is an id, `minutes` None where nobody answered (yet)."""

    office: str
    month: date
    person: str | None
    sent_at: datetime | None
    minutes: int | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Record:
    """How far an office can be relied on: its last tests that are over, up to six, and how long its answers took."""

    office: str
    tests: int
    answered: int
    median_minutes: float | None
    last: Drilled


@dataclass(frozen=True)
class Drills:
    database: Database
    roster: Callable[[], Roster]
    outbox: Outbox
    policy: Policy
    random: clock.Randomness

    def plan(self, now: datetime, office: str | None = None) -> list[Asking]:
        """Whom this month's tests would go to and when, at random minutes of the sending hours that are left today. Raises UnknownOffice."""
        roster = self.roster()
        chosen = [one for one in roster.offices() if office in (None, one.id)]
        if office is not None and not chosen:
            raise UnknownOffice(office)
        opens, closes = self._window(now)
        return [self._asking(roster, one, opens, closes) for one in chosen]

    def start(self, now: datetime, office: str | None = None) -> list[Asking]:
        """Queue the test of every office, or of one, that was not asked this month. Returns those that were queued. Raises UnknownOffice."""
        queued: list[Asking] = []
        for some in _chunks(self.plan(now, office), AT_ONCE):
            with self.database.transaction() as session:
                queued += [asking for asking in some if self._ask(session, asking, now)]
        return queued

    def monthly(self, now: datetime) -> int:
        """The worker's: on the policy's day of the month, or soon after it. How many were queued."""
        day, today = self.policy.upkeep.drill_day, now.astimezone(self.policy.timezone).day
        return len(self.start(now)) if day and day <= today <= day + CATCH_UP else 0

    def look(self, now: datetime) -> int:
        """Write down what went out, and open a task, once a test, for each that nobody answered. How many tasks."""
        since = (now - LOOKED_AT).date()
        with self.database.transaction() as session:
            return sum(self._look(session, row, alert, now) for row, alert in self._tests(session, DrillRow.minutes.is_(None), DrillRow.month >= since))

    def tested(self, session: Session, now: datetime) -> list[Drilled]:
        """Every test that stands in the directory, office by office, the newest first."""
        return [_tested(row, alert, now) for row, alert in self._tests(session)]

    def records(self, session: Session, now: datetime) -> list[Record]:
        """One line for each office that was ever tested."""
        offices: dict[str, list[Drilled]] = {}
        for one in self.tested(session, now):
            offices.setdefault(one.office, []).append(one)
        return [_record(tests) for tests in offices.values()]

    def _window(self, now: datetime) -> tuple[datetime, datetime]:
        opens = clock.next_sending_time(Urgency.LOW, now, self.policy)
        closes = self._closing(opens)
        if closes - opens < ROOM:
            opens = clock.next_sending_time(Urgency.LOW, closes, self.policy)
            closes = self._closing(opens)
        return opens, closes

    def _closing(self, at: datetime) -> datetime:
        closes = self.policy.sending_hours.closes
        return at.astimezone(self.policy.timezone).replace(hour=closes.hour, minute=closes.minute, second=0, microsecond=0).astimezone(at.tzinfo)

    def _asking(self, roster: Roster, office: Office, opens: datetime, closes: datetime) -> Asking:
        due_at = opens + timedelta(seconds=self.random.uniform(0, (closes - opens).total_seconds()))
        bearer = next(iter(roster.on_duty(office.id, due_at, self.policy.timezone)), None)
        return Asking(office, bearer, due_at, due_at.astimezone(self.policy.timezone).date().replace(day=1))

    def _ask(self, session: Session, asking: Asking, now: datetime) -> bool:
        row = drilling.reserve(session, asking.office.id, asking.month)
        if row is None or asking.bearer is None:
            return False
        row.person = asking.bearer.person
        row.alert = self.outbox.drill(session, asking.bearer, asking.due_at, now)
        session.flush()
        return True

    def _look(self, session: Session, row: DrillRow, alert: AlertRecord | None, now: datetime) -> int:
        seen = _tested(row, alert, now)
        row.sent_at = seen.sent_at
        if seen.outcome in (Outcome.WAITING, Outcome.ANSWERED):
            return 0
        since = seen.sent_at or datetime(row.month.year, row.month.month, 1, tzinfo=self.policy.timezone)
        if opened_since(session, TaskKind.DRILL_UNANSWERED, drilling.OFFICE, row.office, since):
            return 0  # somebody has looked at this very test already
        note = f"test of {row.month:%m/%Y}: {seen.outcome}" + (f", {row.person} was asked" if row.person else "")
        return int(open_task(session, TaskKind.DRILL_UNANSWERED, drilling.OFFICE, row.office, note, now))

    @staticmethod
    def _tests(session: Session, *only: ColumnElement[bool]) -> Sequence[tuple[DrillRow, AlertRecord | None]]:
        rows = select(DrillRow, AlertRecord).outerjoin(AlertRecord, AlertRecord.id == DrillRow.alert).order_by(DrillRow.office, DrillRow.month.desc())
        return [(row, alert) for row, alert in session.execute(rows.where(*only))]


def _tested(row: DrillRow, alert: AlertRecord | None, now: datetime) -> Drilled:
    sent_at = row.sent_at or (alert.sent_at if alert else None)
    return Drilled(row.office, row.month, row.person, sent_at, row.minutes, _outcome(row, alert, sent_at, now))


def _outcome(row: DrillRow, alert: AlertRecord | None, sent_at: datetime | None, now: datetime) -> Outcome:
    if row.minutes is not None:
        return Outcome.ANSWERED
    if row.alert is None:
        return Outcome.NOBODY
    if alert is not None and alert.due_at is not None:
        return Outcome.WAITING
    if sent_at is None:
        return Outcome.NOT_REACHED
    return Outcome.WAITING if now - sent_at < PATIENCE else Outcome.NO_ANSWER


def _record(tests: Sequence[Drilled]) -> Record:
    over = [one for one in tests if one.outcome is not Outcome.WAITING][:LAST]
    minutes = [one.minutes for one in over if one.minutes is not None]
    return Record(tests[0].office, len(over), len(minutes), median(minutes) if minutes else None, tests[0])


def _chunks(items: Sequence[Asking], size: int) -> Iterator[Iterable[Asking]]:
    return (items[at : at + size] for at in range(0, len(items), size))
