"""The whole service on this machine, as `make run` has it, for a browser to open: web, worker and stand-in gateway in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from werkzeug.serving import WSGIRequestHandler, make_server

from referral.app import build
from referral.dispatch.worker import Worker
from referral.service import Service
from referral.settings import Settings
from referral.simulator.callbacks import Callbacks
from referral.simulator.standin import StandIn
from referral.start import _sample_phones, gateway
from referral.web import application


@dataclass
class Live:
    """`url` is the simulator's. `stop_gateway` and `start_gateway` take the stand-in away and bring a new one, at the same address."""

    url: str
    service: Service
    stop_gateway: Callable[[], None]
    start_gateway: Callable[[], None]


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def live(settings_for: Callable[..., Settings], database_url: str, start: datetime) -> Iterator[Live]:
    """The service over a database with the county in it; its clock begins at `start`, so that it is never night, and goes on from there."""
    begun = datetime.now(UTC)

    def clock() -> datetime:
        return start + (datetime.now(UTC) - begun)

    web = make_server("127.0.0.1", 0, _not_yet, threaded=True, request_handler=_Quiet)
    settings = settings_for(database_url)
    callbacks = _callbacks(f"http://127.0.0.1:{web.server_port}", settings)
    labels = _labels(settings, clock)

    def new(port: int) -> tuple[StandIn, int]:
        code, practice = settings.at_ussd_code, settings.at_ussd_practice_code
        one = StandIn(
            callbacks=callbacks,
            short_code=settings.at_shortcode,
            ussd_code=code,
            practice_code=practice,
            labels=labels,
            username="standin",
            api_key="standin",
            now=clock,
        )
        return one, one.serve(port)

    standin, port = new(0)
    standing = [standin]
    settings = settings_for(database_url, simulator=True, standin_port=port, port=web.server_port, public_url=f"http://127.0.0.1:{web.server_port}")
    service = build(settings, clock=clock)
    web.app = application(service)
    stop = threading.Event()
    worker = Worker(service.jobs(gateway(settings)), clock, stop, pause=0.05)
    threads = [
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        threading.Thread(target=worker.run, daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield Live(f"{settings.public_url}/simulator/", service, lambda: standing.pop().close(), lambda: standing.append(new(port)[0]))
    finally:
        stop.set()
        web.shutdown()
        for thread in threads:
            thread.join(20)
        web.server_close()
        for one in standing:
            one.close()
        service.database.close()


def _not_yet(_environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """The web's port must be known before the service can be built: until then it answers that it is not there."""
    start_response("503 Not Yet", [])
    return []


def _callbacks(base: str, settings: Settings) -> Callbacks:
    ussd, sms = f"{base}/ussd/{settings.ussd_tokens[0]}", f"{base}/sms/{settings.sms_tokens[0]}"
    return Callbacks(ussd, f"{ussd}/ended", f"{sms}/inbound", f"{sms}/delivery", f"{sms}/opt-out")


def _labels(settings: Settings, clock: Callable[[], datetime]) -> dict[str, str]:
    ready = build(settings, clock=clock)
    try:
        return _sample_phones(ready)
    finally:
        ready.database.close()
