"""Phones in the browser: one page, and a thin way from it to the phones of the stand-in. No decisions, no state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, render_template, request

from referral.gateway.hosts import is_loopback_host
from referral.simulator.exchange import Trouble
from referral.simulator.fault_control import Control
from referral.simulator.handset import NobodyThere, Refused, Screen
from referral.simulator.operators import DEFAULT, OPERATORS, room, used
from referral.simulator.scenes import SCENES
from referral.simulator.wording import TROUBLE

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: nothing from elsewhere is loaded, nothing is kept, nobody frames the page."""
AWAY = "The stand-in gateway does not answer. What you typed is kept: try again in a moment."
_LARGEST_REQUEST = 16 * 1024
_STATUS = {Trouble.SESSION_OVER.value: 410, Trouble.NO_SUCH_CODE.value: 404, Trouble.NO_SUCH_NUMBER.value: 404}


def simulator_pages(standin_url: str, public_url: str, timezone: str) -> Blueprint:
    """The blueprint of `/simulator/`. `standin_url` is the stand-in's address on this machine, `public_url` where people open the service, `timezone`
    the name of the county's time, in which alerts are written. Raises ValueError for a stand-in elsewhere."""
    handset = Control(standin_url)
    pages = Blueprint("simulator", __name__, url_prefix="/simulator", template_folder="templates", static_folder="static")
    own_host = urlsplit(public_url).hostname or ""

    @pages.before_request
    def only_our_own_page() -> tuple[Response, int] | None:
        request.max_content_length = _LARGEST_REQUEST
        return _refusal(own_host)

    @pages.after_request
    def headed(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        return answer

    @pages.errorhandler(NobodyThere)
    def away(_error: NobodyThere) -> tuple[Response, int]:
        return jsonify(error="away", say=AWAY), 503

    @pages.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        if error.word not in TROUBLE:
            return jsonify(error="away", say=AWAY), 502
        return jsonify(error=error.word, say=TROUBLE[error.word]), _STATUS.get(error.word, 422)

    @pages.get("/")
    def page() -> str:
        return render_template("simulator.html", scenes=SCENES)

    _looks(pages, handset, timezone)
    _acts(pages, handset)
    _network(pages, handset)
    return pages


def _looks(pages: Blueprint, handset: Control, timezone: str) -> None:
    networks = [{"name": o.name, "screen": o.screen, "keys": o.keys, "idle": o.idle, "session": o.session} for o in OPERATORS.values()]

    @pages.get("/api/state")
    def state() -> Response:
        entries = handset.wire(max(0, request.args.get("after", 0, int)))
        return jsonify(**asdict(handset.service()), networks=networks, timezone=timezone, wire=entries, trouble=handset.trouble()["on"])

    @pages.get("/api/inbox")
    def inbox() -> Response:
        return jsonify(texts=[asdict(text) for text in handset.inbox(request.args.get("number", ""))])


def _acts(pages: Blueprint, handset: Control) -> None:
    @pages.post("/api/dial")
    def dial() -> Response:
        asked = _asked("number", "code", "network")
        return _shown(handset.dial(asked["number"], asked["code"], asked["network"] or None), asked["network"])

    @pages.post("/api/key")
    def key() -> Response:
        asked = _asked("session", "keys", "network")
        return _shown(handset.key(asked["session"], asked["keys"]), asked["network"])

    @pages.post("/api/hang-up")
    def hang_up() -> Response:
        handset.hang_up(_asked("session")["session"])
        return jsonify({})

    @pages.post("/api/text")
    def text() -> Response:
        asked = _asked("number", "text")
        handset.text(asked["number"], asked["text"])
        return jsonify({})


def _network(pages: Blueprint, handset: Control) -> None:
    @pages.post("/api/network")
    def network() -> Response:
        asked = _asked("scene", "number", "on")
        if asked["scene"] not in SCENES:
            raise Refused("no-such-scene")
        handset.scene(asked["scene"], asked["number"] or None, on=asked["on"] == "yes")
        return jsonify(trouble=handset.trouble()["on"])

    @pages.post("/api/all-well")
    def all_well() -> Response:
        handset.clear()
        return jsonify(trouble=handset.trouble()["on"])


def _refusal(own_host: str) -> tuple[Response, int] | None:
    """Why a request is not our own page's: any website can send this machine a request, and none may hold these phones or read them."""
    named = urlsplit(f"//{request.host}").hostname or ""
    # A website whose name was turned to point at this machine comes with its own name.
    if not is_loopback_host(named) and named != own_host:
        return jsonify(error="elsewhere", say="The simulator is not open at this address."), 403
    if not request.path.startswith("/simulator/api/"):
        return None
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or (origin is not None and urlsplit(origin).netloc != request.host):
        return jsonify(error="elsewhere", say="Only the simulator's own page may ask this."), 403
    if request.method == "POST" and not request.is_json:
        return jsonify(error="json-only", say="Only JSON is taken here."), 415
    return None


def _asked(*names: str) -> dict[str, str]:
    """The named texts of the request's JSON, "" where one is missing or no text."""
    asked: Any = request.get_json(silent=True)
    given = asked if isinstance(asked, dict) else {}
    return {name: value if isinstance(value := given.get(name), str) else "" for name in names}


def _shown(screen: Screen, network: str) -> Response:
    """A screen, with how much of this network's room it takes. The gateway's own word, where it threw the service's away, takes none of it."""
    operator = next((o for o in OPERATORS.values() if o.name == network), DEFAULT)
    answer = f"{'END' if screen.ends else 'CON'} {screen.screen}"
    return jsonify(**asdict(screen), used=used(answer), room=room(answer, operator))
