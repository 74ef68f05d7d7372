"""Making things go wrong from another process: the phones' side of the stand-in, and its faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from referral.simulator.faults import Fault, Kind
from referral.simulator.handset import Handset


class Control(Handset):
    """A stand-in at an address of this machine. Every call raises NobodyThere, or Refused ("not-a-fault") for what it would not do.

    In the stand-in's own process `StandIn.faults` does the same without a network.
    """

    def add(self, *faults: Fault) -> tuple[int, ...]:
        """Let these go wrong too; their numbers for `remove`."""
        return tuple(self._call("POST", "/faults", {"faults": [fault.told() for fault in faults]})["ids"])

    def remove(self, ids: Iterable[int]) -> None:
        """Let these no longer go wrong."""
        self._call("POST", "/faults/remove", {"ids": list(ids)})

    def clear(self) -> None:
        """All well again: no faults, nothing by chance, what hangs goes on."""
        self._call("POST", "/faults/clear", {})

    def release(self) -> None:
        """Let all that hangs go on; later calls hang again."""
        self._call("POST", "/faults/release", {})

    def by_chance(self, seed: int | None, rate: float = 0.3, kinds: Sequence[Kind] = ()) -> None:
        """Faults by chance, at each place with probability `rate`: the same seed gives the same faults. `seed` None: none any more."""
        self._call("POST", "/faults/random", {"seed": seed, "rate": rate, "kinds": list(kinds)})

    def scene(self, name: str, number: str | None = None, *, on: bool = True) -> None:
        """Begin or end one of the trainer's scenes."""
        self._call("POST", "/scenes", {"scene": name, "number": number, "on": on})

    def receipt(self, message_id: str, number: str, status: str, reason: str = "") -> None:
        """Tell the service what became of a text, true or not."""
        self._call("POST", "/receipts", {"id": message_id, "number": number, "status": status, "reason": reason})

    def trouble(self) -> dict[str, Any]:
        """What goes wrong just now: `faults`, `random`, `on` (in words), `holding` (calls that hang), `struck` (how often each kind has, so far)."""
        return self._call("GET", "/faults")
