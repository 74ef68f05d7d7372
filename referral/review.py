"""The dialogue for people who review it: every screen in every language, and the proof that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from referral.conversation.budget import journeys, over_budget
from referral.conversation.check import choices, graph, pages, texts
from referral.conversation.nodes import Detail, Fork, Info, Listing, Node, Script, Source
from referral.conversation.paging import PRACTICE_CODE, page_of
from referral.conversation.ports import Guide, Surface
from referral.conversation.state import State, Step
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.ussd.render import KEYS
from referral.vocabulary.help import HelpKind

_WIDTH = 40


def menu_tree(script: Script, guide: Guide, surface: Surface) -> Iterator[str]:
    """Every screen, the languages side by side, with where each line leads. Lists are shown for the first place."""
    for node in script.nodes.values():
        if isinstance(node, Fork):
            yield f"\n=== {node.name}: decides by itself, {node.yes} or {node.no}"
            continue
        yield f"\n=== {node.name}"
        offset = 0
        while True:
            screens = []
            for language in script.languages:
                page = page_of(script, replace(_standing(script, node, guide), language=language, offset=offset), guide)
                screens.append(surface.fit(page, language))
            columns = [[f"{septets(screen.text)} septets", *screen.text.split("\n")] for screen in screens]
            yield from (_row(lines) for lines in zip_longest(*columns, fillvalue=""))
            if not screens[0].more:
                break
            offset += 1 if isinstance(node, Info) else screens[0].facts or screens[0].shown
            yield "--- 9"
        yield from (f"    {choice.value} -> {choice.go}" for choice in choices(node))


def proof(script: Script, guide: Guide, surface: Surface) -> tuple[list[str], list[str]]:
    """What was looked at, as lines to show, and every problem found."""
    catalogue = Catalogue.load(domain="dialogue")
    fills = {key: catalogue.fills(key) for key in catalogue.keys}
    table = journeys(script, guide, surface)
    problems = [*graph(script), *pages(script, guide, surface), *texts(script, KEYS, catalogue.languages, fills), *over_budget(table)]
    shown = [
        f"{len(script.nodes)} screens and forks, {len(fills)} texts in {len(catalogue.languages)} languages: reachable, ending, complete, fitting",
        f"{'to Sent':16}{'plain':>20}{'longest':>24}",
        *(
            f"{way.entry + ', ' + way.language:16}{way.plain_screens:>8} screens {way.plain_seconds:>5.0f} s"
            f"{way.longest_screens:>10} screens {way.longest_seconds:>5.0f} s"
            for way in table
        ),
    ]
    return shown, problems


def _standing(script: Script, node: Node, guide: Guide) -> State:
    subcounty = guide.subcounties()[0].value
    ward = guide.wards(subcounty)[0].value
    answers: tuple[tuple[str, str], ...] = ()
    if isinstance(node, Detail) or (isinstance(node, Listing) and node.source is not Source.SUBCOUNTIES):
        kind = HelpKind.MEDICAL
        first = next(iter(guide.help_near(kind, ward)), None)
        answers = (("subcounty", subcounty), ("place", ward), ("kind", kind), ("help", first.value if first else ""))
    trail = () if node.name == script.start else (Step(script.start, 0, 0),)
    return State(node.name, script.languages[0], answers=answers, trail=trail, filed=True, code=PRACTICE_CODE)


def _row(lines: tuple[str, ...]) -> str:
    return "".join(f"{line:{_WIDTH}}" for line in lines).rstrip()
