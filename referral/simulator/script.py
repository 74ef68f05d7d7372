"""The list of what goes wrong just now, and what of it strikes next. The same list, seed and calls strike the same way every time."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from referral.simulator.faults import LANES, Fault, Kind, Lane

_STATUSES = (429, 500, 502, 503, 504)
_CODES = (407, 500, 501)
_WILD: Mapping[Lane, tuple[Kind, ...]] = MappingProxyType(
    {
        Lane.SEND: (Kind.SLOW, Kind.STATUS, Kind.RESET, Kind.MALFORMED, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.WRONG_TYPE),
        Lane.FETCH: (Kind.SLOW, Kind.STATUS, Kind.RESET, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.INBOX_EMPTY, Kind.INBOX_REPEATS),
        Lane.RECIPIENT: (Kind.REFUSED, Kind.NO_ID, Kind.DROPPED),
        Lane.RECEIPT: (
            *(Kind.RECEIPTS_TWICE, Kind.RECEIPTS_REORDERED, Kind.RECEIPTS_EARLY, Kind.RECEIPTS_LATE, Kind.RECEIPTS_MISSING),
            *(Kind.RECEIPTS_UNKNOWN_ID, Kind.RECEIPTS_FAILED, Kind.RECEIPTS_FORGED),
        ),
        Lane.INBOUND: (Kind.INBOUND_AGAIN, Kind.INBOUND_LATE, Kind.INBOUND_LOST),
        Lane.ENDED: (Kind.ENDED_TWICE, Kind.ENDED_MISSING),
    }
)
"""What may go wrong by chance, where. A hang is not among it, nor an empty account: each stops everything, and is for whoever asks for it."""


@dataclass(frozen=True, slots=True)
class Wild:
    """Faults by chance: at each place, one with probability `rate`; of `kinds` only, if any are named."""

    seed: int
    rate: float
    kinds: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise ValueError("rate")


class Faults:
    """What goes wrong just now. `seed` decides which calls a `rate` below 1 strikes. Safe to use from several threads."""

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self._lock = threading.Condition()
        self._ids = itertools.count(1)
        self._on: dict[int, tuple[Fault, int]] = {}
        self._seen: Counter[tuple[Lane, tuple[str, ...]]] = Counter()
        self._seed = seed
        self._wild: Wild | None = None
        self._releases = 0
        self.holding = 0
        """Calls that hang just now."""
        self.struck: Counter[Kind] = Counter()
        """How often each kind has struck since the start."""
        self.add(*faults)

    def add(self, *faults: Fault) -> tuple[int, ...]:
        """Let these go wrong too, from now on; their numbers for `remove`."""
        with self._lock:
            given = tuple(next(self._ids) for _ in faults)
            self._on.update({at: (fault, 0) for at, fault in zip(given, faults, strict=True)})
            return given

    def remove(self, ids: Iterable[int]) -> None:
        """Let these no longer go wrong; with a hang, all calls that hang go on."""
        with self._lock:
            gone = [self._on.pop(each)[0].kind for each in list(ids) if each in self._on]
        if Kind.HANG in gone:
            self.release()

    def clear(self) -> None:
        """All well again: no faults, nothing by chance, what hangs goes on."""
        with self._lock:
            self._on.clear()
            self._wild = None
        self.release()

    def by_chance(self, wild: Wild | None) -> None:
        """Faults by chance from now on, besides those of the list; None for none. Counting begins anew, so that one seed always gives one sequence."""
        with self._lock:
            self._wild = wild
            self._seen.clear()

    @property
    def wild(self) -> Wild | None:
        """What goes wrong by chance."""
        return self._wild

    def listed(self) -> list[tuple[int, Fault, int]]:
        """Number, fault and how often it has struck, of all that goes wrong from the list; those that are used up are gone."""
        with self._lock:
            return [(at, fault, hits) for at, (fault, hits) in self._on.items()]

    def strike(self, lane: Lane, numbers: Iterable[str], text: str = "") -> list[Fault]:
        """What goes wrong with this call or text, in the order in which it was added; what comes by chance is last."""
        phones = tuple(numbers)
        with self._lock:
            self._seen[lane, phones] += 1
            # Each phone has a sequence of its own, so that threads that overtake one another change nothing.
            turn = f"{lane}|{','.join(phones)}|{self._seen[lane, phones]}"
            found = [fault for at in list(self._on) if (fault := self._hit(at, lane, phones, text, turn)) is not None]
            found += _by_chance(self._wild, lane, turn)
            self.struck.update(fault.kind for fault in found)
            return found

    def _hit(self, at: int, lane: Lane, phones: tuple[str, ...], text: str, turn: str) -> Fault | None:
        fault, hits = self._on[at]
        if fault.place is not lane or not fault.hits(phones, text):
            return None
        if fault.rate < 1 and Random(f"{self._seed}|{fault.kind}|{turn}").random() >= fault.rate:  # noqa: S311  dice, not secrets
            return None
        self._on[at] = (fault, hits + 1)
        if fault.count == hits + 1:
            del self._on[at]
        return fault

    def hold(self, seconds: float) -> None:
        """Hang for so long, or until released."""
        with self._lock:
            before = self._releases
            self.holding += 1
            self._lock.wait_for(lambda: self._releases != before, seconds)
            self.holding -= 1

    def release(self) -> None:
        """Let all that hangs go on."""
        with self._lock:
            self._releases += 1
            self._lock.notify_all()

    def told(self) -> dict[str, Any]:
        """All of it as JSON."""
        wild = self._wild
        return {
            "faults": [{"id": at, "struck": hits, **fault.told()} for at, fault, hits in self.listed()],
            "random": None if wild is None else {"seed": wild.seed, "rate": wild.rate, "kinds": list(wild.kinds)},
            "holding": self.holding,
            "struck": dict(self.struck),
        }


def _by_chance(wild: Wild | None, lane: Lane, turn: str) -> list[Fault]:
    if wild is None:
        return []
    dice = Random(f"{wild.seed}|{turn}")  # noqa: S311  dice, not secrets
    kinds = [kind for kind in (_WILD[lane] if not wild.kinds else wild.kinds) if lane in LANES[kind]]
    if dice.random() >= wild.rate or not kinds:
        return []
    kind = dice.choice(kinds)
    seconds = None if kind is not Kind.SLOW else round(dice.uniform(0.1, 2.0), 2)
    status = dice.choice(_STATUSES)
    # "Too many" is only ever said before a text is taken.
    after = dice.random() < 0.5 if kind in (Kind.SLOW, Kind.RESET) or (kind is Kind.STATUS and status >= 500) else None
    return [Fault(kind, lane, seconds=seconds, after=after, status=status, code=dice.choice(_CODES))]
