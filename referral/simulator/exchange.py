"""What dialling and texting share: the clock, the phones, the way to the service, and what is to go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from referral.simulator.callbacks import Callbacks, Caller
from referral.simulator.clockwork import Clockwork
from referral.simulator.manners import Manners
from referral.simulator.numbers import NotASample, sample_number
from referral.simulator.operators import DEFAULT, OPERATORS, Operator
from referral.simulator.script import Faults

RETRY_EVERY = 60.0
"""Seconds after which the gateway tells again what the service did not answer with 200."""


class Trouble(StrEnum):
    """Why a phone cannot do what its holder wants."""

    NOT_A_SAMPLE = "not-a-sample-number"
    NO_SUCH_CODE = "no-such-code"
    NO_SUCH_NETWORK = "no-such-network"
    NO_SUCH_NUMBER = "no-such-number"
    SESSION_OVER = "session-over"
    TOO_LONG = "too-long"
    EMPTY = "empty"


class PhoneTrouble(Exception):
    """A phone was asked for what it cannot do. Holds the word only, never what was typed."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Phones:
    """The phones that exist: those with a label, and any other sample number from the moment it is used."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = {sample_number(number): label for number, label in labels.items()}
        self._operators = dict.fromkeys(self._labels, DEFAULT)
        self._lock = threading.Lock()

    def use(self, text: str, network: str | None = None) -> str:
        """The phone's number as E.164; known from now on, and on `network` (code or name) if given. Raises PhoneTrouble."""
        try:
            number = sample_number(text)
        except NotASample:
            raise PhoneTrouble(Trouble.NOT_A_SAMPLE) from None
        operator = None if network is None else _operator(network)
        with self._lock:
            self._operators[number] = operator or self._operators.get(number, DEFAULT)
        return number

    def operator(self, number: str) -> Operator:
        """The operator of a phone that is in use."""
        with self._lock:
            return self._operators.get(number, DEFAULT)

    def known(self) -> list[tuple[str, str, Operator]]:
        """Number, label ("" if none) and operator of each phone; the labelled ones first, in their own order."""
        with self._lock:
            return [(number, self._labels.get(number, ""), operator) for number, operator in self._operators.items()]


def _operator(network: str) -> Operator:
    for operator in OPERATORS.values():
        if network.strip().lower() in (operator.code, operator.name.lower()):
            return operator
    raise PhoneTrouble(Trouble.NO_SUCH_NETWORK)


@dataclass(slots=True)
class Exchange:
    """`now` gives aware UTC; `fresh_hex` 32 random hex digits. `faults` says what goes wrong, `manners` may be replaced at any time and count from then on."""

    callbacks: Callbacks
    caller: Caller
    clockwork: Clockwork
    phones: Phones
    now: Callable[[], datetime]
    fresh_hex: Callable[[], str]
    faults: Faults = field(default_factory=Faults)
    manners: Manners = field(default_factory=Manners)

    def tell(self, url: str, form: Mapping[str, str], *, delay: float = 0.0, retries: int = 0) -> None:
        """Post a form to the service after `delay` seconds (before scaling); if it does not answer 200, again each minute, `retries` times at most."""

        def attempt() -> None:
            if self.caller.post(url, form).status != 200 and retries > 0:
                self.tell(url, form, delay=RETRY_EVERY, retries=retries - 1)

        self.clockwork.after(delay, attempt)
