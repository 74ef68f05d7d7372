"""What a reporter's own words change in a report that is filed: whom it accuses, and what makes it graver. It takes nothing back, and calms nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from referral.intake.merging import LONGEST_STORY, graver
from referral.understanding.places import Gazetteer
from referral.understanding.sentence import understand
from referral.understanding.words import Words
from referral.vocabulary.report import NEVER_LOCAL, TREATED_AS_SEXUAL, Accused, AgeBand, Concern, Danger, Happened, Told

_CALM = frozenset({None, Danger.NOT_NOW, Danger.UNKNOWN})
_OPEN = frozenset({None, Concern.OTHER, Concern.HELPNOW})
"""Concerns that say nothing yet: a letter that names one only fills the gap."""
_LATE = frozenset({None, Happened.MONTH, Happened.LONGER, Happened.UNKNOWN})
_FRESH = frozenset({Happened.THREE_DAYS, Happened.ONGOING})


@dataclass(frozen=True)
class Hearing:
    """Letters are read as any text is (referral.understanding), and so are the words at the end of a call."""

    words: Words
    gazetteer: Callable[[], Gazetteer]

    def adding(self, before: Told, said: str) -> Told:
        """`before` with what the letter adds to it; the very same where it adds nothing. The words themselves stay in the letter."""
        heard = understand(said[:LONGEST_STORY], self.words, self.gazetteer())
        more = heard.told
        told = before.adding(accused=_accused(before, more), concern=self._concern(before, more))
        if heard.danger or more.danger is Danger.NOW:
            told = told.adding(danger=Danger.NOW)
        elif more.danger is Danger.SOON and before.danger in _CALM:
            told = told.adding(danger=Danger.SOON)
        if more.concern is not None and more.happened in _FRESH and before.happened in _LATE:
            told = told.adding(happened=more.happened)
        if before.age in (None, AgeBand.UNKNOWN) and more.age is not None:
            told = told.adding(age=more.age)
        return told.adding(place=more.place, spot=more.spot) if before.place is None and more.place is not None else told

    def named(self, story: str | None) -> frozenset[Accused]:
        """Whom these words accuse."""
        return understand(story[:LONGEST_STORY], self.words, self.gazetteer()).told.accused - {Accused.UNKNOWN} if story else frozenset()

    def another(self, before: Told, said: str) -> bool:
        """Whether these words may be about another child: a harm of another kind, or by somebody else, or another place.

        Who is named without a harm may only be who was asked for help. What was not known before is no difference.
        """
        more = understand(said[:LONGEST_STORY], self.words, self.gazetteer()).told
        if before.place is not None and more.place not in (None, before.place):
            return True
        if more.concern is None:
            return False
        kind = before.concern not in _OPEN and more.concern is not before.concern
        known = before.accused - {Accused.UNKNOWN}
        return kind or (bool(known) and bool(more.accused - known - {Accused.UNKNOWN}))

    def _concern(self, before: Told, more: Told) -> Concern | None:
        """The graver of the two; never one that would let more offices know than before."""
        found = graver(before.concern, more.concern, self.words)
        wider = (before.concern in NEVER_LOCAL and found not in NEVER_LOCAL) or (before.concern in TREATED_AS_SEXUAL and found not in TREATED_AS_SEXUAL)
        return before.concern if wider else found


def _accused(before: Told, more: Told) -> frozenset[Accused]:
    """Nobody is taken off. That it is not known who says nothing where somebody has been named."""
    return before.accused | (more.accused - {Accused.UNKNOWN} if before.accused else more.accused)
