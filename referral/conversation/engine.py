"""One pure step: a state and an answer in, the next state, its screen and the effects out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from referral.conversation.effects import Amend, AtBox, Effect, FileReport, Flag, SendHelp, Withdraw
from referral.conversation.nodes import Accepts, Ask, Box, Choice, Condition, Detail, Does, End, Fork, Info, Listing, Menu, Node, Script
from referral.conversation.paging import PRACTICE_CODE, listed, page_of
from referral.conversation.ports import Guide, Screen, Surface
from referral.conversation.state import State, Step
from referral.conversation.telling import YES, consent, told
from referral.privacy.codes import read_code
from referral.vocabulary.option import LINE_OF_KEY
from referral.vocabulary.report import Concern

_BACK, _MORE, _SKIP, _CODE = "0", "9", "7", "8"
_BLANKS = " \t\r\n"
_DEEPEST = 30
"""The most answers one dialled string may hold; a longer one is no caller."""

_AT_BOX = frozenset({Does.REPLY, Does.WRITE, Does.NOT_HELPED, Does.ALLOW, Does.STOP, Does.ERASE})
"""What the holder of a code can do: each on an answer, never on going back behind one."""

_CONDITIONS: Mapping[Condition, Callable[[State], bool]] = {
    Condition.SEXUAL: lambda state: (told(state).concern or Concern.OTHER).treated_as_sexual,
    Condition.ACCUSED_ASKED: lambda state: state.answer("accused") is not None,
    Condition.CONTACT_ASKED: lambda state: state.answer("call") is not None,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """The state to keep, the screen to send, and what must be done before it is sent."""

    state: State
    screen: Screen
    effects: tuple[Effect, ...] = ()


def begin(script: Script, *, practice: bool = False) -> State:
    """The state before the first screen, the same for everybody: a remembered language would be a trace. `show` gives its screen."""
    return State(script.start, script.languages[0], practice)


def show(script: Script, state: State, guide: Guide, surface: Surface) -> Turn:
    """The screen of this state again. No effects; the state comes back with what the screen shows."""
    return _shown(script, state, guide, surface, mistaken=False)


def step(script: Script, state: State, answer: str, guide: Guide, surface: Surface, issue_code: Callable[[], str]) -> Turn:
    """Take one answer. A wrong one shows the same screen again, marked, and changes nothing. Never raises for anything a caller can type.

    `issue_code` is called exactly when the answer files the report (never in practice) and gives twelve digits.
    """
    node = script.nodes.get(state.node)
    if node is None:  # the script changed while this session was open
        return show(script, begin(script, practice=state.practice), guide, surface)
    if isinstance(node, End):
        return show(script, state, guide, surface)
    key = answer.strip(_BLANKS)
    if key == _BACK and state.trail:
        after = _back(node, state)
        return replace(show(script, after, guide, surface), effects=_effects(script.nodes.get(after.node), state, after))
    moved = _forward(script, node, state, key)
    if moved is None:
        return _shown(script, state, guide, surface, mistaken=True)
    after = _file(script, moved, issue_code)
    opens = _reads(script, after) and after.node != state.node and not after.practice
    effects = (AtBox(Does.READ_LETTERS),) if opens else _effects(node, state, after)
    return replace(show(script, after, guide, surface), effects=effects)


def walk(script: Script, state: State, answers: Sequence[str], guide: Guide, surface: Surface) -> Turn:
    """Answers dialled with the code: the screen they lead to, or the screen of `state` if one does not fit.

    It stops, and ignores the rest, before any answer that has an effect: nobody sends anything by a dialled string alone.
    """
    first = turn = show(script, state, guide, surface)
    if len(answers) > _DEEPEST:
        return first
    for answer in answers:
        node = script.nodes.get(turn.state.node)
        after = None if node is None or isinstance(node, End) else _answered(script, node, turn.state, answer.strip(_BLANKS))
        if after is None:
            return first
        if _files(script, after) or _reads(script, after) or (isinstance(node, Menu | Listing | Ask) and node.effect not in (None, Does.FILE_REPORT)):
            return turn
        turn = show(script, after, guide, surface)
    return turn


def _shown(script: Script, state: State, guide: Guide, surface: Surface, *, mistaken: bool) -> Turn:
    if state.node not in script.nodes:
        state = begin(script, practice=state.practice)
    node = script.nodes[state.node]
    page = page_of(script, state, guide, mistaken=mistaken)
    if state.offset and not (page.options or page.facts) and isinstance(node, Menu | Listing | Detail | Box):
        state = replace(state, offset=0)  # the directory lost these lines meanwhile: begin the list again rather than show nothing
        page = page_of(script, state, guide, mistaken=mistaken)
    screen = surface.fit(page, state.language)
    values = tuple(option.value for option in page.options[: screen.shown])
    return Turn(replace(listed(node, state, page.options), shown=values, more=screen.more, facts=screen.facts), screen)


def _answered(script: Script, node: Node, state: State, key: str) -> State | None:
    """Where an answer leads, back included; None for a wrong one."""
    if key == _BACK and state.trail:
        return _back(node, state)
    return _forward(script, node, state, key)


def _back(node: Node, state: State) -> State:
    """To the screen before, or the one that `back_to` names, with the answers as they were there."""
    trail = state.trail
    if isinstance(node, Info) and node.back_to is not None:
        while len(trail) > 1 and trail[-1].node != node.back_to:
            trail = trail[:-1]
    to = trail[-1]
    return replace(state, node=to.node, offset=to.offset, answers=state.answers[: to.kept], trail=trail[:-1], shown=(), more=False, facts=0)


def _forward(script: Script, node: Node, state: State, key: str) -> State | None:
    if key == _MORE and state.more:
        further = 1 if isinstance(node, Info) else state.facts if isinstance(node, Detail) else len(state.shown)
        return replace(_leave(state), offset=state.offset + further)
    if isinstance(node, Menu | Listing | Ask):
        if key == _SKIP and node.skip is not None:
            return _go(script, _leave(state), node.skip)
        if key == _CODE and node.code_again:
            return _go(script, _leave(state), script.code_again)
    if isinstance(node, Menu | Listing | Detail | Box):
        return _chosen(script, node, state, key)
    if isinstance(node, Ask):
        words = _typed(node, key)
        return None if words is None else _go(script, _keep(_leave(state), node.saves, words), node.go)
    return None


def _chosen(script: Script, node: Menu | Listing | Detail | Box, state: State, key: str) -> State | None:
    line = LINE_OF_KEY.get(key)
    if line is None or line >= len(state.shown):
        return None
    value = state.shown[line]
    fixed: Mapping[str, Choice] = {choice.value: choice for choice in (node.others if isinstance(node, Listing) else node.choices)}
    choice = fixed.get(value)
    if choice is None:
        return _go(script, _keep(_leave(state), node.saves, value), node.go) if isinstance(node, Listing) else None
    if choice.other_language:
        return replace(begin(script, practice=state.practice), language=script.language_after(state.language), node=choice.go)
    saves = node.saves if choice.kept and not isinstance(node, Detail | Box) else None
    return _go(script, _keep(_leave(state), saves, value), choice.go)


def _typed(node: Ask, text: str) -> str | None:
    """What was typed, tidied; None where it cannot be meant: empty, signs only, too long, or one or two digits, which are keys pressed by mistake."""
    if len(text) > 4 * node.longest:  # before looking at each character of ten thousand
        return None
    if node.accepts is Accepts.CODE:
        return read_code(text)  # a digit too few, or two that changed places, is said at once and is no try
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    letters = any(sign.isalpha() for sign in words)
    return words if 2 <= len(words) <= node.longest and (letters or (len(words) > 2 and any(sign.isdigit() for sign in words))) else None


def _leave(state: State) -> State:
    """Ready to move on: the present screen is on the trail, with the answers it was shown with."""
    here = Step(state.node, state.offset, len(state.answers))
    return replace(state, trail=(*state.trail, here), shown=(), more=False, facts=0)


def _keep(state: State, name: str | None, value: str) -> State:
    return state if name is None else replace(state, answers=(*state.answers, (name, value)))


def _go(script: Script, state: State, name: str) -> State:
    node = script.nodes[name]
    while isinstance(node, Fork):
        node = script.nodes[node.yes if _CONDITIONS[node.test](state) else node.no]
    return replace(state, node=node.name, offset=0)


def _files(script: Script, state: State) -> bool:
    node = script.nodes[state.node]
    return isinstance(node, Menu) and node.effect is Does.FILE_REPORT and not state.filed


def _reads(script: Script, state: State) -> bool:
    """Whether arriving there opens letters, which are read from then on."""
    node = script.nodes[state.node]
    return isinstance(node, Detail) and node.effect is Does.READ_LETTERS


def _file(script: Script, state: State, issue_code: Callable[[], str]) -> State:
    """On arriving at the screen that files: a code, and no way back to before it, since what is sent cannot be unsent."""
    if not _files(script, state):
        return state
    code = PRACTICE_CODE if state.practice else "".join(issue_code().split())
    return replace(state, filed=True, code=code, trail=())


def _effects(answered: Node | None, before: State, after: State) -> tuple[Effect, ...]:
    """What the move means outside: filed, a change of what was told or allowed since, a text or a word to the directory. In practice nothing."""
    if after.practice:
        return ()
    effect = answered.effect if isinstance(answered, Menu | Listing | Ask) else None
    if effect in _AT_BOX or not after.filed:
        return _of_an_answer(effect, before, after)
    allowed = consent(after)
    if not before.filed:
        return (FileReport(told(after), after.code or ""), *(() if allowed is None else (allowed,)))
    if effect is Does.AMEND and told(before) != told(after):
        return (Amend(told(after)),)
    if effect is Does.CONSENT and consent(before) != allowed:
        return (Withdraw() if allowed is None else allowed,)
    return ()


def _of_an_answer(effect: Does | None, before: State, after: State) -> tuple[Effect, ...]:
    """At a mailbox and about help: only for an answer just given, never for going back behind one."""
    if len(after.answers) <= len(before.answers):
        return ()
    if effect is not None and effect in _AT_BOX:
        return (AtBox(effect, after.answers[-1][1]),)
    service_point = after.answer("help")
    if service_point is None:
        return ()
    if effect is Does.SEND_HELP and after.answer("send") == YES:
        return (SendHelp(service_point),)
    if effect is Does.FLAG:
        return (Flag(service_point, after.answer("reason") or ""),)
    return ()
