"""Stand-ins for what tests must hold still: the clock, and the gateway."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from referral.gateway.port import Arrived, Balance, Outcome, Sending
from referral.vocabulary.phone import PhoneNumber


class FixedClock:
    """Stands still until it is turned."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        self.now += by


def message_id(serial: int) -> str:
    """The gateway's id of the text number `serial` that it took, counted from 0."""
    return f"ATXid_{serial:032d}"


@dataclass
class RecordingGateway:
    """Takes every text and keeps it. `answers` are given first, in order; then everything is accepted."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    answers: deque[Sending] = field(default_factory=deque)
    inbox: list[Arrived] = field(default_factory=list)
    left: Balance = field(default=Balance("KES", Decimal(50_000)))

    def send(self, to: PhoneNumber, text: str) -> Sending:
        answer = self.answers.popleft() if self.answers else Sending(Outcome.ACCEPTED, 101, message_id(len(self.sent)))
        if answer.outcome is not Outcome.REFUSED:
            self.sent.append((to.reveal(), text))
        return answer

    def fetch(self, after: int) -> Sequence[Arrived]:
        return [one for one in self.inbox if one.id > after]

    def balance(self) -> Balance:
        return self.left
