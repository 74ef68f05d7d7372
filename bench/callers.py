"""Callers who press keys as fast as they are answered: each hop a connection of its own, as the gateway makes them."""

from __future__ import annotations

import multiprocessing
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

CALLERS = 8
REPORT = ("1", "1", "1", "1", "2", "4", "1")
"""Report; danger now; sexual abuse; Msambweni; Ukunda; don't know; send."""
HELP = ("3", "1", "1", "2", "3")
"""Find help; hospital; Msambweni; Ukunda; Ukunda sub-location: three results."""
Forms = Callable[[random.Random], Sequence[bytes]]


class Hop(NamedTuple):
    """One request and its answer: `at` is its place in the session from 0, `end` the moment of the answer on the machine's monotonic clock."""

    at: int
    seconds: float
    end: float
    answer: bytes


@dataclass(frozen=True)
class Figures:
    """What callers saw. Seconds, sorted, by place in the session."""

    hops: int
    sessions: int
    took: float
    by_place: dict[int, list[float]]
    broken: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.hops / self.took

    def half(self, place: int | None = None) -> float:
        """The median, in seconds, of one place of the session or of all."""
        return self._at(0.5, place)

    def late(self, place: int | None = None) -> float:
        """The 99th of a hundred, in seconds."""
        return self._at(0.99, place)

    def _at(self, share: float, place: int | None) -> float:
        values = sorted(second for one in self.by_place.values() for second in one) if place is None else self.by_place[place]
        return values[min(len(values) - 1, int(len(values) * share))]


def calls(path: str, keys: Sequence[str], *, dialled: int = 0) -> Forms:
    """The requests of one call each time it is asked: from the first screen on, or with so many keys dialled in one string before it."""
    texts = ["*".join(keys[:count]) for count in range(dialled, len(keys) + 1)]

    def forms(chance: random.Random) -> list[bytes]:
        session, number = f"ATUid_{chance.getrandbits(96):024x}", f"+2547{chance.randrange(10**8):08d}"
        fields = f"sessionId={session}&phoneNumber={quote(number)}&networkCode=63902&serviceCode=%2A384%2A96%23&text="
        return [_request(path, fields + quote(text)) for text in texts]

    return forms


def texts(path: str) -> Forms:
    """A text about a child, from somebody else each time."""

    def forms(chance: random.Random) -> list[bytes]:
        number, one = f"+2547{chance.randrange(10**8):08d}", chance.getrandbits(48)
        words = quote(f"A girl of {chance.randrange(5, 17)} is beaten at home in Ukunda, house {one:x}")
        form = f"from={quote(number)}&to=22384&text={words}&date=2026-11-22%2008%3A00%3A00&id={one}&linkId=link{one:x}&networkCode=63902"
        return [_request(path, form)]

    return forms


def _request(path: str, form: str) -> bytes:
    body = form.encode()
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "Connection: close", "", "")).encode() + body


def ask(port: int, request: bytes, patience: float = 30.0) -> bytes:
    """The status and the body of the answer, as b"200 CON …"; b"" where there was none."""
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as wire:
            wire.sendall(request)
            parts = []
            while part := wire.recv(65536):
                parts.append(part)
    except OSError:
        return b""
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return head[9:13] + body


def one_session(port: int, requests: Sequence[bytes]) -> list[Hop]:
    hops = []
    for at, request in enumerate(requests):
        start = time.monotonic()
        answer = ask(port, request)
        end = time.monotonic()
        hops.append(Hop(at, end - start, end, answer))
    return hops


def _caller(port: int, forms: Forms, until: float, seed: int, expect: bytes, results: object) -> None:
    chance = random.Random(seed)  # noqa: S311  the same callers in every run
    by_place: dict[int, list[float]] = {}
    hops = sessions = broken = 0
    while time.monotonic() < until:
        done = one_session(port, forms(chance))
        for hop in done:
            by_place.setdefault(hop.at, []).append(hop.seconds)
        hops, sessions = hops + len(done), sessions + 1
        broken += any(not hop.answer.startswith(b"2") for hop in done) or expect not in done[-1].answer
    results.send((hops, sessions, by_place, broken))  # type: ignore[attr-defined]  # one end of a pipe


def play(port: int, forms: Forms, seconds: float, *, seed: int, expect: bytes = b"", callers: int = CALLERS) -> Figures:
    """`callers` processes call again and again for so many seconds. `expect`: what the last screen of each session must hold."""
    context = multiprocessing.get_context("fork")  # the forms are functions
    start = time.monotonic()
    ends, processes = [], []
    for number in range(callers):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_caller, args=(port, forms, start + seconds, seed * 1000 + number, expect, theirs))
        process.start()
        ends.append(ours)
        processes.append(process)
    found = [end.recv() for end in ends]
    took = time.monotonic() - start
    for process in processes:
        process.join()
    by_place: dict[int, list[float]] = {}
    for _, _, places, _ in found:
        for place, values in places.items():
            by_place.setdefault(place, []).extend(values)
    for values in by_place.values():
        values.sort()
    return Figures(sum(one[0] for one in found), sum(one[1] for one in found), took, by_place, sum(one[3] for one in found))
