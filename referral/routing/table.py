"""The routing table: which posts are told of which concern, parsed from the county's routing.toml and checked all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from referral.routing.exclusions import LOCAL
from referral.routing.reading import DataError, Section, word
from referral.vocabulary.duty import Role
from referral.vocabulary.report import NEVER_LOCAL, TREATED_AS_SEXUAL, Accused, AgeBand, Concern, Danger, Told, Urgency

NEIGHBOUR = "@neighbour"
MEDIATION_STEP = (Concern.MARRIAGE, 2)
"""The one place where a Deputy County Commissioner stands: in step 2 of child marriage, only to stop a ceremony."""

Steps = tuple[tuple[Role, ...], ...]


class TableError(DataError):
    """routing.toml cannot be used; `problems` names everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class Seek:
    """A post to look for: among the offices that answer for the place, or among those of a neighbouring sub-county."""

    role: Role
    neighbour: bool = False


@dataclass(frozen=True, slots=True)
class AccusedPlan:
    """Steps used instead of the concern's own when `accused` is accused. `fill` is tried before the general list."""

    accused: Accused
    steps: Steps
    unless_danger_now: bool
    fill: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class ReadsAs:
    """A concern planned by the steps of another, for the given ages only, or for all."""

    concern: Concern
    ages: frozenset[AgeBand]
    as_concern: Concern


@dataclass(frozen=True, slots=True)
class Table:
    """Who is told, as posts. `plans` always holds (concern, None), and (concern, urgency) where that urgency differs."""

    plans: Mapping[tuple[Concern, Urgency | None], Steps]
    accused: tuple[AccusedPlan, ...]
    reads_as: tuple[ReadsAs, ...]
    chains: Mapping[Role, tuple[Seek, ...]]
    fill: tuple[Role, ...]
    partial: Steps
    ward_unknown: Steps
    end: tuple[Role, ...]
    end_without_desks: tuple[Role, ...]
    neighbours: frozenset[Role]
    """Posts that are ever sought beyond the offices that answer for the place."""

    def concern(self, told: Told) -> Concern:
        """The concern whose steps hold: one not named yet is OTHER."""
        named = told.concern or Concern.OTHER
        return next((one.as_concern for one in self.reads_as if one.concern is named and (not one.ages or told.age in one.ages)), named)

    def instead(self, told: Told) -> AccusedPlan | None:
        """The first plan by the accused that applies, in the order of the file."""
        for one in self.accused:
            if one.accused in told.accused and not (one.unless_danger_now and told.danger is Danger.NOW):
                return one
        return None

    def steps(self, told: Told, urgency: Urgency, *, ward_known: bool, partial: bool) -> Steps:
        """Posts of each step. An unknown ward comes before all; a partial report with danger now takes the full plan."""
        if not ward_known:
            return self.ward_unknown
        if partial and told.danger is not Danger.NOW:
            return self.partial
        instead = self.instead(told)
        if instead is not None:
            return instead.steps
        concern = self.concern(told)
        return self.plans.get((concern, urgency)) or self.plans[concern, None]

    def chain(self, role: Role) -> tuple[Seek, ...]:
        """The post itself, then those that stand in for it."""
        return self.chains.get(role) or (Seek(role),)


def parse_table(data: Mapping[str, object]) -> Table:
    """Table from the parsed routing.toml. Raises TableError naming every problem."""
    problems: list[str] = []
    top = Section(data, "", problems)
    reads_as = tuple(_reads_as(top))
    aliased = {one.concern for one in reads_as if not one.ages}
    chains = _chains(top.section("instead_of"))
    table = Table(
        plans=MappingProxyType(_plans(top.section("concern"), aliased)),
        accused=tuple(_accused(top.section("accused"))),
        reads_as=reads_as,
        chains=MappingProxyType(chains),
        fill=_roles(top, "fill"),
        partial=_steps(top, "partial"),
        ward_unknown=_steps(top, "ward_unknown"),
        end=_roles(top, "end"),
        end_without_desks=_roles(top, "end_without_desks"),
        neighbours=frozenset(seek.role for chain in chains.values() for seek in chain if seek.neighbour),
    )
    top.done()
    _check(table, problems)
    if problems:
        raise TableError(problems)
    return table


def _roles(section: Section, key: str) -> tuple[Role, ...]:
    return _as_roles(section, section.at(key), section.texts(key))


def _as_roles(section: Section, path: str, names: Iterable[str]) -> tuple[Role, ...]:
    found = (word(Role, name, path, section.problems) for name in names)
    return tuple(role for role in found if role is not None)


def _steps(section: Section, key: str) -> Steps:
    value = section.raw(key)
    if value is None:
        return ()
    path = section.at(key)
    if not isinstance(value, list) or not value or not all(isinstance(one, list) and all(isinstance(name, str) for name in one) for one in value):
        section.wrong(path, "must be a list of steps, each a list of posts")
        return ()
    steps = []
    for number, names in enumerate(value, 1):
        roles = _as_roles(section, f"{path} step {number}", names)
        if not 1 <= len(names) <= 2:
            section.wrong(f"{path} step {number}", "must name one or two posts")
        elif len({role.institution for role in roles}) != len(roles):
            section.wrong(f"{path} step {number}", "both posts are of one institution")
        steps.append(roles)
    return tuple(steps)


def _plans(section: Section, aliased: set[Concern]) -> dict[tuple[Concern, Urgency | None], Steps]:
    plans: dict[tuple[Concern, Urgency | None], Steps] = {}
    for name in section.names():
        concern = word(Concern, name, section.path, section.problems)
        one = section.section(name)
        if concern is None:
            continue
        plans[concern, None] = _steps(one, "steps")
        for urgency in Urgency:
            if one.has(urgency):
                plans[concern, urgency] = _steps(one, urgency)
        one.done()
    for concern in Concern:
        if (concern, None) not in plans and concern not in aliased:
            section.wrong(section.at(concern), "missing")
    return plans


def _accused(section: Section) -> Iterable[AccusedPlan]:
    for name in section.names():
        accused = word(Accused, name, section.path, section.problems)
        one = section.section(name)
        steps = _steps(one, "steps")
        unless = one.raw("unless_danger_now") if one.has("unless_danger_now") else False
        if not isinstance(unless, bool):
            one.wrong(one.at("unless_danger_now"), "must be true or false")
        fill = _roles(one, "fill") if one.has("fill") else ()
        one.done()
        if accused is not None:
            yield AccusedPlan(accused, steps, unless is True, fill)


def _reads_as(top: Section) -> Iterable[ReadsAs]:
    value = top.raw("reads_as")
    for number, entry in enumerate(value if isinstance(value, list) else [], 1):
        one = Section(entry, f"reads_as {number}", top.problems)
        concern = word(Concern, one.text("concern"), one.at("concern"), top.problems)
        other = word(Concern, one.text("as"), one.at("as"), top.problems)
        names = one.texts("ages") if one.has("ages") else ()
        ages = frozenset(age for age in (word(AgeBand, name, one.at("ages"), top.problems) for name in names) if age is not None)
        one.done()
        if concern is not None and other is not None:
            yield ReadsAs(concern, ages, other)


def _chains(section: Section) -> dict[Role, tuple[Seek, ...]]:
    chains = {}
    for name in section.names():
        role = word(Role, name, section.path, section.problems)
        seeks = []
        for text in section.texts(name):
            found = word(Role, text.removesuffix(NEIGHBOUR), section.at(name), section.problems)
            if found is not None:
                seeks.append(Seek(found, text.endswith(NEIGHBOUR)))
        if role is not None:
            chains[role] = (Seek(role), *seeks)
    return chains


def _check(table: Table, problems: list[str]) -> None:
    """What a table must not say, whoever wrote it."""
    _check_plans(table, problems)
    for one in table.reads_as:
        if (one.as_concern, None) not in table.plans:
            problems.append(f"reads_as {one.concern}: {one.as_concern} has no steps of its own")
        elif one.concern in NEVER_LOCAL and one.as_concern not in NEVER_LOCAL:
            problems.append(f"reads_as {one.concern}: {one.as_concern} may be told to local posts, {one.concern} must not")
    general = {
        "fill": (table.fill,),
        "end": (table.end,),
        "end_without_desks": (table.end_without_desks,),
        "partial": table.partial,
        "ward_unknown": table.ward_unknown,
    }
    general |= {f"accused.{one.accused}": (*one.steps, one.fill) for one in table.accused}
    for path, lists in general.items():
        if any(LOCAL.intersection(roles) for roles in lists):
            problems.append(f"{path}: no chief, elder, school or cleric where the concern may be any")
    for path, roles in (("fill", table.fill), ("end", table.end)):
        if len({role.institution for role in roles}) < 2:
            problems.append(f"{path}: must name posts of two institutions, since one may be accused")


def _check_plans(table: Table, problems: list[str]) -> None:
    for (concern, urgency), steps in table.plans.items():
        path = f"concern.{concern}" + (f".{urgency}" if urgency else "")
        for number, roles in enumerate(steps, 1):
            if concern in NEVER_LOCAL and LOCAL.intersection(roles):
                problems.append(f"{path} step {number}: a chief, elder, school or cleric must never be told of this concern")
            if Role.DEPUTY_COUNTY_COMMISSIONER in roles and (concern, number) != MEDIATION_STEP:
                problems.append(f"{path} step {number}: a deputy county commissioner stands only in step 2 of child marriage")
        if steps and (urgency is Urgency.RED or (concern in TREATED_AS_SEXUAL and urgency is None)) and len(steps[0]) < 2:
            problems.append(f"{path} step 1: must name two institutions")
