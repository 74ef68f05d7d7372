"""From a state of the menu to its screen: what the desk shows this officer now, on a page that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain

from sqlalchemy.orm import Session

from referral.casework.desk import Brief, Desk
from referral.casework.handing_on import HandingOn
from referral.casework.mailbox import OfficersMail
from referral.casework.relay import OfficersRelay
from referral.casework.second_reading import SecondReading
from referral.conversation.ports import Page, Screen, Surface
from referral.officers.script import ANSWERS, CHECKS, NODES, OUTCOMES, OVER, PAGED, Line, Node, Source
from referral.officers.state import Pairs, State
from referral.officers.telling import brief_fills, brief_key, letter_lines, line_words, paged, plain, report_lines
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
    relay: OfficersRelay
    second: SecondReading
    surface: Surface
    catalogue: Catalogue
    too_long: type[Exception]
    """What the surface raises for a text that does not fit."""

    def show(self, session: Session, state: State, now: datetime, *, mistaken: bool) -> Shown:
        """The screen, and the state with what it shows. An alert that is gone leads to a screen that says so, from wherever it was."""
        node = NODES.get(state.node)
        if node is None:
            return self._said(state, mistaken=mistaken)
        if node.name in OUTCOMES:
            return self._fitted(state, Page(state.note, state.params, _options(self._apply(session, node, state, now)), mistaken=mistaken))
        free = {Source.ALERTS: self._alerts, Source.CHECKS: self._checks, Source.CHECK: self._read}.get(node.source or Source.PAGES)
        if free is not None:
            return free(session, node, state, now, mistaken=mistaken)
        brief = self.desk.brief(session, state.person, state.pick("alert"), now)
        if brief is None:
            return self.show(session, state.at("noted", GONE), now, mistaken=False)
        if node.source in PAGED:
            return self._read(session, node, state, now, mistaken=mistaken)
        return self._menu(session, node, state, brief, now, mistaken=mistaken)

    def _said(self, state: State, *, mistaken: bool) -> Shown:
        """Before signing in, and after the end: words the state carries, answered by typing or not at all."""
        over = state.node == OVER
        return self._fitted(state, Page(state.note, state.params, typed=not over, ends=over, mistaken=mistaken and not over))

    def _alerts(self, session: Session, node: Node, state: State, now: datetime, *, mistaken: bool) -> Shown:
        briefs = self.desk.open_alerts(session, state.person, now)
        held = len(self.second.waiting(session, state.person, now))
        if not briefs and not held:
            return self._said(state.at(OVER, "officers.none"), mistaken=False)
        say = self._say(state)
        lines = [(brief.alert, say(brief_key("officers.line", brief), **dict(brief_fills(say, brief, now)))) for brief in briefs]
        first = (Option(CHECKS.value, say(CHECKS.text, count=str(held)), verbatim=True),) if held else ()
        options = (*first, *(Option(alert, text, verbatim=True) for alert, text in lines))
        state = replace(state, picks=())
        return self._listed(state, node, options, (("count", str(len(briefs))),), mistaken=mistaken)

    def _checks(self, session: Session, node: Node, state: State, now: datetime, *, mistaken: bool) -> Shown:
        """Others' own words that wait for this officer to read them."""
        options = tuple(Option(one.letter, f"{one.number} {one.office}", verbatim=True) for one in self.second.waiting(session, state.person, now))
        if not options:
            return self._alerts(session, NODES["alerts"], state.at("alerts"), now, mistaken=False)
        return self._listed(state, node, options, (("count", str(len(options))),), mistaken=mistaken)

    def _apply(self, session: Session, node: Node, state: State, now: datetime) -> tuple[Line, ...]:
        """A node's lines, without the one to a phone that cannot be texted."""
        if all(one.go != "phone" for one in node.lines):
            return node.lines
        line = self.relay.line(session, state.person, state.pick("alert"), now)
        return tuple(one for one in node.lines if one.go != "phone" or (line is not None and line.textable))

    def _menu(self, session: Session, node: Node, state: State, brief: Brief, now: datetime, *, mistaken: bool) -> Shown:
        say = self._say(state)
        fills: Pairs = (("number", brief.number),)
        if node.source is Source.ANSWERS:
            node = replace(node, prompt=brief_key("officers.alert", brief))
            options = tuple(_marked(option, brief) for option in _options(ANSWERS[brief.standing]))
            return self._listed(state, node, options, brief_fills(say, brief, now), mistaken=mistaken)
        if node.source is Source.OFFICES:
            offices = self.handing_on.offices(session, state.person, brief.alert, now)
            if not offices:
                return self.show(session, state.at("noted", "officers.hand.nobody", fills), now, mistaken=False)
            return self._listed(state, node, offices, fills, mistaken=mistaken)
        if node.name == "hand.sure":
            fills = (*fills, ("office", self.desk.planner.roster().office_name(state.pick("office")) or "?"))
        if node.typed:
            return self._fitted(state, Page(node.prompt, (*fills, ("most", str(node.typed))), can_go_back=True, typed=True, mistaken=mistaken))
        return self._listed(state, node, _options(node.lines), fills, mistaken=mistaken)

    def _listed(self, state: State, node: Node, options: tuple[Option, ...], fills: Pairs, *, mistaken: bool) -> Shown:
        if state.offset >= len(options):  # the list has become shorter meanwhile
            state = replace(state, offset=0, before=())
        back = node.back is not None or bool(state.before)
        return self._fitted(state, Page(node.prompt, fills, options[state.offset :], can_go_back=back, mistaken=mistaken))

    def _read(self, session: Session, node: Node, state: State, now: datetime, *, mistaken: bool) -> Shown:
        """A report, its letters, or one letter to be checked, cut into pages."""
        tells = {Source.LETTERS: self._letters, Source.CHECK: self._held}.get(node.source or Source.PAGES, self._report)
        lines = tells(session, state, now)
        if lines is None:
            return self.show(session, state.at("noted", GONE), now, mistaken=False)
        keys = self._apply(session, node, state, now)
        page = Page(node.prompt, (), _options(keys), at_most=len(keys), follows=True, can_go_back=True, mistaken=mistaken)
        pages = paged(lines, partial(self._fits, page, state.language))
        at = min(state.offset, len(pages) - 1)
        return self._fitted(replace(state, offset=at), replace(page, params=(("text", pages[at]),), follows=at + 1 < len(pages)))

    def _report(self, session: Session, state: State, now: datetime) -> Iterator[str] | None:
        opened = self.desk.look(session, state.person, state.pick("alert"), now)
        return None if opened is None else report_lines(self._say(state), opened)

    def _letters(self, session: Session, state: State, now: datetime) -> Iterator[str] | None:
        letters = self.mail.look(session, state.person, state.pick("alert"), now)
        line = self.relay.line(session, state.person, state.pick("alert"), now)
        if letters is None or line is None:
            return None
        roster, say = self.desk.planner.roster(), self._say(state)
        zone = self.desk.planner.policy.timezone
        return chain(line_words(say, line, zone), letter_lines(say, letters, lambda office: roster.office_name(office) or "?"))

    def _held(self, session: Session, state: State, now: datetime) -> Iterator[str] | None:
        words = self.second.look(session, state.person, state.pick("letter"), now)
        return None if words is None else iter((self._say(state)("officers.check.reads"), plain(words)))

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


def _marked(option: Option, brief: Brief) -> Option:
    """How many letters of the reporter this officer has not read."""
    if option.text != "officers.letters" or not brief.unread:
        return option
    return replace(option, text="officers.letters.new", params=(("count", str(min(brief.unread, 9))),))


def _options(lines: tuple[Line, ...]) -> tuple[Option, ...]:
    return tuple(Option(line.value, line.text) for line in lines)
