"""USSD through the stand-in: what the service is sent, what the phone shows, and how a session ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Response

from referral.simulator.callbacks import Answered
from referral.simulator.dialling import what_is_wrong
from referral.simulator.faults import Fault, Kind
from referral.simulator.manners import Manners
from referral.simulator.standin import StandIn

from .conftest import CHIEF, FIRST, MAMA, FakeService, Make, until


def post(standin: StandIn, path: str, **asked: object) -> tuple[int, dict[str, Any]]:
    answer = standin.app.test_client().post(path, json=asked)
    return answer.status_code, answer.get_json()


def dial(standin: StandIn, code: str = "*384*1234#", number: str = MAMA, **more: object) -> dict[str, Any]:
    status, told = post(standin, "/phones/dial", number=number, code=code, **more)
    assert status == 200, told
    return told


def key(standin: StandIn, session: str, keys: str) -> dict[str, Any]:
    status, told = post(standin, "/phones/key", session=session, keys=keys)
    assert status == 200, told
    return told


def test_the_service_gets_exactly_the_five_fields_encoded_as_the_gateway_does(standin: StandIn, service: FakeService) -> None:
    shown = dial(standin)
    assert (shown["screen"], shown["ends"], shown["cut"], shown["problem"]) == (FIRST[4:], False, "", "")
    _, raw, form = service.seen[0]
    assert list(form) == ["sessionId", "phoneNumber", "networkCode", "serviceCode", "text"]
    assert raw.endswith(b"&phoneNumber=%2B254700000001&networkCode=63902&serviceCode=%2A384%2A1234%23&text=")
    assert re.fullmatch(r"ATUid_[0-9a-f]{32}", form["sessionId"])
    assert service.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"


def test_answers_add_up_behind_stars_until_the_service_ends(standin: StandIn, service: FakeService) -> None:
    session = dial(standin)["session"]
    key(standin, session, "1")
    last = key(standin, session, "1")
    assert (last["screen"], last["ends"]) == ("Asante. 116", True)
    assert [form["text"] for form in service.calls("ussd/T")] == ["", "1", "1*1"]
    assert b"text=1%2A1" in service.seen[2][1]
    assert post(standin, "/phones/key", session=session, keys="1") == (410, {"error": "session-over"})


def test_an_empty_answer_and_one_with_spaces_travel_as_typed(standin: StandIn, service: FakeService) -> None:
    session = dial(standin)["session"]
    key(standin, session, "")
    key(standin, session, "Kwa Mzee & co + 1")
    assert service.calls("ussd/T")[-1]["text"] == "*Kwa Mzee & co + 1"


def test_the_end_event_tells_the_whole_session(standin: StandIn, service: FakeService) -> None:
    session = dial(standin)["session"]
    key(standin, session, "1")
    key(standin, session, "1")
    until(lambda: service.calls("ussd/T/ended"))
    (event,) = service.calls("ussd/T/ended")
    assert event.pop("durationInMillis").isdigit()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", event.pop("date"))
    assert event == {
        "sessionId": session,
        "serviceCode": "*384*1234#",
        "networkCode": "63902",
        "phoneNumber": MAMA,
        "status": "Success",
        "cost": "KES 0.5000",
        "hopsCount": "3",
        "hopsMetadata": "",
        "input": "1*1",
        "lastAppResponse": "END Asante. 116",
    }


def test_hanging_up_is_told_as_incomplete(standin: StandIn, service: FakeService) -> None:
    session = dial(standin)["session"]
    assert post(standin, "/phones/hang-up", session=session)[0] == 200
    until(lambda: service.calls("ussd/T/ended"))
    assert service.calls("ussd/T/ended")[0]["status"] == "Incomplete"
    assert post(standin, "/phones/hang-up", session=session)[0] == 410


def test_dialling_again_ends_the_first_session(standin: StandIn, service: FakeService) -> None:
    first, second = dial(standin)["session"], dial(standin)["session"]
    assert first != second
    until(lambda: service.calls("ussd/T/ended"))
    assert post(standin, "/phones/key", session=first, keys="1")[0] == 410
    assert key(standin, second, "1")["screen"].startswith("Hatari")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("Karibu", "neither CON nor END"),
        (" CON Karibu", "neither CON nor END"),
        ("\ufeffCON Karibu", "neither CON nor END"),
        ("CON", "neither CON nor END"),
        ("con Karibu", "neither CON nor END"),
        ("", "neither CON nor END"),
        (Response("CON Karibu", 201), "status 201"),
        (Response("", 404), "status 404"),
        (Response("CON Karibu", 500), "status 500"),
        (Response(status=302, headers={"Location": "/elsewhere"}), "status 302"),
        (Response(b"CON Karib\xff"), "UTF-8"),
    ],
)
def test_an_answer_the_gateway_would_not_take_ends_the_session(standin: StandIn, service: FakeService, answer: Response | str, problem: str) -> None:
    service.screens = {"": answer}
    shown = dial(standin)
    assert shown["ends"]
    assert problem in shown["problem"]
    assert "CON" not in shown["screen"]
    until(lambda: service.calls("ussd/T/ended"))
    event = service.calls("ussd/T/ended")[0]
    assert (event["status"], event["errorMessage"]) == ("Failed", shown["problem"])


def test_an_answer_that_comes_too_late_ends_the_session(make: Make, service: FakeService) -> None:
    service.slow = 0.15
    shown = dial(make(time_factor=1.0, answer_within=0.05))
    assert (shown["ends"], shown["problem"]) == (True, "no answer in time")


def test_a_service_that_is_down_ends_the_session(make: Make, service: FakeService) -> None:
    gone = type(service.callbacks)(*(["http://127.0.0.1:1/"] * 5))
    assert dial(make(callbacks=gone))["problem"] == "no connection"
    assert what_is_wrong(Answered(200, b"END x", {})) == ""


def test_a_phone_left_idle_loses_the_session(make: Make, service: FakeService) -> None:
    session = dial(make())["session"]
    until(lambda: service.calls("ussd/T/ended"))
    event = service.calls("ussd/T/ended")[0]
    assert (event["sessionId"], event["status"], event["hopsCount"]) == (session, "Incomplete", "1")
    assert int(event["durationInMillis"]) >= 25


def test_no_session_outlives_its_operators_limit_however_busy_the_phone(make: Make, service: FakeService) -> None:
    standin = make(time_factor=0.002)
    service.screens = {}
    session = dial(standin, network="Airtel")["session"]
    while post(standin, "/phones/key", session=session, keys="1")[0] == 200:
        assert len(service.seen) < 2000
    until(lambda: service.calls("ussd/T/ended"))
    assert int(service.calls("ussd/T/ended")[0]["durationInMillis"]) >= 350


def test_an_answered_screen_is_not_ended_by_the_timer_of_the_one_before(make: Make, service: FakeService) -> None:
    standin = make(time_factor=0.004)
    session = dial(standin)["session"]
    service.slow = 0.15
    assert not key(standin, session, "1")["ends"]
    assert not service.calls("ussd/T/ended")


def test_each_operator_shows_its_own_width(standin: StandIn, service: FakeService) -> None:
    service.screens = {"": "CON " + "a" * 160}
    assert dial(standin)["cut"] == "aaaa"
    assert dial(standin, network="airtel", number=CHIEF)["cut"] == ""
    assert service.calls("ussd/T")[-1]["networkCode"] == "63903"
    service.screens = {"": "CON " + "[" * 79}
    assert dial(standin)["cut"] == "["


def test_characters_outside_the_phones_alphabet_are_named_and_halve_the_screen(standin: StandIn, service: FakeService) -> None:
    service.screens = {"": "CON Ng\u2019ombe" + "a" * 80}
    shown = dial(standin)
    assert shown["foreign"] == ["\u2019"]
    assert len(shown["cut"]) == 11


def test_an_extension_comes_in_the_first_text_or_in_the_code(make: Make, service: FakeService) -> None:
    standin = make(time_factor=1.0)
    dial(standin, "*384*1234*77*2#")
    assert [service.calls("ussd/T")[0][name] for name in ("serviceCode", "text")] == ["*384*1234#", "77*2"]
    standin.manners = Manners(extension_in_text=False)
    dial(standin, "*384*1234*77#")
    assert [service.calls("ussd/T")[1][name] for name in ("serviceCode", "text")] == ["*384*1234*77#", ""]


def test_the_practice_code_is_a_code_of_its_own(standin: StandIn, service: FakeService) -> None:
    dial(standin, " *384*1235# ")
    assert service.calls("ussd/T")[0]["serviceCode"] == "*384*1235#"


def test_a_step_name_comes_back_with_the_next_hop_and_in_the_end_event(standin: StandIn, service: FakeService) -> None:
    service.screens = {
        "": Response(FIRST, headers={"at-ussd-hop-metadata": "start"}, mimetype="text/plain"),
        "1": Response("END x", headers={"at-ussd-hop-metadata": "too|many"}, mimetype="text/plain"),
    }
    key(standin, dial(standin)["session"], "1")
    assert "At-Ussd-Hop-Metadata" not in service.headers[0]
    assert service.headers[1]["At-Ussd-Hop-Metadata"] == "start"
    until(lambda: service.calls("ussd/T/ended"))
    assert service.calls("ussd/T/ended")[0]["hopsMetadata"] == "start"


def test_the_end_event_can_be_lost(standin: StandIn, service: FakeService) -> None:
    standin.faults.add(Fault(Kind.ENDED_MISSING))
    post(standin, "/phones/hang-up", session=dial(standin)["session"])
    standin.faults.clear()
    post(standin, "/phones/hang-up", session=dial(standin)["session"])
    until(lambda: service.calls("ussd/T/ended"))
    assert len(service.calls("ussd/T/ended")) == 1


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"number": "+254722000001", "code": "*384*1234#"}, 422, "not-a-sample-number"),
        ({"number": "116", "code": "*384*1234#"}, 422, "not-a-sample-number"),
        ({"code": "*384*1234#"}, 422, "not-a-sample-number"),
        ({"number": MAMA, "code": "*384*9999#"}, 404, "no-such-code"),
        ({"number": MAMA, "code": "*384*12345#"}, 404, "no-such-code"),
        ({"number": MAMA, "code": 7}, 404, "no-such-code"),
        ({"number": MAMA, "code": "*384*1234#", "network": "Vodacom"}, 422, "no-such-network"),
    ],
)
def test_what_cannot_be_dialled(standin: StandIn, service: FakeService, asked: dict[str, object], status: int, error: str) -> None:
    assert post(standin, "/phones/dial", **asked) == (status, {"error": error})
    assert not service.seen


def test_no_more_keys_than_the_operator_takes(standin: StandIn) -> None:
    session = dial(standin)["session"]
    assert post(standin, "/phones/key", session=session, keys="a" * 81) == (422, {"error": "too-long"})
    assert key(standin, session, "a" * 80)["screen"] == "Samahani"
