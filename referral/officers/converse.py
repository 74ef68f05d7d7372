"""One answer of an officer: is it one at all, then look, decide, write once, and only then speak."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral.casework.desk import Desk
from referral.casework.handing_on import HandingOn
from referral.casework.mailbox import OfficersMail
from referral.casework.records import Given
from referral.casework.relay import OfficersRelay
from referral.casework.second_reading import SecondReading
from referral.handover.contacts import Contacts
from referral.handover.relay import Asked as Nudged
from referral.intake.converse import Call, Overtaken
from referral.officers.screens import GONE, Screens
from referral.officers.script import EXTENSION, NODES, OVER, Does, step
from referral.officers.sessions import Asked, Held, OfficerSessions
from referral.officers.sign_in import Entered, SignIn
from referral.officers.state import Pairs, State
from referral.privacy.daykeys import DayKeys
from referral.store.database import Database
from referral.vocabulary.letters import Nudge, Template
from referral.vocabulary.phone import NotAPhoneNumber

_TRIES = 5
NOTED = {
    Does.ACT: "officers.noted.act",
    Does.DECLINE: "officers.noted.cannot",
    Does.HAND_ON: "officers.noted.hand",
    Does.GIVE: "officers.noted.given",
    Does.WRITE: "officers.noted.write",
    Does.OWN_WORDS: "officers.noted.own",
    Does.LET_THROUGH: "officers.noted.through",
    Does.KEEP_BACK: "officers.noted.kept",
}
"""What is said once it is done. READ, LETTERS and CHECK say nothing: they show."""
NUDGED = {
    Nudged.QUEUED: "officers.noted.nudge",
    Nudged.TOO_SOON: "officers.noted.nudge_soon",
    Nudged.UNREACHABLE: "officers.noted.nudge_gone",
}
_MAIL = frozenset({Does.LETTERS, Does.WRITE, Does.OWN_WORDS})
_SECOND = frozenset({Does.CHECK, Does.LET_THROUGH, Does.KEEP_BACK})


class _MovedOn(Exception):
    """Another process wrote this session first: undo everything of this transaction."""


@dataclass(frozen=True)
class OfficersMenu:
    """The extension 77. For everybody else it does not exist: `answer` gives None, and the caller's dialogue says what it says to any wrong key."""

    database: Database
    sessions: OfficerSessions
    daykeys: DayKeys
    contacts: Contacts
    sign_in: SignIn
    desk: Desk
    handing_on: HandingOn
    mail: OfficersMail
    relay: OfficersRelay
    second: SecondReading
    screens: Screens

    def answer(self, call: Call, now: datetime) -> str | None:
        """The screen for an officer's request, committed with all it did when this returns; None if it is not an officer's.

        The number of whoever dials the extension is looked at in memory, to find an officer by its tag, and is kept nowhere.
        """
        if call.practice or not call.session or call.text.split("*", 1)[0] != EXTENSION:
            return None
        person = self._officer(call)
        if person is None:
            return None
        asked = Asked(self.daykeys, call.session, call.text, now)
        for _ in range(_TRIES):
            with self.database.read() as session:
                held = self.sessions.read(session, asked.rows(), now)
            if held is not None and held.state.person != person:
                return None  # somebody else's number in a session that is going on: not this officer's call
            before = None if held is None else asked.repeats(held)
            if before is not None:
                return before
            try:
                return self._hop(held or self._begin(person, asked, now), asked, now)
            except (_MovedOn, IntegrityError):
                continue  # another process handled a request of this session at the same moment: read what it answered
        raise Overtaken

    def forget(self, now: datetime) -> int:
        """Delete the sessions whose quarter of an hour is over."""
        with self.database.draft() as session:
            return self.sessions.forget(session, now)

    def _officer(self, call: Call) -> str | None:
        try:
            number = call.number().reveal()
        except NotAPhoneNumber:
            return None
        with self.database.read() as session:
            person = self.contacts.whose(session, number)
        known = None if person is None else self.desk.planner.roster().person(person)
        return None if known is None or known.suspended else known.id

    def _begin(self, person: str, asked: Asked, now: datetime) -> Held:
        known = self.desk.planner.roster().person(person)
        language = known.language if known is not None else "en"
        return Held(asked.rows()[0], 0, asked.seen(), (), self.sign_in.begin(person, language, now))

    def _hop(self, held: Held, asked: Asked, now: datetime) -> str:
        """What is behind the extension in the first request is not taken: a PIN in a dialled string stays in the phone's list of calls."""
        typed = None if held.turn == 0 else asked.typed(held)
        entered, does = self._decide(held.state, typed, asked, now)
        with self.database.transaction() as session:
            state = self._do(session, entered.state, does, (typed or "").strip(), now)
            if entered.keep is not None and not self.sign_in.pins.choose(session, state.person, entered.keep, now):
                state = state.at(OVER, "officers.pin.none")
            shown = self.screens.show(session, state, now, mistaken=entered.mistaken)
            if not self.sessions.write(session, held.saying(asked.seen(), shown.state, shown.screen.text), now):
                raise _MovedOn
        return shown.screen.text

    def _decide(self, state: State, typed: str | None, asked: Asked, now: datetime) -> tuple[Entered, Does | None]:
        """Where an answer leads and what it asks for. Another history than the one that was seen changes nothing: the same screen again."""
        if typed is None or state.node == OVER:
            return Entered(state), None
        if state.node not in NODES:
            return self.sign_in.enter(state, typed, asked.request(), now), None
        move = step(state, typed.strip())
        return (Entered(state, mistaken=True), None) if move is None else (Entered(move.state), move.does)

    def _do(self, session: Session, state: State, does: Does | None, typed: str, now: datetime) -> State:
        """Do what was chosen. What is not this officer's to do changes nothing and is said in one way."""
        if does is None:
            return state
        fills = (("number", self._number(session, state, now)),)
        if does is Does.NUDGE:
            asked = self.relay.ask(session, state.person, state.pick("alert"), Nudge(state.pick("nudge")), now)
            return state.at("noted", GONE) if asked is None else replace(state, note=NUDGED[asked], params=fills)
        if does in _SECOND:
            done = self._check(session, state, does, now)
        elif does in _MAIL:
            done = self._mail(session, state, does, typed, now)
        else:
            done = self._case(session, state, does, now)
        return self._noted(state, does, fills) if done else state.at("noted", GONE)

    def _case(self, session: Session, state: State, does: Does, now: datetime) -> bool:
        who, alert = state.person, state.pick("alert")
        match does:
            case Does.READ:
                return self.desk.read(session, who, alert, now)
            case Does.ACT:
                return self.desk.act(session, who, alert, now)
            case Does.DECLINE:
                return self.desk.decline(session, who, alert, state.pick("reason"), now)
            case Does.HAND_ON:
                return self.handing_on.hand_on(session, who, alert, state.pick("office"), now)
            case _:
                return self._give(session, state, now)

    @staticmethod
    def _noted(state: State, does: Does, fills: Pairs) -> State:
        return replace(state, note=NOTED[does], params=fills) if does in NOTED else state

    def _mail(self, session: Session, state: State, does: Does, typed: str, now: datetime) -> bool:
        who, alert = state.person, state.pick("alert")
        if does is Does.LETTERS:
            return self.mail.read(session, who, alert, now)
        if does is Does.OWN_WORDS:
            return self.mail.write_own(session, who, alert, typed, now)
        return self.mail.write(session, who, alert, Template(state.pick("template")), now)

    def _check(self, session: Session, state: State, does: Does, now: datetime) -> bool:
        """Others' own words: opened, let through, or kept back."""
        who, letter = state.person, state.pick("letter")
        if does is Does.CHECK:
            return self.second.read(session, who, letter, now)
        return self.second.settle(session, who, letter, does is Does.LET_THROUGH, now)

    def _give(self, session: Session, state: State, now: datetime) -> bool:
        today = now.astimezone(self.sign_in.zone).date()
        on = today - timedelta(days=1) if state.pick("day") == "yesterday" else today
        service, done = Given(state.pick("service")), state.pick("rest") == "done"
        return self.desk.give(session, state.person, state.pick("alert"), service, on, done=done, now=now)

    def _number(self, session: Session, state: State, now: datetime) -> str:
        brief = self.desk.brief(session, state.person, state.pick("alert"), now)
        return "" if brief is None else brief.number


def officers_code(code: str) -> str:
    """What officers dial: the service's code with the extension 77."""
    return f"{code.removesuffix('#')}*77#"
