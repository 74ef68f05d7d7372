"""What a phone's holder can do, for the phone in the terminal and the phone in the browser. JSON, for this machine only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from referral.simulator.dialling import Dialling, Shown
from referral.simulator.exchange import Phones, PhoneTrouble, Trouble
from referral.simulator.messages import Messages
from referral.simulator.wire import Wire

_STATUS = {Trouble.SESSION_OVER: 410, Trouble.NO_SUCH_CODE: 404, Trouble.NO_SUCH_NUMBER: 404}


def control(phones: Phones, dialling: Dialling, messages: Messages, wire: Wire, numbers: dict[str, str]) -> Blueprint:
    """The blueprint of `/phones…` and `/wire`. `numbers` are the service's own: short_code, ussd_code, practice_code."""
    pages = Blueprint("control", __name__)

    pages.before_request(json_only)

    @pages.errorhandler(PhoneTrouble)
    def trouble(error: PhoneTrouble) -> tuple[Response, int]:
        return jsonify(error=error.trouble.value), _STATUS.get(error.trouble, 422)

    @pages.get("/phones")
    def known() -> Response:
        listed = [
            {"number": number, "label": label, "network": operator.name, "unread": messages.unread(number), "last": messages.last(number)}
            for number, label, operator in phones.known()
        ]
        return jsonify(phones=listed, **numbers)

    @pages.get("/wire")
    def exchanges() -> Response:
        return jsonify(entries=wire.after(request.args.get("after", 0, int)))

    _calls(pages, dialling)
    _texts(pages, messages)
    return pages


def _calls(pages: Blueprint, dialling: Dialling) -> None:
    @pages.post("/phones/dial")
    def dial() -> Response:
        asked = asked_json()
        return _shown(dialling.dial(_text(asked, "number"), _text(asked, "code"), _text(asked, "network") or None))

    @pages.post("/phones/key")
    def key() -> Response:
        asked = asked_json()
        return _shown(dialling.key(_text(asked, "session"), _text(asked, "keys")))

    @pages.post("/phones/hang-up")
    def hang_up() -> Response:
        dialling.hang_up(_text(asked_json(), "session"))
        return jsonify({})


def _texts(pages: Blueprint, messages: Messages) -> None:
    @pages.post("/phones/text")
    def text() -> tuple[Response, int]:
        asked = asked_json()
        return jsonify(id=messages.text(_text(asked, "number"), _text(asked, "to"), _text(asked, "text"))), 202

    @pages.post("/phones/opt-out")
    def opt_out() -> tuple[Response, int]:
        messages.opt_out(_text(asked_json(), "number"))
        return jsonify({}), 202

    @pages.get("/phones/<number>/inbox")
    def inbox(number: str) -> Response:
        texts = messages.on_phone(number, request.args.get("after", 0, int))
        return jsonify(messages=[{"n": t.n, "from": t.sender, "text": t.text, "at": t.at.isoformat(), "parts": t.parts} for t in texts])


def json_only() -> tuple[Response, int] | None:
    """Why a request is refused: a form on any website can be posted to this machine, but not as JSON."""
    return (jsonify(error="json-only"), 415) if request.method == "POST" and not request.is_json else None


def asked_json() -> dict[str, Any]:
    """The request's JSON object, an empty one where it is something else."""
    asked = request.get_json(silent=True)
    return asked if isinstance(asked, dict) else {}


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name, "")
    return value if isinstance(value, str) else ""


def _shown(shown: Shown) -> Response:
    return jsonify(asdict(shown))
