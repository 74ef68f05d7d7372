"""What can go wrong on purpose: every way in which a gateway is known to fail, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from referral.simulator.numbers import is_sample


class Lane(StrEnum):
    """Where a fault strikes. SEND: a call that hands texts over. FETCH: a call that reads the inbox. RECIPIENT: each text to each phone.
    RECEIPT: the delivery reports of a text. INBOUND: a phone's text to the service. ENDED: the end of a USSD session."""

    SEND = "send"
    FETCH = "fetch"
    RECIPIENT = "recipient"
    RECEIPT = "receipt"
    INBOUND = "inbound"
    ENDED = "ended"


class Kind(StrEnum):
    """What goes wrong. The wording of each for people is in `wording.py`; what each field of a Fault does to it, in `Fault`."""

    SLOW = "slow"
    HANG = "hang"
    STATUS = "status"
    RESET = "reset"
    ACCOUNT = "account"
    MALFORMED = "malformed"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    WRONG_TYPE = "wrong-type"
    INBOX_EMPTY = "inbox-empty"
    INBOX_REPEATS = "inbox-repeats"
    REFUSED = "refused"
    NO_ID = "no-id"
    DROPPED = "dropped"
    RECEIPTS = "receipts"
    RECEIPTS_TWICE = "receipts-twice"
    RECEIPTS_REORDERED = "receipts-reordered"
    RECEIPTS_EARLY = "receipts-early"
    RECEIPTS_LATE = "receipts-late"
    RECEIPTS_MISSING = "receipts-missing"
    RECEIPTS_UNKNOWN_ID = "receipts-unknown-id"
    RECEIPTS_FAILED = "receipts-failed"
    RECEIPTS_FORGED = "receipts-forged"
    INBOUND_AGAIN = "inbound-again"
    INBOUND_LATE = "inbound-late"
    INBOUND_LOST = "inbound-lost"
    ENDED_TWICE = "ended-twice"
    ENDED_MISSING = "ended-missing"


_CALLS = (Lane.SEND, Lane.FETCH)
LANES: Mapping[Kind, tuple[Lane, ...]] = MappingProxyType(
    {
        **dict.fromkeys((Kind.SLOW, Kind.HANG, Kind.STATUS, Kind.RESET), _CALLS),
        **dict.fromkeys((Kind.MALFORMED, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.WRONG_TYPE), _CALLS),
        Kind.ACCOUNT: (Lane.SEND,),
        **dict.fromkeys((Kind.INBOX_EMPTY, Kind.INBOX_REPEATS), (Lane.FETCH,)),
        **dict.fromkeys((Kind.REFUSED, Kind.NO_ID, Kind.DROPPED), (Lane.RECIPIENT,)),
        **dict.fromkeys((kind for kind in Kind if kind.value.startswith("receipts")), (Lane.RECEIPT,)),
        **dict.fromkeys((kind for kind in Kind if kind.value.startswith("inbound")), (Lane.INBOUND,)),
        **dict.fromkeys((kind for kind in Kind if kind.value.startswith("ended")), (Lane.ENDED,)),
    }
)
"""Where each kind can strike; the first is where it does unless told otherwise."""

_SECONDS = MappingProxyType({Kind.SLOW: 5.0, Kind.HANG: 240.0, Kind.RECEIPTS_LATE: 300.0, Kind.INBOUND_LATE: 120.0})
_TAKEN_FIRST = frozenset({Kind.MALFORMED, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.WRONG_TYPE})
_LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, for the first `count` times it strikes (None: until it is cleared), each time with probability `rate`.

    `number` (a sample, E.164) narrows it to one phone, `containing` to texts with these words in them, `sparing` to texts without: alerts name their
    urgency, so one kind of them can be hit alone. `lane` None: where the kind belongs. `seconds`: SLOW and HANG in real time, late receipts and
    inbound texts before the stand-in's scaling; None: the kind's own. `after`: the gateway has taken the text before this happens, so that the sender
    cannot know; None: only where an answer is spoiled. `status` is of STATUS (the answer's words quote the number, as the real ones do). `code` is
    of REFUSED. `word`: of ACCOUNT, the message beside an empty list of recipients ("{number}" in it is replaced); of RECEIPTS_FAILED, the status.
    `reason` is a RECEIPTS_FAILED's failureReason, "" for none. `receipts`: of RECEIPTS, exactly these reports. `scene`: which of the trainer's scenes
    it is part of. Raises ValueError.
    """

    kind: Kind
    lane: Lane | None = None
    number: str | None = None
    containing: str = ""
    sparing: str = ""
    count: int | None = None
    rate: float = 1.0
    seconds: float | None = None
    after: bool | None = None
    status: int = 503
    code: int = 500
    word: str = ""
    reason: str = "DeliveryFailure"
    receipts: tuple[str, ...] = ()
    scene: str = ""

    def __post_init__(self) -> None:
        wrong = [name for name, well in self._checks() if not well]
        if wrong:
            raise ValueError(f"a {self.kind.value} fault cannot have this: {', '.join(wrong)}")

    def _checks(self) -> tuple[tuple[str, bool], ...]:
        return (
            ("lane", self.lane is None or self.lane in LANES[self.kind]),
            # The inbox is read for all phones at once. Other people's numbers are not even refused by name.
            ("number", self.number is None or (is_sample(self.number) and self.place is not Lane.FETCH)),
            ("count", self.count is None or self.count > 0),
            ("rate", 0 < self.rate <= 1),
            ("seconds", self.seconds is None or 0 <= self.seconds <= _LONGEST),
            ("status", 300 <= self.status < 600),
            ("code", 400 <= self.code < 600),
        )

    @property
    def place(self) -> Lane:
        """Where it strikes."""
        return self.lane or LANES[self.kind][0]

    @property
    def delay(self) -> float:
        """Seconds of waiting."""
        return _SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @property
    def taken_first(self) -> bool:
        """Whether the gateway has the text before it fails."""
        return self.kind in _TAKEN_FIRST if self.after is None else self.after

    def hits(self, numbers: tuple[str, ...], text: str) -> bool:
        """Whether it is meant for these phones and this text."""
        if self.number is not None and self.number not in numbers:
            return False
        return self.containing in text and not (self.sparing and self.sparing in text)

    def told(self) -> dict[str, Any]:
        """It as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> Self:
        """A fault from JSON. Raises ValueError, which names the fields, for any that is unknown or of the wrong type."""
        unknown = [name for name in asked if name not in _TYPES]
        wrong = [name for name, value in asked.items() if name in _TYPES and (not isinstance(value, _TYPES[name]) or _misfits(name, value))]
        if unknown or wrong or "kind" not in asked:
            raise ValueError(f"not a fault: {', '.join([*unknown, *wrong]) or 'kind'}")
        given = dict(asked)
        given["kind"] = Kind(asked["kind"])
        if asked.get("lane") is not None:
            given["lane"] = Lane(asked["lane"])
        if "receipts" in given:
            given["receipts"] = tuple(given["receipts"])
        return cls(**given)


def _misfits(name: str, value: object) -> bool:
    """True for what JSON's types do not tell apart: True is no number, and a list may hold anything."""
    if isinstance(value, bool):
        return name != "after"
    return isinstance(value, list) and not all(isinstance(each, str) for each in value)


_NONE = type(None)
_OF: Mapping[str, tuple[type, ...]] = {
    "Kind": (str,),
    "Lane | None": (str, _NONE),
    "str | None": (str, _NONE),
    "str": (str,),
    "int | None": (int, _NONE),
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, _NONE),
    "bool | None": (bool, _NONE),
    "tuple[str, ...]": (list,),
}
_TYPES: Mapping[str, tuple[type, ...]] = {field.name: _OF[str(field.type)] for field in fields(Fault)}
