"""Checks on who knocks at a callback's address: the form's shape, whose code and number it names, where it comes from. Nothing of it is kept."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address
from threading import Lock

Network = IPv4Network | IPv6Network
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 40
"""The gateway sends about ten."""


def misshapen(content_type: str, fields: Mapping[str, list[str]]) -> str | None:
    """Why a request is not the gateway's form, None if it is: another type, too many fields, or a field that comes twice.

    Of a field given twice one reader takes the first and another the last, so that what was checked would not be what is used.
    """
    if content_type not in ("", FORM):
        return "not_a_form"
    if sum(map(len, fields.values())) > MOST_FIELDS:
        return "too_many_fields"
    return "field_twice" if any(len(values) > 1 for values in fields.values()) else None


def dials(code: str, ours: Iterable[str]) -> bool:
    """Whether a dialled code is one of ours, or one of ours with an extension behind it: some networks leave it there."""
    bare = code.strip().removesuffix("#")
    return any(bare == own.removesuffix("#") or bare.startswith(own.removesuffix("#") + "*") for own in ours)


def comes_from(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; False for what is no address."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in networks)


class OneCaller:
    """A session belongs to one number: whoever goes on with it from another is not answered.

    Kept in this process's memory only, as a keyed digest under a key that was drawn at its start, and for so many sessions: it catches a
    clumsy forger and is no proof. Nothing of it could be written anywhere without standing beside a report.
    """

    def __init__(self, most: int = 5000) -> None:
        self._key = secrets.token_bytes(32)
        self._most = most
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def same(self, session: str, number: str) -> bool:
        """Whether this session was so far this number's; its first request says whose it is."""
        name, caller = (hmac.digest(self._key, value.encode(errors="replace"), sha256)[:12] for value in (f"s{session}", f"n{number}"))
        with self._lock:
            first = self._known.setdefault(name, caller)
            self._known.move_to_end(name)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return hmac.compare_digest(first, caller)

    def __repr__(self) -> str:
        return "<callers>"
