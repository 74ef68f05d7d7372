"""The help tables of a county's folder: read, weighed against what stands, checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from referral.directory.help_apply import left, settled
from referral.directory.help_checks import check
from referral.directory.help_names import name_points
from referral.directory.help_state import HelpState, Rows, View
from referral.directory.help_tables import TABLES, Values, values_of
from referral.directory.lines import Line, read_lines


@dataclass
class HelpLines:
    """The good lines by table and id, and the ids of the bad ones."""

    lines: dict[str, dict[str, Line]] = field(default_factory=lambda: defaultdict(dict))
    unread: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    left: list[str] = field(default_factory=list)
    """Once weighed: `file:line: id: fields` of what somebody changed by hand and a line has otherwise; `file:line: id: of entry` of a part of such an entry."""

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))


def read_help(folder: Path, problems: list[str]) -> HelpLines:
    """Every help table of a folder, `.csv` and `.sample.csv`, each where it exists; a problem for every bad line."""
    found = HelpLines()
    for name, table in TABLES.items():
        for path in (folder / f"{name}.csv", folder / f"{name}.sample.csv"):
            if not path.is_file():
                continue
            lines = read_lines(path, table.line(), problems, found.unread[name])
            problems += [line.problem("id", "stands twice") for line in lines if found.lines[name].setdefault(line["id"], line) is not line]
    return found


def weigh(found: HelpLines, state: HelpState) -> View:
    """What the lines would make of the tables."""
    changing: dict[str, dict[str, Values]] = {}
    for name, lines in found.lines.items():
        table, rows = TABLES[name], state.rows(name)
        said = {one: values_of(table, line.values) for one, line in lines.items()}
        kept = {one: left(row, rows.get(one), state.remembered(name, one)) for one, row in said.items()}
        found.left += [f"{lines[one].file}:{lines[one].number}: {one}: {' '.join(names)}" for one, names in kept.items() if names]
        parted = {one: owner for one, row in said.items() if (owner := state.by_hand(name, row)) is not None}
        unlike = ((one, owner) for one, owner in parted.items() if not _stands(said[one], rows))
        found.left += [f"{lines[one].file}:{lines[one].number}: {one}: of {owner}" for one, owner in unlike]
        after = ((one, settled(table, row, rows.get(one), state.remembered(name, one))) for one, row in said.items() if one not in parted)
        changing[name] = {one: row for one, row in after if row is not None}
    view = View(state, changing, unread={name: frozenset(ids) for name, ids in found.unread.items()})
    name_points(view, view.changing.get("service_at_locations", {}).items())
    return view


def _stands(said: Values, rows: Rows) -> bool:
    """Whether some row says the same, under whatever id: what somebody writes by hand gets ids of its own."""
    return any(all(row[name] == value for name, value in said.items() if name != "id") for row in rows.values())


def problems_of(found: HelpLines, view: View) -> Iterable[str]:
    """Everything that is wrong between the lines. A line that only names a bad one is not named again."""
    return (found.lines[problem.table][problem.id].problem(problem.column, problem.reason) for problem in check(view) if not problem.echo)
