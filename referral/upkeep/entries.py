"""Entries of the directory as somebody changes them by hand: found, checked by the rules of the files, written with a record of every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import delete, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.directory.field_changes import BY_HAND, record_changes
from referral.directory.help_tables import TABLES, HelpTable, Values, cells, values_of
from referral.directory.lines import OfficeLine
from referral.directory.near_build import rebuild_near
from referral.directory.people import bump
from referral.directory.records import JurisdictionRow, OfficeRow, PlaceRow
from referral.directory.stamping import Written, stamp
from referral.directory.upkeep_records import FieldChangeRow, ProposalRow, ProposalStatus
from referral.upkeep.entry_parts import PARTS, exchange, exchanges, parts_of
from referral.upkeep.entry_rules import broken
from referral.vocabulary.limits import Spread
from referral.vocabulary.problems import Unusable

OFFICE, PHONE = "office", "phone"
HELP: Mapping[str, HelpTable] = MappingProxyType({one.entity: one for one in TABLES.values() if one.listed})
ENTITIES = (*HELP, OFFICE)
"""What proposals may change: everything that carries a version."""
FIXED = frozenset({"id", "sample", "verified_on", "verified_by", "verify_method"})
"""What no proposal changes: who an entry is, whether it is made up, and whether somebody checked it, which is said by `verified` only."""
_NUMBERS = ("e164", "short_number")


class UnknownEntry(LookupError):
    """No such entity, or no entry of that id."""


class ChangeProblems(Unusable):
    """The change is refused; `problems` names every field that is wrong, `field: reason`, never its value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry that changed. `old` and `new` are texts, None for nothing, "(changed)" for what is never shown.

    `by` made it; `proposed_by` and `note` are whoever proposed it and why, "" where nobody proposed it.
    """

    field: str
    old: str | None
    new: str | None
    action: str
    by: str
    at: datetime
    proposed_by: str = ""
    note: str = ""


def history(session: Session, entity: str, entry: str) -> list[Change]:
    """Everything that changed of an entry, the newest first; empty for one that never did, and for an unknown one."""
    mine = (FieldChangeRow.entity == entity, FieldChangeRow.entry == entry)
    rows = session.scalars(select(FieldChangeRow).where(*mine).order_by(FieldChangeRow.at.desc(), FieldChangeRow.field))
    accepted = (ProposalRow.entity == entity, ProposalRow.entry == entry, ProposalRow.status == ProposalStatus.ACCEPTED)
    proposed = {row.decided_at: (row.proposed_by, row.note) for row in session.scalars(select(ProposalRow).where(*accepted))}
    found = ((row, proposed.get(row.at, ("", "")) if row.action == BY_HAND else ("", "")) for row in rows)
    return [Change(row.field, row.old, row.new, row.action, row.by, row.at, *who) for row, who in found]


def find(session: Session, entity: str, entry: str) -> Any:
    """The entry's row, locked. Raises UnknownEntry."""
    kind: Any = OfficeRow if entity == OFFICE else HELP[entity].row if entity in HELP else None
    row = None if kind is None else session.scalar(select(kind).where(kind.id == entry).with_for_update())
    if row is None:
        raise UnknownEntry(f"{entity} {entry}")
    return row


def values(session: Session, entity: str, row: Any) -> Values:
    """The whole entry by column, and its parts, each as one text: of an office `covers`, the places it answers for; of help see entry_parts."""
    found = {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}
    if entity == OFFICE:
        found["covers"] = " ".join(sorted(session.scalars(select(JurisdictionRow.place).where(JurisdictionRow.office == row.id))))
    return found | parts_of(session, entity, row.id)


def checked(session: Session, entity: str, row: Any, changes: Mapping[str, str], spread: Spread) -> Values:
    """What the entry would be, by the rules of its file's line and those between entries: the columns that differ. An empty text empties a field.

    Raises ChangeProblems.
    """
    before = values(session, entity, row)
    schema: Schema = OfficeLine() if entity == OFFICE else HELP[entity].line()
    parts = {name: text for name, text in changes.items() if name in PARTS.get(entity, {})}
    problems = [f"{name}: is no field of this entry" for name in changes if name not in schema.fields and name not in parts]
    problems += [f"{name}: is not changed by a proposal" for name in changes if name in FIXED]
    if problems:
        raise ChangeProblems(problems)
    now = _office_cells(before) if entity == OFFICE else cells(HELP[entity], before)
    try:
        read: Mapping[str, Any] = schema.load({name: text.strip() for name, text in {**now, **changes}.items() if text.strip() and name not in parts})
    except ValidationError as error:
        raise ChangeProblems(_plain(error)) from None
    after = _office_values(read) if entity == OFFICE else values_of(HELP[entity], read)
    own = {name: value for name, value in after.items() if value != before[name] and name not in FIXED}
    found, problems = exchanges(session, entity, row.id, parts)
    if not own and not found and not problems:
        raise ChangeProblems(["nothing would change"])
    problems += _references(session, entity, row, own)
    if not problems and entity != OFFICE:
        problems = broken(session, HELP[entity], row.id, own, found, spread)
    if problems:
        raise ChangeProblems(problems)
    return own | {one.field: one.text for one in found}


def trial(session: Session, entity: str, row: Any, different: Mapping[str, Any]) -> None:
    """Try a change and take it back, so that what the database itself refuses is refused when it is proposed. Raises ChangeProblems."""
    _change(session, entity, row, different, keep=False)


def write(session: Session, entity: str, row: Any, different: Mapping[str, Any], by: str, now: datetime, tz: tzinfo) -> None:
    """Change an entry by hand: from now on no file overwrites it. Raises ChangeProblems; nothing is changed then."""
    before = values(session, entity, row)
    also: dict[str, Any] = {"edited": True, "version": row.version + 1}
    if entity == PHONE and any(name in different for name in _NUMBERS):  # nobody has called the new number yet
        also |= {"verified_on": None, "verified_by": None, "verify_method": None, "fails": 0, "last_ok": None}
    if entity != OFFICE:
        also["updated_at"] = now
    _change(session, entity, row, {**different, **also}, keep=True)
    after = values(session, entity, row)
    record_changes(session, entity, row.id, before, after, BY_HAND, by, now)
    if entity != OFFICE:
        stamp(session, [Written(HELP[entity].name, before, after)], now)
        rebuild_near(session, now, tz)
    bump(session)


def _change(session: Session, entity: str, row: Any, different: Mapping[str, Any], *, keep: bool) -> None:
    savepoint = session.begin_nested()
    try:
        _set(session, entity, row, different)
        session.flush()
    except IntegrityError:
        savepoint.rollback()
        raise ChangeProblems(["the directory does not allow it: a value that another entry has, or values that exclude each other"]) from None
    if keep:
        savepoint.commit()
    else:
        savepoint.rollback()


def _set(session: Session, entity: str, row: Any, different: Mapping[str, Any]) -> None:
    for name, value in different.items():
        if name == "covers" and entity == OFFICE:
            session.execute(delete(JurisdictionRow).where(JurisdictionRow.office == row.id))
            session.add_all(JurisdictionRow(office=row.id, place=place) for place in value.split())
        elif name in PARTS.get(entity, {}):
            for one in exchanges(session, entity, row.id, {name: value})[0]:
                exchange(session, one)
        else:
            setattr(row, name, value)


def _office_cells(row: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: row[name] or "" for name in ("id", "name", "parent", "concerns", "source", "note", "covers")}
    return {**texts, "role": row["role"].value, "sample": "yes" if row["sample"] else "no"}


def _office_values(read: Mapping[str, Any]) -> Values:
    return {**read, "concerns": " ".join(sorted(read["concerns"])), "covers": " ".join(sorted(read["covers"]))}


def _references(session: Session, entity: str, row: Any, different: Mapping[str, Any]) -> list[str]:
    """Every name of another entry that is unknown, and whoever would be above themselves: a supervisor's supervisor is looked for by going up."""
    problems = []
    columns = inspect(type(row)).columns
    for name, value in different.items():
        if name == "covers" and entity == OFFICE:
            known = set(session.scalars(select(PlaceRow.id).where(PlaceRow.id.in_(value.split()))))
            problems += ["covers: names an unknown place"] if known != set(value.split()) else []
            continue
        for key in columns[name].foreign_keys if value is not None else ():
            if session.scalar(select(key.column).where(key.column == value)) is None:
                problems.append(f"{name}: names an unknown {key.column.table.name.removeprefix('directory_')}")
    if different.get("parent") and not problems and _above_itself(session, row, different["parent"]):
        problems.append("parent: leads back to itself")
    return problems


def _above_itself(session: Session, row: Any, parent: str | None) -> bool:
    kind = type(row)
    seen: set[str] = set()
    while parent is not None and parent not in seen:
        if parent == row.id:
            return True
        seen.add(parent)
        parent = session.scalar(select(kind.parent).where(kind.id == parent))
    return False


def _plain(error: ValidationError) -> list[str]:
    messages = error.messages if isinstance(error.messages, dict) else {"entry": error.messages}
    return [f"{field}: {'; '.join(str(one) for one in reasons) if isinstance(reasons, list) else reasons}" for field, reasons in sorted(messages.items())]
