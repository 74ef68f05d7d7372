"""The dialogue as a whole: complete, without dead ends, every page fitting, quick enough for one session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from referral.conversation import budget, check
from referral.conversation.nodes import Ask, Choice, Condition, Does, End, Fork, Info, Menu, Script, ScriptError
from referral.conversation.paging import page_of
from referral.conversation.state import State
from referral.texts.catalogue import Catalogue
from referral.ussd.render import KEYS
from referral.vocabulary.option import Option


def test_no_screen_is_a_dead_end_and_none_is_out_of_reach(script):
    assert check.graph(script) == []


def test_every_page_fits_in_both_languages_with_the_longest_real_names(script, guide, surface):
    assert check.pages(script, guide, surface) == []


def test_every_text_is_there_and_none_is_left_over(script):
    catalogue = Catalogue.load(domain="dialogue")
    assert check.texts(script, KEYS, catalogue.languages, {key: catalogue.fills(key) for key in catalogue.keys}) == []


def test_a_report_is_sent_before_a_session_can_end(script, guide, surface):
    table = budget.journeys(script, guide, surface)
    assert {(way.entry, way.language) for way in table} == {("report", "sw"), ("report", "en"), ("help", "sw"), ("help", "en")}
    assert budget.over_budget(table) == []


def test_a_slow_script_is_named(script, guide, surface):
    (slow, *_) = budget.journeys(script, guide, surface)
    found = budget.over_budget([replace(slow, plain_seconds=101.0), replace(slow, longest_screens=14)])
    assert len(found) == 2
    assert "the plain way takes 101 s" in found[0]
    assert "14 screens" in found[1]


def test_every_screen_is_read_well_within_thirty_idle_seconds(script, guide, surface):
    for name, node in script.nodes.items():
        if not isinstance(node, Fork):
            text = surface.fit(page_of(script, State(name, "sw", answers=(("subcounty", "KE002-S5"),)), guide), "sw").text
            assert len(text) / budget.READS + budget.HOP + budget.KEY < 20


@pytest.mark.parametrize(
    "name",
    [
        "danger",
        "taken",
        "hurt",
        "authority",
        "confirm",
        "subcounty",
        "find.medical",
        "find.police",
        "find.talk",
        "find.reason",
        "help.subcounty",
        "help.call",
        "when",
        "age",
        "sex",
        "hours",
    ],
)
def test_what_is_decided_together_stands_on_one_page(name, script, guide, surface):
    for language in script.languages:
        assert not surface.fit(page_of(script, State(name, language), guide), language).more


def test_the_category_takes_two_pages_and_the_accused_shows_authority_on_the_first(script, guide, surface):
    for language in script.languages:
        first = surface.fit(page_of(script, State("concern", language), guide), language)
        assert first.more
        assert not surface.fit(page_of(script, State("concern", language, offset=first.shown), guide), language).more
        page = page_of(script, State("who", language), guide)
        assert [option.value for option in page.options[: surface.fit(page, language).shown]] == ["home", "relative", "authority", "unknown"]


def _script(*nodes, start="a"):
    return Script.of((*nodes, Info("code", ("x",))), start=start, code_again="code", languages=("sw",))


def _menu(name, *gos, **more):
    return Menu(name, "x", tuple(Choice(f"{number}", "x", go=go) for number, go in enumerate(gos)), **more)


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (_script(_menu("a", "b")), "a leads to b, which is nowhere"),
        (_script(End("b", "x")), "the script names a, which is nowhere"),
        (_script(End("a", "x"), End("b", "x")), "b cannot be reached"),
        (_script(_menu("a", "b"), Info("b", ("x",))), "a never comes to an end"),
        (_script(_menu("a", "f", "e"), Fork("f", Condition.SEXUAL, yes="f", no="e"), End("e", "x")), "f is a fork that leads back to itself"),
        (_script(_menu("a", "s"), _menu("s", "q", effect=Does.FILE_REPORT), Ask("q", "x", saves="q", go="e"), End("e", "x")), "q is asked after filing"),
        (_script(Menu("a", "x", (Choice("1", "x", "e"), Choice("1", "x", "e"))), End("e", "x")), "a has 1 twice"),
    ],
)
def test_a_broken_script_is_named(broken, finding):
    assert any(line.startswith(finding) for line in check.graph(broken)), check.graph(broken)


def test_two_questions_of_one_name_are_refused():
    with pytest.raises(ScriptError, match="two nodes are called a"):
        _script(End("a", "x"), End("a", "y"))


def test_a_text_missing_left_over_or_wrongly_filled_is_named(script):
    catalogue = Catalogue.load(domain="dialogue")
    fills = {key: catalogue.fills(key) for key in catalogue.keys}
    del fills["danger.prompt"]
    fills |= {"nobody.says": frozenset(), "who.prompt": frozenset({"name"}), "end.text": frozenset()}
    assert check.texts(script, KEYS, ("sw",), fills) == [
        "there is no catalogue in en",
        "danger.prompt is missing",
        "nothing uses nobody.says",
        "end.text: code is not told",
        "who.prompt: nobody fills name in",
    ]


def test_a_name_too_long_for_any_screen_is_found_before_a_caller_finds_it(script, guide, surface):
    class Wordy(type(guide)):
        def wards(self, subcounty):
            return [Option("w", "M" * 140, verbatim=True)]

    assert any(line.startswith("ward in sw") for line in check.pages(script, Wordy(), surface))


def test_words_for_help_that_fit_no_screen_are_found_before_a_caller_finds_them(script, guide, surface):
    class Wordy(type(guide)):
        def help_near(self, kind, place):
            return [Option("x", "M" * 140, verbatim=True)]

        def help_facts(self, service_point, place):
            return [Option("", "M" * 110, verbatim=True)]

    found = check.pages(script, Wordy(), surface)
    assert any(line.startswith("find.list in sw") for line in found)
    assert any(line.startswith("find.detail in en") for line in found)
