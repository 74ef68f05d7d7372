"""How long a report takes, from the first screen to the one that files it: a session lives 180 seconds, and a child may have to hang up at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from referral.conversation.engine import begin, show, step
from referral.conversation.nodes import Menu, Script
from referral.conversation.ports import Guide, Surface
from referral.conversation.state import State

READS = 15.0
"""Characters a second."""
HOP = 3.0
"""Seconds until the next screen is there."""
KEY = 2.0
"""Seconds to press a key and send it."""

PLAIN_SECONDS, PLAIN_SCREENS = 100.0, 9
LONGEST_SECONDS, LONGEST_SCREENS = 150.0, 13


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to *Sent*, by its first choice and language. Screens count from the first to *Sent*, both included; seconds until *Sent* is there.

    "Plain" are the ways with the fewest screens, and of them the slowest; "longest" is the worst over all ways without going back.
    """

    entry: str
    language: str
    plain_screens: int
    plain_seconds: float
    longest_screens: int
    longest_seconds: float


def journeys(script: Script, guide: Guide, surface: Surface) -> list[Journey]:
    """The table of times, for each line of the first screen that leads to *Sent* and each language, with every name the guide knows."""
    table = []
    state = show(script, begin(script), guide, surface).state
    screens, seconds = 0, 0.0
    for language in script.languages:
        here = show(script, state, guide, surface)
        screens, seconds = screens + 1, seconds + _spent(here.screen.text)
        ways: Mapping[str, Mapping[int, float]] = {value: _entry(script, here.state, key, guide, surface) for key, value in _keys(here.state)}
        for entry, slowest in ways.items():
            if slowest:
                plain, longest = min(slowest), max(slowest)
                table.append(Journey(entry, language, screens + plain, seconds + slowest[plain], screens + longest, seconds + max(slowest.values())))
        state = replace(state, language=script.language_after(language))
    return table


def over_budget(table: list[Journey]) -> list[str]:
    """The journeys that take longer than a child has."""
    findings = []
    for way in table:
        name = f"{way.entry} in {way.language}"
        if way.plain_seconds > PLAIN_SECONDS or way.plain_screens > PLAIN_SCREENS:
            findings.append(f"{name}: the plain way takes {way.plain_seconds:.0f} s and {way.plain_screens} screens")
        if way.longest_seconds > LONGEST_SECONDS or way.longest_screens > LONGEST_SCREENS:
            findings.append(f"{name}: the longest way takes {way.longest_seconds:.0f} s and {way.longest_screens} screens")
    return findings


def _spent(text: str) -> float:
    """Seconds on one screen: it comes, is read (CON is not shown), is answered."""
    return HOP + len(text.removeprefix("CON ")) / READS + KEY


def _keys(state: State) -> list[tuple[str, str]]:
    return [(str(number), value) for number, value in enumerate(state.shown, start=1)]


def _entry(script: Script, state: State, key: str, guide: Guide, surface: Surface) -> dict[int, float]:
    node = script.nodes[state.node]
    turns_language = isinstance(node, Menu) and any(choice.other_language and choice.value == state.shown[int(key) - 1] for choice in node.choices)
    return {} if turns_language else _after(script, state, key, guide, surface, {})


def _after(script: Script, state: State, key: str, guide: Guide, surface: Surface, known: dict[State, dict[int, float]]) -> dict[int, float]:
    """Screens still to come after this key, each number of them with the seconds of its slowest way. Empty where none leads to *Sent*."""
    turn = step(script, state, key, guide, surface, lambda: "1" * 12)
    if turn.state.filed:
        return {1: HOP}
    mark = replace(turn.state, trail=(), answers=tuple(pair for pair in turn.state.answers if pair[0] in ("entry", "subcounty")))
    if mark not in known:
        here = _spent(turn.screen.text)
        slowest: dict[int, float] = {}
        for further in [key for key, _ in _keys(turn.state)] + (["9"] if turn.state.more else []):
            for screens, seconds in _after(script, turn.state, further, guide, surface, known).items():
                slowest[screens + 1] = max(slowest.get(screens + 1, 0.0), here + seconds)
        known[mark] = slowest
    return known[mark]
