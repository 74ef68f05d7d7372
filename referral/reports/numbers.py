"""A reporter's number: kept where they agreed to it and as long as they did, and opened by nobody but the relay and two people together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.privacy.relay import Relay
from referral.privacy.seal import Cell, Sealer
from referral.reports.records import TABLE, ReportRecord
from referral.store.base import new_id
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Hours

CONTACT_KEPT = timedelta(days=30)
CONTACT_LONGEST = timedelta(days=90)
"""However often a consent is renewed: a number changes hands."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """A reporter agreed to be contacted: in these hours, by text or by a call. Never the number."""

    hours: Hours
    by_call: bool


class ReportersNumbers:
    """The part of the register that keeps numbers. Every method works inside the caller's transaction."""

    def __init__(self, sealer: Sealer, relay: Relay) -> None:
        """`relay` closes reporters' numbers; this process may be unable to open them again."""
        self._sealer = sealer
        self._relay = relay

    def give_contact(self, session: Session, report: str, number: PhoneNumber, tag: bytes, hours: Hours, by_call: bool, now: datetime) -> None:
        """The one way a reporter's number is kept: asked for, consented to, sealed, gone after 30 days. `tag` finds it for a STOP as long as it is kept.

        Consenting again for the same number renews it, 90 days from the first consent at most.
        """
        record = session.get_one(ReportRecord, report)
        hour = now.replace(minute=0, second=0, microsecond=0)
        renews = record.contact_tag == tag and record.contact_first_hour is not None
        record.contact_first_hour = record.contact_first_hour if renews else hour
        record.relayed_hour = record.relayed_hour if renews else None
        record.consent = record.consent if renews else new_id()
        cell = Cell(TABLE, "contact", report)
        record.contact = self._sealer.of_month(record.filed_hour).seal(self._relay.close(number.reveal(), cell), cell)
        record.contact_hours, record.contact_by_call, record.contact_tag = hours, by_call, tag
        record.contact_until = min(hour + CONTACT_KEPT, (record.contact_first_hour or hour) + CONTACT_LONGEST)

    def withdraw_contact(self, session: Session, report: str) -> None:
        """The number goes in the same statement as the consent."""
        record = session.get_one(ReportRecord, report)
        record.contact = record.contact_hours = record.contact_by_call = record.contact_until = record.contact_tag = None
        record.contact_first_hour = record.relayed_hour = record.consent = None

    def forget_contacts(self, session: Session, now: datetime) -> int:
        """Erase the numbers whose time is over: nobody is called back on a number that may be somebody else's by now."""
        over = list(session.scalars(select(ReportRecord.id).where(ReportRecord.contact_until <= now)))
        for report in over:
            self.withdraw_contact(session, report)
        return len(over)

    def contacts_of(self, session: Session, tag: bytes) -> list[str]:
        """The reports a number was given for."""
        return list(session.scalars(select(ReportRecord.id).where(ReportRecord.contact_tag == tag)))

    def reachable(self, session: Session, report: str, now: datetime) -> Reachable | None:
        """Whether and when a reporter may be contacted; nothing is opened for it."""
        record = session.get(ReportRecord, report)
        if record is None or record.contact_hours is None or record.contact_until is None or record.contact_until <= now:
            return None
        return Reachable(record.contact_hours, bool(record.contact_by_call))

    def contact_number(self, session: Session, report: str, now: datetime) -> PhoneNumber | None:
        """The consented number, opened: for the relay at the moment it sends, and for a reveal by two people. None without a consent that stands.

        Raises privacy.seal.Unreadable where this host does not hold the relay's private key.
        """
        sealed = None if self.reachable(session, report, now) is None else session.get_one(ReportRecord, report).contact
        cell = Cell(TABLE, "contact", report)
        return None if sealed is None else PhoneNumber(self._relay.open(self._sealer.open(sealed, cell), cell))
