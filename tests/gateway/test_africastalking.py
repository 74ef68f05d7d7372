"""Every answer the gateway is known to give, and what the service makes of it."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as PoolSSLError

from referral.dispatch.policy_of_codes import Course, course
from referral.gateway.africastalking import AfricasTalkingGateway
from referral.gateway.port import Balance, FetchFailed, Outcome, Sending
from referral.vocabulary.phone import PhoneNumber

from .courses import ALARM, NEXT, PAUSE, RECEIPT, RETRY, SENT

LIVE = "https://api.africastalking.com/version1/messaging"
USER = "https://api.africastalking.com/version1/user"
SANDBOX = "https://api.sandbox.africastalking.com/version1/messaging"
NUMBER = "+254700000123"
TO = PhoneNumber(NUMBER)
ID = "ATXid_0123456789abcdef0123456789abcdef"
TAKEN = {"statusCode": 101, "number": NUMBER, "status": "Success", "cost": "KES 0.8000", "messageId": ID, "messageParts": 1}


def gateway(base_url: str | None = None) -> AfricasTalkingGateway:
    return AfricasTalkingGateway("kwale", "a-key", "22123", base_url)


def answer(*recipients: object, message: str = "Sent to 1/1 Total Cost: KES 0.8000") -> dict[str, object]:
    return {"SMSMessageData": {"Message": message, "Recipients": list(recipients)}}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def sent(wire: responses.RequestsMock, **reply: object) -> Sending:
    wire.post(LIVE, **{"status": 201, **reply})
    return gateway().send(TO, "Reply OK 7391")


def test_a_text_goes_to_one_person_from_the_short_code_as_a_form(wire: responses.RequestsMock) -> None:
    assert sent(wire, json=answer(TAKEN)) == Sending(Outcome.ACCEPTED, 101, ID, "KES 0.8000", 1, "Sent")
    request = wire.calls[0].request
    form = parse_qs(str(request.body))
    assert form == {"username": ["kwale"], "to": [NUMBER], "message": ["Reply OK 7391"], "bulkSMSMode": ["1"], "from": ["22123"]}
    assert "%2B254700000123" in str(request.body)
    assert request.headers["apiKey"] == "a-key"
    assert request.headers["Accept"] == "application/json"


def test_the_sandbox_and_another_base_url_are_other_hosts(wire: responses.RequestsMock) -> None:
    wire.post(SANDBOX, json=answer(TAKEN), status=201)
    wire.post("http://127.0.0.1:8001/version1/messaging", json=answer(TAKEN), status=201)
    assert AfricasTalkingGateway("sandbox", "a-key", None).send(TO, "x").outcome is Outcome.ACCEPTED
    assert "from=" not in str(wire.calls[0].request.body)
    assert gateway("http://127.0.0.1:8001/version1/").send(TO, "x").outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(("code", "word"), [(100, "Processed"), (101, "Sent"), (102, "Queued"), ("102", "Queued")])
def test_processed_sent_and_queued_all_mean_taken(wire: responses.RequestsMock, code: object, word: str) -> None:
    result = sent(wire, json=answer({**TAKEN, "statusCode": code}))
    assert (result.outcome, result.reason, course(result)) == (Outcome.ACCEPTED, word, SENT)


@pytest.mark.parametrize(
    ("code", "word", "told"),
    [
        (401, "RiskHold", ALARM),
        (402, "InvalidSenderId", ALARM),
        (403, "InvalidPhoneNumber", NEXT),
        (404, "UnsupportedNumberType", NEXT),
        (405, "InsufficientBalance", PAUSE),
        (406, "UserInBlacklist", NEXT),
        (407, "CouldNotRoute", NEXT),
        (409, "DoNotDisturbRejection", NEXT),
        (500, "InternalServerError", RETRY),
        (501, "GatewayError", RETRY),
        (502, "RejectedByGateway", ALARM),
        (408, "unlisted-code", ALARM),
    ],
)
def test_a_refused_person_tells_us_what_to_do_next(wire: responses.RequestsMock, code: int, word: str, told: Course) -> None:
    refused = {"statusCode": code, "number": NUMBER, "status": "whatever", "cost": "0", "messageId": "None"}
    result = sent(wire, json=answer(refused, message="Sent to 0/1 Total Cost: 0"))
    assert result == Sending(Outcome.REFUSED, code, None, "0", None, word)
    assert course(result) == told


def test_the_word_none_is_no_message_id_even_when_the_text_was_taken(wire: responses.RequestsMock) -> None:
    result = sent(wire, json=answer({**TAKEN, "messageId": "None"}))
    assert (result.outcome, result.message_id) == (Outcome.ACCEPTED, None)


def test_a_charset_in_the_content_type_changes_nothing(wire: responses.RequestsMock) -> None:
    assert sent(wire, json=answer(TAKEN), content_type="application/json; charset=utf-8").outcome is Outcome.ACCEPTED


def test_no_recipient_and_a_word_is_a_refusal_of_the_account(wire: responses.RequestsMock) -> None:
    result = sent(wire, json=answer(message="InvalidSenderId"))
    assert (result.outcome, result.code, result.reason, course(result)) == (Outcome.REFUSED, 402, "InvalidSenderId", ALARM)


def test_no_recipient_and_a_sentence_is_an_alarm_without_the_sentence(wire: responses.RequestsMock) -> None:
    result = sent(wire, json=answer(message=f"{NUMBER} is not allowed"))
    assert (result.outcome, result.reason, course(result)) == (Outcome.REFUSED, "no-recipient", ALARM)


@pytest.mark.parametrize(
    "reply",
    [
        {"body": "<AfricasTalkingResponse/>", "content_type": "application/xml"},
        {"body": "", "content_type": "application/json"},
        {"json": []},
        {"json": {"SMSMessageData": None}},
        {"json": answer(TAKEN, TAKEN)},
        {"json": answer("Success")},
        {"json": answer({"status": "Success", "messageId": ID})},
    ],
)
def test_an_unreadable_answer_may_mean_that_it_went_out(wire: responses.RequestsMock, reply: dict[str, object]) -> None:
    result = sent(wire, **reply)
    assert (result.outcome, result.reason, course(result)) == (Outcome.UNKNOWN, "bad-answer", RECEIPT)


def test_a_code_of_no_known_kind_may_mean_that_it_went_out(wire: responses.RequestsMock) -> None:
    assert sent(wire, json=answer({**TAKEN, "statusCode": 103})).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "outcome", "reason", "told"),
    [
        (401, Outcome.REFUSED, "authentication", ALARM),
        (429, Outcome.REFUSED, "rate-limited", RETRY),
        (400, Outcome.REFUSED, "http-error", ALARM),
        (302, Outcome.REFUSED, "http-error", ALARM),
        (408, Outcome.UNKNOWN, "http-error", RECEIPT),
        (500, Outcome.UNKNOWN, "http-error", RECEIPT),
        (503, Outcome.UNKNOWN, "http-error", RECEIPT),
    ],
)
def test_http_refusals(wire: responses.RequestsMock, status: int, outcome: Outcome, reason: str, told: Course) -> None:
    result = sent(wire, status=status, body="The supplied authentication is invalid", headers={"Location": "http://127.0.0.1/elsewhere"})
    assert (result.outcome, result.reason, course(result)) == (outcome, reason, told)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (requests.ReadTimeout("read timed out"), Outcome.UNKNOWN, "timeout"),
        (requests.exceptions.ProxyError("no way to the proxy"), Outcome.REFUSED, "no-connection"),
        (requests.exceptions.InvalidHeader("a key with a line break"), Outcome.REFUSED, "adapter-error"),
        (requests.ConnectTimeout("connect timed out"), Outcome.REFUSED, "no-connection"),
        (requests.ConnectionError(MaxRetryError(None, LIVE, NewConnectionError(None, "no such host"))), Outcome.REFUSED, "no-connection"),  # type: ignore[arg-type]
        (requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))), Outcome.UNKNOWN, "connection-lost"),
        (requests.exceptions.ChunkedEncodingError("broken off"), Outcome.UNKNOWN, "connection-lost"),
        (
            requests.exceptions.SSLError(MaxRetryError(None, LIVE, PoolSSLError(ssl.SSLCertVerificationError(1, "unknown issuer")))),  # type: ignore[arg-type]
            Outcome.REFUSED,
            "certificate",
        ),
        (requests.exceptions.SSLError("record broken"), Outcome.UNKNOWN, "connection-lost"),
        (RuntimeError(f"a bug that quotes {NUMBER}"), Outcome.UNKNOWN, "adapter-error"),
    ],
)
def test_what_the_network_does_is_never_an_exception(wire: responses.RequestsMock, error: Exception, outcome: Outcome, reason: str) -> None:
    result = sent(wire, body=error)
    assert (result.outcome, result.reason) == (outcome, reason)


def test_a_closed_port_and_an_unknown_host_sent_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/version1"
    result = gateway(closed).send(TO, "x")
    assert (result.outcome, course(result)) == (Outcome.REFUSED, RETRY)


def test_a_gateway_that_takes_the_text_and_hangs_up_may_have_sent_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take_and_close() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=take_and_close, daemon=True)
        thread.start()
        result = gateway(f"http://127.0.0.1:{server.getsockname()[1]}/version1").send(TO, "x")
        thread.join(timeout=5)
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "connection-lost")


def test_an_empty_text_is_not_handed_over(wire: responses.RequestsMock) -> None:
    result = gateway().send(TO, "  ")
    assert (result.outcome, course(result)) == (Outcome.REFUSED, ALARM)
    assert not wire.calls


@pytest.mark.parametrize(
    "settings",
    [
        ("Sandbox", "a-key", None, None),
        ("sandbox ", "a-key", None, None),
        ("", "a-key", None, None),
        ("kwale", " ", None, None),
        ("kwale", "kéy", None, None),
        ("kwale", "a-key", None, "http://gateway.example/version1"),
    ],
)
def test_settings_that_would_reach_the_wrong_host_or_travel_in_clear_are_refused(settings: tuple[str, str, None, str | None]) -> None:
    with pytest.raises(ValueError, match=r"gateway|sandbox") as caught:
        AfricasTalkingGateway(*settings)
    assert "kéy" not in str(caught.value)


INBOX = {
    "SMSMessageData": {
        "Messages": [
            {"linkId": "link-2", "text": "Acha kunipiga", "to": "22123", "id": 15072, "date": "2026-03-19T08:34:18.445Z", "from": NUMBER},
            {"linkId": None, "text": "RIPOTI", "to": "22123", "id": "15071", "date": "2026-03-19 08:33:00", "from": "SAFARICOM"},
            {"text": "no id", "to": "22123", "date": "", "from": NUMBER},
            "not an entry",
            {"text": "seen before", "to": "22123", "id": 15070, "date": "2026-03-19T08:00:00Z", "from": NUMBER},
        ]
    }
}


def test_the_inbox_is_read_in_order_after_the_last_one_seen(wire: responses.RequestsMock) -> None:
    wire.get(LIVE, json=INBOX)
    first, second = gateway().fetch(15070)
    assert "lastReceivedId=15070" in str(wire.calls[0].request.url)
    assert (first.id, first.sender, first.text, first.date) == (15071, None, "RIPOTI", datetime(2026, 3, 19, 8, 33, tzinfo=UTC))
    assert (second.id, second.sender, second.link_id) == (15072, TO, "link-2")
    assert "Acha" not in repr(second)
    assert NUMBER not in repr(second)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"status": 401, "body": f"no such {NUMBER}"}, "authentication"),
        ({"status": 500, "body": ""}, "http-error"),
        ({"body": requests.ReadTimeout(NUMBER)}, "timeout"),
        ({"body": RuntimeError(NUMBER)}, "adapter-error"),
        ({"json": {"SMSMessageData": {}}}, "bad-answer"),
        ({"body": "<xml/>"}, "bad-answer"),
    ],
)
def test_an_unreadable_inbox_is_said_with_one_word_and_no_number(wire: responses.RequestsMock, reply: dict[str, object], reason: str) -> None:
    wire.get(LIVE, **reply)
    with pytest.raises(FetchFailed) as caught:
        gateway().fetch(0)
    assert caught.value.reason == reason
    assert NUMBER not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("told", "left"), [("KES 1785.50", Balance("KES", Decimal("1785.50"))), ("KES -3", Balance("KES", Decimal(-3)))])
def test_the_balance_is_read_for_the_account(wire: responses.RequestsMock, told: str, left: Balance) -> None:
    wire.get(USER, json={"UserData": {"balance": told}})
    assert gateway().balance() == left
    asked = wire.calls[0].request
    assert parse_qs(str(asked.url).split("?")[1]) == {"username": ["kwale"]}
    assert asked.headers["apiKey"] == "a-key"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"status": 401, "body": f"no such {NUMBER}"}, "authentication"),
        ({"body": requests.ReadTimeout(NUMBER)}, "timeout"),
        ({"body": RuntimeError(NUMBER)}, "adapter-error"),
        ({"json": {"UserData": {}}}, "bad-answer"),
        ({"json": {"UserData": {"balance": "plenty"}}}, "bad-answer"),
        ({"json": {"UserData": None}}, "bad-answer"),
        ({"json": []}, "bad-answer"),
        ({"body": "<xml/>"}, "bad-answer"),
    ],
)
def test_an_unreadable_balance_is_said_with_one_word(wire: responses.RequestsMock, reply: dict[str, object], reason: str) -> None:
    wire.get(USER, **reply)
    with pytest.raises(FetchFailed) as caught:
        gateway().balance()
    assert caught.value.reason == reason
    assert NUMBER not in "".join(traceback.format_exception(caught.value))
