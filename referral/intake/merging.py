"""What was told before, and what is told now, as one."""

from __future__ import annotations

from referral.understanding.words import Words
from referral.vocabulary.report import Concern, Danger, Told

LONGEST_STORY = 1_000


def merged(before: Told, more: Told, words: Words) -> Told:
    """What was told, and what is told now. Words are put one after the other; an accusation is added, never taken back; the first place stays."""
    story = "\n".join(part for part in (before.story, more.story) if part)[:LONGEST_STORY] or None
    named = {name: getattr(more, name) for name in ("danger", "happened", "age", "sex", "disability", "reporter") if getattr(more, name) is not None}
    place = (before.place, before.spot) if before.place else (more.place, more.spot)
    concern = graver(before.concern, more.concern, words)
    return before.adding(**named, story=story, accused=before.accused | more.accused, concern=concern, place=place[0], spot=place[1])


def graver(one: Concern | None, other: Concern | None, words: Words) -> Concern | None:
    """The graver of two concerns, by the order of the county's table: what is told second may be the worse."""
    order = [meaning.value for meaning in words.concerns]
    named = [concern for concern in (one, other) if concern is not None and concern.value in order]
    return min(named, key=lambda concern: order.index(concern.value), default=one or other)


def in_danger(told: Told) -> Told:
    """A cry for help: danger now, and of the gravest kind if no other was named."""
    return told.adding(danger=Danger.NOW, concern=told.concern or Concern.HELPNOW)
