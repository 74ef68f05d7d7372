"""Offices that somebody changed by hand: which of their fields no file overwrites, and what a file says otherwise of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.field_changes import by_hand
from referral.directory.lines import Line
from referral.directory.records import OfficeRow

OFFICE = "office"
_LISTS = ("concerns", "covers")
COLUMNS = ("role", "name", "parent", "concerns", "sample", "source", "note", "covers")


def offices_by_hand(session: Session) -> dict[str, frozenset[str]]:
    """By office, the fields that somebody changed; all of one of which no record is left."""
    recorded = by_hand(session)
    return {one: recorded.get((OFFICE, one)) or frozenset(COLUMNS) for one in session.scalars(select(OfficeRow.id).where(OfficeRow.edited))}


def office_said(line: Mapping[str, Any] | Line) -> dict[str, Any]:
    """What a line says, as the office's own fields."""
    return {name: " ".join(sorted(line[name])) if name in _LISTS else line[name] for name in COLUMNS}


def offices_left(lines: Iterable[Line], standing: Mapping[str, Mapping[str, Any]], kept: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """`file:line: id: fields` of every office of which a line says something else than somebody did by hand."""
    for line in lines:
        said = office_said(line)
        names = [name for name in sorted(kept.get(line["id"], ())) if name in said and said[name] != standing[line["id"]][name]]
        if names:
            yield f"{line.file}:{line.number}: {line['id']}: {' '.join(names)}"
