"""One answer of a caller: look, decide, then write once, and only then speak."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.conversation import engine
from referral.conversation.effects import Amend, AtBox, Consent, Effect, FileReport, Flag, SendHelp, Withdraw
from referral.conversation.engine import Turn
from referral.conversation.nodes import Script
from referral.conversation.ports import Guide, Surface
from referral.conversation.state import State
from referral.conversation.telling import partial
from referral.intake.brakes import Brakes
from referral.intake.filing import Filing
from referral.intake.guide import DirectoryGuide
from referral.intake.help import Help
from referral.intake.pranks import Signs
from referral.intake.sessions import Held, Sessions
from referral.privacy.codes import issue_code
from referral.privacy.daykeys import DayKeys
from referral.privacy.logs import describe
from referral.routing.policy import Policy
from referral.store.database import Database
from referral.store.health import NotNow
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from referral.vocabulary.report import Channel, Danger, Hours

log = structlog.get_logger()
AGAIN = timedelta(minutes=1)
_TRIES = 5


class Overtaken(Exception):
    """Other processes kept moving this session on. The caller hears that it is busy; nothing was promised."""


class _MovedOn(Exception):
    """Another process wrote this session first: undo everything of this transaction."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the gateway. `number` is in memory for as long as the call is.

    It is sealed only when a caller consents or asks for a text. Twenty bits of it under the day's key are counted with each call, each
    report, each wrong code and each entry said to be wrong, and never stand beside a report. It is looked at when somebody dials the
    officers' extension, to see whether it is an officer's.
    """

    session: str
    text: str
    number: Callable[[], PhoneNumber]
    practice: bool = False

    def __repr__(self) -> str:
        return "<call>"


@dataclass(frozen=True)
class Conversations:
    """The USSD dialogue over the store."""

    database: Database
    sessions: Sessions
    daykeys: DayKeys
    filing: Filing
    script: Script
    guide: DirectoryGuide
    surface: Surface
    policy: Policy
    help: Help
    brakes: Brakes
    issue_code: Callable[[], str] = issue_code

    def answer(self, call: Call, now: datetime) -> str:
        """The screen for a request. What it promises is committed when this returns; a repeated request gets the same bytes and changes nothing."""
        if not call.text:
            return engine.show(self.script, engine.begin(self.script, practice=call.practice), self.guide, self.surface).screen.text
        today, yesterday = self.daykeys.tags(call.session, now)
        for _ in range(_TRIES):
            held = self._read(today, yesterday)
            before = held.repeated(call.text) if held else None
            if before is not None:
                return before
            turn, fresh = self._decide(held, today, call)
            tag = self._tag(call, turn, fresh, now)
            if held is None:
                fresh = replace(fresh, limited=self.brakes.over(tag, now), began=now.timestamp())
            turn, fresh, signs = self.brakes.within(self.script, turn, fresh, tag, now)
            try:
                self._write(fresh, turn, call, now, tag, signs)
            except (_MovedOn, IntegrityError):
                continue  # another process handled a request of this session at the same moment: read what it answered
            if signs is not None:
                self.brakes.filed(tag, now)
            return turn.screen.text
        raise Overtaken

    def ended(self, session_id: str, now: datetime) -> None:
        """The gateway says the session is over: a child in danger now is filed at once, and a waiting HIGH alert goes out."""
        today, yesterday = self.daykeys.tags(session_id, now)
        held = self._read(today, yesterday)
        if held is None:
            return
        if held.report is not None:
            with self.database.transaction() as session:
                self.filing.conversation_over(session, held.report, now)
        else:
            unsent = partial(held.state)
            if unsent is not None and unsent.danger is Danger.NOW:
                self._file_partial(held, now)

    def file_silent(self, now: datetime, limit: int = 50) -> int:
        """File what callers who fell silent had told. Returns how many."""
        with self.database.read() as session:
            tags = self.sessions.silent(session, now, limit)
        return sum(self._file_silent(tag, now) for tag in tags)

    def forget(self, now: datetime) -> int:
        """Delete the sessions whose quarter of an hour is over."""
        with self.database.draft() as session:
            return self.sessions.forget(session, now)

    def _read(self, today: bytes, yesterday: bytes | None) -> Held | None:
        with self.database.glance() as connection:
            return self.sessions.read(connection, [today] if yesterday is None else [today, yesterday])

    def _decide(self, held: Held | None, tag: bytes, call: Call) -> tuple[Turn, Held]:
        """The turn for an answer, and the session as it should be kept after it."""
        guide = self.guide.of(call.number, held.tried if held else None)
        if held is None:
            start = engine.begin(self.script, practice=call.practice)
            new = Held(tag, 0, call.text, (), start, None)
            shown = engine.show(self.script, start, guide, self.surface).state
            typed = call.text.split("*")
            turn = self._step(shown, call.text, guide) if len(typed) == 1 else engine.walk(self.script, shown, typed, guide, self.surface)
            return turn, _kept(new, turn, call.text, guide)
        if call.text.startswith(held.seen + "*"):
            turn = self._step(held.state, call.text[len(held.seen) + 1 :], guide)
            return turn, _kept(held, turn, call.text, guide)
        if held.report is not None:  # another history for a report that is filed: it stays filed, and the screen stays
            turn = engine.show(self.script, held.state, guide, self.surface)
            return turn, _kept(replace(held, said=()), turn, call.text, guide)
        turn, fresh = self._decide(None, tag, call)
        return turn, replace(fresh, tag=held.tag, turn=held.turn, limited=held.limited, began=held.began)

    def _step(self, state: State, answer: str, guide: Guide) -> Turn:
        return engine.step(self.script, state, answer, guide, self.surface, self.issue_code)

    def _tag(self, call: Call, turn: Turn, held: Held, now: datetime) -> int | None:
        """The caller's tag, made only for what is counted: the first answer of a call, and a report that is sent. Practising is not counted."""
        counted = held.turn == 0 or (held.report is None and any(isinstance(effect, FileReport) for effect in turn.effects))
        return self.brakes.tag(call.number, now) if counted and not call.practice else None

    def _write(self, held: Held, turn: Turn, call: Call, now: datetime, tag: int | None, signs: Signs | None) -> None:
        unsent = partial(held.state) if held.report is None and not turn.effects else None
        partial_at = now + timedelta(minutes=self.policy.partial_after) if unsent else None
        expires_at = now + timedelta(minutes=self.policy.session_forgotten)
        over = turn.screen.ends and held.report is not None
        if held.turn and not turn.effects and not over:  # most keys: nothing but where the caller is
            with self.database.jot() as connection:
                if not self.sessions.write(connection, held, partial_at=partial_at, expires_at=expires_at):
                    raise _MovedOn
            return
        kept_by = self.database.transaction if turn.effects or over else self.database.draft
        with kept_by() as session:
            if held.turn == 0:
                self.brakes.limits.started(session, tag, now)
            for effect in turn.effects:
                held = self._apply(session, held, effect, call, now, signs)
            if over and held.report is not None:
                self.filing.conversation_over(session, held.report, now)
            if not self.sessions.write(session.connection(), held, partial_at=partial_at, expires_at=expires_at):
                raise _MovedOn

    def _apply(self, session: Session, held: Held, effect: Effect, call: Call, now: datetime, signs: Signs | None) -> Held:
        if isinstance(effect, FileReport):
            if held.report is not None:  # the silence was long enough for the partial report to be filed, and then the caller sent it after all
                self.filing.complete(session, held.report, effect.told, effect.code, now)
                return held
            return replace(held, report=self.filing.file(session, effect.told, effect.code, Channel.USSD, now, signs=signs))
        if isinstance(effect, SendHelp):
            self.help.send(session, effect.service_point, held.state.language, call.number, now)
            return held
        if isinstance(effect, Flag):
            self.help.say_wrong(session, effect.service_point, effect.reason, call.number, now)
            return held
        if isinstance(effect, AtBox):
            if held.tried is not None and held.tried[1] is not None:
                self.guide.at.do(session, held.tried[1], effect, call.number, now)
            return held
        if held.report is not None:
            self._change(session, held.report, effect, call, now)
        return held

    def _change(self, session: Session, report: str, effect: Amend | Consent | Withdraw, call: Call, now: datetime) -> None:
        """What the caller adds, allows or takes back once the report is filed."""
        match effect:
            case Amend(told):
                self.filing.amend(session, report, told, now)
            case Consent(hours, by_call):
                self._give_contact(session, report, call, hours, by_call, now)
            case Withdraw():
                self.filing.withdraw_contact(session, report, now)

    def _give_contact(self, session: Session, report: str, call: Call, hours: Hours, by_call: bool, now: datetime) -> None:
        try:
            number = call.number()
        except NotAPhoneNumber:
            return  # a hidden number, or one from over the border: the report stands, without a contact
        self.filing.give_contact(session, report, number, hours, by_call, now)

    def _file_silent(self, tag: bytes, now: datetime) -> int:
        """One session that cannot be filed must not keep back those behind it: it is tried again in a minute."""
        try:
            held = self._read(tag, None)
            return int(held is not None and held.report is None and self._file_partial(held, now))
        except NotNow:
            raise
        except Exception as error:
            log.error("partial report not filed", **describe(error))
            with self.database.draft() as session:
                self.sessions.put_off(session, tag, now + AGAIN)
            return 0

    def _file_partial(self, held: Held, now: datetime) -> bool:
        """File an unsent report once; False if the caller went on meanwhile, or another process was first."""
        unsent = partial(held.state)
        if unsent is None:
            return False
        expires_at = now + timedelta(minutes=self.policy.session_forgotten)
        with suppress(_MovedOn), self.database.transaction() as session:
            report = self.filing.file(session, unsent, self.issue_code(), Channel.USSD, now, partial=True)
            if not self.sessions.write(session.connection(), replace(held, report=report), partial_at=None, expires_at=expires_at):
                raise _MovedOn
            return True
        return False


def _kept(held: Held, turn: Turn, text: str, guide: DirectoryGuide) -> Held:
    tried = (guide.tried.code, guide.tried.report) if guide.tried.code else None
    return replace(held, seen=text, said=(*held.said, (len(text), turn.screen.text)), state=turn.state, tried=tried)
