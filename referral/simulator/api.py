"""The gateway's own interface, as the service's library calls it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from decimal import Decimal

from flask import Blueprint, Response, jsonify, request

from referral.simulator.exchange import Exchange
from referral.simulator.faults import Fault, Kind, Lane
from referral.simulator.messages import PRICE, Messages
from referral.simulator.numbers import is_sample
from referral.simulator.spoiling import BROKEN, spoilt
from referral.simulator.wire import Wire

_BALANCE = Decimal("1000000.0000")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the stand-in lets send, and as which senders (the first is the short code)."""

    username: str
    api_key: str = field(repr=False)
    senders: tuple[str, ...]


def api(account: Account, exchange: Exchange, messages: Messages, wire: Wire) -> Blueprint:
    """The blueprint of `/version1/…`: send, fetch, balance."""
    pages = Blueprint("api", __name__, url_prefix="/version1")

    @pages.before_request
    def only_the_account() -> Response | None:
        key, username = request.headers.get("apiKey", ""), request.values.get("username", "")
        if hmac.compare_digest(key.encode(), account.api_key.encode()) and username == account.username:
            return None
        return _plain("The supplied authentication is invalid", 401)

    @pages.post("/messaging")
    def send() -> Response:
        return _send(account, exchange, messages)

    @pages.get("/messaging")
    def fetch() -> Response:
        after = request.args.get("lastReceivedId", "0")
        struck = exchange.faults.strike(Lane.FETCH, [])
        kinds = {fault.kind for fault in struck}
        texts = messages.fetch(int(after) if after.isascii() and after.isdigit() else 0, kinds)
        return spoilt(exchange.faults, struck, [], lambda: jsonify(SMSMessageData={"Messages": texts}))

    @pages.get("/user")
    def balance() -> Response:
        return jsonify(UserData={"balance": f"KES {_BALANCE - messages.spent}"})

    @pages.after_request
    def noted(answer: Response) -> Response:
        _note(wire, answer)
        return answer

    return pages


def _note(wire: Wire, answer: Response) -> None:
    body = answer.get_data(as_text=True)
    # The library asks for the inbox all day long; an empty one is not worth a line.
    if request.method == "GET" and answer.status_code == 200 and '"Messages":[]' in body.replace(" ", ""):
        return
    fields = request.values.to_dict()
    for number in _not_ours(fields.get("to", "")):
        fields["to"], body = fields["to"].replace(number, "…"), body.replace(number, "…")
    broken = request.environ.get(BROKEN)
    wire.note("in", request.method, request.path, fields, None if broken else answer.status_code, "connection reset" if broken else body)


def _not_ours(to: str) -> list[str]:
    """The recipients that are no samples: somebody's numbers, which not even this log may keep."""
    return [number for number in to.split(",") if number and not is_sample(number)]


def _send(account: Account, exchange: Exchange, messages: Messages) -> Response:
    form = request.form
    missing = [name for name in ("to", "message") if not form.get(name)]
    if missing:
        return _plain(f"missing: {', '.join(missing)}", 400)
    numbers = [number.strip() for number in form["to"].split(",")]
    struck = exchange.faults.strike(Lane.SEND, numbers, form["message"])
    sender = form.get("from") or account.senders[0]
    word = _account_word(struck, numbers) or ("" if sender in account.senders else "InvalidSenderId")
    return spoilt(exchange.faults, struck, numbers, lambda: _sms_data(*(([], word) if word else _taken(messages, numbers, form["message"], sender))))


def _account_word(struck: list[Fault], numbers: list[str]) -> str:
    words = [fault.word or "InvalidSenderId" for fault in struck if fault.kind is Kind.ACCOUNT]
    return words[0].replace("{number}", ", ".join(numbers)) if words else ""


def _taken(messages: Messages, numbers: list[str], text: str, sender: str) -> tuple[list[dict[str, object]], str]:
    recipients = messages.send(numbers, text, sender)
    taken = [entry for entry in recipients if "messageParts" in entry]
    cost = sum((PRICE * int(str(entry["messageParts"])) for entry in taken), Decimal(0))
    return recipients, f"Sent to {len(taken)}/{len(recipients)} Total Cost: {f'KES {cost}' if taken else '0'}"


def _sms_data(recipients: list[dict[str, object]], message: str) -> Response:
    if "application/json" not in request.headers.get("Accept", ""):
        # A client that forgets to ask for JSON is answered as the real gateway answers it.
        answer = Response(f"<AfricasTalkingResponse><Message>{message}</Message></AfricasTalkingResponse>", 201, mimetype="application/xml")
    else:
        answer = jsonify(SMSMessageData={"Message": message, "Recipients": recipients})
        answer.status_code = 201
    return answer


def _plain(text: str, status: int) -> Response:
    return Response(text, status, mimetype="text/plain")
