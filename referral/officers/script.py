"""The officers' menu as data, and one pure step: a key in, where it leads and what it asks to be done out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from referral.casework.desk import Standing
from referral.casework.grammar import REASONS
from referral.casework.records import Given
from referral.handover.mailbox import LONGEST_WORDS
from referral.officers.state import State
from referral.vocabulary.letters import Nudge, Template
from referral.vocabulary.option import LINE_OF_KEY

EXTENSION = "77"
"""What officers dial behind the service's code. It stands on no screen of a caller."""

BACK, MORE = "0", "9"


class Does(StrEnum):
    READ = "read"
    ACT = "act"
    DECLINE = "decline"
    HAND_ON = "hand_on"
    GIVE = "give"
    LETTERS = "letters"
    WRITE = "write"
    OWN_WORDS = "own_words"
    NUDGE = "nudge"
    CHECK = "check"
    LET_THROUGH = "let_through"
    KEEP_BACK = "keep_back"


class Source(StrEnum):
    """Where a node gets its lines, or its pages, from the desk."""

    ALERTS = "alerts"
    ANSWERS = "answers"
    OFFICES = "offices"
    PAGES = "pages"
    LETTERS = "letters"
    CHECKS = "checks"
    CHECK = "check"


PAGED = frozenset({Source.PAGES, Source.LETTERS, Source.CHECK})
"""Sources that are read page by page, not chosen from."""


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is a catalogue key, `go` the next node, `does` what must be done before it is shown."""

    value: str
    text: str
    go: str
    does: Does | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A screen. Lines from a `source` lead to `go` and ask for `does`; `saves` names what was chosen; `back` is where key 0 leads from its first page.

    One that is `typed` takes words of up to so many characters, which are handed on and never kept.
    """

    name: str
    prompt: str
    lines: tuple[Line, ...] = ()
    source: Source | None = None
    go: str = ""
    saves: str | None = None
    back: str | None = None
    does: Does | None = None
    typed: int = 0


_OPEN = Line("open", "officers.open", "report", Does.READ)
_READ = Line("read", "officers.read", "report", Does.READ)
_ACT = Line("act", "officers.act", "noted", Does.ACT)
_HAND = Line("hand", "officers.hand", "hand")
_GIVEN = Line("given", "officers.given", "service")
_LETTERS = Line("letters", "officers.letters", "letters", Does.LETTERS)
_PHONE = Line("phone", "officers.phone", "phone")
_CANNOT = Line("cannot", "officers.cannot", "cannot")

ANSWERS = MappingProxyType(
    {
        Standing.NEW: (_OPEN, _CANNOT),
        Standing.ANSWERED: (_READ, _ACT, _HAND, _GIVEN, _CANNOT, _LETTERS),
        Standing.ACTING: (_READ, _HAND, _GIVEN, _CANNOT, _LETTERS),
    }
)
"""What can be done with an alert, by how far its officer is with it."""

_ALERTS = Line("alerts", "officers.alerts_again", "alerts")
CHECKS = Line("checks", "officers.checks", "checks")
"""In front of the alerts of whoever is to read others' own words."""
_THROUGH = Line("through", "officers.check.through", "noted", Does.LET_THROUGH)
_KEEP = Line("keep", "officers.check.keep", "noted", Does.KEEP_BACK)
OUTCOMES = frozenset({"noted", "written"})
"""Nodes that tell an outcome."""

NODES = MappingProxyType(
    {
        node.name: node
        for node in (
            Node("alerts", "officers.alerts", (CHECKS,), source=Source.ALERTS, go="alert", saves="alert"),
            Node("alert", "", source=Source.ANSWERS, back="alerts"),
            Node("report", "officers.page", (Line("next", "officers.next", "alert"),), source=Source.PAGES, back="alert"),
            Node("letters", "officers.page", (Line("write", "officers.letters.write", "write"), _PHONE), source=Source.LETTERS, back="alert"),
            Node(
                "write",
                "officers.write",
                (*(Line(one, one.text, "written", Does.WRITE) for one in Template), Line("own", "officers.write.own", "own")),
                saves="template",
                back="letters",
            ),
            Node("own", "officers.own", go="noted", back="write", does=Does.OWN_WORDS, typed=LONGEST_WORDS),
            Node(
                "phone",
                "officers.phone.which",
                tuple(Line(one, f"officers.nudge.{one}", "noted", Does.NUDGE) for one in Nudge),
                saves="nudge",
                back="letters",
            ),
            Node("hand", "officers.hand.to", source=Source.OFFICES, go="hand.sure", saves="office", back="alert"),
            Node("hand.sure", "officers.hand.sure", (Line("yes", "officers.hand.yes", "noted", Does.HAND_ON),), back="hand"),
            Node("service", "officers.service", tuple(Line(one, f"officers.service.{one}", "day") for one in Given), saves="service", back="alert"),
            Node("day", "officers.day", tuple(Line(day, f"officers.day.{day}", "rest") for day in ("today", "yesterday")), saves="day", back="service"),
            Node(
                "rest",
                "officers.rest",
                (Line("more", "officers.rest.more", "noted", Does.GIVE), Line("done", "officers.rest.done", "noted", Does.GIVE)),
                saves="rest",
                back="day",
            ),
            Node(
                "cannot",
                "officers.cannot.why",
                tuple(Line(why, f"officers.cannot.{why}", "noted", Does.DECLINE) for why in REASONS.values()),
                saves="reason",
                back="alert",
            ),
            Node("noted", "", (_ALERTS,)),
            Node("written", "", (_ALERTS, _PHONE)),
            Node("checks", "officers.checks.which", source=Source.CHECKS, go="check", saves="letter", back="alerts", does=Does.CHECK),
            Node("check", "officers.page", (_THROUGH, _KEEP), source=Source.CHECK, back="checks"),
        )
    }
)
"""Every screen after signing in. The heading of "alert" goes by how far its officer is; OUTCOMES say what was done, in words the state carries."""

OVER = "over"
"""The node of a dialogue that has ended; its words are the state's note."""


@dataclass(frozen=True, slots=True)
class Move:
    state: State
    does: Does | None = None


def step(state: State, key: str) -> Move | None:
    """Where a key leads, or None for one that means nothing here."""
    node = NODES.get(state.node)
    if node is None:
        return None
    if key == BACK:
        return _back(node, state)
    if node.typed:
        return Move(state.at(node.go), node.does) if 0 < len(key) <= node.typed else None
    if key == MORE and state.more:
        further = 1 if node.source in PAGED else len(state.shown)
        return Move(replace(state, before=(*state.before, state.offset), offset=state.offset + further, shown=(), more=False))
    return _chosen(node, state, LINE_OF_KEY.get(key))


def _chosen(node: Node, state: State, at: int | None) -> Move | None:
    if at is None or at >= len(state.shown):
        return None
    value = state.shown[at]
    line = lines_of(node).get(value) or (Line(value, "", node.go, node.does) if node.go else None)
    if line is None:  # the menu changed while this session was open
        return None
    chosen = state if node.saves is None else state.picking(node.saves, value)
    return Move(chosen.at(line.go), line.does)


def lines_of(node: Node) -> dict[str, Line]:
    """Every fixed line the node can ever show, by value."""
    answers = tuple(line for lines in ANSWERS.values() for line in lines) if node.source is Source.ANSWERS else ()
    return {line.value: line for line in (*node.lines, *answers)}


def _back(node: Node, state: State) -> Move | None:
    if state.before:
        return Move(replace(state, offset=state.before[-1], before=state.before[:-1], shown=(), more=False))
    return None if node.back is None else Move(state.at(node.back))
