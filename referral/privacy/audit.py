"""Who did what to which report, append-only. An entry holds no narrative and no number."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ColumnElement, String, and_, or_, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.store.base import ID_LENGTH, Base, new_id
from referral.store.database import Database, put

PAGE = 1000
REPORTER = "reporter"
DAY = timedelta(days=1)


class Action(StrEnum):
    FILED = "filed"
    AMENDED = "amended"
    REPLANNED = "replanned"
    STEP_TAKEN = "step_taken"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    ACTING = "acting"
    ANSWERS_ENDED = "answers_ended"
    ACTION_MISSED = "action_missed"
    LADDER_ENDED = "ladder_ended"
    CONTACT_GIVEN = "contact_given"
    CONTACT_WITHDRAWN = "contact_withdrawn"
    DIRECTORY_LOADED = "directory_loaded"
    COVERAGE_OVERRIDDEN = "coverage_overridden"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_RESTORED = "person_restored"
    PERSON_REMOVED = "person_removed"
    POST_CHANGED = "post_changed"
    NUMBER_CHANGED = "number_changed"
    PIN_INVITED = "pin_invited"
    PIN_SET = "pin_set"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED = "pin_locked"
    SIGNED_IN = "signed_in"
    READ = "read"
    HANDED_ON = "handed_on"
    SERVICE_GIVEN = "service_given"
    DONE = "done"
    PROPOSAL_ACCEPTED = "proposal_accepted"
    SEARCHED = "searched"
    EXPORTED = "exported"
    REVEAL_ASKED = "reveal_asked"
    REVEAL_APPROVED = "reveal_approved"
    REVEALED = "revealed"
    PLACE_REVEALED = "place_revealed"
    CLOSING = "closing"
    CLOSED = "closed"
    HOLD_ASKED = "hold_asked"
    HOLD_APPROVED = "hold_approved"
    HOLD_ENDED = "hold_ended"
    PURGED = "purged"
    KEY_MADE = "key_made"
    KEY_ROTATED = "key_rotated"
    KEY_RETIRED = "key_retired"
    KEY_DESTROYED = "key_destroyed"
    KEYS_BACKED_UP = "keys_backed_up"
    AUDIT_SHOWN = "audit_shown"
    AUDIT_VERIFIED = "audit_verified"
    LETTER_WRITTEN = "letter_written"
    RELAY_ASKED = "relay_asked"
    RELAYED = "relayed"
    LETTER_READ_BY_SECOND = "letter_read_by_second"
    REOPENED = "reopened"
    WORDS_ERASED = "words_erased"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    TOKENS_TURNED = "tokens_turned"
    DRILLED = "drilled"


class AuditRecord(Base):
    """One entry. Its key is random and it is not chained here: a chain would keep the order in which reports came in.

    `hour` is the beginning of the hour; of what a reporter does after the filing, of the day (UTC): see `by_day`.
    """

    __tablename__ = "audit"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    hour: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[Action]
    subject: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    details: Mapped[str] = mapped_column(String(1000))
    mac: Mapped[bytes]


class Audit:
    """Writes entries whose MAC is made with a key that is not in the database: an entry cannot be edited or made up there."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, session: Session, now: datetime, actor: str, action: Action, subject: str, **details: object) -> None:
        """Add an entry to the caller's transaction. `actor` is a person's or office's id, "reporter" or "service"; `details` words only."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        id_, hour, said = new_id(), hour.replace(hour=0) if by_day(actor, action) else hour, _canonical(details)
        mac = self.mac(id_, hour, actor, action, subject, said)
        put(session, AuditRecord, {"id": id_, "hour": hour, "actor": actor, "action": action, "subject": subject, "details": said, "mac": mac})

    def genuine(self, record: AuditRecord) -> bool:
        return hmac.compare_digest(record.mac, self._mac(record))

    def _mac(self, record: AuditRecord) -> bytes:
        return self.mac(record.id, record.hour, record.actor, record.action, record.subject, record.details)

    def mac(self, id_: str, hour: datetime, actor: str, action: str, subject: str, details: str) -> bytes:
        """The MAC that an entry of these words must have."""
        said = _canonical({"id": id_, "hour": hour.astimezone(UTC), "actor": actor, "action": action, "subject": subject})
        return hmac.digest(self._key, f"{said}{details}".encode(), sha256)


def by_day(actor: str, action: str) -> bool:
    """Whether an entry tells its day only: a reporter's own acts, hour by hour beside a list of calls, are one phone after three or four. The hour of
    the filing itself is known from the report."""
    return actor == REPORTER and action != Action.FILED


def over(now: datetime) -> ColumnElement[bool]:
    """Entries whose hour is over, of those by the day whose day is: chained earlier, their place in the chain would tell the hour."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    days = and_(AuditRecord.actor == REPORTER, AuditRecord.action != Action.FILED)
    return and_(AuditRecord.hour < hour, or_(~days, AuditRecord.hour < hour.replace(hour=0)))


def _canonical(values: Mapping[str, object]) -> str:
    return json.dumps({k: str(v) for k, v in values.items()}, sort_keys=True, separators=(",", ":"))


def entries(database: Database, *, subject: str | None = None, actor: str | None = None, since: datetime | None = None) -> Iterator[AuditRecord]:
    """Entries about a subject (a report's id, "directory" …), by an actor, of hours from `since` on; oldest hour first, in a random order within
    it, a day's own before its hours. Whoever reads them writes AUDIT_SHOWN first."""
    chosen = select(AuditRecord).order_by(AuditRecord.hour, AuditRecord.id).limit(PAGE)
    chosen = chosen if subject is None else chosen.where(AuditRecord.subject == subject)
    chosen = chosen if actor is None else chosen.where(AuditRecord.actor == actor)
    page_from = chosen if since is None else chosen.where(_since(since))
    while True:
        with database.read() as session:
            page = session.scalars(page_from).all()
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]
        page_from = chosen.where(tuple_(AuditRecord.hour, AuditRecord.id) > (last.hour, last.id))


def _since(since: datetime) -> ColumnElement[bool]:
    """Of those by the day the whole day in which it begins: which of its hours they were in is not known."""
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return or_(AuditRecord.hour >= since, and_(AuditRecord.actor == REPORTER, AuditRecord.action != Action.FILED, AuditRecord.hour >= day))
