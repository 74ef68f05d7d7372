"""A page as a phone shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from referral.conversation.ports import Page, Screen
from referral.texts.catalogue import Catalogue, NoSuchText
from referral.texts.gsm import NotGsm, septets
from referral.ussd.render import LONGEST, ScreenTooLong, UssdSurface
from referral.vocabulary.option import Option

TEXTS = {
    "frame.mistaken": "Try again.",
    "frame.practice": "PRACTICE",
    "frame.skip": "Skip",
    "frame.code": "Code again",
    "frame.more": "More",
    "frame.back": "Back",
    "q": "Which?",
    "told": "Code {code}",
    "yes": "Yes",
    "long": "x" * 150,
}
SURFACE = UssdSurface(Catalogue({"en": TEXTS}))


def names(*texts):
    return tuple(Option(str(number), text, verbatim=True) for number, text in enumerate(texts))


def test_lines_are_numbered_from_one_and_only_keys_that_work_are_shown():
    page = Page("q", options=(Option("y", "yes"), *names("Waa")))
    assert SURFACE.fit(page, "en") == Screen("CON Which?\n1 Yes\n2 Waa", 2, more=False, ends=False)
    assert SURFACE.fit(replace(page, can_go_back=True, at_most=1), "en") == Screen("CON Which?\n1 Yes\n9 More\n0 Back", 1, more=True, ends=False)
    skippable = replace(page, skippable=True, code_again=True, can_go_back=True)
    assert SURFACE.fit(skippable, "en").text == "CON Which?\n1 Yes\n2 Waa\n7 Skip\n8 Code again\n0 Back"


def test_a_page_of_text_says_where_more_follows():
    assert SURFACE.fit(Page("q", follows=True, can_go_back=True), "en") == Screen("CON Which?\n9 More\n0 Back", 0, more=True, ends=False)


def test_facts_stand_above_every_option_and_what_does_not_fit_is_one_key_on():
    facts = tuple(Option("", sign * 50, verbatim=True) for sign in "abc")
    screen = SURFACE.fit(Page("", facts=facts, options=(Option("y", "yes"),), can_go_back=True), "en")
    assert screen == Screen("CON " + "a" * 50 + "\n" + "b" * 50 + "\n1 Yes\n9 More\n0 Back", 1, more=True, ends=False, facts=2)
    with pytest.raises(ScreenTooLong):
        SURFACE.fit(Page("", facts=(Option("", "a" * 140, verbatim=True),), options=(Option("y", "yes"),)), "en")


def test_a_line_may_be_filled_in_with_another_line():
    line = Option("x", "told", params=(("code", Option("", "told", params=(("code", "7"),))),))
    assert SURFACE.fit(Page("q", options=(line,)), "en").text == "CON Which?\n1 Code Code 7"


def test_a_wrong_key_and_practice_each_put_one_line_in_front():
    assert SURFACE.fit(Page("q", mistaken=True, practice=True), "en").text == "CON Try again.\nPRACTICE\nWhich?"


def test_the_last_screen_ends():
    assert SURFACE.fit(Page("told", params=(("code", "1234"),), ends=True), "en") == Screen("END Code 1234", 0, more=False, ends=True)


def test_at_most_eight_lines_stand_on_a_screen():
    screen = SURFACE.fit(Page("q", options=names(*"abcdefghij"), at_most=20), "en")
    assert screen.shown == 8
    assert screen.text.endswith("\n8 h\n9 More")


@given(lengths=some.lists(some.integers(1, 60), min_size=1, max_size=14), back=some.booleans(), skip=some.booleans())
def test_no_line_is_cut_and_a_wrong_key_or_practice_moves_no_number(lengths, back, skip):
    page = Page("q", options=names(*("m" * length for length in lengths)), can_go_back=back, skippable=skip, at_most=6 if skip else 8)
    plain = SURFACE.fit(page, "en")
    for variant in (plain, SURFACE.fit(replace(page, mistaken=True), "en"), SURFACE.fit(replace(page, practice=True, mistaken=True), "en")):
        assert septets(variant.text) <= LONGEST
        assert (variant.shown, variant.more) == (plain.shown, plain.more)
        for number, option in enumerate(page.options[: variant.shown], start=1):
            assert f"{number} {option.text}" in variant.text.split("\n")
        assert ("9 More" in variant.text.split("\n")) is (variant.shown < len(page.options))


def test_extension_characters_take_their_double_room():
    screen = SURFACE.fit(Page("q", options=names("[" * 33, "[" * 33)), "en")
    assert screen.shown == 1
    assert screen.more


def test_a_line_that_fits_nowhere_fails_loudly_and_quotes_nothing():
    with pytest.raises(ScreenTooLong) as refused:
        SURFACE.fit(Page("q", options=names("Somebody's name " * 12)), "en")
    assert refused.value.over > 0
    assert "Somebody" not in str(refused.value)
    with pytest.raises(ScreenTooLong, match="long in en is"):
        SURFACE.fit(Page("long", can_go_back=True), "en")


def test_a_name_the_network_cannot_carry_fails_loudly():
    with pytest.raises(NotGsm):
        SURFACE.fit(Page("q", options=names("Ng\u2019ombe")), "en")


def test_a_missing_text_fails_loudly():
    with pytest.raises(NoSuchText):
        SURFACE.fit(Page("no.such"), "en")


def test_what_was_fitted_is_kept_but_never_a_page_with_a_code():
    class Counting(Catalogue):
        said = 0

        def say(self, language, key, **values):
            self.said += 1
            return super().say(language, key, **values)

    catalogue = Counting({"en": TEXTS})
    surface = UssdSurface(catalogue, keep=1)
    kept, other, told = Page("q"), Page("yes"), Page("told", params=(("code", "1234"),))

    def fitted(page):
        before = catalogue.said
        surface.fit(page, "en")
        return catalogue.said > before

    assert [fitted(page) for page in (kept, kept, told, told, kept, other, kept)] == [True, False, True, True, False, True, True]
