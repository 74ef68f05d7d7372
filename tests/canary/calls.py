"""What callers do, well and badly, each from a number of their own: by USSD without a trace, by text, and by agreeing to be contacted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from referral.privacy.codes import issue_code
from tests.canary.phones import Caller, Step
from tests.fire.load import callers
from tests.world import CHIEF, HOME


def numbers() -> list[str]:
    """Sample numbers that are nobody's; not the one of nine digits of which eight are zeros: a time in SQLite ends in six, and backwards that is it."""
    return [number for number in callers() if not number.endswith("000")]


Script = Callable[[Caller], Iterator[Step]]
"""A call or a dialogue, one request after the other."""
SENT = ("1", "1", "1", "1", "2", *HOME, "1")
SENT_OF_CHIEF = ("1", "1", "1", "1", "2", *CHIEF, "1")
CONSENT = ("1", "7", "7", "7", "7", "2", "2", "3")


def _keyed(caller: Caller, *keys: str) -> Iterator[Step]:
    yield caller.dial
    for one in keys:
        yield lambda one=one: caller.key(one)  # type: ignore[misc]


def sent_and_finished(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT_OF_CHIEF, "2")
    yield caller.hang_up


def sent_and_told_all(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT, "1", "1", "1", "1", "1", "1", "1", "1", "Kuna watoto wengine huko")


def dropped_after(keys: int) -> Script:
    def dropped(caller: Caller) -> Iterator[Step]:
        yield from _keyed(caller, *SENT[:keys])
        yield caller.hang_up

    dropped.__name__ = f"dropped_after_{keys}"
    return dropped


def fell_silent(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, "1", "3", "1", "1", "2")


def asked_for_help(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, "2", "1", "2", "1", "2")


def looked_for_a_place(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, "3", "1", "1", "1", "2", "1")


def with_a_wrong_code(caller: Caller) -> Iterator[Step]:
    for _ in range(3):
        yield from _keyed(caller, "4", issue_code(), "4821")


def twice_a_minute(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT)
    yield from _keyed(caller, "1")
    yield caller.again


def flooding(caller: Caller) -> Iterator[Step]:
    """More calls than an hour allows, and among them more reports that are not urgent than a day does."""
    for _ in range(9):
        yield from _keyed(caller, "1", "3", "9", "4", "1", "2", "4", "1")
    for _ in range(24):
        yield from _keyed(caller, "1", "3")


def not_as_it_should_be(caller: Caller) -> Iterator[Step]:
    """Requests that are refused, each for another reason, and texts that do not grow."""
    yield from _keyed(caller, "1", "1")
    yield lambda: caller.again(serviceCode="*384*11#")
    yield lambda: caller.again(phoneNumber=caller.number + "1")
    yield lambda: caller.again(phoneNumber="0" + caller.number[4:])
    yield lambda: caller.again(phoneNumber=f"tel:{caller.number};x")
    yield lambda: caller.again(sessionId=f"session of {caller.number}")
    yield lambda: caller.again(sessionId="", text=caller.number)
    yield lambda: caller.again(networkCode=caller.number, text="1*2*3*" + "9" * 3000)
    yield lambda: caller.again(text="1")
    yield lambda: caller.line.ussd({f"field{at}": caller.number for at in range(50)})
    yield lambda: caller.line.ussd({caller.number: caller.number, "phoneNumber": caller.number})
    yield lambda: caller.line.ussd({"phoneNumber": caller.number, "sessionId": caller.number}, "/ended")
    yield lambda: caller.line.ussd({"phoneNumber": caller.number, "text": "x" * 100_000})
    yield caller.receipt


def agreed(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT, *CONSENT)


def agreed_to_a_call(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, "2", "1", "2", "2")


def agreed_and_stopped(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT, *CONSENT)
    yield lambda: caller.text("STOP")
    yield caller.opt_out


def agreed_and_backed_out(caller: Caller) -> Iterator[Step]:
    yield from _keyed(caller, *SENT, *CONSENT, "0")


def told_by_text(caller: Caller) -> Iterator[Step]:
    for words in ("mwanafunzi ameacha shule Ukunda", "3", "sijui", "1"):
        yield lambda words=words: caller.text(words)  # type: ignore[misc]


def cried_for_help(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text("nisaidie ananipiga sasa")
    yield lambda: caller.text("Ukunda")


def texted_once(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text("mtoto haendi shule")


def texted_and_stopped(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text("mtoto haendi shule Ukunda")
    yield lambda: caller.text("ACHA")
    yield caller.opt_out


def texted_a_wrong_code(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text(f"HALI {issue_code()}")
    yield lambda: caller.text("HALI 123412341234")


def texted_in_a_flood(caller: Caller) -> Iterator[Step]:
    for at in range(30):
        yield lambda at=at: caller.text(f"HAKI {at}")  # type: ignore[misc]


def texted_without_an_id(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text(NO_ID, id="")
    yield lambda: caller.text(NO_ID, id="", date="no date")


def texted_not_as_it_should_be(caller: Caller) -> Iterator[Step]:
    yield lambda: caller.text("to another code", to="22385")
    yield lambda: caller.line.sms("inbound", {f"field{at}": caller.number for at in range(50)})
    yield lambda: caller.line.sms("inbound", {"from": caller.number, "text": "x" * 100_000})
    yield lambda: caller.line.sms("delivery", {"id": caller.number, "status": caller.number, "failureReason": caller.number})
    yield lambda: caller.line.sms("opt-out", {"phoneNumber": caller.number + "1"})


NO_ID = "kuna mtoto anapigwa hapa Ukunda"
BY_PHONE: tuple[Script, ...] = (
    sent_and_finished, dropped_after(0), dropped_after(1), sent_and_told_all, dropped_after(2), dropped_after(3), dropped_after(4), fell_silent,
    dropped_after(5), asked_for_help, with_a_wrong_code, dropped_after(6), looked_for_a_place, twice_a_minute, not_as_it_should_be, flooding,
)  # fmt: skip
BY_TEXT: tuple[Script, ...] = (
    told_by_text, cried_for_help, texted_once, texted_and_stopped, texted_a_wrong_code, texted_without_an_id, texted_not_as_it_should_be, texted_in_a_flood,
)  # fmt: skip
WITH_CONSENT: tuple[Script, ...] = (agreed, agreed_to_a_call, agreed_and_stopped, agreed_and_backed_out)
