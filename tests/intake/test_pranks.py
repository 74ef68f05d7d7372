"""Signs of a prank: one alone is nothing, two put a less urgent report last, and no sign touches an urgent one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral.intake.pranks import TABLE, Signs, doubts
from referral.routing.triage import without_doubts
from referral.vocabulary.report import DOUBTFUL, Concern, Sex, Told, Urgency

EVERYTHING = Signs(Told(concern=Concern.PREGNANT, sex=Sex.BOY), filed_before=20, alike=20, took=timedelta(seconds=1), answers=9)
BOY = Told(concern=Concern.PREGNANT, sex=Sex.BOY)


@pytest.mark.parametrize(
    "signs",
    [
        Signs(Told(), filed_before=4),
        Signs(Told(), alike=3),
        Signs(Told(), took=timedelta(seconds=2), answers=9),
        Signs(BOY),
        Signs(Told(), took=timedelta(seconds=30), answers=9),
    ],
)
def test_one_sign_alone_is_a_shared_phone_or_a_slip(signs: Signs) -> None:
    assert doubts(Urgency.LOW, signs) == ()


@pytest.mark.parametrize(
    "signs",
    [
        Signs(Told(), filed_before=8),
        Signs(Told(), alike=6),
        Signs(BOY, filed_before=4),
        Signs(BOY, took=timedelta(seconds=2), answers=9),
    ],
)
@pytest.mark.parametrize("urgency", [Urgency.MEDIUM, Urgency.LOW])
def test_two_make_it_doubtful_and_nothing_says_which(signs: Signs, urgency: Urgency) -> None:
    """Beside the day's counts a reason would be the tag of whoever sent many."""
    assert doubts(urgency, signs) == (DOUBTFUL,)


@pytest.mark.parametrize("urgency", [Urgency.RED, Urgency.HIGH])
def test_an_urgent_one_is_never_doubted(urgency: Urgency) -> None:
    assert doubts(urgency, EVERYTHING) == ()


def test_what_becomes_urgent_is_doubted_no_longer() -> None:
    flags = ("accused_unknown", "doubt_contradicts", *doubts(Urgency.LOW, EVERYTHING))
    assert without_doubts(Urgency.HIGH, flags) == ("accused_unknown",)
    assert without_doubts(Urgency.MEDIUM, flags) == flags


def test_every_reason_that_reports_of_before_may_hold_has_its_words() -> None:
    from referral.texts.catalogue import Catalogue

    catalogue = Catalogue.load()
    for language in ("sw", "en"):
        for name in (DOUBTFUL, *(f"doubt_{name}" for name in TABLE)):
            assert catalogue.say(language, f"officers.flag.{name}")
