"""The relay's moment of sending: consent, hours and number are looked at now, the number in memory only. Sent once at most, and forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from referral.alerts import relays
from referral.alerts.records import AlertRecord
from referral.dispatch.policy_of_codes import Text
from referral.handover.contacts import Contacts
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.privacy.seal import Unreadable
from referral.reports import consents
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.texts.catalogue import Catalogue
from referral.vocabulary.phone import PhoneNumber

log = structlog.get_logger()


@dataclass(frozen=True)
class Relaying:
    """Every method works inside the caller's transaction, on a claimed RELAY row and its report, both locked."""

    register: Register
    planner: Planner
    contacts: Contacts
    catalogue: Catalogue

    def when(self, session: Session, row: AlertRecord, report: Report | None, now: datetime) -> datetime | None:
        """When it may go out: `now`, or in the next safe hours. None where it is not sent any more, and why has been written down."""
        reachable = None if report is None else self.register.reachable(session, report.id, now)
        why = None
        if report is None or reachable is None or reachable.by_call or closed(session, report.id):
            why = relays.UNREACHABLE
        elif self.contacts.suspended(row.person) or not self.planner.may_know(report, row.office or "") or self.planner.keeps_from(report, row.person, now):
            why = relays.NOT_RIGHT
        elif row.deadline_at is not None and row.deadline_at <= now:
            why = relays.LATE
        if why is not None or reachable is None:
            _drop(row, why or relays.UNREACHABLE, now)
            return None
        return clock.next_contact_time(reachable.hours, now, self.planner.policy)

    def addressed(self, session: Session, row: AlertRecord, params: Mapping[str, str], now: datetime) -> tuple[PhoneNumber, str] | None:
        """The number, opened now, and neutral words; None where this host cannot open it. From here on what comes from the phone is an answer."""
        report = row.report or ""
        try:
            number = self.register.contact_number(session, report, now)
        except Unreadable:
            log.error("a consented number cannot be opened")
            return None
        if number is None:
            return None
        consents.relayed(session, report, now)
        fills = {name: value for name, value in params.items() if name != relays.LANGUAGE}
        return number, self.catalogue.say(params[relays.LANGUAGE], row.key or "", **fills)


def record(audit: Audit, session: Session, row: AlertRecord, text: Text, wait: timedelta, now: datetime) -> None:
    """What came back. One that may have gone out is not sent again; one that the gateway did not take is, after `wait`, while its time lasts."""
    match text:
        case Text.LATER:
            row.claim, row.due_at = None, now + wait
        case Text.NEXT:
            _drop(row, relays.TAKES_NONE, now)
        case Text.SENT | Text.RECEIPT:
            relays.finish(row, now, relays.LOST if text is Text.RECEIPT else None)
            audit.write(session, now, "service", Action.RELAYED, row.report or "")


def _drop(row: AlertRecord, why: str, now: datetime) -> None:
    row.failed_at, row.failure, row.due_at, row.claim = relays.hour(now), why, None, None
