"""The stand-in on a bad day: every way in which it can be told to fail, as the service and its gateway library see it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import requests

from referral.dispatch.policy_of_codes import course
from referral.gateway.africastalking import AfricasTalkingGateway
from referral.gateway.answers import Patience
from referral.gateway.port import REFUSED, FetchFailed, Outcome
from referral.simulator.fault_control import Control
from referral.simulator.faults import LANES, Fault, Kind, Lane
from referral.simulator.handset import Refused
from referral.simulator.receipts import REASONS, reports
from referral.simulator.script import Faults, Wild
from referral.vocabulary.phone import PhoneNumber
from tests.gateway.courses import PAUSE

from .conftest import CHIEF, MAMA, FakeService, Make, Served, serving, until

TO, OTHER = PhoneNumber(CHIEF), PhoneNumber(MAMA)
ALERT = "REFERRAL 482193 RED. Reply OK 7391"
SOON = Patience(connect=2.0, read=1.0, whole=3.0)


@pytest.fixture
def control(served: Served) -> Control:
    return Control(served.url)


def impatient(served: Served) -> AfricasTalkingGateway:
    return AfricasTalkingGateway("sandbox", "a-key", "22123", f"{served.url}/version1", patience=SOON)


def on_phone(served: Served) -> list[str]:
    return [text.text for text in served.handset.inbox(CHIEF)]


@pytest.mark.parametrize(
    ("fault", "outcome", "reason", "arrives"),
    [
        (Fault(Kind.SLOW, seconds=0.05), Outcome.ACCEPTED, "Sent", True),
        (Fault(Kind.STATUS, status=503), Outcome.UNKNOWN, "http-error", False),
        (Fault(Kind.STATUS, status=500, after=True), Outcome.UNKNOWN, "http-error", True),
        (Fault(Kind.STATUS, status=429), Outcome.REFUSED, "rate-limited", False),
        (Fault(Kind.STATUS, status=401), Outcome.REFUSED, "authentication", False),
        (Fault(Kind.STATUS, status=400), Outcome.REFUSED, "http-error", False),
        (Fault(Kind.STATUS, status=302), Outcome.REFUSED, "http-error", False),
        (Fault(Kind.RESET), Outcome.UNKNOWN, "connection-lost", False),
        (Fault(Kind.RESET, after=True), Outcome.UNKNOWN, "connection-lost", True),
        (Fault(Kind.ACCOUNT), Outcome.REFUSED, "InvalidSenderId", False),
        (Fault(Kind.ACCOUNT, word="{number} is in arrears"), Outcome.REFUSED, "no-recipient", False),
        (Fault(Kind.MALFORMED), Outcome.UNKNOWN, "bad-answer", True),
        (Fault(Kind.MALFORMED, after=False), Outcome.UNKNOWN, "bad-answer", False),
        (Fault(Kind.HTML), Outcome.UNKNOWN, "bad-answer", True),
        (Fault(Kind.EMPTY), Outcome.UNKNOWN, "bad-answer", True),
        (Fault(Kind.TRUNCATED), Outcome.UNKNOWN, "connection-lost", True),
        (Fault(Kind.WRONG_TYPE), Outcome.ACCEPTED, "Sent", True),
        (Fault(Kind.NO_ID), Outcome.ACCEPTED, "Sent", True),
        (Fault(Kind.DROPPED), Outcome.ACCEPTED, "Sent", False),
        (Fault(Kind.REFUSED, code=408), Outcome.REFUSED, "unlisted-code", False),
        *[(Fault(Kind.REFUSED, code=code), Outcome.REFUSED, word, False) for code, word in REFUSED.items()],
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.code}-{value.after}" if isinstance(value, Fault) else "",
)
def test_each_fault_strikes_once_and_then_all_is_well(served: Served, fault: Fault, outcome: Outcome, reason: str, arrives: bool) -> None:
    served.standin.faults.add(replace(fault, count=1))
    result = served.gateway.send(TO, ALERT)
    assert (result.outcome, result.reason) == (outcome, reason)
    assert on_phone(served) == ([ALERT] if arrives else [])
    assert (result.message_id is not None) == (outcome is Outcome.ACCEPTED and fault.kind is not Kind.NO_ID)
    assert served.gateway.send(TO, ALERT).outcome is Outcome.ACCEPTED
    assert served.standin.faults.listed() == []
    assert served.standin.faults.struck == {fault.kind: 1}


def test_a_hanging_network_is_given_up_and_goes_on_when_it_is_released(served: Served, control: Control) -> None:
    control.add(Fault(Kind.HANG, number=CHIEF))
    assert impatient(served).send(TO, "one").reason == "timeout"
    assert impatient(served).send(OTHER, "another phone").outcome is Outcome.ACCEPTED
    assert (control.trouble()["holding"], on_phone(served)) == (1, [])
    control.release()
    until(lambda: on_phone(served) == ["one"])
    assert impatient(served).send(TO, "two").reason == "timeout"
    control.clear()
    until(lambda: on_phone(served) == ["one", "two"])
    assert served.gateway.send(TO, "three").outcome is Outcome.ACCEPTED


def test_a_network_that_hangs_with_the_text_has_delivered_it(served: Served) -> None:
    (at,) = served.standin.faults.add(Fault(Kind.HANG, after=True))
    assert impatient(served).send(TO, ALERT).outcome is Outcome.UNKNOWN
    assert on_phone(served) == [ALERT]
    served.standin.faults.remove([at])
    until(lambda: served.standin.faults.holding == 0)


def test_closing_lets_nothing_hang(make: Make) -> None:
    served = serving(make())
    served.standin.faults.add(Fault(Kind.HANG))
    assert impatient(served).send(TO, ALERT).outcome is Outcome.UNKNOWN
    served.standin.close()
    until(lambda: served.standin.faults.holding == 0)


def test_several_faults_at_once_all_strike(served: Served) -> None:
    served.standin.faults.add(Fault(Kind.SLOW, seconds=0.2), Fault(Kind.NO_ID), Fault(Kind.RECEIPTS_MISSING), Fault(Kind.WRONG_TYPE))
    started = time.monotonic()
    result = served.gateway.send(TO, ALERT)
    assert time.monotonic() - started >= 0.2
    assert (result.outcome, result.message_id) == (Outcome.ACCEPTED, None)


def test_a_fault_can_be_meant_for_one_phone_or_for_some_texts_only(served: Served) -> None:
    served.standin.faults.add(
        Fault(Kind.REFUSED, number=CHIEF, code=406), Fault(Kind.STATUS, containing="PRACTICE"), Fault(Kind.STATUS, status=500, sparing="RED", number=MAMA)
    )
    assert served.gateway.send(TO, "RED").code == 406
    assert served.gateway.send(TO, "PRACTICE").code is None
    assert served.gateway.send(OTHER, "RED").outcome is Outcome.ACCEPTED
    assert served.gateway.send(OTHER, "LOW").outcome is Outcome.UNKNOWN


def receipts(service: FakeService) -> list[dict[str, str]]:
    return service.calls("sms/T/delivery")


@pytest.mark.parametrize(
    ("fault", "statuses", "arrives"),
    [
        (Fault(Kind.RECEIPTS_TWICE), ["Sent", "Sent", "Submitted", "Submitted", "Success", "Success"], True),
        (Fault(Kind.RECEIPTS_REORDERED), ["Success", "Submitted", "Sent"], True),
        (Fault(Kind.RECEIPTS_LATE, seconds=5), ["Sent", "Submitted", "Success"], True),
        (Fault(Kind.RECEIPTS, receipts=("Success", "Martian")), ["Success", "Martian"], True),
        *[(Fault(Kind.RECEIPTS_FAILED, word=word), ["Sent", word], False) for word in ("Rejected", "Failed", "AbsentSubscriber", "Expired")],
    ],
    ids=lambda value: f"{value.kind}-{value.word}" if isinstance(value, Fault) else "",
)
def test_receipts_come_as_they_are_told_to(make: Make, service: FakeService, fault: Fault, statuses: list[str], arrives: bool) -> None:
    served = serving(make(time_factor=0.1))
    served.standin.faults.add(fault)
    result = served.gateway.send(TO, ALERT)
    until(lambda: len(receipts(service)) == len(statuses))
    assert [report["status"] for report in receipts(service)] == statuses
    assert {report["id"] for report in receipts(service)} == {result.message_id}
    assert bool(on_phone(served)) == arrives


@pytest.mark.parametrize("reason", REASONS)
def test_a_failed_receipt_gives_each_documented_reason(reason: str) -> None:
    (_, failed) = reports([Fault(Kind.RECEIPTS_FAILED, reason=reason)])
    assert (failed.status, failed.reason) == ("Failed", reason)
    assert reports([Fault(Kind.RECEIPTS_FAILED, word="Expired", reason=reason)])[1].reason == ""


def test_receipts_can_come_before_the_answer_to_the_call(served: Served, service: FakeService) -> None:
    served.standin.faults.add(Fault(Kind.RECEIPTS_EARLY))
    result = served.gateway.send(TO, ALERT)
    assert [(report["id"], report["status"]) for report in receipts(service)] == [(result.message_id, word) for word in ("Sent", "Submitted", "Success")]


def test_receipts_can_be_for_texts_nobody_sent_or_for_another_phone(served: Served, service: FakeService, control: Control) -> None:
    control.add(Fault(Kind.RECEIPTS_UNKNOWN_ID, number=CHIEF), Fault(Kind.RECEIPTS_FORGED, number=MAMA), Fault(Kind.RECEIPTS_MISSING, containing="PRACTICE"))
    result = served.gateway.send(TO, ALERT)
    until(lambda: len(receipts(service)) == 3)
    assert result.message_id not in {report["id"] for report in receipts(service)}
    forged = served.gateway.send(OTHER, ALERT)
    until(lambda: len(receipts(service)) == 7)
    assert [report["phoneNumber"] for report in receipts(service) if report["id"] == forged.message_id].count(MAMA) == 3
    assert "+254700000999" in {report["phoneNumber"] for report in receipts(service)}
    assert served.gateway.send(TO, "PRACTICE").outcome is Outcome.ACCEPTED
    control.receipt("ATXid_made-up", CHIEF, "Failed", "UserIsInactive")
    until(lambda: len(receipts(service)) == 8)
    assert receipts(service)[-1] == {
        "id": "ATXid_made-up", "status": "Failed", "phoneNumber": CHIEF, "networkCode": "63902", "failureReason": "UserIsInactive",
    }  # fmt: skip


def test_texts_to_the_service_come_again_late_or_only_into_the_inbox(served: Served, service: FakeService) -> None:
    inbound = "sms/T/inbound"
    served.standin.faults.add(Fault(Kind.INBOUND_AGAIN, count=1))
    served.handset.text(MAMA, "one")
    until(lambda: len(service.calls(inbound)) == 3)
    assert len({form["id"] for form in service.calls(inbound)}) == 1
    served.standin.faults.add(Fault(Kind.INBOUND_LATE, count=1, seconds=20), Fault(Kind.INBOUND_LOST, containing="three"))
    served.handset.text(MAMA, "two")
    served.handset.text(MAMA, "three")
    assert len(service.calls(inbound)) == 3
    until(lambda: len(service.calls(inbound)) == 4)
    assert service.calls(inbound)[-1]["text"] == "two"
    assert [text.text for text in served.gateway.fetch(0)] == ["one", "two", "three"]


def test_the_inbox_fails_in_its_own_ways(served: Served, service: FakeService) -> None:
    service.inbound = [500] * 100
    served.handset.text(MAMA, "one")
    faults, last = served.standin.faults, served.gateway.fetch(0)[0].id
    faults.add(Fault(Kind.INBOX_EMPTY, count=1))
    assert served.gateway.fetch(0) == []
    for fault, reason in (
        (Fault(Kind.STATUS, Lane.FETCH), "http-error"),
        (Fault(Kind.RESET, Lane.FETCH), "connection-lost"),
        (Fault(Kind.TRUNCATED, Lane.FETCH), "connection-lost"),
        (Fault(Kind.HTML, Lane.FETCH), "bad-answer"),
        (Fault(Kind.EMPTY, Lane.FETCH), "bad-answer"),
        (Fault(Kind.MALFORMED, Lane.FETCH), "bad-answer"),
        (Fault(Kind.HANG, Lane.FETCH), "timeout"),
    ):
        faults.add(replace(fault, count=1))
        with pytest.raises(FetchFailed) as caught:
            impatient(served).fetch(0)
        assert caught.value.reason == reason, fault.kind
    faults.clear()
    faults.add(Fault(Kind.INBOX_REPEATS))
    told = requests.get(f"{served.url}/version1/messaging", params={"username": "sandbox", "lastReceivedId": last}, headers={"apiKey": "a-key"}, timeout=5)
    assert [entry["text"] for entry in told.json()["SMSMessageData"]["Messages"]] == ["one"]
    assert served.gateway.fetch(last) == []


def test_a_broken_call_is_on_the_wire_as_no_answer(served: Served) -> None:
    served.standin.faults.add(Fault(Kind.RESET))
    served.gateway.send(TO, ALERT)
    (entry,) = served.handset.wire(0)
    assert (entry["status"], entry["answer"]) == (None, "connection reset")


def drawn(faults: Faults, numbers: tuple[str, ...] = (CHIEF,)) -> list[str]:
    return [",".join(f"{fault.kind}/{fault.seconds}/{fault.status}/{fault.after}" for fault in faults.strike(Lane.SEND, numbers)) for _ in range(200)]


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    def by_chance(seed: int) -> list[str]:
        faults = Faults()
        faults.by_chance(Wild(seed, 0.3))
        return drawn(faults)

    assert by_chance(1) == by_chance(1) != by_chance(2)
    assert 30 < sum(1 for each in by_chance(1) if each) < 90
    assert not any("hang" in each for each in by_chance(1))


def test_one_seed_is_one_bad_day_for_the_service(make: Make) -> None:
    def bad_day(seed: int) -> list[tuple[str, str]]:
        served = serving(make())
        kinds = [kind for kind in LANES if kind not in (Kind.SLOW, Kind.HANG)]
        Control(served.url).by_chance(seed, 0.4, kinds)
        results = [served.gateway.send(TO if turn % 2 else OTHER, ALERT) for turn in range(30)]
        return [(result.outcome.value, result.reason) for result in results]

    first = bad_day(11)
    assert first == bad_day(11) != bad_day(12)
    assert {outcome for outcome, _ in first} == {"accepted", "refused", "unknown"}


def test_a_phones_faults_do_not_depend_on_the_calls_for_others() -> None:
    alone, between = Faults(seed=4), Faults(seed=4)
    for faults in (alone, between):
        faults.add(Fault(Kind.STATUS, rate=0.5))
    expected = drawn(alone)
    found = []
    for _ in range(200):
        between.strike(Lane.SEND, [MAMA])
        found += ["" if not (struck := between.strike(Lane.SEND, [CHIEF])) else f"{struck[0].kind}/None/503/None"]
    assert found == expected
    assert 60 < sum(1 for each in found if each) < 140


def test_chance_can_be_kept_to_some_kinds_at_every_place() -> None:
    for kind, lanes in LANES.items():
        faults = Faults()
        faults.by_chance(Wild(3, 1.0, (kind,)))
        for lane in Lane:
            assert [fault.kind for fault in faults.strike(lane, [])] == ([kind] if lane in lanes else [])
        faults.by_chance(None)
        assert not faults.strike(lanes[0], [])


def test_a_count_is_exact_when_many_calls_come_at_once() -> None:
    faults = Faults(Fault(Kind.STATUS, count=50))
    hits: list[int] = []

    def call() -> None:
        hits.extend(len(faults.strike(Lane.SEND, [CHIEF])) for _ in range(40))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(hits) == 50


def test_every_fault_travels_over_the_control_interface(control: Control, served: Served) -> None:
    sent = [Fault(kind, lane, count=3, rate=0.5, seconds=1.5, after=True, receipts=("Sent",)) for kind, lanes in LANES.items() for lane in lanes]
    ids = control.add(*sent)
    assert [fault for _, fault, _ in served.standin.faults.listed()] == sent
    assert len(control.trouble()["faults"]) == len(sent)
    control.remove(ids)
    assert control.trouble()["faults"] == []
    control.by_chance(7, 0.5, [Kind.HANG])
    assert served.standin.faults.wild == Wild(7, 0.5, (Kind.HANG,))
    assert control.trouble()["random"] == {"seed": 7, "rate": 0.5, "kinds": ["hang"]}
    control.by_chance(None)
    assert control.trouble()["random"] is None


NO_FAULTS: tuple[object, ...] = (
    {},
    "slow",
    {"kind": "tea"},
    {"kind": "slow", "nonsense": 1},
    {"kind": "slow", "lane": "receipt"},
    {"kind": "slow", "number": "+254722000001"},
    {"kind": "slow", "lane": "fetch", "number": CHIEF},
    {"kind": "slow", "count": 0},
    {"kind": "slow", "count": True},
    {"kind": "slow", "rate": 2},
    {"kind": "slow", "seconds": 7200},
    {"kind": "slow", "after": "yes"},
    {"kind": "status", "status": 200},
    {"kind": "refused", "code": 101},
    {"kind": "receipts", "receipts": [1]},
)


def test_what_is_no_fault_is_refused_without_quoting_a_number(served: Served) -> None:
    no_chance, no_scene = ({"seed": "x"}, {"seed": 1, "rate": 0}, {"seed": 1, "kinds": ["tea"]}), ({"scene": "tea"}, {"scene": "says-no"})
    asked = [("faults", {"faults": [each]}) for each in NO_FAULTS] + [("faults/random", each) for each in no_chance] + [("scenes", each) for each in no_scene]
    for path, each in asked:
        answer = requests.post(f"{served.url}/{path}", json=each, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (422, "not-a-fault"), each
        assert "722000001" not in answer.text
    assert requests.post(f"{served.url}/faults/clear", data={"x": "1"}, timeout=5).status_code == 415
    with pytest.raises(Refused, match="not-a-fault"):
        Control(served.url).receipt("ATXid_1", "+254722000001", "Success")
    assert served.standin.faults.listed() == []


def test_a_refusal_code_has_its_word(served: Served) -> None:
    served.standin.faults.add(Fault(Kind.REFUSED, code=405))
    assert course(served.gateway.send(TO, ALERT)) == PAUSE
