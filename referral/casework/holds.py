"""Legal holds: two people agree, until a day, that a report is kept although its time is over. For a court, never for convenience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.casework.case_records import LegalHoldRecord
from referral.casework.colleagues import NO_REPORT, Colleagues
from referral.casework.refusals import Refused
from referral.privacy.audit import Action, Audit
from referral.privacy.seal import Cell, Sealer
from referral.reports.records import ReportRecord
from referral.reports.register import Register
from referral.store.base import new_id

TABLE = "legal_hold"
LONGEST = timedelta(days=366)
"""A hold that is still needed after a year is asked for again, by two people who have looked again."""
UNANSWERED = timedelta(days=30)
"""A hold that nobody approved lapses after so long."""


class HoldRefused(Refused):
    """The words say why, for the person who asked."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold without its reason, which is sealed and read by `Holds.reason`. `standing` keeps the report from the purge."""

    id: str
    number: str
    asked_by: str
    approved_by: str | None
    until: date
    standing: bool


class Holds:
    """Every method works inside the caller's transaction. Who may not read a report learns nothing of it here, not even that it is held."""

    def __init__(self, register: Register, colleagues: Colleagues, sealer: Sealer, audit: Audit) -> None:
        self._register = register
        self._colleagues = colleagues
        self._sealer = sealer
        self._audit = audit

    def ask(self, session: Session, report: str, by: str, reason: str, until: date, now: datetime) -> str:
        """Ask that a report be held through the day `until`; it is not held before a second person agrees. Returns the hold's id.

        Raises HoldRefused for somebody who may not read it, for no reason, for a day that is over or farther than a year.
        """
        if not self._reads(session, report, by, now):
            raise HoldRefused(NO_REPORT)
        if not reason.strip():
            raise HoldRefused("say why")
        if not now.date() <= until <= (now + LONGEST).date():
            raise HoldRefused("until: a day from today on, at most a year ahead")
        id_ = new_id()
        filed = session.scalar(select(ReportRecord.filed_hour).where(ReportRecord.id == report))
        sealed = self._sealer.of_month(filed or now).seal(reason.strip(), Cell(TABLE, "reason", id_))
        session.add(LegalHoldRecord(id=id_, report=report, reason=sealed, asked_by=by, asked_hour=_hour(now), until=until))
        self._audit.write(session, now, by, Action.HOLD_ASKED, report, until=until)
        return id_

    def approve(self, session: Session, hold: str, by: str, now: datetime) -> None:
        """The second person, who may read the report, agrees, and it is held. Raises HoldRefused for the one who asked, and for what is not there for
        them to approve."""
        row = session.get(LegalHoldRecord, hold, with_for_update=True)
        if row is None or not _waits(row, now) or not self._reads(session, row.report, by, now):
            raise HoldRefused("no such hold waits for a second person")
        if by.casefold() == row.asked_by.casefold():
            raise HoldRefused("a second person must agree")
        row.approved_by, row.approved_hour = by, _hour(now)
        self._audit.write(session, now, by, Action.HOLD_APPROVED, row.report, asked_by=row.asked_by, until=row.until)

    def open(self, session: Session, by: str, now: datetime) -> Sequence[Hold]:
        """What holds or waits for its second person of what this officer may read, the first to be reviewed first. The caller has written SEARCHED
        where it is listed."""
        rows = select(LegalHoldRecord, ReportRecord.number).join(ReportRecord, ReportRecord.id == LegalHoldRecord.report)
        found = session.execute(rows.where(LegalHoldRecord.ended_hour.is_(None)).order_by(LegalHoldRecord.until, LegalHoldRecord.id))
        return [Hold(r.id, number, r.asked_by, r.approved_by, r.until, _stands(r, now)) for r, number in found if self._reads(session, r.report, by, now)]

    def held(self, session: Session, now: datetime) -> frozenset[str]:
        """The reports that the purge must leave alone."""
        return frozenset(self.standing(session, now).values())

    def standing(self, session: Session, now: datetime, report: str | None = None) -> Mapping[str, str]:
        """The holds that stand, each with its report; of one report where it is named."""
        standing = (LegalHoldRecord.approved_by.is_not(None), LegalHoldRecord.ended_hour.is_(None), LegalHoldRecord.until >= now.date())
        of = () if report is None else (LegalHoldRecord.report == report,)
        return {row[0]: row[1] for row in session.execute(select(LegalHoldRecord.id, LegalHoldRecord.report).where(*standing, *of))}

    def end_over(self, session: Session, now: datetime) -> int:
        """Write down the end of holds whose day is over, and of those that nobody approved in a month. How many."""
        over = LegalHoldRecord.until < now.date()
        lapsed = LegalHoldRecord.approved_by.is_(None) & (LegalHoldRecord.asked_hour <= now - UNANSWERED)
        rows = session.scalars(select(LegalHoldRecord).where(LegalHoldRecord.ended_hour.is_(None), over | lapsed).with_for_update()).all()
        for row in rows:
            row.ended_hour = _hour(now)
            self._audit.write(session, now, "service", Action.HOLD_ENDED, row.report, until=row.until)
        return len(rows)

    def reason(self, session: Session, hold: str) -> str:
        """Why. Raises LookupError for no such hold, and privacy.seal.Unreadable."""
        row = session.get(LegalHoldRecord, hold)
        if row is None:
            raise LookupError(hold)
        return self._sealer.open(row.reason, Cell(TABLE, "reason", hold))

    def _reads(self, session: Session, report: str, person: str, now: datetime) -> bool:
        found = self._register.find(session, report)
        return found is not None and self._colleagues.may_read(session, found, person, now) is not None


def _waits(row: LegalHoldRecord, now: datetime) -> bool:
    return row.approved_by is None and row.ended_hour is None and row.until >= now.date()


def _stands(row: LegalHoldRecord, now: datetime) -> bool:
    return row.approved_by is not None and row.until >= now.date()


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
