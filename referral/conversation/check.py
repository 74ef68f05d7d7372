"""The proof over the script: whole, without dead ends, every page fitting with real names, every text there. Each check returns its findings as lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache

from referral.conversation.nodes import Ask, Box, Choice, Detail, Does, End, Fork, Info, Listing, Menu, Node, Script, Source, exits
from referral.conversation.paging import PRACTICE_CODE, page_of
from referral.conversation.ports import HELP_FILLS, WAITING, Guide, HelpText, Page, Status, Surface
from referral.conversation.state import State, Step
from referral.vocabulary.letters import Template
from referral.vocabulary.option import Option

_FILLS = ("code",)
"""The fill-ins the engine can give."""


def graph(script: Script) -> list[str]:
    """Exits that lead nowhere, nodes nobody reaches, dead ends, answers that would be lost, lines that share a value."""
    names = script.nodes.keys()
    findings = [f"{node.name} leads to {go}, which is nowhere" for node in script.nodes.values() for go in exits(node) if go not in names]
    findings += [f"the script names {name}, which is nowhere" for name in (script.start, script.code_again) if name not in names]
    if findings:
        return findings
    findings += [f"{name} cannot be reached" for name in sorted(names - _reached(script, script.start) - {script.code_again})]
    findings += [f"{node.name} is a fork that leads back to itself" for node in script.nodes.values() if _circles(script, node)]
    findings += [f"{name} never comes to an end" for name in sorted(names - _ending(script))]
    findings += _lost_answers(script)
    for node in script.nodes.values():
        values = [choice.value for choice in choices(node)]
        findings += [f"{node.name} has {value} twice" for value in sorted({value for value in values if values.count(value) > 1})]
    return findings


def pages(script: Script, guide: Guide, surface: Surface) -> list[str]:
    """Every page of every node, in every language, in practice too, with every name the guide knows: those that do not fit, or hide a line."""
    findings = []
    guide = _Remembering(guide)
    for state in _places_to_stand(script, guide):
        for language in script.languages:
            for practice in (False, True):
                findings += _unfit(script, replace(state, language=language, practice=practice), guide, surface)
    return findings


class _Remembering:
    """A guide that is asked everything once: the proof looks at each page in every language, in practice too, and after a wrong key."""

    def __init__(self, guide: Guide) -> None:
        self.subcounties = cache(guide.subcounties)
        self.wards = cache(guide.wards)
        self.spots = cache(guide.spots)
        self.box = cache(guide.box)
        self.letters = cache(guide.letters)
        self.help_near = cache(guide.help_near)
        self.help_facts = cache(guide.help_facts)


def texts(script: Script, frame: Collection[str], languages: Collection[str], fills: Mapping[str, Collection[str]]) -> list[str]:
    """Texts the dialogue needs and the catalogue lacks, texts nothing uses, fill-ins nobody fills.

    `frame` are the keys the surface says by itself; `languages` those of the catalogue; `fills` has every key of the dialogue's own
    catalogue with the fill-ins it holds (a catalogue has each of its keys in each of its languages, or it does not load).
    """
    used = texts_used(script) | frozenset(frame)
    findings = [f"there is no catalogue in {language}" for language in script.languages if language not in languages]
    findings += [f"{key} is missing" for key in sorted(used - fills.keys())]
    findings += [f"nothing uses {key}" for key in sorted(fills.keys() - used)]
    telling = {key for node in script.nodes.values() if isinstance(node, Menu | Info | End) and node.tells_code for key in _prompts(node)}
    for key in sorted(used & fills.keys()):
        given, wanted = frozenset(HELP_FILLS.get(key, _FILLS if key in telling else ())), frozenset(fills[key])
        findings += [f"{key}: nobody fills {name} in" for name in sorted(wanted - given)]
        findings += [f"{key}: {name} is not told" for name in sorted(given - wanted)]
    return findings


def texts_used(script: Script) -> frozenset[str]:
    """Every catalogue key the script can show, the states of a report and the words for help among them."""
    return frozenset(key for node in script.nodes.values() for key in (*_prompts(node), *(choice.text for choice in choices(node))))


def _prompts(node: Node) -> tuple[str, ...]:
    prompts: tuple[str | None, ...] = ()
    match node:
        case Menu():
            prompts = (node.prompt, node.in_practice)
        case Listing():
            prompts = (node.prompt, node.few, node.none, *(HelpText if node.source is Source.HELP else ()))
        case Ask():
            prompts = (node.prompt, node.again)
        case Detail():
            prompts = (node.gone, *(HelpText if node.source is Source.HELP else (template.text for template in Template)))
        case Box():
            prompts = (*Status, WAITING)
        case Info():
            prompts = (*node.texts, node.in_practice)
        case End():
            prompts = (node.text, node.in_practice)
    return tuple(prompt for prompt in prompts if prompt is not None)


def choices(node: Node) -> tuple[Choice, ...]:
    """The fixed lines of a node."""
    match node:
        case Menu() | Detail() | Box():
            return node.choices
        case Listing():
            return node.others
        case _:
            return ()


def _reached(script: Script, name: str) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += exits(script.nodes[here])
    return seen


def _circles(script: Script, node: Node) -> bool:
    passed = set()
    waiting = [node.name] if isinstance(node, Fork) else []
    while waiting:
        here = script.nodes[waiting.pop()]
        if isinstance(here, Fork):
            if here.name in passed:
                return True
            passed.add(here.name)
            waiting += [here.yes, here.no]
    return False


def _ending(script: Script) -> set[str]:
    """Nodes from which an end can be reached, by an answer or, from pages to read and typed questions, by going back."""
    ways = {name: list(exits(node)) for name, node in script.nodes.items()}
    for name, node in script.nodes.items():
        for go in exits(node):
            after = script.nodes[go]
            if isinstance(after, Info | Ask | Box):
                ways[go].append((after.back_to if isinstance(after, Info) else None) or name)
        if isinstance(node, Menu | Listing | Ask) and node.code_again:
            ways[script.code_again].append(name)
    ending = {name for name, node in script.nodes.items() if isinstance(node, End)}
    while True:
        more = {name for name, gos in ways.items() if name not in ending and ending.intersection(gos)}
        if not more:
            return ending
        ending |= more


def _lost_answers(script: Script) -> list[str]:
    """After the report is filed an answer without an effect would be shown as taken and kept nowhere. Consent is given by its last question."""
    filing = [node.name for node in script.nodes.values() if isinstance(node, Menu) and node.effect is Does.FILE_REPORT]
    later = set().union(*(_reached(script, name) for name in filing)) - set(filing)
    findings = []
    for name in sorted(later):
        node = script.nodes[name]
        if isinstance(node, Menu | Listing | Ask) and node.saves is not None and node.effect is None and not _leads_to_consent(script, node):
            findings.append(f"{name} is asked after filing and its answer has no effect")
    return findings


def _leads_to_consent(script: Script, node: Node) -> bool:
    """Whether this is one of the questions that only together are a consent: the next is the one that gives it, or another of them."""
    for go in exits(node):
        after = script.nodes[go]
        if isinstance(after, Menu) and (after.effect is Does.CONSENT or (after.effect is None and after.saves and _leads_to_consent(script, after))):
            return True
    return False


def _places_to_stand(script: Script, guide: Guide) -> Iterator[State]:
    """A state for every node; for a listing one for every place that changes what it lists, for help for every kind too, for details for every entry."""
    trail = (Step(script.start, 0, 0),)
    entries: dict[str, str] = {}
    for node in sorted(script.nodes.values(), key=lambda node: isinstance(node, Detail)):
        if isinstance(node, Fork):
            continue
        state = State(node.name, script.languages[0], trail=() if node.name == script.start else trail, filed=True, code=PRACTICE_CODE)
        if isinstance(node, Listing) and node.source is not Source.SUBCOUNTIES:
            for answers in _answers(script, node.source, guide):
                yield replace(state, answers=answers)
                if node.source is Source.HELP:
                    here = dict(answers)
                    entries |= {option.value: here["spot"] for option in guide.help_near(here["kind"], here["spot"])}
        elif isinstance(node, Detail):
            yield state
            for entry, place in entries.items():
                yield replace(state, answers=((node.of, entry), ("spot", place)))
        else:
            yield state


def _answers(script: Script, source: Source, guide: Guide) -> Iterator[tuple[tuple[str, str], ...]]:
    """The answers that a listing of this source can follow on."""
    for subcounty in guide.subcounties():
        if source is Source.WARDS:
            yield (("subcounty", subcounty.value),)
            continue
        for ward in guide.wards(subcounty.value):
            if source is Source.SPOTS:
                yield (("place", ward.value),)
                continue
            kinds = [choice.value for node in script.nodes.values() if isinstance(node, Menu) and node.saves == "kind" for choice in node.choices]
            for spot in (ward, *guide.spots(ward.value)):
                yield from ((("spot", spot.value), ("kind", kind)) for kind in kinds)


def _unfit_box(node: Box, state: State, surface: Surface) -> list[str]:
    """The mailbox in every state, with everything that can apply at once: contact is allowed or taken back, never both."""
    findings = []
    for status in Status:
        lines = () if status is Status.UNKNOWN else node.choices
        for left_out in ("allow", "stop"):
            options = tuple(Option(choice.value, choice.text) for choice in lines if choice.value != left_out)
            page = Page(status, facts=(Option("", WAITING),) if options else (), options=options, can_go_back=True, mistaken=True, practice=True)
            screen = surface.fit(page, state.language)
            if screen.more:
                findings.append(f"{node.name} in {state.language}: {status} does not fit on one page with all its lines")
    return findings


def _unfit(script: Script, state: State, guide: Guide, surface: Surface) -> list[str]:
    node = script.nodes[state.node]
    findings: list[str] = []
    where = f"{state.node} in {state.language}"
    try:
        if isinstance(node, Box):
            findings += _unfit_box(node, state, surface)
        while True:
            page = page_of(script, state, guide)
            screen = surface.fit(page, state.language)
            again = surface.fit(replace(page, mistaken=True), state.language)
            if (again.shown, again.more) != (screen.shown, screen.more):
                findings.append(f"{where}: a wrong key changes what is shown")
            if screen.more != (page.follows or screen.shown < len(page.options) or screen.facts < len(page.facts)):
                findings.append(f"{where}: lines are hidden")
            if not screen.more:
                return findings
            further = 1 if isinstance(node, Info) else screen.facts or screen.shown
            state = replace(state, offset=state.offset + further, trail=(*state.trail, Step(state.node, 0, 0)))
    except (ValueError, LookupError) as problem:
        return [*findings, f"{where}: {problem}"]
