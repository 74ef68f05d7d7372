"""The stand-in gateway: a small server on this machine that the service talks to, through the real library, as if it were the real one."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from referral.gateway.hosts import is_loopback_host
from referral.simulator.api import Account, api
from referral.simulator.callbacks import Callbacks, Caller
from referral.simulator.clockwork import Clockwork
from referral.simulator.control import control
from referral.simulator.dialling import Dialling
from referral.simulator.exchange import Exchange, Phones
from referral.simulator.fault_api import fault_api
from referral.simulator.manners import Manners
from referral.simulator.messages import Messages
from referral.simulator.script import Faults
from referral.simulator.spoiling import Handler, breaking
from referral.simulator.wire import Wire

_LARGEST_REQUEST = 64 * 1024


def utc_now() -> datetime:
    """The clock, where none is given."""
    return datetime.now(UTC)


def fresh_hex() -> str:
    """32 random hex digits, where no source is given."""
    return secrets.token_hex(16)


class StandIn:
    """`callbacks` are the service's addresses; `labels` says who holds which phone (sample number to name); `sender_ids` may send besides the short code.

    `time_factor` scales idle and session limits, retries and receipts (0.01: a minute in 0.6 s); `answer_within` is real seconds. Its threads are
    daemons; `close()` or leaving `with` ends them. Raises ValueError for a callback elsewhere or a label on a number that is no sample.
    """

    def __init__(
        self,
        *,
        callbacks: Callbacks,
        short_code: str,
        ussd_code: str,
        practice_code: str,
        labels: Mapping[str, str],
        username: str,
        api_key: str,
        sender_ids: tuple[str, ...] = (),
        time_factor: float = 1.0,
        answer_within: float = 10.0,
        faults: Faults | None = None,
        manners: Manners | None = None,
        now: Callable[[], datetime] = utc_now,
        fresh_hex: Callable[[], str] = fresh_hex,
    ) -> None:
        phones, wire = Phones(labels), Wire(now)
        self._clockwork = Clockwork(time_factor)
        caller = Caller(wire, answer_within)
        self._exchange = Exchange(callbacks, caller, self._clockwork, phones, now, fresh_hex, faults or Faults(), manners or Manners())
        numbers = {"short_code": short_code, "ussd_code": ussd_code, "practice_code": practice_code}
        messages = Messages(self._exchange, short_code)
        dialling = Dialling(self._exchange, [code for code in (ussd_code, practice_code) if code])
        self.app = Flask(__name__, static_folder=None)
        self.app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
        self.app.before_request(_only_by_a_name_of_this_machine)
        self.app.register_blueprint(api(Account(username, api_key, (short_code, *sender_ids)), self._exchange, messages, wire))
        self.app.register_blueprint(control(phones, dialling, messages, wire, numbers))
        self.app.register_blueprint(fault_api(self._exchange.faults, messages))
        self.app.wsgi_app = breaking(self.app.wsgi_app)  # type: ignore[assignment, method-assign]  # Flask's own way to wrap an application
        self._server: BaseWSGIServer | None = None
        self._serving: threading.Thread | None = None

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: add to it and clear it as you like."""
        return self._exchange.faults

    @property
    def manners(self) -> Manners:
        """The undocumented behaviour from now on; may be replaced."""
        return self._exchange.manners

    @manners.setter
    def manners(self, manners: Manners) -> None:
        self._exchange.manners = manners

    def serve(self, port: int, host: str = "127.0.0.1") -> int:
        """Listen in the background; the port listened on (a free one for 0). Raises ValueError for any host but this machine, OSError if the port is taken."""
        if not is_loopback_host(host):
            raise ValueError("the stand-in is for this machine only")
        if self._server is not None:
            raise RuntimeError("already serving")
        self._server = _listen(host, port, self.app)
        self._serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="stand-in", daemon=True)
        self._serving.start()
        return self._server.port

    def close(self) -> None:
        """Stop listening and drop whatever was still to happen. May be called twice."""
        self._exchange.faults.release()
        if self._server is not None and self._serving is not None:
            self._server.shutdown()
            self._serving.join()
            self._server.server_close()
            self._server = self._serving = None
        self._clockwork.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _listen(host: str, port: int, app: Flask) -> BaseWSGIServer:
    # Bound here, because the server's own way with a port that is taken is to end the process.
    with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
        return make_server(host, bound.getsockname()[1], app, threaded=True, request_handler=Handler, fd=bound.fileno())


def _only_by_a_name_of_this_machine() -> Response | None:
    """A website whose name was turned to point at this machine must not read the phones."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    return None if is_loopback_host(host) else Response("", 403)
