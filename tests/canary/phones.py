"""Phones, and the way from them to the service: over HTTP to its processes, or to its doors in this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import requests

from tests.world import World

Form = dict[str, str]
Step = Callable[[], str]


class Line(Protocol):
    """The way from a phone's network to the service: what it answers, "" where the connection broke."""

    def ussd(self, form: Form, end: str = "") -> str: ...

    def sms(self, what: str, form: Form) -> str: ...


@dataclass
class Heard:
    """Every answer the service gave, by the number whose phone it was."""

    answers: list[tuple[str, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """Sessions and messages by the gateway's ids."""

    def note(self, number: str, answer: str) -> str:
        self.answers.append((number, answer))
        return answer


@dataclass
class OverHttp:
    """To real processes, some of which are being killed: what breaks off is asked once more."""

    calls: str
    texts: str
    """The addresses of the callbacks."""
    heard: Heard

    def ussd(self, form: Form, end: str = "") -> str:
        return self._ask(self.calls + end, form)

    def sms(self, what: str, form: Form) -> str:
        return self._ask(f"{self.texts}/{what}", form)

    def _ask(self, address: str, form: Form) -> str:
        for _ in range(2):
            try:
                answer = requests.post(address, data=form, timeout=10)
            except requests.RequestException:
                continue
            return self.heard.note(form.get("phoneNumber") or form.get("from", ""), f"{answer.headers}\n{answer.text}").partition("\n")[2]
        return ""


@dataclass
class InProcess:
    """To the doors themselves."""

    world: World
    heard: Heard

    def ussd(self, form: Form, end: str = "") -> str:
        return self._ask(f"/ussd/{self.world.ussd_token}{end}", form)

    def sms(self, what: str, form: Form) -> str:
        return self._ask(f"/sms/{self.world.sms_token}/{what}", form)

    def _ask(self, path: str, form: Form) -> str:
        answer = self.world.web.post(path, data=form)
        body = answer.get_data(as_text=True)
        self.heard.note(form.get("phoneNumber") or form.get("from", ""), f"{answer.status_code}\n{answer.headers}\n{body}")
        return body


@dataclass
class Caller:
    """One phone. `serial` makes its sessions and messages its own."""

    number: str
    line: Line
    heard: Heard
    serial: str
    _calls: int = 0
    _text: str = ""
    _session: str = ""

    def dial(self) -> str:
        self._calls += 1
        self._session, self._text = f"ATUid_{self.serial}{self._calls:04x}".ljust(38, "e"), ""
        self.heard.ids.append(self._session)
        return self.again()

    def key(self, keys: str) -> str:
        self._text = f"{self._text}*{keys}" if self._text else keys
        return self.again()

    def again(self, **other: str) -> str:
        form = {"phoneNumber": self.number, "serviceCode": "*384*96#", "networkCode": "63902", "sessionId": self._session, "text": self._text}
        return self.line.ussd({**form, **other})

    def hang_up(self) -> str:
        return self.line.ussd({"phoneNumber": self.number, "sessionId": self._session, "status": "Incomplete", "input": self._text}, "/ended")

    def text(self, words: str, **other: str) -> str:
        self._calls += 1
        id_ = f"{self.serial}-{self._calls:04x}-7e57-4000-8000-{self.number[-9:]}000"[:36]
        self.heard.ids.append(id_)
        return self.line.sms("inbound", {"from": self.number, "to": "22384", "text": words, "date": "2026-03-04 10:00:00", "id": id_, **other})

    def opt_out(self) -> str:
        return self.line.sms("opt-out", {"phoneNumber": self.number, "senderId": "22384"})

    def receipt(self) -> str:
        return self.line.sms(
            "delivery", {"id": f"ATXid_{self.serial:0>32}", "status": "Failed", "failureReason": "UserInBlackList", "phoneNumber": self.number}
        )
