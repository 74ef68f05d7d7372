"""Texts through the stand-in and the real library, in both directions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests

from referral.dispatch.policy_of_codes import course
from referral.gateway.port import Balance, Outcome
from referral.simulator.faults import Fault, Kind
from referral.simulator.manners import DateShape, Manners
from referral.vocabulary.phone import PhoneNumber
from tests.gateway.courses import ALARM

from .conftest import CHIEF, MAMA, FakeService, Make, Served, serving, until

TO = PhoneNumber(CHIEF)
ALERT = "REFERRAL 482193 RED. Reply OK 7391"


def raw_send(served: Served, **changes: str) -> requests.Response:
    form = {"username": "sandbox", "to": CHIEF, "message": "x", **changes}
    headers = {"apiKey": "a-key", "Accept": "application/json"}
    return requests.post(f"{served.url}/version1/messaging", data=form, headers=headers, timeout=5)


def test_an_alert_reaches_the_phone_and_its_receipts_the_service(make: Make, service: FakeService) -> None:
    served = serving(make(time_factor=0.15))  # far enough apart to keep their order on a busy machine
    result = served.gateway.send(TO, ALERT)
    assert (result.outcome, result.cost, result.parts) == (Outcome.ACCEPTED, "KES 0.8000", 1)
    assert re.fullmatch(r"ATXid_[0-9a-f]{32}", str(result.message_id))
    (text,) = served.handset.inbox(CHIEF)
    assert (text.sender, text.text) == ("22123", ALERT)
    until(lambda: len(service.calls("sms/T/delivery")) == 3)
    reports = service.calls("sms/T/delivery")
    assert [report["status"] for report in reports] == ["Sent", "Submitted", "Success"]
    assert reports[0] == {"id": result.message_id, "status": "Sent", "phoneNumber": CHIEF, "networkCode": "63902"}


def test_long_texts_are_billed_by_the_part(served: Served) -> None:
    assert (served.gateway.send(TO, "a" * 161).parts, served.gateway.send(TO, "a" * 160).parts) == (2, 1)
    assert served.gateway.send(TO, "\u2019" * 71).cost == "KES 1.6000"
    headers = {"apiKey": "a-key", "Accept": "application/json"}
    balance = requests.get(f"{served.url}/version1/user", params={"username": "sandbox"}, headers=headers, timeout=5).json()
    assert balance == {"UserData": {"balance": "KES 999996.0000"}}
    assert served.gateway.balance() == Balance("KES", Decimal("999996.0000"))


def test_an_unread_text_is_counted_until_the_phone_is_looked_at(served: Served) -> None:
    served.gateway.send(TO, "one")
    served.gateway.send(TO, "two")

    def unread() -> dict[str, int]:
        return {phone.number: phone.unread for phone in served.handset.service().phones}

    assert unread() == {MAMA: 0, CHIEF: 2}
    first, second = served.handset.inbox(CHIEF)
    assert unread() == {MAMA: 0, CHIEF: 0}
    later = requests.get(f"{served.url}/phones/{CHIEF}/inbox", params={"after": first.n}, timeout=5).json()["messages"]
    assert [text["n"] for text in later] == [second.n]


def test_failed_receipts_mean_that_the_phone_never_had_it(served: Served, service: FakeService) -> None:
    served.standin.faults.add(Fault(Kind.RECEIPTS, receipts=("Success", "Failed", "Failed", "Martian")))
    assert served.gateway.send(TO, ALERT).outcome is Outcome.ACCEPTED
    until(lambda: len(service.calls("sms/T/delivery")) == 4)
    assert [report.get("failureReason") for report in service.calls("sms/T/delivery")] == [None, "DeliveryFailure", "DeliveryFailure", None]
    assert not served.handset.inbox(CHIEF)


def test_several_recipients_get_an_answer_each_and_real_numbers_none(served: Served) -> None:
    stranger = "+254722000001"
    served.standin.faults.add(Fault(Kind.REFUSED, number=MAMA, code=406))
    answer = raw_send(served, to=f"{CHIEF},{MAMA},{stranger}")
    data = answer.json()["SMSMessageData"]
    assert answer.status_code == 201
    assert data["Message"] == "Sent to 1/3 Total Cost: KES 0.8000"
    assert [entry["statusCode"] for entry in data["Recipients"]] == [101, 406, 403]
    assert data["Recipients"][1] == {"statusCode": 406, "number": MAMA, "status": "UserInBlacklist", "cost": "0", "messageId": "None"}
    assert stranger not in requests.get(f"{served.url}/wire", timeout=5).text
    assert raw_send(served, to=stranger).json()["SMSMessageData"]["Message"] == "Sent to 0/1 Total Cost: 0"


def test_a_wrong_key_a_wrong_name_and_a_wrong_form_are_refused(served: Served) -> None:
    wrong_key = type(served.gateway)("sandbox", "another", "22123", f"{served.url}/version1")
    assert (wrong_key.send(TO, "x").reason, course(wrong_key.send(TO, "x"))) == ("authentication", ALARM)
    assert raw_send(served, username="else").status_code == 401
    assert raw_send(served, message="").status_code == 400
    assert raw_send(served, **{"from": "SOMEBODY"}).json() == {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}


def test_a_client_that_does_not_ask_for_json_gets_xml(served: Served) -> None:
    answer = requests.post(
        f"{served.url}/version1/messaging", data={"username": "sandbox", "to": CHIEF, "message": "x"}, headers={"apiKey": "a-key"}, timeout=5
    )
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (201, "application/xml")


def test_a_text_from_a_phone_is_told_again_until_the_service_has_it(make: Make, service: FakeService) -> None:
    service.inbound = [500]
    serving(make()).handset.text(MAMA, "Polisi wamenipiga")
    until(lambda: len(service.calls("sms/T/inbound")) == 2)
    first, second = service.calls("sms/T/inbound")
    assert first == second
    assert (first["from"], first["to"], first["text"], first["networkCode"]) == (MAMA, "22123", "Polisi wamenipiga", "63902")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first["id"])


def test_a_text_the_callback_lost_is_still_in_the_inbox(served: Served, service: FakeService) -> None:
    service.inbound = [500] * 1000
    served.handset.text(MAMA, "RIPOTI")
    served.handset.text(CHIEF, "OK 7391")
    one, two = served.gateway.fetch(0)
    assert (one.sender, one.to, one.text) == (PhoneNumber(MAMA), "22123", "RIPOTI")
    assert (two.sender, two.text, two.id) == (TO, "OK 7391", one.id + 1)
    assert [text.text for text in served.gateway.fetch(one.id)] == ["OK 7391"]
    assert served.gateway.fetch(two.id) == []


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        (DateShape.ISO, "2026-11-21T10:00:05Z"),
        (DateShape.ISO_MILLISECONDS, "2026-11-21T10:00:05.000Z"),
        (DateShape.SPACED, "2026-11-21 10:00:05"),
    ],
)
def test_texts_are_dated_in_every_shape_seen_and_the_same_in_callback_and_inbox(make: Make, service: FakeService, shape: DateShape, written: str) -> None:
    moment = datetime(2026, 11, 21, 10, 0, 5, 990000, tzinfo=UTC)
    standin = make(now=lambda: moment, manners=Manners(date_shape=shape, bare_inbound=True))
    served = serving(standin)
    served.handset.text(MAMA, "x")
    until(lambda: service.calls("sms/T/inbound"))
    form = service.calls("sms/T/inbound")[0]
    assert list(form) == ["from", "to", "text", "date", "id"]
    assert form["date"] == written
    assert served.gateway.fetch(0)[0].date == moment.replace(microsecond=0)
    assert standin.manners.bare_inbound


def test_ids_of_a_stand_in_started_anew_go_on_above_the_old_ones(make: Make) -> None:
    ids = []
    for second in (1, 2):
        standin = make(now=lambda second=second: datetime(2026, 11, 21, 10, 0, second, tzinfo=UTC))
        ids.append(standin.app.test_client().post("/phones/text", json={"number": MAMA, "text": "x"}).get_json()["id"])
    assert ids[0] < ids[1]


def test_a_holder_who_opts_out_is_reported_and_gets_nothing_more(served: Served, service: FakeService) -> None:
    requests.post(f"{served.url}/phones/opt-out", json={"number": CHIEF}, timeout=5)
    until(lambda: service.calls("sms/T/opt-out"))
    assert service.calls("sms/T/opt-out") == [{"senderId": "22123", "phoneNumber": CHIEF}]
    assert served.gateway.send(TO, ALERT).reason == "UserInBlacklist"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"number": "+254722000001", "text": "x"}, "not-a-sample-number"),
        ({"number": MAMA, "text": " "}, "empty"),
        ({"number": MAMA, "text": "a" * 1601}, "too-long"),
        ({"number": MAMA, "text": "x", "to": "+254722000001"}, "no-such-number"),
    ],
)
def test_what_cannot_be_texted(make: Make, service: FakeService, asked: dict[str, str], error: str) -> None:
    answer = make().app.test_client().post("/phones/text", json=asked)
    assert answer.get_json() == {"error": error}
    assert not service.seen
