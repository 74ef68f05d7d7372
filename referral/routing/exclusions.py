"""Who must not learn that a report exists. Asked before every choice of an office, list, count and export.

Each rule protects the reporter and the child from the accused and from the accused's colleagues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from referral.vocabulary.duty import Institution, Office, Role
from referral.vocabulary.place import Ground
from referral.vocabulary.report import NEVER_LOCAL, Accused, Told

LOCAL = frozenset({Role.CHIEF, Role.ASSISTANT_CHIEF, Role.ELDER, Role.SCHOOL, Role.CLERIC})
"""Where cases are settled among neighbours, and vanish."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule: the reason, in words for staff, and which offices it takes out for a report from a given ground.

    `routine` rules hold for a whole kind of concern and are not worth a note beside every choice.
    """

    reason: str
    takes_out: Callable[[Office, Ground], bool]
    routine: bool = False


def _touches(office: Office, ground: Ground) -> bool:
    """The office's area lies in or touches the report's sub-county. Where the ward is unknown, every area may be the one."""
    return ground.place is None or office.county_wide or not office.subcounties.isdisjoint(ground.subcounties)


def _whole(institution: Institution) -> Callable[[Office, Ground], bool]:
    return lambda office, ground: office.institution is institution


def _here(institution: Institution, except_for: Role) -> Callable[[Office, Ground], bool]:
    """The institution in the report's sub-county, save its head for the county, who stands above the accused's colleagues."""
    return lambda office, ground: office.institution is institution and office.role is not except_for and _touches(office, ground)


_NO_LOCALS = Exclusion("not known who, so no local posts", lambda office, ground: office.role in LOCAL)
_NEVER_LOCALS = Exclusion("never to local posts in this kind of concern", lambda office, ground: office.role in LOCAL, routine=True)

BY_ACCUSED: dict[Accused, Exclusion] = {
    Accused.CHIEF: Exclusion("chief or elder accused, administration left out", _here(Institution.ADMINISTRATION, Role.COUNTY_COMMISSIONER)),
    Accused.POLICE: Exclusion("police accused, police of this sub-county left out", _here(Institution.POLICE, Role.POLICE_COUNTY_COMMANDER)),
    Accused.TEACHER: Exclusion("teacher accused, education left out", _here(Institution.EDUCATION, Role.EDUCATION_COUNTY_OFFICE)),
    Accused.RELIGIOUS: Exclusion("religious leader accused, religious posts left out", _whole(Institution.FAITH)),
    Accused.CHILDRENS_OFFICER: Exclusion("children's officer accused, children's offices left out", _whole(Institution.CHILDREN)),
    Accused.HEALTH_WORKER: Exclusion("health worker accused, health posts left out", _whole(Institution.HEALTH)),
    Accused.NGO_WORKER: Exclusion("NGO worker accused, NGO desks left out", _whole(Institution.NGO)),
    Accused.OFFICIAL: Exclusion("official accused, administration left out", _whole(Institution.ADMINISTRATION)),
    Accused.UNKNOWN: _NO_LOCALS,
}
"""Several accused: the union. Whoever is not named here holds no post of ours."""


def rules_for(told: Told) -> tuple[Exclusion, ...]:
    """The rules that hold for a report. Nobody accused yet counts as unknown; no concern yet counts as the gravest."""
    rules = [rule for accused, rule in BY_ACCUSED.items() if accused in told.accused]
    if not told.accused:
        rules.append(_NO_LOCALS)
    if told.concern is None or told.concern in NEVER_LOCAL:
        rules.append(_NEVER_LOCALS)
    return tuple(rules)


def excluded(told: Told, office: Office, ground: Ground) -> str | None:
    """Why `office` must not learn of the report, or None where it may."""
    return next((rule.reason for rule in rules_for(told) if rule.takes_out(office, ground)), None)


def kept_from(told: Told, posts: Iterable[Office], ground: Ground) -> bool:
    """Whether somebody with these posts must not learn of the report: one that a rule takes out is enough, or they would learn of it in another."""
    return any(excluded(told, office, ground) is not None for office in posts)
