"""A small service on this machine for the stand-in to call, and a stand-in to call it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from referral.gateway.africastalking import AfricasTalkingGateway
from referral.simulator.callbacks import Callbacks
from referral.simulator.handset import Handset
from referral.simulator.standin import StandIn

MAMA, CHIEF = "+254700000001", "+254700000002"
TOKEN = "Zm9yLXRlc3RzLW9ubHktMTIzNDU2"
FIRST = "CON Karibu\n1 Toa taarifa\n2 Nahitaji msaada sasa"


@dataclass
class FakeService:
    """Answers like the service: `screens` maps `text` to an answer, `inbound` and `delivery` are the statuses to give in turn (then 200)."""

    screens: dict[str, Response | str] = field(default_factory=lambda: {"": FIRST, "1": "CON Hatari?\n1 Sasa", "1*1": "END Asante. 116"})
    inbound: list[int] = field(default_factory=list)
    slow: float = 0.0
    seen: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def app(self) -> Flask:
        app = Flask(__name__, static_folder=None)

        @app.post("/<path:path>")
        def anything(path: str) -> Response:
            raw = request.get_data(cache=True)
            self.headers.append(dict(request.headers))
            self.seen.append((path.replace(TOKEN, "T"), raw, request.form.to_dict()))
            if path == f"ussd/{TOKEN}":
                time.sleep(self.slow)
                answer = self.screens.get(request.form["text"], "CON Samahani")
                return answer if isinstance(answer, Response) else Response(answer, mimetype="text/plain")
            status = self.inbound.pop(0) if path.endswith("inbound") and self.inbound else 200
            return Response("", status)

        return app

    def calls(self, path: str) -> list[dict[str, str]]:
        return [form for seen, _, form in self.seen if seen == path]

    @property
    def callbacks(self) -> Callbacks:
        ussd, sms = f"{self.url}/ussd/{TOKEN}", f"{self.url}/sms/{TOKEN}"
        return Callbacks(ussd, f"{ussd}/ended", f"{sms}/inbound", f"{sms}/delivery", f"{sms}/opt-out")


def until(true: Callable[[], object], patience: float = 5.0) -> None:
    """Wait for something that another thread brings about."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the machine is set up with must not carry what the tests themselves ask of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    server = make_server("127.0.0.1", 0, fake.app(), threaded=True)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


Make = Callable[..., StandIn]


@pytest.fixture
def make(service: FakeService) -> Iterator[Make]:
    """Makes a stand-in for the fake service: a minute passes in 60 ms unless told otherwise."""
    made: list[StandIn] = []

    def one(**changes: object) -> StandIn:
        settings: dict[str, object] = {
            "callbacks": service.callbacks,
            "short_code": "22123",
            "ussd_code": "*384*1234#",
            "practice_code": "*384*1235#",
            "labels": {MAMA: "Mama Asha", CHIEF: "Chief"},
            "username": "sandbox",
            "api_key": "a-key",
            "time_factor": 0.001,
            **changes,
        }
        made.append(StandIn(**settings))  # type: ignore[arg-type]  # a test may pass what it likes
        return made[-1]

    yield one
    for stand_in in made:
        stand_in.close()


@pytest.fixture
def standin(make: Make) -> StandIn:
    """A stand-in whose sessions live as long as real ones."""
    return make(time_factor=1.0)


@dataclass
class Served:
    standin: StandIn
    url: str

    @property
    def handset(self) -> Handset:
        return Handset(self.url)

    @property
    def gateway(self) -> AfricasTalkingGateway:
        return AfricasTalkingGateway("sandbox", "a-key", "22123", f"{self.url}/version1")


def serving(standin: StandIn) -> Served:
    """The stand-in, listening on a free port."""
    return Served(standin, f"http://127.0.0.1:{standin.serve(0)}")


@pytest.fixture
def served(make: Make) -> Served:
    """A stand-in that listens, with receipts in milliseconds and sessions long enough for a script."""
    return serving(make(time_factor=0.02))
