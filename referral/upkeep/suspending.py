"""Taking an officer off duty by decision, and letting them back. It acts at once and is never refused: whether a gap opens is asked afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from referral.directory.field_changes import record_changes
from referral.directory.importer import record_fields
from referral.directory.office_fields import read_fields
from referral.directory.people import remove as erase
from referral.directory.people import set_suspended
from referral.privacy.audit import Action, Audit

PERSON = "person"


def suspend(session: Session, audit: Audit, person: str, by: str, reason: str, now: datetime) -> bool:
    """No alert goes to them and no answer of theirs counts from now on. True if it changed anything. Raises UnknownPerson.

    `reason` is kept in the audit only; it should not tell a child's story.
    """
    changed = set_suspended(session, person, True)
    if changed:
        _record(session, audit, person, by, Action.PERSON_SUSPENDED, now, reason=reason[:400])
    return changed


def restore(session: Session, audit: Audit, person: str, by: str, now: datetime) -> bool:
    """Back on duty. True if it changed anything. Raises UnknownPerson."""
    changed = set_suspended(session, person, False)
    if changed:
        _record(session, audit, person, by, Action.PERSON_RESTORED, now)
    return changed


def remove(session: Session, audit: Audit, person: str, by: str, reason: str, now: datetime) -> bool:
    """They have left the service: their number is erased, their posts end. True if it changed anything. Raises UnknownPerson."""
    before = read_fields(session)
    changed = erase(session, person, now)
    if changed:
        record_fields(session, before, "decision", by, now)
        _record(session, audit, person, by, Action.PERSON_REMOVED, now, reason=reason[:400])
    return changed


_FIELDS = {Action.PERSON_SUSPENDED: ("suspended", True), Action.PERSON_RESTORED: ("suspended", False), Action.PERSON_REMOVED: ("removed", True)}


def _record(session: Session, audit: Audit, person: str, by: str, action: Action, now: datetime, **said: str) -> None:
    field, value = _FIELDS[action]
    record_changes(session, PERSON, person, {field: not value}, {field: value}, "decision", by, now)
    audit.write(session, now, by, action, "directory", person=person, **said)
