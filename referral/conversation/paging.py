"""What a state shows: its page, and every line of a question. Nothing moves here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from referral.conversation.mailbox import LINES, STOP
from referral.conversation.nodes import Ask, Box, Detail, End, Fork, Info, Listing, Menu, Node, Script, Source
from referral.conversation.ports import WAITING, BoxView, Guide, Page, Status
from referral.conversation.state import State
from referral.vocabulary.letters import Template
from referral.vocabulary.option import Option

PRACTICE_CODE = "0" * 12
"""Shown in practice. No real code is all zeros, so nobody can mistake the one for the other."""

PRACTISED = BoxView(Status.REFERRED, waiting=True, lines=tuple(line for line in LINES if line != STOP))
"""The mailbox that is practised with."""

_UNKEPT = (("_", ""),)
"""A page with a fill-in is not kept by a surface: an officer's words to a reporter have no business in this process's memory."""

LISTED = "listed"
"""The answer under which a list of help is kept as it was first shown. Going back behind the list forgets it, as it does every answer."""
HELP_LISTED = 12
"""The most lines of such a list: the nearest few are what somebody can reach."""


def page_of(script: Script, state: State, guide: Guide, *, mistaken: bool = False) -> Page:
    """The page of a state: what a surface is asked to fit. The state's node must be one of the script's and no fork."""
    node = script.nodes[state.node]
    plain = Page(prompt="", can_go_back=bool(state.trail), mistaken=mistaken, practice=state.practice)
    match node:
        case Menu():
            limit = _room(node)
            options = options_of(node, state, guide)[state.offset :]
            page = replace(plain, prompt=_said(node, state, node.prompt), options=options, at_most=limit if state.offset else min(limit, node.first_page))
        case Listing():
            options = options_of(node, state, guide)[state.offset :]
            page = replace(plain, prompt=_heading(node, len(options)), options=options, at_most=min(_room(node), node.most))
        case Ask():
            page = replace(plain, prompt=_asked(node, mistaken=mistaken), typed=True)
        case Detail() | Box():
            page = _told(node, state, guide, plain)
        case Info():
            page = replace(plain, prompt=_said(node, state, node.texts[state.offset]), follows=state.offset + 1 < len(node.texts))
        case End():
            page = replace(plain, prompt=_said(node, state, node.text), can_go_back=False, ends=True)
        case Fork():
            raise TypeError("a fork has no page")
    return _with_keys(page, node, state)


def _with_keys(page: Page, node: Node, state: State) -> Page:
    if isinstance(node, Menu | Listing | Ask):
        page = replace(page, skippable=node.skip is not None, code_again=node.code_again)
    if isinstance(node, Menu | Info | End) and node.tells_code:
        page = replace(page, params=(("code", spaced(state.code or PRACTICE_CODE)),))
    return page


def _said(node: Menu | Info | End, state: State, plain: str) -> str:
    return node.in_practice if state.practice and node.in_practice is not None else plain


def _told(node: Detail | Box, state: State, guide: Guide, plain: Page) -> Page:
    """What the guide knows."""
    return _box(node, state, guide, plain) if isinstance(node, Box) else _opened(node, state, guide, plain)


def _asked(node: Ask, *, mistaken: bool) -> str:
    return node.again if mistaken and node.again is not None else node.prompt


def _opened(node: Detail, state: State, guide: Guide, plain: Page) -> Page:
    of, letters = state.answer(node.of) or "", node.source is Source.LETTERS
    facts = tuple(_letters(of, state, guide) if letters else guide.help_facts(of, _here(state)))
    if not facts:
        return replace(plain, prompt=node.gone)
    page = replace(plain, facts=facts[state.offset :], options=tuple(Option(choice.value, choice.text) for choice in node.choices))
    return replace(page, params=_UNKEPT) if letters else page


def _letters(code: str, state: State, guide: Guide) -> Sequence[Option]:
    return (Option("", Template.WORKING.text),) if state.practice else guide.letters(code)


def _box(node: Box, state: State, guide: Guide, plain: Page) -> Page:
    """While practising no real mailbox is opened, whatever code was typed."""
    view = PRACTISED if state.practice else guide.box(state.answer(node.of) or "")
    options = tuple(Option(choice.value, choice.text) for choice in node.choices if choice.value in view.lines)
    return replace(plain, prompt=view.status, facts=(Option("", WAITING),) if view.waiting else (), options=options)


def options_of(node: Menu | Listing, state: State, guide: Guide) -> tuple[Option, ...]:
    """Every line of a question, all pages together."""
    fixed = node.choices if isinstance(node, Menu) else node.others
    lines = tuple(Option(choice.value, choice.text) for choice in fixed)
    if isinstance(node, Menu):
        return lines
    match node.source:
        case Source.SUBCOUNTIES:
            named = guide.subcounties()
        case Source.WARDS:
            named = guide.wards(state.answer("subcounty") or "")
        case Source.SPOTS:
            named = guide.spots(state.answer("place") or "")
        case Source.HELP:
            named = _as_listed(guide.help_near(state.answer("kind") or "", _here(state)), state)
    return (*named, *lines)


def listed(node: object, state: State, options: tuple[Option, ...]) -> State:
    """The state that remembers a list of help as it is shown first, so that its later pages and going back show no line twice and lose none."""
    if not isinstance(node, Listing) or node.source is not Source.HELP or state.answer(LISTED) is not None:
        return state
    return replace(state, answers=(*state.answers, (LISTED, " ".join(option.value for option in options))))


def spaced(code: str) -> str:
    """Twelve digits as they are shown and read out: in fours."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def _here(state: State) -> str:
    """The finest place that was named."""
    return state.answer("spot") or state.answer("place") or ""


def _as_listed(near: Sequence[Option], state: State) -> tuple[Option, ...]:
    """In the order of the first look: a place that closed meanwhile says so, but stays where it was."""
    first = state.answer(LISTED)
    if first is None:
        return tuple(near[:HELP_LISTED])
    lines = {option.value: option for option in near}
    return tuple(lines[value] for value in first.split() if value in lines)


def _room(node: Menu | Listing) -> int:
    """Lines that leave the keys of this question free."""
    return 6 if node.skip is not None or node.code_again else 8


def _heading(node: Listing, left: int) -> str:
    if node.none is not None and left == 0:
        return node.none
    return node.few if node.few is not None and left < node.most else node.prompt
