"""The page with the phones, and its way to the stand-in, as a browser's requests meet them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import referral.simulator
from referral.app import build
from referral.observing.requests import Requests
from referral.simulator.operators import OPERATORS
from referral.simulator.pages import AWAY, simulator_pages
from referral.web import pages_app
from tests.conftest import Kept, settings_for

from .conftest import CHIEF, FIRST, MAMA, TOKEN, FakeService, Served, until

ROOM = Path(referral.simulator.__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def client(standin_url: str) -> FlaskClient:
    app = Flask("pages", static_folder=None)
    app.register_blueprint(simulator_pages(standin_url, "http://training.example:8000", "Africa/Nairobi"))
    return app.test_client()


@pytest.fixture
def page(served: Served) -> Iterator[FlaskClient]:
    with client(served.url) as one:
        yield one


def test_the_page_and_all_its_parts_come_with_strict_headers(page: FlaskClient) -> None:
    parts = sorted(path.name for path in (ROOM / "static").iterdir())
    assert parts
    for path in ("", *(f"static/{name}" for name in parts), "api/state", "static/none"):
        answer = page.get(f"/simulator/{path}")
        assert answer.status_code == (404 if path.endswith("none") else 200), path
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Opener-Policy"] == answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        answer.close()


def test_the_page_holds_no_inline_code_or_style_and_asks_nobody_else() -> None:
    for path in [*(ROOM / "static").iterdir(), *(ROOM / "templates").iterdir()]:
        text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text
        if path.suffix == ".html":
            assert " style=" not in text
            assert "<style" not in text
            assert text.count("<script") == text.count('<script type="module" src="static/')
            assert not re.search(r"<[^>]*\son\w+=", text)


def test_the_page_says_that_nothing_reaches_anybody(page: FlaskClient) -> None:
    text = page.get("/simulator/").get_data(as_text=True)
    assert "TRAINING" in text
    assert "nothing here reaches anybody" in text


def test_a_phone_dials_answers_and_hangs_up_through_the_page(page: FlaskClient, service: FakeService) -> None:
    screen = page.post("/simulator/api/dial", json={"number": MAMA, "code": "*384*1234#", "network": "Airtel"}).get_json()
    assert screen["screen"] == "Karibu\n1 Toa taarifa\n2 Nahitaji msaada sasa"
    assert (screen["used"], screen["room"], screen["ends"]) == (len(FIRST), 184, False)
    screen = page.post("/simulator/api/key", json={"session": screen["session"], "keys": "1", "network": "Airtel"}).get_json()
    assert screen["screen"] == "Hatari?\n1 Sasa"
    assert page.post("/simulator/api/hang-up", json={"session": screen["session"]}).status_code == 200
    gone = page.post("/simulator/api/key", json={"session": screen["session"], "keys": "1", "network": "Airtel"})
    assert (gone.status_code, gone.get_json()["say"]) == (410, "The session has ended.")
    assert [call["networkCode"] for call in service.calls("ussd/T")] == ["63903", "63903"]


def test_what_a_network_would_cut_off_is_told(page: FlaskClient, service: FakeService) -> None:
    service.screens[""] = "CON " + "x" * 170
    asked = {"number": MAMA, "code": "*384*1234#"}
    cut = {name: page.post("/simulator/api/dial", json={**asked, "network": name}).get_json()["cut"] for name in ("Safaricom", "Airtel")}
    assert cut == {"Safaricom": "x" * 14, "Airtel": ""}


def test_texts_go_both_ways_and_the_wire_shows_them_without_tokens(page: FlaskClient, served: Served, service: FakeService) -> None:
    assert page.post("/simulator/api/text", json={"number": CHIEF, "text": "OK 7391"}).status_code == 200
    until(lambda: service.calls("sms/T/inbound"))
    served.standin.app.test_client().post(
        "/version1/messaging", data={"username": "sandbox", "to": CHIEF, "message": "REFERRAL"}, headers={"apiKey": "a-key", "Host": "127.0.0.1"}
    )
    told = page.get("/simulator/api/state").get_json()
    chief = next(phone for phone in told["phones"] if phone["number"] == CHIEF)
    assert (chief["label"], chief["unread"], chief["last"]) == ("Chief", 1, 1)
    assert [network["name"] for network in told["networks"]] == [operator.name for operator in OPERATORS.values()]
    assert (told["ussd_code"], told["practice_code"], told["short_code"]) == ("*384*1234#", "*384*1235#", "22123")
    assert {entry["address"] for entry in told["wire"]} >= {"/sms/…/inbound", "/version1/messaging"}
    assert TOKEN not in str(told)
    assert "a-key" not in str(told)
    last = told["wire"][-1]["n"]
    assert all(entry["n"] > last for entry in page.get(f"/simulator/api/state?after={last}").get_json()["wire"])  # a receipt may be on its way
    (text,) = page.get("/simulator/api/inbox", query_string={"number": CHIEF}).get_json()["texts"]
    assert (text["text"], text["sender"], text["n"]) == ("REFERRAL", "22123", 1)
    assert page.get("/simulator/api/state").get_json()["phones"][1]["unread"] == 0


@pytest.mark.parametrize(
    ("path", "asked", "status", "say"),
    [
        ("dial", {"number": "+254711000001", "code": "*384*1234#"}, 422, "Only the sample numbers +254700000xxx can be used here."),
        ("dial", {"number": MAMA, "code": "*100#"}, 404, "That code leads nowhere."),
        ("dial", {"number": MAMA, "code": "*384*1234#", "network": "Elsewhere"}, 422, "There is no such network."),
        ("text", {"number": MAMA, "text": "  "}, 422, "There is nothing to send."),
        ("text", {"number": MAMA, "text": "x" * 1601}, 422, "That is longer than a phone takes."),
        ("key", {"session": 7}, 410, "The session has ended."),
        ("key", ["no", "object"], 410, "The session has ended."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(page: FlaskClient, path: str, asked: object, status: int, say: str) -> None:
    answer = page.post(f"/simulator/api/{path}", json=asked)
    assert (answer.status_code, answer.get_json()["say"]) == (status, say)


def test_without_a_stand_in_the_page_opens_and_says_so() -> None:
    page = client("http://127.0.0.1:1")
    assert page.get("/simulator/").status_code == 200
    for answer in (page.get("/simulator/api/state"), page.post("/simulator/api/dial", json={"number": MAMA, "code": "*1#"})):
        assert (answer.status_code, answer.get_json()) == (503, {"error": "away", "say": AWAY})


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
)
def test_another_website_can_neither_hold_nor_read_the_phones(page: FlaskClient, service: FakeService, headers: dict[str, str]) -> None:
    asked = {"number": MAMA, "code": "*384*1234#"}
    assert page.post("/simulator/api/dial", json=asked, headers=headers).status_code == 403
    assert page.get("/simulator/api/state", headers=headers).status_code == 403
    assert not service.seen


def test_a_form_and_a_flood_are_refused(page: FlaskClient, service: FakeService) -> None:
    assert page.post("/simulator/api/dial", data={"number": MAMA, "code": "*384*1234#"}).status_code == 415
    assert page.post("/simulator/api/text", json={"number": MAMA, "text": "x" * 20_000}).status_code == 413
    assert not service.seen


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "training.example:8000"])
def test_the_page_opens_at_this_machine_and_at_the_public_address(page: FlaskClient, host: str) -> None:
    assert page.get("/simulator/api/state", headers={"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_the_stand_in_must_be_on_this_machine() -> None:
    with pytest.raises(ValueError, match="this machine"):
        simulator_pages("http://192.0.2.1:8001", "http://127.0.0.1:8000", "Africa/Nairobi")


@pytest.mark.parametrize(("on", "status"), [(True, 200), (False, 404)])
def test_the_simulator_is_there_only_where_it_is_switched_on(sqlite_county: Kept, on: bool, status: int) -> None:
    ready = build(settings_for(sqlite_county.fresh(f"simulator-{on}"), simulator=on))
    try:
        for path in ("/simulator/", "/simulator/static/simulator.js"):
            answer = pages_app(ready, Requests({})).test_client().get(path)
            assert answer.status_code == status
            answer.close()
    finally:
        ready.database.close()
