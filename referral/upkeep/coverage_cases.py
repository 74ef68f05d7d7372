"""Everything a report may be, made into what must be planned: cases that routing treats alike are planned once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from referral.routing.exclusions import Exclusion, rules_for
from referral.routing.plan import plan
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.routing.triage import urgency
from referral.upkeep.gaps import Circumstance
from referral.vocabulary.duty import Role
from referral.vocabulary.place import Ground
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Disability, Happened, Told, Urgency

CIRCUMSTANCES: Mapping[Circumstance, Told] = {
    Circumstance.NOW: Told(danger=Danger.NOW),
    Circumstance.NOT_NOW: Told(danger=Danger.NOT_NOW),
    Circumstance.GRAVER: Told(danger=Danger.NOT_NOW, happened=Happened.LONGER, disability=Disability.YES),
    Circumstance.YOUNG: Told(danger=Danger.NOT_NOW, age=AgeBand.FROM_10),
    Circumstance.BROKE_OFF: Told(danger=Danger.NOT_NOW),
}
"""GRAVER makes HIGH of what is milder by its kind, and of sexual harm what is no longer fresh; YOUNG brings the ladders that depend on the age."""
_NOWHERE = Ground(None, frozenset(), frozenset(), "")


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Which posts (and whether neighbours') a plan could take anybody from, without what the rules take out and what does not deal with the concern.

    Made once for all the cases that have it, and told apart by being another."""

    seeks: tuple[tuple[Role, bool], ...]
    rules: tuple[Exclusion, ...]
    concern: Concern


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to plan. `at_once`: somebody must be on duty at that very hour, since the minutes run."""

    told: Told
    urgency: Urgency
    partial: bool
    at_once: bool
    scope: Scope


@dataclass(frozen=True, slots=True)
class Cases:
    """What must be planned at one kind of moment, and for which combination each of `different` stands, by its number there."""

    different: tuple[Case, ...]
    stands_for: tuple[tuple[Concern, Accused | None, Circumstance, int], ...]


def make_cases(table: Table, policy: Policy, *, ward_known: bool, share: bool) -> dict[bool, Cases]:
    """The cases of moments outside (False) and inside (True) the hours in which the minutes of HIGH run.

    Without `share` every combination is a case of its own.
    """
    numbers: dict[bool, dict[object, int]] = {False: {}, True: {}}
    different: dict[bool, list[Case]] = {False: [], True: []}
    stands_for: dict[bool, list[tuple[Concern, Accused | None, Circumstance, int]]] = {False: [], True: []}
    scopes: dict[object, Scope] = {}
    for concern, accused, (circumstance, known) in product(Concern, (None, *Accused), CIRCUMSTANCES.items()):
        told = known.adding(concern=concern, accused=frozenset({accused} if accused else ()))
        level, partial = urgency(told, policy).urgency, circumstance is Circumstance.BROKE_OFF
        alike, scope = _alike(told, level, table, scopes, ward_known=ward_known, partial=partial)
        for counted in (False, True):
            at_once = level is Urgency.RED or (level is Urgency.HIGH and counted)
            key = (alike, at_once) if share else len(different[counted])
            number = numbers[counted].setdefault(key, len(different[counted]))
            if number == len(different[counted]):
                different[counted].append(Case(told, level, partial, at_once, scope))
            stands_for[counted].append((concern, accused, circumstance, number))
    return {counted: Cases(tuple(different[counted]), tuple(stands_for[counted])) for counted in (False, True)}


def _alike(told: Told, level: Urgency, table: Table, scopes: dict[object, Scope], *, ward_known: bool, partial: bool) -> tuple[object, Scope]:
    """Everything that routing makes a plan from, save who could be told: where it is the same, so is the plan."""
    steps = table.steps(told, level, ward_known=ward_known, partial=partial)
    need = plan(told, level, _NOWHERE, (), table).need
    instead = table.instead(told)
    direct = {*table.fill, *(instead.fill if instead else ()), *table.end, *table.end_without_desks}
    beyond = ((one.role, one.neighbour) for step in steps for role in step for one in table.chain(role))
    seeks = tuple(sorted({*((role, False) for role in direct), *beyond}))
    held = (seeks, rules_for(told), table.concern(told))
    scope = scopes.setdefault(held, Scope(*held))
    return (steps, instead, scope, need), scope
