"""What an alert says: enough to act on, nothing that betrays. Never the story, a name, a school, a landmark or the reporter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from referral.vocabulary.report import AgeBand, Concern, Sex, Told, Urgency

GROUPS = MappingProxyType(
    {
        Concern.SEXABUSE: "group.sexual",
        Concern.SEXEXCH: "group.sexual",
        Concern.SEXTOUR: "group.sexual",
        Concern.ONLINE: "group.sexual",
        Concern.HELPNOW: "group.help_now",
        Concern.MARRIAGE: "group.exploitation",
        Concern.TRAFFIC: "group.exploitation",
        Concern.SERVITUDE: "group.exploitation",
        Concern.LABOUR: "group.exploitation",
        Concern.MISSING: "group.harm",
        Concern.PHYSICAL: "group.harm",
        Concern.NEGLECT: "group.harm",
        Concern.PREGNANT: "group.support",
        Concern.SCHOOL: "group.support",
        Concern.OTHER: "group.other",
        None: "group.other",
    }
)
"""An alert lies in an inbox that others read: it names the group of a concern, not the concern."""

_AGES = MappingProxyType({AgeBand.UNDER_10: "child.under_10", AgeBand.FROM_10: "child.10_14", AgeBand.FROM_15: "child.15_17", AgeBand.ADULT: "child.adult"})
_SEXES = MappingProxyType({Sex.GIRL: "child.girl", Sex.BOY: "child.boy"})

Say = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Matter:
    """What an alert is about. `place` is the ward's name, None where none is known."""

    number: str
    urgency: Urgency
    told: Told
    place: str | None


def alert_text(say: Say, language: str, matter: Matter, one_time: str, by: datetime, now: datetime, *, key: str | None = None) -> str:
    """The SMS of an alert, or of a repeat where `key` names its words. `by` and `now` are local times."""
    where = matter.place or say(language, "alert.place_unknown")
    child = "" if matter.urgency is Urgency.RED else _child(say, language, matter.told)
    return say(
        language,
        key or "alert.text",
        number=matter.number,
        urgency=matter.urgency.value,
        group=say(language, GROUPS[matter.told.concern]),
        place=where,
        child=child,
        one_time=one_time,
        by=clock_time(by, now),
    )


def clock_time(by: datetime, now: datetime) -> str:
    """14:35 if that is today, else 23/11 07:30."""
    return by.strftime("%H:%M") if by.date() == now.date() else by.strftime("%d/%m %H:%M")


def _child(say: Say, language: str, told: Told) -> str:
    keys = [key for key in (_AGES.get(told.age) if told.age else None, _SEXES.get(told.sex) if told.sex else None) if key]
    return f" {', '.join(say(language, key) for key in keys)}." if keys else ""
