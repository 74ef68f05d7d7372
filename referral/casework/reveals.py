"""Showing a consented number: one asks with a reason, another who is over them agrees and is shown it, once. Both hear of it by text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import Purpose
from referral.casework.case_records import RevealRecord
from referral.casework.colleagues import NO_REPORT, Colleagues
from referral.casework.refusals import Refused
from referral.privacy.audit import Action, Audit
from referral.privacy.seal import Cell, Sealer
from referral.reports import consents
from referral.reports.keeping import closed
from referral.reports.records import ReportRecord
from referral.reports.register import Register, Report
from referral.store.base import new_id
from referral.vocabulary.phone import PhoneNumber

TABLE = "reveal"
UNANSWERED = timedelta(days=7)
"""A request that nobody agreed to lapses after so long: what made it urgent is over."""


class RevealRefused(Refused):
    """The words say why, for the person who asked."""


@dataclass(frozen=True, slots=True)
class Reveal:
    """A request without its reason, which is sealed and read by whoever is to agree. `open`: a second person can still agree."""

    id: str
    number: str
    asked_by: str
    asked_hour: datetime
    approved_by: str | None
    open: bool


@dataclass(frozen=True)
class Reveals:
    """Every method works inside the caller's transaction. The caller has made sure that `by` is who they say."""

    register: Register
    outbox: Outbox
    colleagues: Colleagues
    sealer: Sealer
    audit: Audit

    def ask(self, session: Session, report_id: str, by: str, reason: str, now: datetime) -> str:
        """Ask for the number of a reporter who agreed to be contacted. Returns the request's id; nothing is shown.

        Raises RevealRefused: a report that is not theirs or is closed, no reason, no consent, a request that waits already.
        """
        report = self._locked(session, report_id)
        if report is None or closed(session, report_id) or self.colleagues.may_read(session, report, by, now) is None:
            raise RevealRefused(NO_REPORT)
        if not reason.strip():
            raise RevealRefused("say why")
        self._consented(session, report, now)
        consent = consents.standing(session, report.id)
        if any(_open(one, consent, now) for one in session.scalars(select(RevealRecord).where(RevealRecord.report == report.id))):
            raise RevealRefused("somebody has asked already: it waits for a second person")
        id_ = new_id()
        filed = session.get_one(ReportRecord, report.id).filed_hour
        sealed = self.sealer.of_month(filed).seal(reason.strip(), Cell(TABLE, "reason", id_))
        session.add(RevealRecord(id=id_, report=report.id, reason=sealed, asked_by=by, asked_hour=_hour(now), consent=consent))
        self.audit.write(session, now, by, Action.REVEAL_ASKED, report.id)
        self._tell(session, by, "reveal.asked", report, now)
        self._ask_a_second(session, report, by, now)
        return id_

    def approve(self, session: Session, reveal: str, by: str, now: datetime) -> PhoneNumber:
        """The second person agrees, and is shown the number: now, and never again by this request. Both are texted.

        Raises RevealRefused, also for the one who asked and for who is over none of their offices, and privacy.seal.Unreadable.
        """
        row, report = self._to_agree(session, reveal, by, now)
        self._consented(session, report, now)
        if row.consent != consents.standing(session, report.id):
            raise RevealRefused("the reporter has withdrawn since, or given another number: ask anew")
        number = self.register.contact_number(session, report.id, now)
        if number is None:
            raise RevealRefused("the reporter is no longer reachable")
        row.approved_by = by
        row.approved_hour = row.shown_hour = _hour(now)
        self.audit.write(session, now, by, Action.REVEAL_APPROVED, report.id, asked_by=row.asked_by)
        self.audit.write(session, now, by, Action.REVEALED, report.id, asked_by=row.asked_by)
        for person in (row.asked_by, by):
            self._tell(session, person, "reveal.shown", report, now)
        return number

    def all(self, session: Session, now: datetime) -> Sequence[Reveal]:
        """Every request, the newest hour first. For the list that somebody reviews; the caller has written SEARCHED."""
        rows = select(RevealRecord, ReportRecord.number, ReportRecord.consent).join(ReportRecord, ReportRecord.id == RevealRecord.report)
        found = session.execute(rows.order_by(RevealRecord.asked_hour.desc(), RevealRecord.id))
        return [
            Reveal(row.id, number, row.asked_by, row.asked_hour, row.approved_by, _open(row, consent, now) and not closed(session, row.report))
            for row, number, consent in found
        ]

    def reason(self, session: Session, reveal: str, by: str, now: datetime) -> str:
        """Why, for whoever may agree; in the audit. Raises RevealRefused, and privacy.seal.Unreadable."""
        row, report = self._to_agree(session, reveal, by, now)
        self.audit.write(session, now, by, Action.READ, report.id, what="why a number is asked for")
        return self.sealer.open(row.reason, Cell(TABLE, "reason", reveal))

    def _to_agree(self, session: Session, reveal: str, by: str, now: datetime) -> tuple[RevealRecord, Report]:
        """A request that waits, for somebody who may agree to it, under the report's lock."""
        about = session.scalar(select(RevealRecord.report).where(RevealRecord.id == reveal))
        report = None if about is None else self._locked(session, about)
        row = session.get(RevealRecord, reveal, with_for_update=True, populate_existing=True)
        if row is None or report is None or not self.colleagues.posts(session, report, by, now) or not _waits(row, now) or closed(session, report.id):
            raise RevealRefused("no such request waits for a second person")
        if by.casefold() == row.asked_by.casefold():
            raise RevealRefused("a second person must agree")
        if not any(self.colleagues.over(session, report, office, by, now) for office in self._offices(session, report, row.asked_by, now)):
            raise RevealRefused("the second person is of the desk, or over the office that asked; and whoever asked is still on duty")
        return row, report

    def _locked(self, session: Session, report: str) -> Report | None:
        """Under the report's lock: nobody withdraws or asks meanwhile."""
        self.outbox.ladder(session, report)
        return self.register.find(session, report)

    def _consented(self, session: Session, report: Report, now: datetime) -> None:
        if self.register.reachable(session, report.id, now) is None:
            raise RevealRefused("the reporter did not agree to be contacted, or does no longer")

    def _offices(self, session: Session, report: Report, person: str, now: datetime) -> list[str]:
        return [post.id for post in self.colleagues.posts(session, report, person, now)]

    def _ask_a_second(self, session: Session, report: Report, by: str, now: datetime) -> None:
        for office in self._offices(session, report, by, now):
            bearer = self.colleagues.second_reader(session, report, office, by, now)
            if bearer is not None:
                self._tell(session, bearer.person, "reveal.waits", report, now)
                return

    def _tell(self, session: Session, person: str, key: str, report: Report, now: datetime) -> None:
        self.outbox.tell(session, Purpose.REPLY, person, key, {"number": report.number}, now)


def _open(row: RevealRecord, consent: str | None, now: datetime) -> bool:
    """Whether it can still be agreed to: a request ends with the consent it was asked under."""
    return _waits(row, now) and row.consent == consent


def _waits(row: RevealRecord, now: datetime) -> bool:
    return row.approved_by is None and row.asked_hour > now - UNANSWERED


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
