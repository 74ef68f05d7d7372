"""Every text to somebody who texts, in every language, with the longest real names: one part, GSM-7, nothing that betrays."""

from __future__ import annotations

import re

import pytest

from referral.intake.questions import Questions
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import parts
from referral.vocabulary.option import Option
from tests.conftest import START, Kept, settings_for
from tests.fakes import FixedClock
from tests.world import World

CATALOGUE = Catalogue.load()
QUESTIONS = Questions(CATALOGUE, "*384*123456#")
BETRAYS = re.compile(r"ngono|bakwa|unajisi|sex|rape|abuse|marriage|ndoa|pregnan|mimba|traffick", re.IGNORECASE)
LONGEST = tuple(Option(str(at), "Mackinnon Road / Kilibasi", verbatim=True) for at in range(3))


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("asked", ["what", "danger", "danger_now", "place", "choice", "who", "authority"])
def test_a_question_is_one_part_and_names_no_crime(language: str, asked: str, urgent: bool) -> None:
    options = (*LONGEST, QUESTIONS.elsewhere()) if asked == "choice" else QUESTIONS.options(asked)
    text = QUESTIONS.ask(language, asked, options, urgent=urgent)
    assert parts(text) == 1, text
    assert not BETRAYS.search(text)
    assert text.endswith(CATALOGUE.say(language, "sms.delete"))


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
@pytest.mark.parametrize(
    "what", ["filed", "thanks", "status_ask", "rights", "language", "service_how", "service_where", "service_lines", "danger_now", "wrong_how"]
)
def test_an_answer_is_one_part(language: str, what: str) -> None:
    assert parts(QUESTIONS.say(language, what)) == 1


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
def test_thanks_for_what_is_wrong_are_one_part(language: str) -> None:
    assert parts(QUESTIONS.say(language, "wrong_thanks")) == 1


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
def test_asking_which_of_three_places_was_meant_is_one_part(language: str) -> None:
    assert parts(QUESTIONS.say(language, "service_which", list=", ".join(["Kasemeni (Lunga Lunga)"] * 3))) == 1


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
def test_the_code_is_one_part(language: str) -> None:
    assert parts(QUESTIONS.say(language, "code", code="4821 9037 5516")) == 1


@pytest.mark.parametrize("language", sorted(CATALOGUE.languages))
def test_the_nearest_help_from_every_ward_and_spot_is_one_part(language: str, sqlite_county: Kept) -> None:
    world = World(settings_for(sqlite_county.fresh(f"nearest-{language}")), FixedClock(START))
    services, gazetteer = world.service.texting.asking.services, world.service.texting.gazetteer()
    roster = world.service.roster()
    asked = 0
    with world.rows() as session:
        for ward in roster.ward_ids():
            for place in (ward, *(spot.value for spot in roster.spots(ward))):
                for kind in ("hospital", "police", "children", "legal", "talk", "school", "safe"):
                    said, _ = services.nearest(session, language, kind, roster.place_name(place) or "", gazetteer, START)
                    assert parts(said) == 1, said
                    assert not BETRAYS.search(said)
                    assert ("1)" in said) <= (kind != "safe")
                    asked += 1
    assert asked > 700
    world.close()
