"""Signs that a report may be a prank, as a table. They put a less urgent report last, and whoever reads it is told so; they drop and close nothing.

A sign says something of this report and of today's counts, never of who the caller was yesterday. One sign alone is a shared phone or a
slip of the thumb: only two make a report doubtful. RED and HIGH are never doubted: of those a wrong one costs an officer an hour, a missed
one a child.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from referral.vocabulary.report import DOUBTFUL, Accused, AgeBand, Concern, Sex, Told, Urgency

ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known when a report is filed. `filed_before`: reports that callers of the same tag sent today. `alike`: how often exactly these
    words came today, this time included. `took`: from the first answer to Send, None by text. `answers`: how many keys that was."""

    told: Told
    filed_before: int = 0
    alike: int = 0
    took: timedelta | None = None
    answers: int = 0


_A_KEY = timedelta(seconds=1)
"""Faster than this a key, the network's own way there and back included, no thumb reads and answers."""
_MANY, _FLOOD, _SAME_WORDS, _COPIED = 4, 8, 3, 6


def _contradicts(told: Told) -> bool:
    """Answers that cannot both be true of one child."""
    pairs = (
        told.concern is Concern.PREGNANT and told.sex is Sex.BOY,
        told.concern is Concern.PREGNANT and told.age is AgeBand.UNDER_10,
        told.concern is Concern.SCHOOL and told.age is AgeBand.ADULT,
        Accused.HOME in told.accused and told.concern is Concern.SEXTOUR and Accused.TOURIST not in told.accused,
    )
    return any(pairs)


TABLE: Mapping[str, tuple[int, Callable[[Signs], bool]]] = MappingProxyType(
    {
        "many_today": (1, lambda signs: signs.filed_before >= _MANY),
        "flood": (1, lambda signs: signs.filed_before >= _FLOOD),  # with "many_today", which it includes, enough
        "too_fast": (1, lambda signs: signs.took is not None and signs.answers > 1 and signs.took < signs.answers * _A_KEY),
        "same_words": (1, lambda signs: signs.alike >= _SAME_WORDS),
        "copied": (1, lambda signs: signs.alike >= _COPIED),  # with "same_words", which it includes, enough
        "contradicts": (1, lambda signs: _contradicts(signs.told)),
    }
)
"""Each sign with its weight. A sign more is a line more."""


def doubts(urgency: Urgency, signs: Signs) -> tuple[str, ...]:
    """The flag of a doubtful report; empty for one that is not, and for every RED or HIGH one.

    Why it is doubted is not written down: beside today's counts the reports of a phone that sent many would be those of the one tag whose count is
    high, and where only the other reasons stood, a missing one would say the same.
    """
    if urgency.at_least(Urgency.HIGH):
        return ()
    return (DOUBTFUL,) if sum(weight for weight, holds in TABLE.values() if holds(signs)) >= ENOUGH else ()
