"""What the rules between entries say about one that somebody would change: the same that an import is weighed by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from referral.directory.help_checks import Problem, check
from referral.directory.help_state import HelpState, View, read_state
from referral.directory.help_tables import HelpTable, Values
from referral.upkeep.entry_parts import Exchange
from referral.vocabulary.limits import Spread

_POINTS = "service_at_locations"
_POINTS_OF = {"services": "service", "locations": "location"}
"""Tables whose entries service points hang on, and the column that names them: a clinic that moves to another ward may meet its name there."""


def broken(session: Session, table: HelpTable, entry: str, different: Mapping[str, object], parts: Sequence[Exchange], spread: Spread) -> list[str]:
    """What would be wrong between this entry, its parts and the others, `field: reason`. What was wrong before, elsewhere than in what changes, is
    not counted."""
    state = read_state(session, spread=spread)
    standing = state.rows(table.name)[entry]
    before = set(check(_view(state, table, entry, standing)))
    found = check(_view(state, table, entry, {**standing, **different}, parts))
    told = [one for one in found if one not in before or (one.id == entry and one.table == table.name and one.column in different)]
    fields = {(one.table, fresh): one.field for one in parts for fresh in one.fresh}
    return list(dict.fromkeys(_said(one, table, entry, fields.get((one.table, one.id))) for one in told))


def _view(state: HelpState, table: HelpTable, entry: str, row: Values, parts: Sequence[Exchange] = ()) -> View:
    changing: dict[str, Mapping[str, Values]] = {table.name: {entry: row}, **{one.table: one.fresh for one in parts}}
    if table.name in _POINTS_OF:
        column = _POINTS_OF[table.name]
        changing[_POINTS] = {one: point for one, point in state.rows(_POINTS).items() if point[column] == entry}
    return View(state, changing, {one.table: one.gone for one in parts})


def _said(problem: Problem, table: HelpTable, entry: str, part: str | None) -> str:
    if part is not None:
        return f"{part}: {problem.reason}"
    if (problem.table, problem.id) == (table.name, entry):
        return f"{problem.column}: {problem.reason}"
    return f"{problem.column}: of {problem.id}, which hangs on it, {problem.reason}"
