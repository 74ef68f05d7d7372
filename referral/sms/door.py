"""The gateway's SMS callbacks: stored before 200 is said, thought about by the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Blueprint, Response, request
from marshmallow import EXCLUDE, Schema, fields
from werkzeug.exceptions import RequestEntityTooLarge

from referral.dispatch.receipts import Receipts
from referral.gateway.dates import read_date
from referral.intake.texts import Arrival, Texts
from referral.privacy.callers import misshapen
from referral.privacy.logs import describe
from referral.privacy.tokens import Gatekeeper
from referral.store.health import NotNow

log = structlog.get_logger()
LONGEST_ID = 200
AGAIN = "30"
"""Seconds after which the gateway may come again while nothing can be kept. It comes each minute for twelve hours."""


class _Callback(Schema):
    """The gateway adds fields over the years: what is not known is left alone, and nothing it sends is refused."""

    class Meta:
        unknown = EXCLUDE


class InboundForm(_Callback):
    id = fields.String(load_default="")
    sender = fields.String(data_key="from", load_default="")
    to = fields.String(load_default="")
    text = fields.String(load_default="")
    date = fields.String(load_default="")


class DeliveryForm(_Callback):
    id = fields.String(load_default="")
    status = fields.String(load_default="")
    reason = fields.String(data_key="failureReason", load_default="")
    number = fields.String(data_key="phoneNumber", load_default="")


class OptOutForm(_Callback):
    number = fields.String(data_key="phoneNumber", load_default="")


@dataclass(frozen=True)
class SmsDoor:
    """The addresses under `/sms/<token>/`. Only what could not be stored is answered with 500, or with 503 while nothing can be, so that the gateway
    comes again: it repeats until 200.

    What is not the gateway's form is answered with 200, counted, and stored nowhere: a text in it is fetched from the gateway's own inbox.
    """

    texts: Texts
    receipts: Receipts
    gate: Gatekeeper
    short_code: str
    clock: Callable[[], datetime]

    def blueprint(self) -> Blueprint:
        door = Blueprint("sms", __name__)
        for name, view in (("inbound", self.inbound), ("delivery", self.delivery), ("opt-out", self.opt_out)):
            door.add_url_rule(f"/sms/<token>/{name}", name, view, methods=["POST"])
        return door

    def inbound(self, token: str) -> Response:
        """A text."""
        return self._take(token, "inbound", InboundForm(), self._keep_text)

    def delivery(self, token: str) -> Response:
        """What became of a text of ours."""
        return self._take(token, "delivery", DeliveryForm(), self._keep_receipt)

    def opt_out(self, token: str) -> Response:
        """Somebody takes no more texts from us."""
        return self._take(token, "opt-out", OptOutForm(), lambda form: self.receipts.opted_out(form["number"], self.clock()))

    def _take(self, token: str, what: str, form: Schema, keep: Callable[[dict[str, str]], object]) -> Response:
        now = self.clock()
        if not self.gate.admits(token, request.remote_addr or "", now):
            return Response(status=404)
        try:
            wrong = misshapen(request.mimetype, request.form.to_dict(flat=False))
            if wrong is not None:
                self.gate.refuses(wrong, now)
                return Response(status=200)
            keep(form.load(request.form.to_dict()))
        except RequestEntityTooLarge:
            self.gate.refuses("too_long", now)
            return Response(status=413)
        except NotNow:  # told once a minute by who found it out
            return Response(status=503, headers={"Retry-After": AGAIN})
        except Exception as error:
            log.error("callback not kept", door="sms", kind=what, **describe(error))
            return Response(status=500)
        return Response(status=200)

    def _keep_text(self, form: dict[str, str]) -> None:
        if form["to"] and self.short_code and form["to"].strip() != self.short_code:
            self.gate.refuses("other_short_code", self.clock())
            return
        arrival = Arrival(form["id"][:LONGEST_ID], form["sender"][:LONGEST_ID], form["text"], read_date(form["date"]))
        self.texts.receive(arrival, self.clock())

    def _keep_receipt(self, form: dict[str, str]) -> None:
        """The number only finds an officer's text whose id the gateway never told us; it is kept nowhere, and anybody else's says nothing."""
        self.receipts.take(form["id"][:LONGEST_ID], form["status"], form["reason"], self.clock(), form["number"][:LONGEST_ID])
