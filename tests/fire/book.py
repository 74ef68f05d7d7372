"""What the gateway knows: every text that a worker handed over, whether it was taken, and whether a whole answer went back."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from referral.simulator.faults import Fault, Kind, Lane
from referral.simulator.script import Faults

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_WORKER = re.compile(r"/(w\d+)(/version1/.*)")


@dataclass
class Call:
    """A text on its way over. Times by the steady clock; `ended` None while it is under way."""

    worker: str
    number: str
    words: str
    began: float
    ended: float | None = None
    taken: bool = False
    answered: bool = False
    """An answer went back that says what became of it. False: the gateway's own fault; whether the worker lived to read it stands elsewhere."""


class Book:
    """Every call since the start. Filled by the gateway's threads."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._here = threading.local()

    def begin(self, worker: str, number: str, words: str) -> Call:
        call = self._here.call = Call(worker, number, words, time.monotonic())
        self.calls.append(call)
        return call

    def took(self) -> None:
        """The call of this thread has got as far as the phone's network."""
        call = getattr(self._here, "call", None)
        if call is not None:
            call.taken = True

    def end(self, call: Call) -> None:
        call.ended = time.monotonic()
        self._here.call = None

    def calling(self, workers: Container[str], patience: float) -> str | None:
        """One of these workers that is in the middle of a call, waited for so many seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            found = next((call.worker for call in reversed(self.calls[-20:]) if call.ended is None and call.worker in workers), None)
            if found is not None:
                return found
            time.sleep(0.002)
        return None


class Noted(Faults):
    """Faults, and a note of each text that was taken all the same."""

    def __init__(self, book: Book) -> None:
        self._book = book
        super().__init__()

    def strike(self, lane: Lane, numbers: Iterable[str], text: str = "") -> list[Fault]:
        struck = super().strike(lane, numbers, text)
        if lane is Lane.RECIPIENT and not any(fault.kind is Kind.REFUSED for fault in struck):
            self._book.took()
        return struck


def noting(app: WSGIApplication, book: Book) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The gateway, which knows each worker by the beginning of the address it calls."""

    def noted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = _WORKER.fullmatch(environ["PATH_INFO"])
        if found is None or environ["REQUEST_METHOD"] != "POST":
            environ["PATH_INFO"] = found[2] if found else environ["PATH_INFO"]
            return app(environ, start_response)
        environ["PATH_INFO"] = found[2]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        form = parse_qs(body.decode())
        call = book.begin(found[1], form["to"][0], form["message"][0])
        head: list[Any] = []

        def start(*given: Any) -> Any:
            head[:] = given
            return start_response(*given)

        try:
            answer = b"".join(app(environ, start))
            call.answered = _whole(head, answer)
        finally:
            book.end(call)
        return [answer]

    return noted


def _whole(head: list[Any], body: bytes) -> bool:
    """Whether whoever reads this knows what became of the text: a refusal of the call, or what is said of the one phone."""
    status, length = int(head[0][:3]), dict(head[1]).get("Content-Length")
    if status >= 500 or (length is not None and int(length) != len(body)):
        return False
    if status >= 300:
        return True
    try:
        return isinstance(json.loads(body)["SMSMessageData"]["Recipients"], list)
    except (ValueError, KeyError, TypeError):
        return False
