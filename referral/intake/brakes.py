"""Who is held up, and by what: too many calls in an hour, too many reports in a day. A child in danger never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from referral.conversation.effects import FileReport
from referral.conversation.engine import Turn, begin
from referral.conversation.nodes import Script
from referral.conversation.ports import Screen
from referral.conversation.state import State
from referral.conversation.telling import told
from referral.intake.pranks import Signs
from referral.intake.sessions import Held
from referral.privacy.limits import Limits
from referral.privacy.logs import describe
from referral.routing.policy import Policy
from referral.routing.triage import urgency
from referral.store.database import Database
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from referral.vocabulary.report import Danger, Urgency

log = structlog.get_logger()
_BEFORE_DANGER = frozenset({"start", "danger"})
"""Screens of the script on which nobody has had the chance yet to say that a child is in danger."""


@dataclass(frozen=True)
class Brakes:
    """Of a number only a tag of twenty bits is used. `busy` is the screen of a service that really is busy: nobody is told of a limit."""

    limits: Limits
    database: Database
    policy: Policy
    busy: str

    def tag(self, number: Callable[[], PhoneNumber], now: datetime) -> int | None:
        """The caller's tag; None for a number that hides or is not of this country."""
        try:
            return self.limits.tag(number(), now)
        except NotAPhoneNumber:
            return None

    def over(self, tag: int | None, now: datetime) -> bool:
        """Whether this call is one too many of its hour. It is counted when its first answer is kept."""
        with self.database.read() as session:
            return not self.limits.may_start(session, tag, now)

    @staticmethod
    def holds_up(state: State) -> bool:
        """Whether a call that is one too many ends here: it goes on as long as danger now can be said, and when it has been."""
        said = told(state).danger
        return said is not Danger.NOW and not (said is None and state.node in _BEFORE_DANGER)

    def takes(self, tag: int | None, filing: FileReport, now: datetime) -> int | None:
        """How many reports callers of this tag sent today before this one; None if it is one too many and not urgent."""
        urgent = urgency(filing.told, self.policy).urgency.at_least(Urgency.HIGH)
        with self.database.read() as session:
            return self.limits.filed_today(session, tag, now) if self.limits.may_file(session, tag, now, urgent=urgent) else None

    def filed(self, tag: int | None, now: datetime) -> None:
        """Count a report that is committed. Never raises: the caller hears that it is sent, whatever becomes of the count.

        In a transaction of its own: on PostgreSQL the rows of one transaction bear its number, and a tag must stand beside no report.
        """
        try:
            with self.database.count() as session:
                self.limits.filed(session, tag, now)
        except Exception as error:
            log.warning("a report was not counted", **describe(error))

    def within(self, script: Script, turn: Turn, held: Held, tag: int | None, now: datetime) -> tuple[Turn, Held, Signs | None]:
        """The turn, or the busy screen in its place; and of a report that is sent, what tells a prank."""
        filing = next((effect for effect in turn.effects if isinstance(effect, FileReport)), None)
        if held.report is not None or (filing is None and not held.limited):
            return turn, held, None
        if held.limited and self.holds_up(turn.state):
            return *self._held_up(script, turn, held), None
        if filing is None:
            return turn, held, None
        before = self.takes(tag, filing, now)
        if before is None:
            return *self._held_up(script, turn, held), None
        took = timedelta(seconds=now.timestamp() - held.began) if held.began else None
        return turn, held, Signs(filing.told, before, took=took, answers=held.seen.count("*"))

    def _held_up(self, script: Script, turn: Turn, held: Held) -> tuple[Turn, Held]:
        """The busy screen, and a session in which nothing is left that could be filed; a repeated request hears the same."""
        start = begin(script, practice=turn.state.practice)
        screen = Screen(self.busy, 0, more=False, ends=True)
        return Turn(start, screen), replace(held, said=(*held.said[:-1], (len(held.seen), self.busy)), state=start)
