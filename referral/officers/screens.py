"""From a state of the menu to its screen: what the desk shows this officer now, on a page that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from referral.casework.desk import Brief, Desk
from referral.casework.handing_on import HandingOn
from referral.casework.mailbox import OfficersMail
from referral.conversation.ports import Page, Screen, Surface
from referral.officers.script import ANSWERS, NODES, OVER, Line, Node, Source
from referral.officers.state import Pairs, State
from referral.officers.telling import brief_fills, brief_key, letter_lines, paged, report_lines
from referral.texts.catalogue import Catalogue
from referral.vocabulary.option import Option

GONE = "officers.gone"
"""What is said of an alert that is not, or no longer, this officer's. The same for every reason: which one it was would tell something."""


@dataclass(frozen=True)
class Shown:
    state: State
    screen: Screen


@dataclass(frozen=True)
class Screens:
    desk: Desk
    handing_on: HandingOn
    mail: OfficersMail
    surface: Surface
    catalogue: Catalogue
    too_long: type[Exception]
    """What the surface raises for a text that does not fit."""

    def show(self, session: Session, state: State, now: datetime, *, mistaken: bool) -> Shown:
        """The screen, and the state with what it shows. An alert that is gone leads to a screen that says so, from wherever it was."""
        node = NODES.get(state.node)
        if node is None:
            return self._said(state, mistaken=mistaken)
        if node.name == "noted":
            return self._fitted(state, Page(state.note, state.params, _options(node.lines), mistaken=mistaken))
        if node.source is Source.ALERTS:
            return self._alerts(session, node, state, now, mistaken=mistaken)
        brief = self.desk.brief(session, state.person, state.pick("alert"), now)
        if brief is None:
            return self.show(session, state.at("noted", GONE), now, mistaken=False)
        if node.source in (Source.PAGES, Source.LETTERS):
            return self._read(session, node, state, now, mistaken=mistaken)
        return self._menu(session, node, state, brief, now, mistaken=mistaken)

    def _said(self, state: State, *, mistaken: bool) -> Shown:
        """Before signing in, and after the end: words the state carries, answered by typing or not at all."""
        over = state.node == OVER
        return self._fitted(state, Page(state.note, state.params, typed=not over, ends=over, mistaken=mistaken and not over))

    def _alerts(self, session: Session, node: Node, state: State, now: datetime, *, mistaken: bool) -> Shown:
        briefs = self.desk.open_alerts(session, state.person, now)
        if not briefs:
            return self._said(state.at(OVER, "officers.none"), mistaken=False)
        say = self._say(state)
        lines = [(brief.alert, say(brief_key("officers.line", brief), **dict(brief_fills(say, brief, now)))) for brief in briefs]
        options = tuple(Option(alert, text, verbatim=True) for alert, text in lines)
        state = replace(state, picks=())
        return self._listed(state, node, options, (("count", str(len(briefs))),), mistaken=mistaken)

    def _menu(self, session: Session, node: Node, state: State, brief: Brief, now: datetime, *, mistaken: bool) -> Shown:
        say = self._say(state)
        fills: Pairs = (("number", brief.number),)
        if node.source is Source.ANSWERS:
            node = replace(node, prompt=brief_key("officers.alert", brief))
            return self._listed(state, node, _options(ANSWERS[brief.standing]), brief_fills(say, brief, now), mistaken=mistaken)
        if node.source is Source.OFFICES:
            offices = self.handing_on.offices(session, state.person, brief.alert, now)
            if not offices:
                return self.show(session, state.at("noted", "officers.hand.nobody", fills), now, mistaken=False)
            return self._listed(state, node, offices, fills, mistaken=mistaken)
        if node.name == "hand.sure":
            fills = (*fills, ("office", self.desk.planner.roster().office_name(state.pick("office")) or "?"))
        return self._listed(state, node, _options(node.lines), fills, mistaken=mistaken)

    def _listed(self, state: State, node: Node, options: tuple[Option, ...], fills: Pairs, *, mistaken: bool) -> Shown:
        if state.offset >= len(options):  # the list has become shorter meanwhile
            state = replace(state, offset=0, before=())
        back = node.back is not None or bool(state.before)
        return self._fitted(state, Page(node.prompt, fills, options[state.offset :], can_go_back=back, mistaken=mistaken))

    def _read(self, session: Session, node: Node, state: State, now: datetime, *, mistaken: bool) -> Shown:
        """A report or its letters, cut into pages."""
        lines = self._letters(session, state, now) if node.source is Source.LETTERS else self._report(session, state, now)
        if lines is None:
            return self.show(session, state.at("noted", GONE), now, mistaken=False)
        page = Page(node.prompt, (), _options(node.lines), at_most=len(node.lines), follows=True, can_go_back=True, mistaken=mistaken)
        pages = paged(lines, partial(self._fits, page, state.language))
        at = min(state.offset, len(pages) - 1)
        return self._fitted(replace(state, offset=at), replace(page, params=(("text", pages[at]),), follows=at + 1 < len(pages)))

    def _report(self, session: Session, state: State, now: datetime) -> Iterator[str] | None:
        opened = self.desk.look(session, state.person, state.pick("alert"), now)
        return None if opened is None else report_lines(self._say(state), opened)

    def _letters(self, session: Session, state: State, now: datetime) -> Iterator[str] | None:
        letters = self.mail.look(session, state.person, state.pick("alert"), now)
        roster = self.desk.planner.roster()
        return None if letters is None else letter_lines(self._say(state), letters, lambda office: roster.office_name(office) or "?")

    def _fits(self, page: Page, language: str, text: str) -> bool:
        try:
            return self.surface.fit(replace(page, params=(("text", text),)), language).shown == len(page.options)
        except self.too_long:
            return False

    def _fitted(self, state: State, page: Page) -> Shown:
        """Always with a fill-in, so that the surface does not keep the page of an officer in memory."""
        screen = self.surface.fit(replace(page, params=page.params or (("_", ""),)), state.language)
        values = tuple(option.value for option in page.options[: screen.shown])
        return Shown(replace(state, shown=values, more=screen.more), screen)

    def _say(self, state: State) -> Callable[..., str]:
        return partial(self.catalogue.say, state.language)


def _options(lines: tuple[Line, ...]) -> tuple[Option, ...]:
    return tuple(Option(line.value, line.text) for line in lines)
