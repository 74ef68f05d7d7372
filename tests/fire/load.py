"""Callers who report without pause, each call from a phone of its own."""

from __future__ import annotations

import csv
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from tests.fire.fleet import Fleet

CODE = re.compile(r"\d{4} \d{4} \d{4}")
_PEOPLE = Path(__file__).parent.parent.parent / "config" / "kwale" / "people.sample.csv"
RED = ("1", "1", "1", "1", "2", "4", "1")
"""Report; danger now; sexual abuse; Msambweni; Ukunda; don't know; send."""
HIGH = ("1", "2", "4", "1", "2", "4", "1")
"""Soon; marriage."""


def officers() -> dict[str, str]:
    """The sample officers' numbers, by person."""
    with _PEOPLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["number"] for row in csv.DictReader(file)}


def callers() -> list[str]:
    """Sample numbers that are nobody's, and not the one that forged receipts name. A phone may call thirty times an hour: each call takes the next."""
    taken = {*officers().values(), "+254700000999"}
    return [number for serial in range(1000) if (number := f"+254700000{serial:03d}") not in taken]


@dataclass
class Load:
    """`promised` are the codes callers were shown: reports the service said it has. Of several `scripts` each call takes the next."""

    fleet: Fleet
    keys: tuple[str, ...] = RED
    scripts: tuple[tuple[str, ...], ...] = ()
    promised: list[str] = field(default_factory=list)
    broken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    """What the gateway was answered; 0 for a connection that broke."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Screens that ended a call before its time."""
    took: list[float] = field(default_factory=list)
    """Seconds that the gateway waited for each answer."""

    @property
    def slowest(self) -> float:
        return max(self.took, default=0.0)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._calls = zip(count(1), cycle(callers()), cycle(self.scripts or (self.keys,)), strict=False)
        self._lock = threading.Lock()

    def start(self, callers: int) -> None:
        self._threads = [threading.Thread(target=self._call_again_and_again, daemon=True) for _ in range(callers)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, more: int, seconds: float) -> None:
        """Until so many more reports were promised, or the time is over: a storm must meet real work."""
        goal, until = len(self.promised) + more, time.monotonic() + seconds
        while len(self.promised) < goal and time.monotonic() < until:
            time.sleep(0.02)

    def _call_again_and_again(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                serial, number, keys = next(self._calls)
            code = self._report(f"ATUid_{serial:032x}", number, keys)
            if code is None:
                self.broken += 1
                time.sleep(0.05)
            else:
                self.promised.append(code)

    def _report(self, session: str, number: str, keys: tuple[str, ...]) -> str | None:
        """One report; the code if it was said to be sent. A request that fails is asked once more, as some gateways do."""
        text = ""
        screen = ""
        for key in keys:
            text = f"{text}*{key}" if text else key
            answer = self._ask(session, number, text) or self._ask(session, number, text)
            if answer is None or answer.startswith("END"):
                self.refusals[answer or ""] += 1
                return None
            screen = answer
        found = CODE.search(screen)
        return found[0].replace(" ", "") if found else None

    def _ask(self, session: str, number: str, text: str) -> str | None:
        form = {"sessionId": session, "phoneNumber": number, "networkCode": "63902", "serviceCode": "*384*96#", "text": text}
        began = time.monotonic()
        try:
            answer = requests.post(self.fleet.ussd, data=form, timeout=10)
        except requests.RequestException:
            self.statuses[0] += 1
            return None
        self.took.append(time.monotonic() - began)
        self.statuses[answer.status_code] += 1
        return answer.text if answer.status_code == 200 else None
