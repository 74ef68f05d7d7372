"""What the network says became of a text. A receipt is never an acknowledgement: a phone that got it is not a person who read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from referral.alerts.claims import ONCE
from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, EarlyReceiptRecord, Purpose
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.privacy.keys import Keys
from referral.privacy.records import CounterRecord
from referral.reports.register import Register
from referral.store.database import Database, changed, count_up
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber


class Fate(StrEnum):
    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    LOST = "lost"


STATUSES = MappingProxyType(
    {
        "sent": Fate.ON_ITS_WAY,
        "submitted": Fate.ON_ITS_WAY,
        "buffered": Fate.ON_ITS_WAY,
        "success": Fate.DELIVERED,
        "rejected": Fate.LOST,
        "failed": Fate.LOST,
        "absentsubscriber": Fate.LOST,
        "expired": Fate.LOST,
    }
)
"""The gateway's status words, in lower case. A word that is not here says nothing we can use."""

UNREACHABLE = frozenset({"userinblacklist", "useraccountsuspended", "userisinactive", "userdoesnotexist", "notnetworksubcriber", "notnetworksubscriber"})
"""Reasons that mean this number takes no texts from us: the roster is flagged."""
EARLY_KEPT = timedelta(minutes=15)
LOST_FOR = timedelta(hours=6)
"""How long a text whose answer was lost may still be what a report of an unknown id is about: networks try for hours."""


@dataclass(frozen=True)
class Receipts:
    database: Database
    outbox: Outbox
    register: Register
    ladder: Ladder
    contacts: Contacts
    keys: Keys
    stop: Callable[[Session, PhoneNumber, datetime], object]
    """What a STOP by text does: a reporter's number goes wherever it was consented to."""

    def take(self, gateway_id: str, status: str, reason: str, now: datetime, number: str = "") -> None:
        """Note a delivery report. Unknown ids and words, repeats and late ones change nothing: final stays final.

        `number`, as the report names it, is looked at only where the id says nothing, and kept nowhere: see `_lost_answer`.
        """
        fate = STATUSES.get(status.strip().lower())
        if fate is None or fate is Fate.ON_ITS_WAY or not gateway_id:
            return
        tag = self.keys.message_tag(gateway_id)
        why = "".join(filter(str.isprintable, reason.strip() or status.strip())).lower()[:40]  # a database that cannot keep a sign would keep nothing
        with self.database.transaction() as session:
            row = self.outbox.sent_under(session, tag) or self._lost_answer(session, number, tag, now)
            if row is None or row.calling:
                session.merge(EarlyReceiptRecord(tag=tag, delivered=fate is Fate.DELIVERED, why=why, at=now))
            else:
                self._note(session, row, fate is Fate.DELIVERED, why, now)

    def _lost_answer(self, session: Session, number: str, tag: bytes, now: datetime) -> AlertRecord | None:
        """The one text to this officer's phone that is on its way, or whose answer the gateway lost, id and all: the report is about that, should nothing
        better be heard. None for anybody else's number, and where there are two such texts."""
        person = self.contacts.whose(session, number)
        if person is None:
            return None
        may = or_(AlertRecord.unknown_at > now - LOST_FOR, AlertRecord.calling.is_(True))  # final ones too: it may be the first copy of one sent again
        mine = (AlertRecord.person == person, AlertRecord.purpose.not_in(ONCE), may)
        found = session.execute(select(AlertRecord.id, AlertRecord.report, AlertRecord.due_at).where(*mine)).all()
        if len(found) != 1 or found[0].due_at is None:
            return None
        id_, report, _ = found[0]
        if report is not None:
            self.outbox.ladder(session, report)
        row = session.scalar(
            select(AlertRecord).where(AlertRecord.id == id_, *mine, AlertRecord.due_at.is_not(None), AlertRecord.gateway_tag.is_(None)).with_for_update()
        )
        if row is not None:
            row.gateway_tag = tag
        return row

    def catch_up(self, session: Session, row: AlertRecord, now: datetime) -> None:
        """Note the report that overtook our own writing down of the sending, if there is one."""
        early = session.get(EarlyReceiptRecord, row.gateway_tag) if row.gateway_tag else None
        if early is not None:
            session.delete(early)
            self._note(session, row, early.delivered, early.why, now)

    def forget(self, session: Session, now: datetime) -> None:
        """Drop early reports that nothing of ours ever matched, and count them: somebody may be making them up."""
        unknown = changed(session, delete(EarlyReceiptRecord).where(EarlyReceiptRecord.at < now - EARLY_KEPT))
        if unknown:
            count_up(session, CounterRecord, {"day": now.date(), "name": "sms.unknown_receipt"}, {"count": unknown})

    def _note(self, session: Session, row: AlertRecord, delivered: bool, why: str, now: datetime) -> None:
        """What the network said of a row of ours. Final stays final."""
        if row.delivered_at or row.failed_at or row.revoked_at:
            return
        self.outbox.arrived(row, now)
        if delivered:
            row.delivered_at = now
            return
        row.failed_at, row.failure = now, why
        if why in UNREACHABLE:
            self.contacts.unreachable(session, row.person)
        self._move_on(session, row, now, "the text was not delivered")

    def opted_out(self, number: str, now: datetime) -> None:
        """A phone takes no more texts from us. A reporter's number is erased as by STOP. Where it is an officer's the roster is flagged, and the next person
        is told of what they had not answered.

        Two transactions: the ladders are locked before the person, as by whoever writes down what the gateway said of a text.
        """
        with self.database.transaction() as session, suppress(NotAPhoneNumber):
            self.stop(session, PhoneNumber(number), now)
        with self.database.transaction() as session:
            person = self.contacts.whose(session, number)
            if person is None:
                return
            self._all_on(session, self.outbox.alerts_for(session, person, now), now, "their phone takes no more texts from the service")
            self.contacts.unreachable(session, person)
            self._withhold(session, person, now)

    def takes_none(self, person: str, now: datetime) -> None:
        """The gateway said of one text that this person's phone takes none: what else waits for them is not tried, and goes to the next person."""
        with self.database.read() as session:
            waiting = select(AlertRecord.id).where(AlertRecord.person == person, AlertRecord.due_at.is_not(None))
            if session.scalar(waiting.limit(1)) is None:
                return
        with self.database.transaction() as session:
            waiting_alerts = [row for row in self.outbox.alerts_for(session, person, now) if row.due_at is not None]
            waiting_alerts = [row for row in waiting_alerts if self.outbox.free(session, row.report)]  # the others are refused when they are tried
            self._all_on(session, waiting_alerts, now, "their phone takes no texts from the service")
            self._withhold(session, person, now)

    def _all_on(self, session: Session, rows: Iterable[AlertRecord], now: datetime, why: str) -> None:
        """Move on with each, in one order, since each locks its report."""
        for row in sorted(rows, key=lambda row: row.report or ""):
            self.outbox.ladder(session, row.report or "")
            same = select(AlertRecord).where(AlertRecord.id == row.id).with_for_update().execution_options(populate_existing=True)
            found = session.scalar(same)  # None: called off while we waited for the report
            if found is not None and not found.calling and not found.revoked_at:
                self._move_on(session, found, now, why)

    @staticmethod
    def _withhold(session: Session, person: str, now: datetime) -> None:
        """Whatever is no hand-over and waits for this person is not sent; a reporter's text, which they only asked for, is."""
        kept = (Purpose.ALERT, Purpose.DRILL, Purpose.RELAY)
        waiting = (AlertRecord.person == person, AlertRecord.due_at.is_not(None), AlertRecord.calling.is_(False), AlertRecord.purpose.not_in(kept))
        session.execute(update(AlertRecord).where(*waiting).values(failed_at=now, failure="takes no texts", due_at=None, claim=None))

    def _move_on(self, session: Session, row: AlertRecord, now: datetime, why: str) -> None:
        """Somebody else is told; who was told keeps the alert, since a phone that was off is switched on again, and its owner may answer."""
        report = None if row.report is None else self.register.find(session, row.report)
        if report is not None and row.purpose is Purpose.ALERT and row.acknowledged_at is None and row.declined_at is None:
            tell = self.ladder.replace if row.due_at is not None else self.ladder.also  # what has not gone out need not
            tell(session, report, row, now, why)
