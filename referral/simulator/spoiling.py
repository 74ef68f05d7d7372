"""Answers that come late, broken or not at all."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.serving import WSGIRequestHandler

from referral.simulator.faults import Fault, Kind
from referral.simulator.script import Faults

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BROKEN = "standin.broken"
"""In a request's environment where no answer is to come: the connection is reset."""
_HANDLER = "standin.handler"
_RESET_AT_ONCE = struct.pack("ii", 1, 0)
_PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr></body></html>"


class Handler(WSGIRequestHandler):
    """Keeps the addresses of phones and callbacks out of the terminal, and can break a connection off without a word."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: `GET /wire` shows it, without tokens."""

    def make_environ(self) -> WSGIEnvironment:
        """The request's environment, with the way to this handler in it."""
        return {**super().make_environ(), _HANDLER: self}

    def finish(self) -> None:
        """Ends the connection; a broken one with a reset, which the other side sees as an error and not as an end."""
        super().finish()
        if getattr(self, "broken", False):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
            self.connection.close()

    def break_off(self) -> None:
        """No answer to this request, and none to a later one on its connection."""
        self.broken = self.close_connection = True


def breaking(app: WSGIApplication) -> WSGIApplication:
    """An application whose broken answers never leave it."""

    def broken_or_not(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = app(environ, start_response)
        handler = environ.get(_HANDLER)
        if environ.get(BROKEN) and isinstance(handler, Handler):
            handler.break_off()
            raise ConnectionResetError
        return answer

    return broken_or_not


def spoilt(faults: Faults, struck: Sequence[Fault], numbers: Sequence[str], take: Callable[[], Response]) -> Response:
    """The answer to a call that these faults have struck. `take` does what the call asks for, and is not called where the gateway fails before."""
    _wait(faults, [fault for fault in struck if not fault.taken_first])
    first = [fault for fault in struck if fault.kind in _SPOIL and not fault.taken_first]
    answer = _spoil(first, Response("{}", 201, mimetype="application/json"), numbers) if first else take()
    if first:
        return answer
    _wait(faults, [fault for fault in struck if fault.taken_first])
    return _spoil(struck, answer, numbers)


def _wait(faults: Faults, struck: Iterable[Fault]) -> None:
    """In real time: the service's patience is not scaled either."""
    for fault in struck:
        if fault.kind is Kind.SLOW:
            time.sleep(fault.delay)
        elif fault.kind is Kind.HANG:
            faults.hold(fault.delay)


def _spoil(struck: Iterable[Fault], answer: Response, numbers: Sequence[str]) -> Response:
    for fault in struck:
        if fault.kind in _SPOIL:
            answer = _SPOIL[fault.kind](fault, answer, numbers)
    return answer


def _status(fault: Fault, _answer: Response, numbers: Sequence[str]) -> Response:
    words = "The supplied authentication is invalid" if fault.status == 401 else f"No text can be sent to {', '.join(numbers) or 'anybody'} now"
    return Response(words, fault.status, mimetype="text/plain", headers={"Retry-After": "60"} if fault.status in (429, 503) else {})


def _reset(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    request.environ[BROKEN] = True
    return answer


def _malformed(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    body = answer.get_data()
    return Response(body[: len(body) * 2 // 3], answer.status_code, mimetype="application/json")


def _html(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    return Response(_PAGE, answer.status_code, mimetype="text/html")


def _empty(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    return Response("", answer.status_code, mimetype="application/json")


def _truncated(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    body = answer.get_data()
    cut = Response(body[: len(body) // 2], answer.status_code, mimetype="application/json")
    cut.headers["Content-Length"] = str(len(body) + 1)
    return cut


def _wrong_type(_fault: Fault, answer: Response, _numbers: Sequence[str]) -> Response:
    answer.headers["Content-Type"] = "text/html; charset=utf-8"
    return answer


_SPOIL: Mapping[Kind, Callable[[Fault, Response, Sequence[str]], Response]] = MappingProxyType(
    {
        Kind.STATUS: _status,
        Kind.RESET: _reset,
        Kind.MALFORMED: _malformed,
        Kind.HTML: _html,
        Kind.EMPTY: _empty,
        Kind.TRUNCATED: _truncated,
        Kind.WRONG_TYPE: _wrong_type,
    }
)
"""What each kind makes of an answer."""
