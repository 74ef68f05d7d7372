"""Every screen of the menu fits, in every language, with the longest names; every text is there and every key leads somewhere."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import polib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from referral.casework.desk import Brief, Opened
from referral.casework.desk import Standing as Far
from referral.conversation.ports import Page
from referral.officers.script import ANSWERS, NODES, OUTCOMES, PAGED, Does, Source, lines_of, step
from referral.officers.state import State
from referral.officers.telling import brief_fills, brief_key, countdown, paged, plain, report_lines
from referral.reports.numbers import Reachable
from referral.reports.register import Report
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import is_gsm, septets
from referral.ussd.render import LONGEST, UssdSurface
from referral.vocabulary.option import Option
from referral.vocabulary.report import Accused, AgeBand, Channel, Concern, Danger, Disability, Happened, Hours, Sex, Told, Urgency
from tests.officers.conftest import CHILDREN, dial, has_pin
from tests.texts.test_catalogue import SHIPPED
from tests.world import World

CATALOGUE = Catalogue.load()
SURFACE = UssdSurface(CATALOGUE)
NOW = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
LANGUAGES = CATALOGUE.languages
PLACE, OFFICE = "Chengoni/Samburu II", "Lunga Lunga Sub-County Police Commander, Mwereni"
"""As long as the longest of the county, and some more."""


def say(language):
    return lambda key, **fills: CATALOGUE.say(language, key, **fills)


def fits(page: Page, language: str) -> None:
    screen = SURFACE.fit(page, language)
    assert septets(screen.text) <= LONGEST
    assert screen.shown >= min(1, len(page.options))


def told(**changes: object) -> Told:
    return Told(**{"danger": Danger.NOW, "concern": Concern.SEXABUSE, "place": "w", **changes})  # type: ignore[arg-type]


def opened(told: Told, flags: tuple[str, ...] = (), reachable: Reachable | None = None, partial: bool = False) -> Opened:
    report = Report("r", "482193", Channel.USSD, told, Urgency.RED, 2, partial, flags)
    return Opened(report, PLACE, "Ukunda", reachable)


def test_every_menu_fits_with_the_longest_names() -> None:
    for language, node in itertools.product(LANGUAGES, NODES.values()):
        if node.name in OUTCOMES or node.source in (*PAGED, Source.ALERTS, Source.ANSWERS):
            continue
        lines = [Option(line.value, line.text) for line in lines_of(node).values()] or [Option("o", OFFICE, verbatim=True)] * 9
        fills = {"number": "482193", "office": OFFICE, "most": "140", "count": "12"}
        params = tuple((name, fills[name]) for name in CATALOGUE.fills(node.prompt))
        if node.typed:
            fits(Page(node.prompt, params, can_go_back=True, typed=True, mistaken=True), language)
            continue
        for offset in range(len(lines)):
            fits(Page(node.prompt, params, tuple(lines[offset:]), can_go_back=True, mistaken=True), language)


def test_every_alert_fits_however_far_and_however_late() -> None:
    for language, far, left in itertools.product(LANGUAGES, Far, (None, -40 * 24 * 60, -119, 0, 12, 119, 47 * 60, 7 * 24 * 60)):
        brief = Brief("a", "482193", Urgency.MEDIUM, PLACE, far, None if left is None else NOW + timedelta(minutes=left))
        fills = brief_fills(say(language), brief, NOW)
        line = CATALOGUE.say(language, brief_key("officers.line", brief), **dict(fills))
        fits(Page("officers.alerts", (("count", "12"),), (Option("a", line, verbatim=True),) * 9, can_go_back=True), language)
        new = Option("letters", "officers.letters.new", params=(("count", "9"),))
        answers = tuple(new if one.value == "letters" else Option(one.value, one.text) for one in ANSWERS[far])
        page = Page(brief_key("officers.alert", brief), fills, answers, can_go_back=True)
        assert SURFACE.fit(page, language).shown == len(answers), (language, far, left, "an answer is on a second page")


def test_every_outcome_fits() -> None:
    fills = {"number": "482193", "left": "2", "until": "10:35", "office": OFFICE}
    for language, key in itertools.product(LANGUAGES, sorted(CATALOGUE.keys)):
        if key.startswith(
            ("officers.noted", "officers.pin", "officers.invitation", "officers.choose", "officers.gone", "officers.none", "officers.hand.nobody")
        ):
            params = tuple((name, fills[name]) for name in CATALOGUE.fills(key))
            fits(Page(key, params, (Option("alerts", "officers.alerts_again"),), mistaken=True), language)


def test_texts_to_supervisors_are_one_sms() -> None:
    for language in LANGUAGES:
        for key in ("supervisor.pin_locked", "supervisor.handed_on", "reply.no_longer"):
            fills = {"office": OFFICE, "until": "10:35", "number": "482193", "dial": "*384*96*77#"}
            assert septets(CATALOGUE.say(language, key, **{name: fills[name] for name in CATALOGUE.fills(key)})) <= 160


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_was_told_can_be_read(language: str) -> None:
    for field, values in {
        "concern": (None, *Concern),
        "danger": (None, *Danger),
        "happened": (None, *Happened),
        "age": (None, *AgeBand),
        "sex": (None, *Sex),
        "disability": (None, *Disability),
        "accused": (frozenset(), frozenset(Accused), *(frozenset({one}) for one in Accused)),
    }.items():
        for value in values:
            lines = list(report_lines(say(language), opened(told(**{field: value}))))
            assert all(lines)
    for flag, hours, by_call in itertools.product(
        ("child_accused", "accused_unknown", "one_institution", "doubtful", "doubt_contradicts"), Hours, (False, True)
    ):
        assert list(report_lines(say(language), opened(told(), (flag,), Reachable(hours, by_call), partial=True)))


def test_another_child_accused_is_for_a_person_to_decide() -> None:
    assert "Another child is accused: a person decides what follows." in list(report_lines(say("en"), opened(told(), ("child_accused",))))


@given(some.text(max_size=400))
@settings(deadline=None)
def test_any_story_is_told_whole_in_pages_that_fit(story: str) -> None:
    def fit(text: str) -> bool:
        return septets(text) <= 100

    words = plain(story)
    assert is_gsm(words)
    pages = paged(iter(("482193 RED", f"In their words: {words}", "end")), fit)
    assert all(fit(page) and page for page in pages)
    assert "".join("".join(pages).split()) == "".join(f"482193 RED In their words: {words} end".split())


@pytest.mark.parametrize(
    ("left", "words"),
    [(0, "0 min"), (12, "12 min"), (119, "119 min"), (120, "2 h"), (47 * 60, "47 h"), (48 * 60, "2 d"), (-5, "late 5 min"), (-600, "late 10 h")],
)
def test_the_countdown(left: int, words: str) -> None:
    assert countdown(say("en"), NOW + timedelta(minutes=left), NOW) == words


def test_every_way_leads_to_a_screen_there_is_and_back_to_the_list() -> None:
    for node in NODES.values():
        assert {line.go for line in lines_of(node).values()} | {node.go or "alerts", node.back or "alerts"} <= NODES.keys()
        at, seen = node, set()
        while at.back is not None:
            assert at.name not in seen
            seen.add(at.name)
            at = NODES[at.back]
        assert at.name in {"alerts", *OUTCOMES}


def test_no_key_ever_breaks_a_step() -> None:
    for node, key in itertools.product((*NODES, "nowhere"), (*"0123456789", "", "*", "#", "99", "x", "\u0663")):
        state = State(node, "p", "en", shown=("a", "b"), more=True)
        move = step(state, key)
        assert move is None or move.state.node in NODES


def test_every_text_of_the_menu_is_used() -> None:
    """A text nobody shows is one nobody has checked."""
    used = {node.prompt for node in NODES.values()} | {line.text for node in NODES.values() for line in lines_of(node).values()}
    import inspect

    import referral.casework.handing_on as a
    import referral.casework.officers as b
    import referral.casework.pins as c
    import referral.officers.converse as d
    import referral.officers.screens as e
    import referral.officers.sign_in as f
    import referral.officers.telling as g

    code = "".join(inspect.getsource(module) for module in (a, b, c, d, e, f, g))
    keys = Catalogue.load(domain="officers").keys
    families = ("officers.line.", "officers.alert.", "officers.flag.", "officers.reply.")
    assert [key for key in sorted(keys) if key not in used and f'"{key}"' not in code and not key.startswith(families)] == []
    assert used - {""} <= CATALOGUE.keys
    assert {f"officers.{family}.{far}" for family in ("line", "alert") for far in (*Far, "seen")} <= keys
    assert set(Does)


def test_every_kiswahili_text_is_marked_as_a_draft_for_native_review() -> None:
    drafts = polib.pofile(str(SHIPPED / "sw" / "officers.po"))
    assert "native" in drafts.header
    assert [entry.msgid for entry in drafts if "needs-review" not in entry.flags] == []


def test_an_answer_takes_less_than_a_second(sqlite_world: World) -> None:
    from time import perf_counter

    has_pin(sqlite_world)
    phone = dial(sqlite_world, CHILDREN)
    spent = []
    for _ in range(3):
        begin = perf_counter()
        phone.key("482917" if not spent else "9")
        spent.append(perf_counter() - begin)
    assert min(spent) < 1, "with the machine to itself the PIN takes a tenth of that"
