"""What the answers of a dialogue amount to: a report, a partial one, a consent."""

from __future__ import annotations

from referral.conversation.effects import Consent
from referral.conversation.state import State
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Disability, Happened, Hours, Reporter, Sex, Told

YES = "yes"
NO = "no"
HELP = "help"
"""The line of the first screen that is itself an answer: danger now, and no category asked of somebody who has no time."""


def told(state: State) -> Told:
    """What has been told so far. What was not asked, skipped or taken back is None (no accused: the empty set)."""
    said = dict(state.answers)
    if said.get("entry") == HELP:
        said |= {"danger": Danger.NOW, "concern": Concern.HELPNOW}
    return Told(
        danger=Danger(said["danger"]) if "danger" in said else None,
        concern=Concern(said["concern"]) if "concern" in said else None,
        place=said.get("place"),
        accused=frozenset({Accused(said["accused"])}) if "accused" in said else frozenset(),
        happened=Happened(said["happened"]) if "happened" in said else None,
        age=AgeBand(said["age"]) if "age" in said else None,
        sex=Sex(said["sex"]) if "sex" in said else None,
        disability=Disability(said["disability"]) if "disability" in said else None,
        reporter=Reporter(said["reporter"]) if "reporter" in said else None,
        spot=said.get("spot"),
        landmark=said.get("landmark"),
        story=said.get("story"),
    )


def partial(state: State) -> Told | None:
    """What a dropped session leaves behind: danger, concern and ward answered and not sent; with fewer answers, or in practice, nothing.

    "I need help now" answers danger and concern by being chosen, so there the ward alone is enough.
    """
    if state.filed or state.practice:
        return None
    so_far = told(state)
    complete = so_far.danger is not None and so_far.concern is not None and so_far.place is not None
    return so_far if complete else None


def consent(state: State) -> Consent | None:
    """The consent that stands, None unless every question of it was answered yes: silence and skipping mean no."""
    if state.answer("call") == YES:
        return Consent(Hours.ANY, by_call=True)
    if state.answer("contact") == YES and state.answer("safe") == YES:
        hours = state.answer("hours")
        return None if hours is None else Consent(Hours(hours))
    return None
