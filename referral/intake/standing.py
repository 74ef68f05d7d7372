"""What callers still get while nothing can be written: the first screen, help near them, their rights; and for all else whom to call.

A dialogue keeps nothing then: each screen is found anew from all the keys pressed so far, which the gateway repeats with every one. Whatever
would be promised, and whatever leads there, is refused at the first key: nobody tells a story that cannot be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from referral.conversation import engine
from referral.conversation.engine import Turn
from referral.conversation.nodes import Script
from referral.conversation.ports import BoxView, Guide, Surface
from referral.directory.snapshot import Roster
from referral.intake.converse import Call
from referral.store.health import NotNow
from referral.vocabulary.option import Option

STANDS = ("start", "rights", "find")
"""The screens that only show something, by how their names begin."""
MOST = 60
"""Answers looked at: beyond that a caller hears whom to call."""


@dataclass(frozen=True)
class Remembered:
    """Satisfies conversation.Guide, without a database where it must be: places as they were last read. Of help it then knows nothing, and
    the dialogue names the national lines. `last` gives the roster that this process read last, None before the first."""

    guide: Guide
    roster: Callable[[], Roster]
    last: Callable[[], Roster | None]

    def subcounties(self) -> Sequence[Option]:
        return self._roster().subcounties()

    def wards(self, subcounty: str) -> Sequence[Option]:
        return self._roster().wards(subcounty)

    def spots(self, ward: str) -> Sequence[Option]:
        return self._roster().spots(ward)

    def help_near(self, kind: str, place: str) -> Sequence[Option]:
        try:
            return self.guide.help_near(kind, place)
        except NotNow:
            return ()

    def help_facts(self, service_point: str, place: str) -> Sequence[Option]:
        try:
            return self.guide.help_facts(service_point, place)
        except NotNow:
            return ()

    def box(self, code: str) -> BoxView:
        return self.guide.box(code)

    def letters(self, code: str) -> Sequence[Option]:
        return self.guide.letters(code)

    def _roster(self) -> Roster:
        try:
            return self.roster()
        except NotNow:
            last = self.last()
            if last is None:
                raise
            return last


@dataclass(frozen=True)
class Standing:
    """`sorry` is what a caller hears when the fault is ours, whole, by language."""

    script: Script
    guide: Guide
    surface: Surface
    sorry: dict[str, str]

    def answer(self, call: Call) -> str:
        """The screen for a request while nothing can be written. Writes nothing, promises nothing, never raises."""
        turn = self._reached(call, stop=True)
        return self.apology(call) if turn is None else turn.screen.text

    def apology(self, call: Call) -> str:
        """Whom to call, in the language that the caller has chosen on the first screen."""
        turn = self._reached(call, stop=False)
        return self.sorry[self.script.languages[0] if turn is None else turn.state.language]

    def _reached(self, call: Call, *, stop: bool) -> Turn | None:
        """Where the answers lead; None, or without `stop` how far they were gone, where they leave what stands."""
        try:
            turn = engine.show(self.script, engine.begin(self.script, practice=call.practice), self.guide, self.surface)
        except Exception:  # a fault of ours behind a fault of ours: the caller still hears whom to call
            return None
        for answer in call.text.split("*")[:MOST] if call.text else ():
            try:
                after = engine.step(self.script, turn.state, answer, self.guide, self.surface, _no_code)
            except Exception:
                after = None
            if after is None or after.effects or not after.state.node.startswith(STANDS):
                return None if stop else turn
            turn = after
        return turn


def _no_code() -> str:
    raise AssertionError("nothing is filed here")
