"""Writes checked rows of the help tables, many at once, touching only what differs, and records every field that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from referral.directory.field_changes import record_all
from referral.directory.help_state import NOTHING, Remembered, View
from referral.directory.help_tables import NUMBERS, TABLES, HelpTable, Values
from referral.directory.stamping import Written, stamp

_AT_ONCE = 2000
"""Rows in one statement: enough that the round trip no longer counts, few enough that no statement runs long."""
_NO_ID = 500
"""Ids in one DELETE: engines bound how many a statement may name."""
T = TypeVar("T")
_VERIFIED = ("verified_on", "verified_by", "verify_method")
Progress = Callable[[int], object]
"""Told how many more rows are done."""


def _nothing(_: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Counts:
    added: int = 0
    updated: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        return bool(self.added or self.updated or self.removed)


def left(said: Values, current: Values | None, known: Remembered) -> tuple[str, ...]:
    """The columns of which a line says something else than somebody did by hand: they stay. All of them, of a row of which no record is left."""
    if current is None or not current.get("edited"):
        return ()
    by_hand = known.by_hand.difference(_VERIFIED) or said.keys()
    return tuple(sorted(name for name, value in said.items() if name in by_hand and value != current[name]))


def settled(table: HelpTable, said: Values, current: Values | None, known: Remembered = NOTHING) -> Values | None:
    """The row as it will be after a line, or None where the line changes nothing.

    What was changed by hand stays, a do-not-list stays, and so does whatever was verified later than the file says.
    """
    if current is None:
        return said
    kept = left(said, current, known)
    wanted = said | {name: current[name] for name in kept}
    if current.get("do_not_list"):
        wanted["do_not_list"] = True
    if table.listed:
        wanted |= _verified(wanted, current, known, others=not set(kept).isdisjoint(NUMBERS))
    if table.name == "service_at_locations":  # codes that were given out, and names that people know, do not change by being left out
        wanted |= {name: current[name] for name in ("code", "short_name") if not wanted[name]}
    if all(current[name] == value for name, value in wanted.items()):
        return None
    return {**current, **wanted}


def _verified(wanted: Values, current: Values, known: Remembered, *, others: bool) -> Values:
    """What else a row says of having been verified. `others`: the line has another number than somebody gave the row by hand, so it says nothing of it.

    Nobody has called a number that is new: only a day that is newer than what was known of the old one is of it.
    """
    said, held = wanted["verified_on"], current["verified_on"]
    if any(wanted.get(name) != current.get(name) for name in NUMBERS):
        fresh = said is not None and (held is None or said > held)
        return {"fails": 0, "last_ok": None} | ({} if fresh else dict.fromkeys(_VERIFIED))
    newer = said is not None and (held is None or said >= held) and (known.unverified is None or said > known.unverified or said == held)
    return {} if newer and not others else {name: current[name] for name in _VERIFIED}


def write(session: Session, view: View, *, action: str, by: str, now: datetime, progress: Progress = _nothing) -> Counts:
    """Write what a view says, in the caller's transaction. `action` and `by` stand in the record of changes; `now` aware."""
    removed = sum(_remove(session, TABLES[name], view, action, by, now) for name in reversed(tuple(TABLES)))
    added = updated = 0
    for name, table in TABLES.items():
        state, rows = view.state.rows(name), view.changing.get(name, {})
        fresh = {one: row for one, row in rows.items() if one not in state}
        added += len(fresh)
        updated += len(rows) - len(fresh)
        _add(session, table, fresh, now, progress)
        _update(session, table, [(state[one], row) for one, row in rows.items() if one in state], now, progress)
        record_all(session, table.entity, ((one, state.get(one, {}), row) for one, row in rows.items()), action, by, now)
    stamp(session, _written(view), now, {name: {*view.changing.get(name, ()), *view.gone.get(name, ())} for name in TABLES})
    session.expire_all()  # rows were written past the session's own copies
    return Counts(added, updated, removed)


def _written(view: View) -> Iterator[Written]:
    for name in TABLES:
        state = view.state.rows(name)
        yield from (Written(name, state.get(one, {}), row) for one, row in view.changing.get(name, {}).items())
        yield from (Written(name, state[one], {}) for one in view.gone.get(name, ()))


def _remove(session: Session, table: HelpTable, view: View, action: str, by: str, now: datetime) -> int:
    ids = sorted(view.gone.get(table.name, ()))
    for some in _chunks(ids, _NO_ID):
        session.execute(delete(table.table).where(table.table.c.id.in_(some)))
    record_all(session, table.entity, ((one, view.state.rows(table.name)[one], {}) for one in ids), action, by, now)
    return len(ids)


def _add(session: Session, table: HelpTable, rows: Mapping[str, Values], now: datetime, progress: Progress) -> None:
    stamp: Values = {"updated_at": now} if table.listed else {}
    for some in _chunks([row | stamp for row in _parents_first(rows)], _AT_ONCE):
        session.execute(insert(table.table), some)
        progress(len(some))


def _parents_first(rows: Mapping[str, Values]) -> Iterator[Values]:
    """Rows in an order in which each comes after its parent, if that is among them. They hold no circle."""
    done: set[str] = set()
    for one in rows:
        line: list[str] = []
        here: str | None = one
        while here is not None and here in rows and here not in done:
            line.append(here)
            done.add(here)
            here = rows[here].get("parent")
        yield from (rows[each] for each in reversed(line))


def _update(session: Session, table: HelpTable, rows: Iterable[tuple[Values, Values]], now: datetime, progress: Progress) -> None:
    """One statement for all rows in which the same columns change."""
    alike: dict[tuple[str, ...], list[Values]] = defaultdict(list)
    for before, after in rows:
        changed = tuple(sorted(name for name, value in after.items() if before[name] != value))
        row = {f"new_{name}": after[name] for name in changed}
        if table.listed:
            row |= {"new_version": before["version"] + 1, "new_updated_at": now}
        alike[changed].append(row | {"which": before["id"]})
    stamps = ("version", "updated_at") if table.listed else ()
    for changed, values in alike.items():
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*changed, *stamps)}
        statement = update(table.table).where(table.table.c.id == bindparam("which")).values(columns)
        for some in _chunks(values, _AT_ONCE):
            session.connection().execute(statement, some)
            progress(len(some))


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))
