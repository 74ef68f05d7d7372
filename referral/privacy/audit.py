"""Who did what to which report, append-only. An entry holds no narrative and no number."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.store.base import ID_LENGTH, Base, new_id


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
    PIN_INVITED = "pin_invited"
    PIN_SET = "pin_set"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED = "pin_locked"
    SIGNED_IN = "signed_in"
    READ = "read"
    HANDED_ON = "handed_on"
    SERVICE_GIVEN = "service_given"
    DONE = "done"


class AuditRecord(Base):
    """One entry. Its key is random and it is not chained here: a chain would keep the order in which reports came in."""

    __tablename__ = "audit"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    hour: Mapped[datetime]
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
        record = AuditRecord(
            id=new_id(),
            hour=now.replace(minute=0, second=0, microsecond=0),
            actor=actor,
            action=action,
            subject=subject,
            details=_canonical(details),
        )
        record.mac = self._mac(record)
        session.add(record)

    def genuine(self, record: AuditRecord) -> bool:
        return hmac.compare_digest(record.mac, self._mac(record))

    def _mac(self, record: AuditRecord) -> bytes:
        said = _canonical({"id": record.id, "hour": record.hour, "actor": record.actor, "action": record.action, "subject": record.subject})
        return hmac.digest(self._key, f"{said}{record.details}".encode(), sha256)


def _canonical(values: Mapping[str, object]) -> str:
    return json.dumps({k: str(v) for k, v in values.items()}, sort_keys=True, separators=(",", ":"))
