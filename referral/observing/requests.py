"""Counting the gateway's calls, by door and by what was answered. Never by who called: there is no label that could hold that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds. A gateway hangs up at ten; two are what a hop may take, five what it may take on the poorest machine."""
DOORS = {
    ("ussd",): "ussd",
    ("ussd", "ended"): "ussd_ended",
    ("sms", "inbound"): "sms_inbound",
    ("sms", "delivery"): "sms_delivery",
    ("sms", "opt-out"): "sms_opt_out",
}
"""The doors by the words of an address, its token left out."""
OTHER = "other"
SCREENS = ("con", "end", OTHER)
FAILED = "500"


class Requests:
    """The counts and times of calls. In a process that shares its figures with others they are kept in files all of them write (processes.py)."""

    def __init__(self, apologies: Mapping[bytes, str]) -> None:
        """`apologies` are whole USSD answers that mean that a caller was not served, each with its word."""
        self.registry = CollectorRegistry()
        self._apologies = dict(apologies)
        self._count = Counter("referral_requests", "Calls of the gateway", ("door", "outcome"), registry=self.registry)
        self._seconds = Histogram("referral_request_seconds", "How long a call took", ("door",), buckets=BUCKETS, registry=self.registry)
        self._begin()

    def _begin(self) -> None:
        """Whatever an alarm asks about stands there from the start, with nothing counted: Prometheus sees no rise in a figure that comes with its
        first count, and the first callers who were not served would wake nobody."""
        for door in (*DOORS.values(), OTHER):
            answered = (*SCREENS, *self._apologies.values()) if door == "ussd" else ("200",)
            for outcome in {*answered, "404", FAILED}:
                self._count.labels(door, outcome)
            self._seconds.labels(door)

    def around(self, app: WSGIApplication) -> WSGIApplication:
        """`app` with its calls counted. Its answers are screens and empty bodies, so that they may be held in memory whole."""

        def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            began, status = perf_counter(), FAILED

            def start(said: str, headers: list[tuple[str, str]], failure: Any = None) -> Any:
                nonlocal status
                status = said[:3]
                return start_response(said, headers, failure)

            door, body = door_of(environ.get("PATH_INFO", "")), b""
            try:
                body = _whole(app(environ, start))
            finally:
                self._note(door, status, body, perf_counter() - began)
            return [body]

        return call

    def _note(self, door: str, status: str, body: bytes, seconds: float) -> None:
        self._count.labels(door, self._outcome(door, status, body)).inc()
        if status == "200":  # what was refused says nothing about how long callers wait
            self._seconds.labels(door).observe(seconds)

    def _outcome(self, door: str, status: str, body: bytes) -> str:
        if status != "200" or door != "ussd":
            return status if status.isdigit() else FAILED
        return self._apologies.get(body) or {b"CON ": "con", b"END ": "end"}.get(body[:4], OTHER)


def door_of(path: str) -> str:
    """The door an address leads to; `other` for what is none. The token, its second word, is looked at by nobody here."""
    words = path.strip("/").split("/")
    return DOORS.get((words[0], *words[2:]), OTHER) if len(words) > 1 else OTHER


def _whole(answer: Iterable[bytes]) -> bytes:
    try:
        return b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
