"""How often one caller may ask: counted in a small file that every process of this machine shares.

Not in the database: there each request of a stranger would take the lock that a child's report needs. Nothing in the file leads to
anybody: a count stands in a slot chosen by a keyed tag of the day, and is over when its minute is.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Lock
from time import time
from typing import TypeVar, cast

from flask import Request
from limits.storage import Storage

SCHEME = "sharedfile"
SLOTS = 1 << 16
TAG_DIGITS = 5
"""Twenty bits: enough to keep callers apart for a minute, too few to be sure that two requests were one person's."""
_SLOT = struct.Struct("=II")
Answer = TypeVar("Answer")


class SharedFile(Storage):
    """Fixed windows in slots of eight bytes: when the window ends (seconds of the epoch), and how many came in it.

    Two callers that share a slot share a limit, which one in many thousands will not notice. Without the file (a full disk) requests are
    limited in memory instead: see `in_memory_fallback` where the limiter is made.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  the library's own hook

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._path = Path((uri or "").removeprefix(f"{SCHEME}://"))
        self._file: int | None = None
        self._lock = Lock()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._slot(key) as (file, at):
            ends, count = self._read(file, at)
            if ends <= time():
                ends, count = int(time()) + expiry, 0
            count = min(count + amount, 0xFFFFFFFF)
            os.pwrite(file, _SLOT.pack(ends, count), at)
            return count

    def get(self, key: str) -> int:
        with self._slot(key) as (file, at):
            ends, count = self._read(file, at)
            return count if ends > time() else 0

    def get_expiry(self, key: str) -> float:
        with self._slot(key) as (file, at):
            return max(float(self._read(file, at)[0]), time())

    def check(self) -> bool:
        try:
            with self._slot(""):
                return True
        except OSError:
            return False

    def reset(self) -> int | None:
        with self._slot("") as (file, _):
            os.ftruncate(file, 0)
        return None

    def clear(self, key: str) -> None:
        with self._slot(key) as (file, at):
            os.pwrite(file, _SLOT.pack(0, 0), at)

    @staticmethod
    def _read(file: int, at: int) -> tuple[int, int]:
        raw = os.pread(file, _SLOT.size, at)
        return cast("tuple[int, int]", _SLOT.unpack(raw)) if len(raw) == _SLOT.size else (0, 0)

    @contextmanager
    def _slot(self, key: str) -> Iterator[tuple[int, int]]:
        """The file and where the key's slot begins, to one thread alone: the file's lock keeps out other processes, ours the other threads."""
        at = int.from_bytes(sha256(key.encode()).digest()[:4]) % SLOTS * _SLOT.size
        with self._lock:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield self._file, at
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


def caller(request: Request, tag: Callable[[str], bytes]) -> str:
    """Who asks, as a tag. Behind a proxy on this machine it is the last address that the proxy wrote; anything before that anybody can make up.

    `tag` makes a keyed tag of a day. A whole /64 is one caller: an IPv6 subscriber has that many addresses.
    """
    address = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if forwarded and _is_loopback(address):
        address = forwarded
    return tag(f"open data {_subscriber(address)}").hex()[:TAG_DIGITS]


def _is_loopback(address: str) -> bool:
    return address in {"", "127.0.0.1", "::1"}


def _subscriber(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)
