"""What is asked of the service while the machine fails under it, the same for every way of failing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.fire.fleet import CODE, Fleet, Load
from tests.fire.load import callers

PATIENCE = 8.0
"""Seconds within which a caller hears something: two less than the gateway waits."""
REPORT = ("1", "1", "1", "1", "2", "4", "1")
HELPLINE = re.compile(r"\b116\b")
NOTHING_HERE = {"CON": "Karibu", "sw": "Samahani", "en": "Sorry"}


@dataclass
class Phones:
    """Callers of the test's own, each with a number of its own, and how long each answer took."""

    fleet: Fleet
    took: list[float] = field(default_factory=list)
    serial: int = 0

    def press(self, text: str, session: str | None = None) -> str:
        """The screen for a whole text; it must be there in time, with 200."""
        self.serial += session is None
        number = callers()[-1 - self.serial % 300]
        form = {"sessionId": session or f"ATUid_outage{self.serial}", "phoneNumber": number, "networkCode": "63902", "serviceCode": "*384*96#", "text": text}
        began = time.monotonic()
        answer = requests.post(self.fleet.ussd, data=form, timeout=20)
        self.took.append(time.monotonic() - began)
        assert answer.status_code == 200, answer.status_code
        return answer.text


def address(fleet: Fleet, path: str) -> str:
    return f"http://127.0.0.1:{fleet.port}{path}"


def writable(fleet: Fleet) -> float:
    """The figure, as whoever watches the service sees it."""
    found = re.search(r"^referral_database_writable (\S+)$", requests.get(address(fleet, "/metrics"), timeout=20).text, re.MULTILINE)
    assert found
    return float(found[1])


def nothing_is_promised(fleet: Fleet, phones: Phones) -> None:
    """What holds in every outage: the first screen, the helplines in the caller's language, no code, and no text taken that is not kept."""
    assert phones.press("").startswith("CON Karibu")
    for text, language in (("1", "sw"), ("6*1", "en"), ("2", "sw"), ("*".join(REPORT), "sw"), ("4", "sw"), ("77", "sw")):
        screen = phones.press(text)
        assert screen.startswith(f"END {NOTHING_HERE[language]}"), (text, screen)
        assert HELPLINE.search(screen)
        assert not CODE.search(screen)
    assert phones.press("6").startswith("CON Welcome")
    assert phones.press("5").startswith("CON ")
    assert phones.press("3").startswith("CON ")
    sms = fleet.sms
    form = {"from": "+254700000777", "to": "22384", "text": "mtoto anapigwa Ukunda", "date": "2026-03-04 07:00:00", "id": f"outage-{time.monotonic()}"}
    for path, fields in (("inbound", form), ("delivery", {"id": "ATXid_none", "status": "Success"}), ("opt-out", {"phoneNumber": "+254700000150"})):
        answer = requests.post(f"{sms}/{path}", data=fields, timeout=20)
        assert answer.status_code == 503, (path, answer.status_code)
        assert answer.headers["Retry-After"]
    assert requests.get(address(fleet, "/healthz"), timeout=20).status_code == 200
    ready = requests.get(address(fleet, "/readyz"), timeout=20)
    assert ready.status_code == 503
    assert writable(fleet) == 0


def help_is_shown(phones: Phones, session: str) -> str:
    """Find help as far as the first place of a list: the screen it ends on."""
    text = "3"
    for key in ("1", "1", "1", "1"):
        screen = phones.press(text, session)
        assert screen.startswith("CON "), (text, screen)
        text = f"{text}*{key}"
    return phones.press(text, session)


def everybody_lives(fleet: Fleet) -> bool:
    """Whether no process has ended by itself."""
    return all(process.poll() is None for host in fleet.hosts for process in (host.web, *host.workers.values()))


def back(fleet: Fleet, load: Load, more: int = 5, seconds: float = 30) -> float:
    """Wait until callers are served again; after how many seconds they were."""
    began, before = time.monotonic(), len(load.promised)
    while len(load.promised) < before + 1:
        assert time.monotonic() - began < seconds, fleet.log()[-3000:]
        time.sleep(0.05)
    after = time.monotonic() - began
    load.wait_for(more=more, seconds=seconds)
    until = time.monotonic() + seconds
    while not all(host.ready() for host in fleet.hosts):
        assert time.monotonic() < until, fleet.log()[-3000:]
        time.sleep(0.2)
    assert writable(fleet) == 1
    return round(after, 1)


def kept_once(fleet: Fleet, number: str, count: Callable[[], int], seconds: float = 30) -> int:
    """Wait until a text that was refused meanwhile has come again and is kept; how often it is."""
    until = time.monotonic() + seconds
    while not count():
        assert time.monotonic() < until, f"a text of {number} was lost"
        time.sleep(0.2)
    time.sleep(1)
    return count()


def lines_about_it(fleet: Fleet) -> int:
    """How many lines the log has."""
    return len(fleet.log().splitlines())
