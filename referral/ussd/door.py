"""The gateway's USSD callback: form in, `CON …` or `END …` out, always 200 with a right token, 404 without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import Blueprint, Response, request

from referral.intake.converse import Call, Conversations, Overtaken
from referral.intake.standing import Standing
from referral.officers.converse import OfficersMenu
from referral.officers.script import EXTENSION
from referral.privacy.callers import OneCaller, dials, misshapen
from referral.privacy.logs import describe
from referral.privacy.tokens import Gatekeeper
from referral.store.health import NotNow
from referral.vocabulary.phone import PhoneNumber

log = structlog.get_logger()
LONGEST_SESSION_ID = 128
LONGEST_TEXT = 20_000
LONGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Apologies:
    """What a caller hears when the fault is ours, ready to send: nothing can fail in saying it."""

    broken: str
    busy: str


@dataclass(frozen=True)
class UssdDoor:
    """The addresses `/ussd/<token>` and `/ussd/<token>/ended`. A request that is not the gateway's form gets a screen, never an error page.

    `code` is what callers dial ("" where it is not known), `practice_code` what clubs practise with ("" for none).
    """

    conversations: Conversations
    standing: Standing
    officers: OfficersMenu
    gate: Gatekeeper
    code: str
    practice_code: str
    apologies: Apologies
    clock: Callable[[], datetime]
    callers: OneCaller = field(default_factory=OneCaller)

    def blueprint(self) -> Blueprint:
        door = Blueprint("ussd", __name__)
        door.add_url_rule("/ussd/<token>", "hop", self.hop, methods=["POST"])
        door.add_url_rule("/ussd/<token>/ended", "ended", self.ended, methods=["POST"])
        return door

    def hop(self, token: str) -> Response:
        """One answer of a caller."""
        now = self.clock()
        if not self.gate.admits(token, request.remote_addr or "", now):
            return Response(status=404)
        try:
            wrong = self._wrong()
            if wrong is not None:
                self.gate.refuses(wrong, now)
                return _speak(self.apologies.broken)
            call = self._call()
        except Exception as error:
            log.error("call failed", door="ussd", **describe(error))
            return _speak(self.apologies.broken)
        return _speak(self._answer(call, now))

    def _answer(self, call: Call, now: datetime) -> str:
        """The screen. Where nothing can be written: what can be shown without writing, and for everything else whom to call."""
        try:
            if call.text and not call.session:  # without a session callers could not be told apart, and would see each other's screens
                return self.apologies.broken
            to_officer = self.officers.answer(call, now)
            return self.conversations.answer(call, now) if to_officer is None else to_officer
        except Overtaken:
            return self.apologies.busy
        except NotNow:  # told once a minute by who found it out, not with every call
            dialled = call.text.split("*", 1)[0] == EXTENSION
            return self.standing.apology(call) if dialled else self.standing.answer(call)
        except Exception as error:
            log.error("call failed", door="ussd", **describe(error))
            return self.standing.apology(call)

    def ended(self, token: str) -> Response:
        """The gateway says that a session is over. What it says of the conversation itself is dropped unread."""
        now = self.clock()
        if not self.gate.admits(token, request.remote_addr or "", now):
            return Response(status=404)
        try:
            wrong = misshapen(request.mimetype, request.form.to_dict(flat=False))
            if wrong is not None:
                self.gate.refuses(wrong, now)
                return Response(status=200)
            session = request.form.get("sessionId", "")[:LONGEST_SESSION_ID]
            if session:
                self.conversations.ended(session, now)
        except NotNow:
            pass  # what was told is filed by silence
        except Exception as error:
            log.error("end of a call failed", door="ussd", **describe(error))
        return Response(status=200)

    def _wrong(self) -> str | None:
        """Why nothing of a request is taken, None if it may be. A missing code is let pass: a gateway that forgets it must not shut out a child."""
        if request.content_length is not None and request.content_length > LONGEST_BODY:
            return "too_long"
        shape = misshapen(request.mimetype, request.form.to_dict(flat=False))
        if shape is not None:
            return shape
        code, session = request.form.get("serviceCode", ""), request.form.get("sessionId", "")[:LONGEST_SESSION_ID]
        if code and self.code and not dials(code, filter(None, (self.code, self.practice_code))):
            return "other_code"
        number = request.form.get("phoneNumber", "").strip()
        return "other_caller" if session and number and not self.callers.same(session, number) else None

    def _call(self) -> Call:
        form = request.form
        return Call(
            session=form.get("sessionId", "")[:LONGEST_SESSION_ID],
            text=form.get("text", "")[:LONGEST_TEXT],
            number=lambda: PhoneNumber(form.get("phoneNumber", "")),
            practice=bool(self.practice_code) and dials(form.get("serviceCode", ""), (self.practice_code,)),
        )


def _speak(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=utf-8")
