"""How urgent a report is, by rules that can be read (docs/routing.md). The first match wins.

What was not asked raises nothing and lowers nothing, with one exception: an unanswered "when" in three sexual concerns
counts as the last three days, since the 72 hours for medicine are lost otherwise. "Don't know" never lowers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from referral.routing.policy import Policy
from referral.vocabulary.report import (
    DOUBT,
    DOUBTFUL,
    IN_AUTHORITY,
    TREATED_AS_SEXUAL,
    Accused,
    AgeBand,
    Concern,
    Danger,
    Disability,
    Happened,
    Reporter,
    Told,
    Urgency,
)


@dataclass(frozen=True, slots=True)
class Triage:
    """The urgency and the rule that gave it, in words for staff."""

    urgency: Urgency
    rule: str


@dataclass(frozen=True, slots=True)
class _Case:
    told: Told
    policy: Policy
    recent_alike: int


_Rule = tuple[Urgency, str, Callable[[_Case], bool]]

_BODILY = frozenset({Concern.SEXABUSE, Concern.SEXEXCH, Concern.SEXTOUR})
_TAKEN = frozenset({Concern.TRAFFIC, Concern.MISSING})
_GRAVE = TREATED_AS_SEXUAL | {Concern.TRAFFIC, Concern.SERVITUDE, Concern.MARRIAGE, Concern.MISSING}
_FRESH = frozenset({None, Happened.THREE_DAYS, Happened.ONGOING, Happened.UNKNOWN})
_PRESSING = frozenset({Danger.NOW, Danger.SOON})
_UNDER_15 = frozenset({AgeBand.UNDER_10, AgeBand.FROM_10})


def _life_risk(case: _Case) -> bool:
    typed = " ".join(text for text in (case.told.story, case.told.landmark) if text)
    return bool(typed) and case.policy.life_risk.search(typed) is not None


RULES: tuple[_Rule, ...] = (
    (Urgency.RED, "in danger now", lambda c: c.told.danger is Danger.NOW),
    (Urgency.RED, "asked for help now", lambda c: c.told.concern is Concern.HELPNOW),
    (Urgency.RED, "sexual harm in the last three days, going on, or not known when", lambda c: c.told.concern in _BODILY and c.told.happened in _FRESH),
    (Urgency.RED, "sexual harm to a child under 10", lambda c: c.told.concern in TREATED_AS_SEXUAL and c.told.age is AgeBand.UNDER_10),
    (Urgency.RED, "pregnant under 10", lambda c: c.told.concern is Concern.PREGNANT and c.told.age is AgeBand.UNDER_10),
    (Urgency.RED, "taken or missing, now or soon", lambda c: c.told.concern in _TAKEN and c.told.danger in _PRESSING),
    (Urgency.RED, "child marriage soon", lambda c: c.told.concern is Concern.MARRIAGE and c.told.danger in _PRESSING),
    (Urgency.RED, "words of a risk to life", _life_risk),
    (Urgency.RED, "the child reports somebody at home", lambda c: c.told.reporter is Reporter.CHILD and Accused.HOME in c.told.accused),
    (Urgency.HIGH, "grave by its kind", lambda c: c.told.concern in _GRAVE),
    (Urgency.HIGH, "pregnant under 15", lambda c: c.told.concern is Concern.PREGNANT and c.told.age in _UNDER_15),
    (Urgency.HIGH, "somebody in authority accused", lambda c: bool(c.told.accused & IN_AUTHORITY)),
    (Urgency.HIGH, "a child with a disability", lambda c: c.told.disability is Disability.YES),
    (Urgency.HIGH, "several alike from this ward", lambda c: c.recent_alike + 1 >= c.policy.alike_reports),
    (Urgency.LOW, "out of school", lambda c: c.told.concern is Concern.SCHOOL),
    (Urgency.MEDIUM, "by its kind, or not known", lambda c: True),
)


def urgency(told: Told, policy: Policy, *, recent_alike: int = 0) -> Triage:
    """The urgency of what was told. `recent_alike`: earlier reports of the same ward and concern in `policy.alike_days`, this one not counted."""
    case = _Case(told, policy, recent_alike)
    return next(Triage(level, name) for level, name, holds in RULES if holds(case))


def worse(a: Urgency, b: Urgency) -> Urgency:
    """The more urgent of two. A report's urgency moves only through this, so that nothing lowers it."""
    return a if a.rank <= b.rank else b


def without_doubts(urgency: Urgency, flags: Iterable[str]) -> tuple[str, ...]:
    """The flags that stay when a report's urgency is this: of one that has risen to HIGH or RED no doubt is left, nor a reason (once kept) for one."""
    if not urgency.at_least(Urgency.HIGH):
        return tuple(flags)
    return tuple(flag for flag in flags if flag != DOUBTFUL and not flag.startswith(DOUBT))
