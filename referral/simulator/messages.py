"""Texts, as the gateway carries them between the service and the phones."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from referral.gateway.port import REFUSED
from referral.simulator.exchange import RETRY_EVERY, Exchange, PhoneTrouble, Trouble
from referral.simulator.faults import Kind, Lane
from referral.simulator.numbers import is_sample, sample_number
from referral.simulator.operators import parts
from referral.simulator.receipts import WITH_REASON, Report, arrives, reports

PRICE = Decimal("0.8000")
BLACKLISTED, NOT_A_NUMBER, TAKEN = 406, 403, 101
_ANOTHER = "+254700000999"
"""The phone that a forged receipt names."""
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
        struck = {fault.kind: fault for fault in self._exchange.faults.strike(Lane.RECIPIENT, [number], text)}
        code = self._code(number, struck[Kind.REFUSED].code if Kind.REFUSED in struck else TAKEN)
        if code >= 400:
            word = REFUSED.get(code, "Unlisted")
            return {"statusCode": code, "number": number, "status": word, "cost": "0", "messageId": "None"}
        count = parts(text)
        message_id = f"ATXid_{self._exchange.fresh_hex()}"
        self._exchange.phones.use(number)
        planned = [] if Kind.DROPPED in struck else reports(self._exchange.faults.strike(Lane.RECEIPT, [number], text))
        with self._lock:
            self.spent += PRICE * count
            if Kind.DROPPED not in struck and arrives(planned):
                arrived = Delivered(next(self._numbers), sender, text, self._exchange.now(), count)
                self._phones.setdefault(number, []).append(arrived)
        for report in planned:
            self._report(message_id, number, report)
        told = "None" if Kind.NO_ID in struck else message_id
        return {"statusCode": code, "number": number, "status": "Success", "cost": f"KES {PRICE * count}", "messageId": told, "messageParts": count}

    def _code(self, number: str, code: int) -> int:
        if not is_sample(number):
            return NOT_A_NUMBER
        with self._lock:
            return BLACKLISTED if code == TAKEN and number in self._opted_out else code

    def _report(self, message_id: str, number: str, report: Report) -> None:
        known = f"ATXid_{self._exchange.fresh_hex()}" if report.strange else message_id
        self.report(known, _ANOTHER if report.forged else number, report.status, report.reason, early=report.early, delay=report.delay)

    def report(self, message_id: str, number: str, status: str, reason: str = "", *, early: bool = False, delay: float = 0.0) -> None:
        """Tell the service what became of a text, true or not: after `delay` seconds (before scaling), or `early`, before this returns.
        Raises NotASample."""
        number = sample_number(number)
        form = {"id": message_id, "status": status, "phoneNumber": number, "networkCode": self._exchange.phones.operator(number).code}
        if reason and status in WITH_REASON:
            form["failureReason"] = reason
        if early:
            self._exchange.caller.post(self._exchange.callbacks.delivery, form)
        else:
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
        self._tell_inbound(number, form)
        return inbound.id

    def _tell_inbound(self, number: str, form: dict[str, str]) -> None:
        struck = {fault.kind: fault for fault in self._exchange.faults.strike(Lane.INBOUND, [number], form["text"])}
        if Kind.INBOUND_LOST in struck:
            return
        delay = struck[Kind.INBOUND_LATE].delay if Kind.INBOUND_LATE in struck else 0.0
        # Told again at once and a minute later, as if the service's answers had been lost.
        for again in (0.0, 0.0, RETRY_EVERY) if Kind.INBOUND_AGAIN in struck else (0.0,):
            self._exchange.tell(self._exchange.callbacks.inbound, form, delay=delay + again, retries=_RETRIES)

    def opt_out(self, number: str) -> None:
        """The phone's holder blocks the service's sender: the service is told, and every later text to this phone is refused with 406."""
        number = self._exchange.phones.use(number)
        with self._lock:
            self._opted_out.add(number)
        form = {"senderId": self._short_code, "phoneNumber": number}
        self._exchange.tell(self._exchange.callbacks.opt_out, form)

    def _uuid(self) -> str:
        return str(UUID(self._exchange.fresh_hex()))

    def fetch(self, after: int, kinds: Collection[Kind] = ()) -> list[dict[str, object]]:
        """The inbox's entries with ids above `after`, as the gateway gives them; none of them, or all of them again, where that goes wrong."""
        if Kind.INBOX_EMPTY in kinds:
            return []
        after = 0 if Kind.INBOX_REPEATS in kinds else after
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
