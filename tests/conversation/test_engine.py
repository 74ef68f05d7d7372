"""What holds on every way through the dialogue, whatever is pressed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from referral.conversation.engine import begin, show, step
from referral.conversation.nodes import Does, Listing, Menu
from referral.conversation.paging import page_of
from referral.conversation.script import dialogue
from referral.conversation.state import State, UnreadableState
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.ussd.render import UssdSurface
from referral.vocabulary.option import Option

from .conftest import County

SCRIPT = dialogue()
SURFACE = UssdSurface(Catalogue.load())
COUNTY = County()
KEYS = some.sampled_from([*"0123456789", "kwa chifu", "482190375518"])
FORWARD = some.sampled_from([*"12345678999", "kwa chifu", "482190375518"])
BEGINNINGS = some.sampled_from(
    ["", "1", "11", "11911", "1111211", "11112111", "111121111", "1111211111", "6119141", "2121", "21212", "212121", "4", "5", "31127", "3112711", "31127121"]
)
"""Keys to set out from, so that what comes after *Sent* is tried as often as what comes before."""


def press(state: State, key: str):
    return step(SCRIPT, state, key, COUNTY, SURFACE, lambda: "482190375518")


def start(*, practice: bool = False):
    return show(SCRIPT, begin(SCRIPT, practice=practice), COUNTY, SURFACE)


@settings(max_examples=150, deadline=None)
@given(beginning=BEGINNINGS, keys=some.lists(some.one_of(KEYS, KEYS, KEYS, some.text(max_size=30)), max_size=40), practice=some.booleans())
def test_nothing_a_caller_types_breaks_a_screen(beginning, keys, practice):
    turn = start(practice=practice)
    for key in [*beginning, *keys]:
        turn = press(turn.state, key)
        assert septets(turn.screen.text) <= 160
        assert turn.screen.text.startswith(("CON ", "END "))
        assert turn.screen.text.count("\n9 ") <= 1
        assert State.from_json(turn.state.to_json()) == turn.state
        assert not (practice and turn.effects)


@settings(max_examples=200, deadline=None)
@given(beginning=BEGINNINGS, keys=some.lists(FORWARD, max_size=30))
def test_back_gives_the_same_screen_and_the_same_answers(beginning, keys):
    turn = start()
    for key in [*beginning, *keys]:
        after = press(turn.state, key)
        moved = (after.state.node, after.state.offset) != (turn.state.node, turn.state.offset)
        if moved and after.state.trail and not after.screen.ends and after.state.node != "find.thanks":  # from there back leads to the list
            back = press(after.state, "0")
            if turn.state.node != "status.ask":  # which says what was wrong with the code that was typed
                assert back.screen == replace(turn.screen, text=turn.screen.text.replace("CON Jaribu tena.\n", "CON ").replace("CON Try again.\n", "CON "))
            assert back.state == turn.state
        turn = after


@pytest.mark.parametrize(
    "wrong", ["", " ", "*", "#", "98", "00", "0 0", "1.", "+1", "-1", "\uff11", "\u0661", "\u00b2", "🙏", "x" * 10_000, "9" * 5_000, "\x00", "1\n2", "hapana"]
)
def test_a_wrong_key_shows_the_same_screen_with_one_line_in_front_and_changes_nothing(wrong):
    turn = start()
    for key in ("1", "1", "9", "4", "1", "2", "4", "1", "1"):
        again = press(turn.state, wrong)
        assert again.state == turn.state
        assert again.effects == ()
        assert again.screen.text == turn.screen.text.replace("CON ", "CON Jaribu tena.\n", 1)
        turn = press(turn.state, key)


def test_blanks_around_a_key_do_no_harm():
    assert press(start().state, " 1 ").state.node == "danger"


def test_more_is_a_wrong_key_on_the_last_page():
    turn = press(press(start().state, "1").state, "1")
    last = press(turn.state, "9")
    assert not last.state.more
    assert "Jaribu tena" in press(last.state, "9").screen.text


def test_an_edit_of_the_directory_between_two_screens_cannot_shift_a_number():
    class Edited(County):
        def subcounties(self):
            return [Option("KE002-S9", "Mpya", verbatim=True), *super().subcounties()]

    turn = start()
    for key in ("1", "1", "1"):
        turn = press(turn.state, key)
    assert turn.screen.text.splitlines()[1] == "1 Msambweni"
    chosen = step(SCRIPT, turn.state, "1", Edited(), SURFACE, lambda: "")
    assert chosen.state.answer("subcounty") == "KE002-S1"


def test_a_list_that_shrank_meanwhile_begins_again_rather_than_showing_nothing():
    class Shrunk(County):
        def wards(self, subcounty):
            return super().wards(subcounty)[:1]

    state = State("ward", "sw", offset=5, answers=(("subcounty", "KE002-S3"),))
    turn = show(SCRIPT, state, Shrunk(), SURFACE)
    assert turn.state.offset == 0
    assert turn.state.shown == ("KE002-W0039",)


def test_a_session_of_a_script_that_has_changed_starts_anew_instead_of_failing():
    gone = replace(start().state, node="an.older.question", answers=(("danger", "now"),))
    for turn in (press(gone, "1"), show(SCRIPT, gone, COUNTY, SURFACE)):
        assert turn.state.node == "start"
        assert turn.state.answers == ()
    unknown_line = replace(start().state, shown=("an.older.line",))
    assert press(unknown_line, "1").state.node == "start"


def test_the_last_screen_stays_whatever_is_pressed():
    ended = State("end", "sw", filed=True, code="482190375518")
    for key in ("1", "0", "9", ""):
        turn = press(ended, key)
        assert turn.screen.text == "END Asante. 4821 9037 5518\nPiga 116, bure."
        assert turn.effects == ()


@pytest.mark.parametrize("words", ["x" * 81, "x" * 100_000, "5", "98", "00", "...", "*", "🙏🙏"])
def test_what_cannot_be_meant_as_words_is_asked_again(words):
    story = State("story", "sw", filed=True, code="482190375518")
    turn = press(story, words)
    assert turn.effects == ()
    assert turn.state.node == "story"
    assert turn.screen.text.startswith("CON Jaribu tena.\n")


def test_words_may_hold_stars_and_letters_of_any_language():
    turn = press(State("story", "sw", filed=True, code="482190375518"), "  nyumba*kijani\tna\x00 ng\u2019ombe ")
    assert turn.effects[0].told.story == "nyumba*kijani na ng\u2019ombe"


def test_skippable_screens_keep_seven_and_eight_free():
    for node in SCRIPT.nodes.values():
        if isinstance(node, Menu | Listing) and (node.skip is not None or node.code_again):
            assert page_of(SCRIPT, State(node.name, "sw"), COUNTY).at_most <= 6


def test_every_question_after_sent_can_be_skipped_and_shows_the_code_again():
    for node in SCRIPT.nodes.values():
        effect = getattr(node, "effect", None)
        if effect in (Does.AMEND, Does.CONSENT) or node.name in ("contact", "safe"):
            assert node.skip is not None
            assert node.code_again


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"v":2}', "null", '{"v":1,"n":"a"}', '{"v":1,"n":"a","l":"sw","p":0,"o":0,"a":[1],"t":[],"s":[],"m":0,"f":0,"c":0}']
)
def test_what_is_no_state_is_refused_without_being_quoted(text):
    with pytest.raises(UnreadableState) as refused:
        State.from_json(text)
    assert str(refused.value) in ("not a state", "a state of another version")
