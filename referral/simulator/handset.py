"""The phones of the stand-in, from the holder's side, over its control interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from referral.gateway.hosts import is_loopback

_PATIENCE = 15.0
"""Seconds: longer than the stand-in waits for the service."""


class NobodyThere(Exception):
    """No stand-in answers at the address."""


class Refused(Exception):
    """The stand-in would not do it. `word` is one of its words of trouble, or "status-…"."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as the stand-in lists it. `label` is "" for a phone nobody has named; `last` is the `n` of its newest text, 0 if it has none."""

    number: str
    label: str
    network: str
    unread: int
    last: int


@dataclass(frozen=True, slots=True)
class Service:
    """The phones there are, and the service's own numbers."""

    phones: tuple[Phone, ...]
    short_code: str
    ussd_code: str
    practice_code: str


@dataclass(frozen=True, slots=True)
class Screen:
    """A USSD screen on a phone. See Shown for the rest."""

    session: str
    screen: str
    ends: bool
    cut: str
    foreign: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text on a phone. `n` rises from text to text; `at` is when it came, as ISO 8601 with its offset."""

    n: int
    sender: str
    text: str
    parts: int
    at: str


class Handset:
    """Every call raises NobodyThere or Refused. ValueError for an address that is not on this machine."""

    def __init__(self, base_url: str) -> None:
        if not is_loopback(base_url):
            raise ValueError("the stand-in is on this machine only")
        self.base_url = base_url.rstrip("/")

    def service(self) -> Service:
        """What there is to dial and to hold."""
        told = self._call("GET", "/phones")
        phones = tuple(Phone(p["number"], p["label"], p["network"], p["unread"], p["last"]) for p in told["phones"])
        return Service(phones, told["short_code"], told["ussd_code"], told["practice_code"])

    def dial(self, number: str, code: str, network: str | None) -> Screen:
        """Dial a code; `network` None leaves the phone where it is."""
        return _screen(self._call("POST", "/phones/dial", {"number": number, "code": code, "network": network or ""}))

    def key(self, session: str, keys: str) -> Screen:
        """Answer a screen."""
        return _screen(self._call("POST", "/phones/key", {"session": session, "keys": keys}))

    def hang_up(self, session: str) -> None:
        """End a session."""
        self._call("POST", "/phones/hang-up", {"session": session})

    def text(self, number: str, text: str) -> None:
        """Text the service."""
        self._call("POST", "/phones/text", {"number": number, "text": text})

    def inbox(self, number: str) -> list[Text]:
        """What a phone has received; all of it counts as read now."""
        told = self._call("GET", f"/phones/{quote(number)}/inbox")
        return [Text(t["n"], t["from"], t["text"], t["parts"], t["at"]) for t in told["messages"]]

    def wire(self, after: int) -> list[dict[str, Any]]:
        """What went between the stand-in and the service, from entry `after` + 1 on, as `wire.Wire` keeps it."""
        return list(self._call("GET", f"/wire?after={after}")["entries"])

    def _call(self, method: str, path: str, asked: Mapping[str, object] | None = None) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(method, self.base_url + path, json=asked, timeout=_PATIENCE)
                told = answer.json()
            except requests.JSONDecodeError:
                raise Refused(f"status-{answer.status_code}") from None
            except requests.RequestException:
                raise NobodyThere from None
        if answer.status_code >= 400:
            raise Refused(str(told.get("error")))
        return dict(told)


def _screen(told: dict[str, Any]) -> Screen:
    return Screen(told["session"], told["screen"], told["ends"], told["cut"], tuple(told["foreign"]), told["problem"])
