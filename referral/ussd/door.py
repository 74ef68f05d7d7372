"""The gateway's USSD callback: form in, `CON …` or `END …` out, always 200 with a right token, 404 without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Blueprint, Response, request

from referral.intake.converse import Call, Conversations, Overtaken
from referral.officers.converse import OfficersMenu
from referral.privacy.logs import describe
from referral.privacy.tokens import tokens_match
from referral.vocabulary.phone import PhoneNumber

log = structlog.get_logger()
LONGEST_SESSION_ID = 128
LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Apologies:
    """What a caller hears when the fault is ours, ready to send: nothing can fail in saying it."""

    broken: str
    busy: str


@dataclass(frozen=True)
class UssdDoor:
    """The addresses `/ussd/<token>` and `/ussd/<token>/ended`. A request that is not the gateway's form gets a screen, never an error page."""

    conversations: Conversations
    officers: OfficersMenu
    tokens: tuple[str, ...]
    practice_code: str
    apologies: Apologies
    clock: Callable[[], datetime]

    def blueprint(self) -> Blueprint:
        door = Blueprint("ussd", __name__)
        door.add_url_rule("/ussd/<token>", "hop", self.hop, methods=["POST"])
        door.add_url_rule("/ussd/<token>/ended", "ended", self.ended, methods=["POST"])
        return door

    def hop(self, token: str) -> Response:
        """One answer of a caller."""
        if not tokens_match(token, self.tokens):
            return Response(status=404)
        try:
            call = self._call()
            if call.text and not call.session:  # without a session callers could not be told apart, and would see each other's screens
                return _speak(self.apologies.broken)
            now = self.clock()
            to_officer = self.officers.answer(call, now)
            return _speak(self.conversations.answer(call, now) if to_officer is None else to_officer)
        except Overtaken:
            return _speak(self.apologies.busy)
        except Exception as error:
            log.error("call failed", door="ussd", **describe(error))
            return _speak(self.apologies.broken)

    def ended(self, token: str) -> Response:
        """The gateway says that a session is over. What it says of the conversation itself is dropped unread."""
        if not tokens_match(token, self.tokens):
            return Response(status=404)
        try:
            session = request.form.get("sessionId", "")[:LONGEST_SESSION_ID]
            if session:
                self.conversations.ended(session, self.clock())
        except Exception as error:
            log.error("end of a call failed", door="ussd", **describe(error))
        return Response(status=200)

    def _call(self) -> Call:
        form = request.form
        return Call(
            session=form.get("sessionId", "")[:LONGEST_SESSION_ID],
            text=form.get("text", "")[:LONGEST_TEXT],
            number=lambda: PhoneNumber(form.get("phoneNumber", "")),
            practice=bool(self.practice_code) and form.get("serviceCode", "") == self.practice_code,
        )


def _speak(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=utf-8")
