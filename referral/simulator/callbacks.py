"""Calling the service as the gateway does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import requests

from referral.gateway.hosts import is_loopback
from referral.simulator.wire import Wire


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The service's addresses, tokens included, as one would paste them into the gateway's dashboard. Raises ValueError if one is not on this machine."""

    ussd: str
    ussd_ended: str
    inbound: str
    delivery: str
    opt_out: str

    def __post_init__(self) -> None:
        for part in fields(self):
            if not is_loopback(getattr(self, part.name)):
                raise ValueError(f"the stand-in only calls this machine, and the {part.name} address is not on it")

    def __repr__(self) -> str:
        return "<callback addresses>"


@dataclass(frozen=True, slots=True)
class Answered:
    """The service's answer. `problem` says in a few words why there is none, and is empty otherwise."""

    status: int | None
    body: bytes
    headers: Mapping[str, str]
    problem: str = ""


class Caller:
    """Posts forms to the service. `patience` is how many seconds of real time it may take to answer."""

    def __init__(self, wire: Wire, patience: float) -> None:
        self._wire = wire
        self._patience = patience

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] = MappingProxyType({})) -> Answered:
        """Post a form and wait for the answer. Never raises for what the service or the network does."""
        started = time.monotonic()
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.post(url, data=dict(form), headers={"User-Agent": "at-ussd-api/1.0", **headers}, timeout=self._patience, allow_redirects=False)
                answered = Answered(answer.status_code, answer.content, answer.headers)
            except requests.Timeout:
                answered = Answered(None, b"", {}, "no answer in time")
            except requests.RequestException:
                answered = Answered(None, b"", {}, "no connection")
        if answered.status is not None and time.monotonic() - started > self._patience:
            # The client's limit is on each wait for bytes; the gateway's is on the whole answer.
            answered = Answered(None, b"", {}, "no answer in time")
        self._wire.note("out", "POST", url, form, answered.status, answered.problem or answered.body.decode(errors="replace"))
        return answered
