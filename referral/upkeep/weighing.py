"""Rows of the help tables weighed against what stands: what each would change, and which cannot be taken. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError

from referral.directory.help_apply import Progress, left, settled
from referral.directory.help_checks import Problem, check
from referral.directory.help_names import name_points
from referral.directory.help_state import HelpState, View
from referral.directory.help_tables import TABLES, HelpTable, Values, cells, values_of
from referral.directory.lines import in_words
from referral.upkeep.incoming import Incoming, Mode, Row
from referral.upkeep.rejected import Rejected
from referral.upkeep.replacing import Leaving

CLEAR = "-"
_TOLD = 500
"""Rows between two reports of progress."""


@dataclass
class Weighed:
    """`said` is what every good row says, by table and id; `present` the ids that stand in the files, bad rows included; `scope` those that could.

    `by_hand` counts the rows that say nothing but what somebody did otherwise by hand; `left` names every such field, `table id: fields`."""

    said: dict[str, dict[str, Values]] = field(default_factory=lambda: defaultdict(dict))
    present: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    scope: dict[str, frozenset[str] | None] = field(default_factory=dict)
    changing: dict[str, dict[str, Values]] = field(default_factory=lambda: defaultdict(dict))
    rejected: list[Rejected] = field(default_factory=list)
    unchanged: int = 0
    by_hand: int = 0
    left: list[str] = field(default_factory=list)
    leaving: Leaving = field(default_factory=Leaving)
    view: View = field(init=False)


def weigh(incoming: Sequence[Incoming], state: HelpState, mode: Mode, leave: Callable[[Weighed], Leaving], progress: Progress) -> Weighed:
    """Read every row, then drop those that cannot be taken, and those that hang on them, until nothing is wrong."""
    reader = _Reader(state, mode)
    order = list(TABLES)
    for source in sorted(incoming, key=lambda one: order.index(one.table)):
        reader.read(source, progress)
    weighed = reader.weighed
    weighed.leaving = leave(weighed)
    for table, rows in weighed.leaving.retiring.items():
        weighed.changing[table] |= rows
    reader.settle()
    return weighed


class _Reader:
    def __init__(self, state: HelpState, mode: Mode) -> None:
        self.weighed = Weighed()
        self._state = state
        self._mode = mode
        self._rows: dict[tuple[str, str], tuple[Row, Incoming]] = {}
        self._bad: dict[str, set[str]] = defaultdict(set)

    def read(self, source: Incoming, progress: Progress) -> None:
        table, schema = TABLES[source.table], TABLES[source.table].line()
        self.weighed.scope[table.name] = source.scope
        for refused in source.refused:
            one = refused.row.cells.get("id", "")
            self.weighed.present[table.name].add(one)
            self._bad[table.name].add(one)
            self._reject(source, *refused)
        for count, row in enumerate(source.rows, 1):
            self._read(source, table, schema, row)
            if count % _TOLD == 0:
                progress(_TOLD)
        progress(len(source.rows) % _TOLD)

    def _read(self, source: Incoming, table: HelpTable, schema: Schema, row: Row) -> None:
        one = row.cells.get("id", "")
        current = self._state.rows(table.name).get(one)
        if row.raw.get(""):
            self._reject(source, row, "line", "more values than columns")
        elif one in self.weighed.present[table.name]:
            self._reject(source, row, "id", "stands twice")
        elif current is not None and self._mode is Mode.ADD:
            self.weighed.unchanged += 1
        else:
            self.weighed.present[table.name].add(one)
            try:
                said = said_of(table, schema, row.cells, current)
            except ValidationError as error:
                self._bad[table.name].add(one)
                column, reason = told(error)
                self._reject(source, row, column, reason)
            else:
                self._keep(source, table, row, said, current)

    def _keep(self, source: Incoming, table: HelpTable, row: Row, said: Values | None, current: Values | None) -> None:
        one = row.cells["id"]
        self.weighed.said[table.name][one] = said or current or {}
        known, owner = self._state.remembered(table.name, one), self._state.by_hand(table.name, said) if said is not None else None
        wanted = settled(table, said, current, known) if said is not None and owner is None else None
        kept = ("of", owner) if owner is not None else left(said, current, known) if said is not None else ()
        self.weighed.left += [f"{table.name} {one}: {' '.join(kept)}"] if kept else []
        if wanted is not None:
            self.weighed.changing[table.name][one] = wanted
            self._rows[table.name, one] = (row, source)
        elif kept:
            self.weighed.by_hand += 1
        else:
            self.weighed.unchanged += 1

    def settle(self) -> None:
        """Every pass drops what is wrong by then; a row that is dropped may take others with it, never one that is good without it."""
        weighed = self.weighed
        points = weighed.changing["service_at_locations"]
        name_points(self._view(), points.items())
        while problems := [problem for problem in check(self._view()) if (problem.table, problem.id) in self._rows]:
            first: dict[tuple[str, str], Problem] = {}
            for problem in problems:
                first.setdefault((problem.table, problem.id), problem)
            for (table, one), problem in first.items():
                self._bad[table].add(one)
                weighed.changing[table].pop(one, None)
                row, source = self._rows.pop((table, one))
                self._reject(source, row, problem.column, problem.reason)
        weighed.view = self._view()
        weighed.rejected.sort(key=lambda one: (one.row.file, one.row.number))

    def _view(self) -> View:
        gone = {table: frozenset(ids) for table, ids in self.weighed.leaving.gone.items()}
        changing = {table: self.weighed.changing[table] for table in TABLES if self.weighed.changing[table]}
        return View(self._state, changing, gone, {table: frozenset(ids) for table, ids in self._bad.items()})

    def _reject(self, source: Incoming, row: Row, column: str, reason: str) -> None:
        self.weighed.rejected.append(Rejected(source.table, row, source.names.get(column, column), reason))


def said_of(table: HelpTable, schema: Schema, row: Mapping[str, str], current: Values | None) -> Values | None:
    """What a row says, over what stands; None where every cell says what stands already. Raises ValidationError."""
    standing = cells(table, current) if current is not None else {}
    merged = standing | {column: "" if cell == CLEAR else cell for column, cell in row.items() if cell}
    if current is not None and merged == standing:
        return None
    return values_of(table, schema.load({column: cell for column, cell in merged.items() if cell}))


def told(error: ValidationError) -> tuple[str, str]:
    """The first column that is wrong, and why; the others in brackets."""
    messages: dict[str, Any] = error.messages if isinstance(error.messages, dict) else {"line": error.messages}
    (column, reasons), *others = sorted(messages.items())
    return column, in_words(reasons) + _also(others)


def _also(others: Iterable[tuple[str, Any]]) -> str:
    said = "; ".join(f"{column}: {in_words(reasons)}" for column, reasons in others)
    return f" ({said})" if said else ""
