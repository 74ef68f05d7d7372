"""Texts, as the gateway carries them between the service and the phones."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from referral.gateway.port import REFUSED
from referral.simulator.exchange import Exchange, PhoneTrouble, Trouble
from referral.simulator.numbers import is_sample
from referral.simulator.operators import parts

PRICE = Decimal("0.8000")
BLACKLISTED, NOT_A_NUMBER, TAKEN = 406, 403, 101
_FAILURES = frozenset({"Rejected", "Failed", "AbsentSubscriber", "Expired"})
_RETRIES = 12 * 60
"""One a minute for twelve hours, then the gateway gives an inbound text up."""
_LONGEST = 1600
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A text on a phone."""

    n: int
    sender: str
    text: str
    at: datetime
    parts: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a phone, as the fetch inbox holds it."""

    id: int
    sender: str
    text: str
    date: str
    link_id: str


class Messages:
    """Every text since the start, in memory. `short_code` is the number of the service that phones text to."""

    def __init__(self, exchange: Exchange, short_code: str) -> None:
        self._exchange = exchange
        self._short_code = short_code
        self._phones: dict[str, list[Delivered]] = {}
        self._read: dict[str, int] = {}
        self._inbox: list[Inbound] = []
        self._opted_out: set[str] = set()
        self._numbers = itertools.count(1)
        # A reader keeps the last id it has seen, so a stand-in started anew must not begin again at 1.
        self._ids = itertools.count(max(1, int((exchange.now() - _FIRST_DAY).total_seconds())))
        self._lock = threading.Lock()
        self.spent = Decimal(0)

    def send(self, to: Sequence[str], text: str, sender: str) -> list[dict[str, object]]:
        """A text from the service: the gateway's list of recipients, each taken or refused. Numbers that are no samples are refused and forgotten."""
        return [self._send(number, text, sender) for number in to]

    def _send(self, number: str, text: str, sender: str) -> dict[str, object]:
        faults = self._exchange.faults
        code = faults.refuse.get(number, TAKEN) if is_sample(number) else NOT_A_NUMBER
        with self._lock:
            code = BLACKLISTED if code == TAKEN and number in self._opted_out else code
        if code >= 400:
            word = REFUSED[code][0] if code in REFUSED else "Unlisted"
            return {"statusCode": code, "number": number, "status": word, "cost": "0", "messageId": "None"}
        count = parts(text)
        message_id = f"ATXid_{self._exchange.fresh_hex()}"
        self._exchange.phones.use(number)
        with self._lock:
            self.spent += PRICE * count
            if not _FAILURES & set(faults.receipts):
                arrived = Delivered(next(self._numbers), sender, text, self._exchange.now(), count)
                self._phones.setdefault(number, []).append(arrived)
        # A second apart, so that a report can be seen to travel.
        for step, status in enumerate(faults.receipts, start=1):
            self._receipt(message_id, number, status, step)
        return {"statusCode": code, "number": number, "status": "Success", "cost": f"KES {PRICE * count}", "messageId": message_id, "messageParts": count}

    def _receipt(self, message_id: str, number: str, status: str, delay: float) -> None:
        form = {"id": message_id, "status": status, "phoneNumber": number, "networkCode": self._exchange.phones.operator(number).code}
        if status in ("Rejected", "Failed"):
            form["failureReason"] = "DeliveryFailure"
        self._exchange.tell(self._exchange.callbacks.delivery, form, delay=delay)

    def text(self, number: str, to: str | None, text: str) -> int:
        """A text from a phone to the service; its id in the fetch inbox. Raises PhoneTrouble."""
        number = self._exchange.phones.use(number)
        if to not in (None, "", self._short_code):
            raise PhoneTrouble(Trouble.NO_SUCH_NUMBER)
        if not text.strip():
            raise PhoneTrouble(Trouble.EMPTY)
        if len(text) > _LONGEST:
            raise PhoneTrouble(Trouble.TOO_LONG)
        manners = self._exchange.manners
        # Whole seconds, so that the callback's date and the inbox's are the same moment in every shape.
        date = manners.date_shape.write(self._exchange.now().replace(microsecond=0))
        with self._lock:
            inbound = Inbound(next(self._ids), number, text, date, self._uuid())
            self._inbox.append(inbound)
        form = {"from": number, "to": self._short_code, "text": text, "date": date, "id": self._uuid()}
        if not manners.bare_inbound:
            form |= {"linkId": inbound.link_id, "networkCode": self._exchange.phones.operator(number).code, "cost": "KES 0.0000"}
        self._exchange.tell(self._exchange.callbacks.inbound, form, retries=_RETRIES)
        return inbound.id

    def opt_out(self, number: str) -> None:
        """The phone's holder blocks the service's sender: the service is told, and every later text to this phone is refused with 406."""
        number = self._exchange.phones.use(number)
        with self._lock:
            self._opted_out.add(number)
        form = {"senderId": self._short_code, "phoneNumber": number}
        self._exchange.tell(self._exchange.callbacks.opt_out, form)

    def _uuid(self) -> str:
        return str(UUID(self._exchange.fresh_hex()))

    def fetch(self, after: int) -> list[dict[str, object]]:
        """The inbox's entries with ids above `after`, as the gateway gives them."""
        with self._lock:
            texts = [text for text in self._inbox if text.id > after]
        return [{"linkId": text.link_id, "text": text.text, "to": self._short_code, "id": text.id, "date": text.date, "from": text.sender} for text in texts]

    def on_phone(self, number: str, after: int) -> list[Delivered]:
        """What a phone has received with `n` above `after`, oldest first; all of it counts as read now."""
        number = self._exchange.phones.use(number)
        with self._lock:
            texts = self._phones.get(number, [])
            self._read[number] = texts[-1].n if texts else 0
            return [text for text in texts if text.n > after]

    def last(self, number: str) -> int:
        """The `n` of the newest text on the phone, 0 if it has none: whoever watches sees a new one without counting others' as read."""
        with self._lock:
            texts = self._phones.get(number)
            return texts[-1].n if texts else 0

    def unread(self, number: str) -> int:
        """How many texts the phone has received since it was last looked at."""
        with self._lock:
            return sum(1 for text in self._phones.get(number, []) if text.n > self._read.get(number, 0))
