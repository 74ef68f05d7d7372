"""What somebody who looks for help sees, and what comes of it."""

from __future__ import annotations

import pytest

from referral.conversation.effects import Flag, SendHelp
from referral.conversation.engine import show, walk
from referral.conversation.telling import partial
from referral.texts.gsm import septets
from referral.vocabulary.option import Option

from .conftest import County

UKUNDA = ("KE002-S1", "KE002-W0032")
KINDS = ("medical", "police", "children", "talk", "legal", "school", "safe")
LINES = ("116", "1195", "999", "112")


def listed(phone, kind="medical"):
    phone.choose("find", kind, *UKUNDA)
    return phone.press("7")


@pytest.fixture
def english(phone):
    phone.press("6")
    return phone


def test_seven_kinds_stand_on_two_pages(english):
    assert english.choose("find") == (
        "CON Which help do you need?\n1 Hospital or clinic\n2 Police gender desk\n3 Children's officer\n4 Someone to talk to\n9 More\n0 Back"
    )
    assert english.press("9") == "CON Which help do you need?\n1 Legal help\n2 Back to school, training\n3 A safe place\n0 Back"


@pytest.mark.parametrize(("kind", "said"), [("medical", "72"), ("police", "999"), ("talk", "116")])
def test_what_cannot_wait_is_said_before_any_place_is_asked(phone, kind, said):
    assert said in phone.choose("find", kind)


def test_the_three_nearest_then_three_more_then_the_rest_and_116(english):
    assert listed(english).count("km") == 3
    assert english.screen.startswith("CON Near:\n1 ")
    second = english.press("9")
    assert second.count("km") == 3
    last = english.press("9")
    assert last.startswith("CON Near you. Or 116, free:\n1 ")
    assert not english.state.more
    assert english.press("0") == second


def test_the_place_may_be_a_sub_location_or_stay_the_ward(phone):
    asked = []

    class Listening(County):
        def help_near(self, kind, place):
            asked.append(place)
            return super().help_near(kind, place)

    phone.guide = Listening()
    phone.choose("find", "police", *UKUNDA)
    spot = phone.state.shown[0]
    phone.press("1", "0", "7")
    assert (asked[0], asked[-1]) == (spot, UKUNDA[1])


def test_a_list_shorter_than_three_says_116_as_well(phone):
    assert "116" in listed(phone, "school")
    assert phone.state.shown == ("school-0", "school-1")


def test_an_empty_list_gives_the_national_lines_and_a_way_back(phone):
    screen = listed(phone, "legal")
    assert all(number in screen for number in LINES)
    assert screen.endswith("\n0 Rudi")


@pytest.mark.parametrize("language", ["sw", "en"])
def test_a_safe_place_is_never_named_placed_or_counted(phone, language):
    if language == "en":
        phone.press("6")
    screen = phone.choose("find", "safe")
    assert "116" in screen
    assert "1195" in screen
    assert "km" not in screen
    assert [line[0] for line in screen.split("\n")[1:]] == ["0"]
    assert phone.press("1", "2", "9").startswith("CON ")
    assert phone.state.node == "find.safe"


def test_details_say_what_is_known_and_the_rest_is_one_key_on(english):
    listed(english)
    first = english.press("1")
    assert first.startswith("CON Lunga Lunga Sub-County Children Office\n0700 000 021 (free)\n")
    assert first.endswith("\n1 SMS me this\n2 Wrong info?\n9 More\n0 Back")
    seen = first
    while english.state.more:
        seen += english.press("9")
    assert all(said in seen for said in ("~12km. Opens Mon 7:30am", "Not confirmed: call first", "beside the old post office", "After rape"))


def test_what_is_no_longer_shown_gives_the_national_lines(phone):
    listed(phone)

    class Emptied(County):
        def help_facts(self, service_point, place):
            return ()

    phone.guide = Emptied()
    screen = phone.press("1")
    assert all(number in screen for number in LINES)
    assert phone.state.shown == ()


def test_a_text_is_sent_only_after_the_warning_and_the_call_is_over(english):
    listed(english)
    english.press("2")
    assert english.choose("sms").startswith("CON Others may read the SMS")
    assert english.effects == []
    assert english.choose("yes").startswith("END ")
    assert english.effects == [SendHelp("medical-1")]
    english.press("1")
    assert len(english.effects) == 1


def test_going_back_from_the_warning_sends_nothing(phone):
    listed(phone)
    before = phone.press("1")
    phone.choose("sms")
    assert phone.press("0") == before
    assert phone.effects == []


@pytest.mark.parametrize("reason", ["wrong_number", "closed", "moved", "other"])
def test_wrong_information_is_passed_on_and_back_leads_to_the_list(phone, reason):
    listed(phone)
    there = phone.press("9")
    phone.press("1")
    phone.choose("wrong", reason)
    assert phone.effects == [Flag("medical-3", reason)]
    assert "116" in phone.screen
    assert phone.press("0") == there
    assert len(phone.effects) == 1


def test_an_entry_that_appears_meanwhile_moves_no_line_of_the_list(english):
    first = listed(english)

    class Grown(County):
        def help_near(self, kind, place):
            return [Option("new", "Mpya", verbatim=True), *reversed(super().help_near(kind, place))]

    english.guide = Grown()
    english.press("9")
    assert english.state.shown == ("medical-3", "medical-4", "medical-5")
    assert english.press("0") == first


def test_another_place_gives_another_list(phone):
    listed(phone)
    phone.press("0", "0", "0")
    assert phone.state.answer("listed") is None
    phone.choose("KE002-S3")
    assert phone.state.answer("listed") is None


def test_practice_sends_and_flags_nothing_and_says_so(practice_phone):
    listed(practice_phone)
    practice_phone.press("1")
    practice_phone.choose("wrong", "moved")
    assert "MAZOEZI" in practice_phone.screen
    assert "tumeandika" not in practice_phone.screen
    practice_phone.press("0", "1")
    practice_phone.choose("sms", "yes")
    assert "SMS inakuja" not in practice_phone.screen
    assert practice_phone.effects == []


def test_looking_for_help_leaves_nothing_that_could_be_filed(phone):
    listed(phone)
    phone.press("1")
    assert partial(phone.state) is None


@pytest.mark.parametrize("text", ["3*1*1*2*7*1*1*1", "3*1*1*2*7*1*1*1*1", "3*1*1*2*7*1*2*1"])
def test_a_dialled_string_sends_and_flags_nothing(phone, text):
    turn = walk(phone.script, phone.state, text.split("*"), phone.guide, phone.surface)
    assert turn.effects == ()
    assert turn.state.node in ("find.warn", "find.reason")


@pytest.mark.parametrize("kind", KINDS)
def test_every_screen_of_every_kind_fits(english, kind):
    english.choose("find", kind)
    for key in ("1", "2", "7", "1", "2", "1"):
        assert septets(english.screen) <= 160
        assert english.screen.count("\n") <= 9
        english.press(key)
    again = show(english.script, english.state, english.guide, english.surface)
    assert again.screen.text in (english.screen, english.screen.replace("Try again.\n", ""))
