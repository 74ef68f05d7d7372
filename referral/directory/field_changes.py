"""The record of every field that changed: of which entry, from what to what, by whom and when. It never holds an officer's number or a hidden place."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from referral.directory.service_records import Visibility
from referral.directory.upkeep_records import FieldChangeRow, ProposalRow
from referral.store.base import new_id

LOCATION = "location"
WITHHELD = "(changed)"
_LONGEST = 500
_AT_ONCE = 5000
_NUMBERS = frozenset({"number", "sealed_number", "number_tag", "sealed"})
WHEREABOUTS = frozenset({"name", "place", "lat", "lon", "precision", "directions", "transport"})
_NOT_SAID = frozenset({"id", "version", "updated_at", "edited"})
"""What says nothing of the entry itself."""
BY_HAND = "proposal"
"""The action of what somebody changed by hand: no file overwrites such a field."""
Entry = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""An entry's id, and its fields before (empty: it is new) and after (empty: it is gone)."""


def record_changes(session: Session, entity: str, entry: str, before: Mapping[str, Any], after: Mapping[str, Any], action: str, by: str, now: datetime) -> int:
    """Write every field of one entry that differs; how many there were. A new or removed entry is one line, its field "id".

    `entity` is the table's name without "directory_" ("service_at_location"). Give whole rows where the entry is a location: what
    hides it stands in `visibility`. `action` is a word such as import, load, proposal, edit.
    """
    return record_all(session, entity, [(entry, before, after)], action, by, now)


def record_all(session: Session, entity: str, entries: Iterable[Entry], action: str, by: str, now: datetime) -> int:
    """As record_changes, for many entries of one table at once."""
    rows = [
        {"id": new_id(), "entity": entity, "entry": entry, "field": field, "old": old, "new": new, "action": action, "by": by, "at": now}
        for entry, before, after in entries
        for field, old, new in _differences(session, entity, entry, before, after)
    ]
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(FieldChangeRow), rows[start : start + _AT_ONCE])
    return len(rows)


def by_hand(session: Session) -> dict[tuple[str, str], frozenset[str]]:
    """The fields that somebody changed by hand, by entity and entry."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    changes = select(FieldChangeRow.entity, FieldChangeRow.entry, FieldChangeRow.field).where(FieldChangeRow.action == BY_HAND).distinct()
    for entity, entry, field in session.execute(changes):
        found[entity, entry].add(field)
    return {entry: frozenset(fields) for entry, fields in found.items()}


def verified_no_more(session: Session, entity: str) -> dict[str, date]:
    """Until which day an entry's verification was taken back, since its number became another: what a file says of days up to then is of the old one."""
    taken = (FieldChangeRow.entity == entity, FieldChangeRow.field == "verified_on", FieldChangeRow.new.is_(None), FieldChangeRow.old.is_not(None))
    days = select(FieldChangeRow.entry, func.max(FieldChangeRow.old)).where(*taken).group_by(FieldChangeRow.entry)
    return {entry: date.fromisoformat(day) for entry, day in session.execute(days) if day is not None}


def _differences(
    session: Session, entity: str, entry: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, str | None, str | None]]:
    if not before or not after:
        yield "id", entry if before else None, entry if after else None
        return
    hidden = entity == LOCATION and Visibility.CONFIDENTIAL in (before.get("visibility"), after.get("visibility"))
    if hidden and before.get("visibility") != after.get("visibility"):
        _forget_whereabouts(session, entity, entry)
    for field in sorted((before.keys() & after.keys()) - _NOT_SAID):
        if before[field] != after[field]:
            withheld = field in _NUMBERS or (hidden and field in WHEREABOUTS)
            yield field, WITHHELD if withheld else _said(before[field]), WITHHELD if withheld else _said(after[field])


def _forget_whereabouts(session: Session, entity: str, entry: str) -> None:
    """A place that is hidden from now on was not always: what the record said of where it lies goes."""
    old = (FieldChangeRow.entity == entity, FieldChangeRow.entry == entry, FieldChangeRow.field.in_(WHEREABOUTS))
    session.execute(update(FieldChangeRow).where(*old).values(old=WITHHELD, new=WITHHELD))
    forget_proposed(session, entry)


def forget_proposed(session: Session, location: str) -> None:
    """Every proposal for a hidden place, an open one too: which fields it named stays, what it said of them and why goes."""
    session.flush()
    for row in session.scalars(select(ProposalRow).where(ProposalRow.entity == LOCATION, ProposalRow.entry == location)):
        row.changes, row.note = json.dumps(withheld(json.loads(row.changes)), sort_keys=True), ""
        if row.decided_by is not None:  # else it is the service's own note
            row.decision_note = ""
    session.flush()


def withheld(changes: Mapping[str, str]) -> dict[str, str]:
    """The changes proposed for a hidden place, as anybody may read them."""
    return {field: value if field == "visibility" else WITHHELD for field, value in changes.items()}


def _said(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, StrEnum):
        return value.value
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text[:_LONGEST]
