"""USSD, as the gateway carries it between a phone and the service."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from referral.simulator.callbacks import Answered
from referral.simulator.exchange import Exchange, PhoneTrouble, Trouble
from referral.simulator.faults import Kind, Lane
from referral.simulator.operators import Operator, cut_off, foreign

HOP_METADATA = "at-ussd-hop-metadata"
_LONGEST_METADATA = 99
_OUT_OF_ORDER = "The service cannot be reached. Please try again later."


@dataclass(frozen=True, slots=True)
class Shown:
    """What the phone shows. `cut` is what this operator would not show, `foreign` the characters it may not be able to show;
    `problem` is set where the gateway threw the service's answer away, and `screen` is then the gateway's own."""

    session: str
    screen: str
    ends: bool
    cut: str = ""
    foreign: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Session:
    id: str
    number: str
    operator: Operator
    code: str
    typed: list[str]
    started: float = field(default_factory=time.monotonic)
    hops: list[str] = field(default_factory=list)
    """The metadata of each answer so far, "" where there was none."""
    answer: str = ""
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Dialling:
    """Open sessions, at most one a phone. `codes` are the service codes that exist."""

    def __init__(self, exchange: Exchange, codes: Sequence[str]) -> None:
        self._exchange = exchange
        self._codes = sorted(codes, key=len, reverse=True)
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def dial(self, number: str, code: str, network: str | None = None) -> Shown:
        """Dial a code, with or without an extension (`*384*1234*77#`). A session the phone still has open ends. Raises PhoneTrouble."""
        number = self._exchange.phones.use(number, network)
        base, extension = self._resolve("".join(code.split()))
        in_text = self._exchange.manners.extension_in_text
        session = _Session(
            id=f"ATUid_{self._exchange.fresh_hex()}",
            number=number,
            operator=self._exchange.phones.operator(number),
            code=base if in_text or not extension else f"{base[:-1]}*{'*'.join(extension)}#",
            typed=extension if in_text else [],
        )
        for earlier in self._open_on(number):
            self._end(earlier, "Incomplete")
        with self._lock:
            self._sessions[session.id] = session
        with session.lock:
            return self._hop(session)

    def key(self, session_id: str, keys: str) -> Shown:
        """Answer a screen. Raises PhoneTrouble if the session is over, or the keys are more than the operator takes."""
        session = self._find(session_id)
        if len(keys) > session.operator.keys:
            raise PhoneTrouble(Trouble.TOO_LONG)
        with session.lock:
            if session.over:
                raise PhoneTrouble(Trouble.SESSION_OVER)
            session.typed.append(keys)
            return self._hop(session)

    def hang_up(self, session_id: str) -> None:
        """End a session from the phone. Raises PhoneTrouble if it is over already."""
        self._end(self._find(session_id), "Incomplete")

    def _resolve(self, dialled: str) -> tuple[str, list[str]]:
        for code in self._codes:
            if dialled == code:
                return code, []
            if dialled.startswith(code[:-1] + "*") and dialled.endswith("#"):
                return code, dialled[len(code) : -1].split("*")
        raise PhoneTrouble(Trouble.NO_SUCH_CODE)

    def _find(self, session_id: str) -> _Session:
        with self._lock:
            session = self._sessions.get(session_id)
        if session is None:
            raise PhoneTrouble(Trouble.SESSION_OVER)
        return session

    def _open_on(self, number: str) -> list[_Session]:
        with self._lock:
            return [session for session in self._sessions.values() if session.number == number]

    def _hop(self, session: _Session) -> Shown:
        """One round trip to the service; the session's lock is held."""
        exchange = self._exchange
        form = {
            "sessionId": session.id,
            "phoneNumber": session.number,
            "networkCode": session.operator.code,
            "serviceCode": session.code,
            "text": "*".join(session.typed),
        }
        metadata = session.hops[-1] if session.hops else ""
        answered = exchange.caller.post(exchange.callbacks.ussd, form, {HOP_METADATA: metadata} if metadata else {})
        session.hops.append(_metadata(answered))
        session.answer = answered.body.decode(errors="replace")
        problem = what_is_wrong(answered)
        if problem:
            self._close(session, "Failed", problem)
            return Shown(session.id, _OUT_OF_ORDER, ends=True, problem=problem)
        ends = session.answer.startswith("END ")
        if ends:
            self._close(session, "Success")
        else:
            turn = len(session.hops)
            left = session.operator.session - (time.monotonic() - session.started) / exchange.clockwork.factor
            exchange.clockwork.after(min(session.operator.idle, left), lambda: self._end(session, "Incomplete", turn))
        cut = cut_off(session.answer, session.operator)
        return Shown(session.id, session.answer[4:], ends, cut, tuple(foreign(session.answer)))

    def _end(self, session: _Session, status: str, turn: int | None = None) -> None:
        """End a session from outside; with `turn`, only if nobody has answered that turn's screen."""
        with session.lock:
            if not session.over and turn in (None, len(session.hops)):
                self._close(session, status)

    def _close(self, session: _Session, status: str, problem: str = "") -> None:
        session.over = True
        with self._lock:
            self._sessions.pop(session.id, None)
        exchange = self._exchange
        event = {
            "date": exchange.now().strftime("%Y-%m-%d %H:%M:%S"),
            "sessionId": session.id,
            "serviceCode": session.code,
            "networkCode": session.operator.code,
            "phoneNumber": session.number,
            "status": status,
            "cost": "KES 0.5000",
            "durationInMillis": str(round((time.monotonic() - session.started) * 1000)),
            "hopsCount": str(len(session.hops)),
            "hopsMetadata": "|".join(hop for hop in session.hops if hop),
            "input": "*".join(session.typed),
            "lastAppResponse": session.answer,
        }
        if problem:
            event["errorMessage"] = problem
        struck = {fault.kind for fault in exchange.faults.strike(Lane.ENDED, [session.number])}
        for _ in range(0 if Kind.ENDED_MISSING in struck else 2 if Kind.ENDED_TWICE in struck else 1):
            exchange.tell(exchange.callbacks.ussd_ended, event)


def what_is_wrong(answered: Answered) -> str:
    """Why the gateway would throw this answer away, in a few words; empty if it would not."""
    if answered.status is None:
        return answered.problem
    if answered.status != 200:
        return f"answered with status {answered.status}"
    if not answered.body.startswith((b"CON ", b"END ")):
        return "the answer begins with neither CON nor END"
    try:
        answered.body.decode()
    except UnicodeDecodeError:
        return "the answer is not UTF-8"
    return ""


def _metadata(answered: Answered) -> str:
    metadata = answered.headers.get(HOP_METADATA, "")
    return metadata if len(metadata) <= _LONGEST_METADATA and "|" not in metadata else ""
