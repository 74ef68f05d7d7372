"""Telling the stand-in what is to go wrong. JSON, for this machine only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from referral.simulator import scenes
from referral.simulator.control import asked_json, json_only
from referral.simulator.faults import Fault, Kind
from referral.simulator.messages import Messages
from referral.simulator.script import Faults, Wild


def fault_api(faults: Faults, messages: Messages) -> Blueprint:
    """The blueprint of `/faults…`, `/scenes` and `/receipts`. Whatever cannot be done is answered with 422 and `{"error": "not-a-fault", "say": …}`."""
    pages = Blueprint("faults", __name__)
    pages.before_request(json_only)

    @pages.errorhandler(ValueError)
    @pages.errorhandler(KeyError)
    def no_fault(error: Exception) -> tuple[Response, int]:
        return jsonify(error="not-a-fault", say=str(error)), 422

    @pages.get("/faults")
    def listed() -> Response:
        return jsonify(faults.told() | {"on": scenes.on(faults)})

    _script(pages, faults)
    _stage(pages, faults, messages)
    return pages


def _script(pages: Blueprint, faults: Faults) -> None:
    @pages.post("/faults")
    def add() -> tuple[Response, int]:
        given = asked_json().get("faults")
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise ValueError("faults")
        return jsonify(ids=faults.add(*[Fault.read(each) for each in given])), 201

    @pages.post("/faults/remove")
    def remove() -> Response:
        ids = asked_json().get("ids")
        faults.remove([each for each in ids if isinstance(each, int)] if isinstance(ids, list) else [])
        return jsonify({})

    @pages.post("/faults/clear")
    def clear() -> Response:
        faults.clear()
        return jsonify({})

    @pages.post("/faults/release")
    def release() -> Response:
        faults.release()
        return jsonify({})

    @pages.post("/faults/random")
    def by_chance() -> Response:
        faults.by_chance(_wild(asked_json()))
        return jsonify({})


def _stage(pages: Blueprint, faults: Faults, messages: Messages) -> None:
    @pages.post("/scenes")
    def scene() -> Response:
        asked = asked_json()
        name, number = str(asked.get("scene")), asked.get("number") or None
        if number is not None and not isinstance(number, str):
            raise ValueError("number")
        (scenes.begin if asked.get("on", True) else scenes.end)(faults, name, number)
        return jsonify(on=scenes.on(faults))

    @pages.post("/receipts")
    def receipt() -> tuple[Response, int]:
        asked = asked_json()
        given = [asked.get(name, "") for name in ("id", "number", "status", "reason")]
        if not all(isinstance(each, str) for each in given):
            raise ValueError("receipt")
        messages.report(*given)
        return jsonify({}), 202


def _wild(asked: dict[str, Any]) -> Wild | None:
    """Faults by chance, as asked for; None where the seed is null."""
    seed, rate, kinds = asked.get("seed"), asked.get("rate", 0.3), asked.get("kinds", [])
    if seed is None:
        return None
    well = isinstance(seed, int) and isinstance(rate, int | float) and isinstance(kinds, list)
    if not well:
        raise ValueError("seed, rate, kinds")
    return Wild(seed, rate, tuple(Kind(kind) for kind in kinds))
