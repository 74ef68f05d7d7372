"""Recorded answers, byte for byte, through the real library: what the service makes of each, and what it asks."""

from __future__ import annotations

import inspect
import io
import logging
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
import structlog
from africastalking.Service import DEFAULT_TIMEOUT_S
from africastalking.SMS import SMSService

from referral.dispatch.policy_of_codes import BY_CODE, Course, Road, Text, course
from referral.gateway.africastalking import AfricasTalkingGateway
from referral.gateway.answers import Patience
from referral.gateway.port import REFUSED, Arrived, FetchFailed, Outcome, Sending
from referral.privacy.logs import configure
from referral.vocabulary.phone import PhoneNumber

from .courses import ALARM, RECEIPT, RETRY, SENT
from .player import RECORDED, Player, playing, recorded

NUMBER = "+254700000123"
TO = PhoneNumber(NUMBER)
TEXT = "REFERRAL 482193 RED\nReply OK 7391 & go"
ID = "ATXid_0123456789abcdef0123456789abcdef"
TAKEN = Sending(Outcome.ACCEPTED, 101, ID, "KES 0.8000", 1, "Sent")
UNREADABLE = Sending(Outcome.UNKNOWN, reason="bad-answer")
BROKEN_OFF = Sending(Outcome.UNKNOWN, reason="connection-lost")
MAYBE = Sending(Outcome.UNKNOWN, reason="http-error")
NO = Sending(Outcome.REFUSED, reason="http-error")

EXPECTED: dict[str, tuple[Sending, Course]] = {
    **dict.fromkeys(
        (
            *("taken-101", "taken-200-ok", "taken-code-as-digits", "taken-charset", "taken-text-html", "taken-no-type", "taken-keep-alive"),
            *("taken-chunked", "taken-after-continue", "taken-until-close", "taken-bom"),
        ),
        (TAKEN, SENT),
    ),
    "taken-100": (Sending(Outcome.ACCEPTED, 100, ID, "KES 0.8000", 1, "Processed"), SENT),
    "taken-102": (Sending(Outcome.ACCEPTED, 102, ID, "KES 0.8000", 1, "Queued"), SENT),
    "taken-long": (Sending(Outcome.ACCEPTED, 101, ID, "KES 4.0000", 5, "Sent"), SENT),
    "taken-without-parts": (Sending(Outcome.ACCEPTED, 101, ID, "KES 0.8000", None, "Sent"), SENT),
    "taken-cost-0": (Sending(Outcome.ACCEPTED, 101, ID, "0", 1, "Sent"), SENT),
    "taken-id-none": (Sending(Outcome.ACCEPTED, 101, None, "KES 0.8000", 1, "Sent"), SENT),
    "unlisted-103": (Sending(Outcome.UNKNOWN, 103, ID, "KES 0.8000", 1, "unlisted-code"), Course(Text.RECEIPT, Road.ANSWERS)),
    **{f"refused-{code}": (Sending(Outcome.REFUSED, code, None, "0", None, word), BY_CODE[code]) for code, word in REFUSED.items()},
    "refused-408": (Sending(Outcome.REFUSED, 408, None, "0", None, "unlisted-code"), ALARM),
    "nobody-invalid-sender": (Sending(Outcome.REFUSED, 402, reason="InvalidSenderId"), ALARM),
    "nobody-sentence": (Sending(Outcome.REFUSED, reason="no-recipient"), ALARM),
    "nobody-no-message": (Sending(Outcome.REFUSED, reason="no-recipient"), ALARM),
    **dict.fromkeys(("http-400-quoting", "http-404", "http-302"), (NO, ALARM)),
    **dict.fromkeys(("http-401", "http-403"), (Sending(Outcome.REFUSED, reason="authentication"), ALARM)),
    "http-429": (Sending(Outcome.REFUSED, reason="rate-limited"), RETRY),
    **dict.fromkeys(("http-408", "http-500-quoting", "http-502", "http-503", "http-504", "http-503-with-a-body-like-201"), (MAYBE, RECEIPT)),
    **dict.fromkeys(
        (
            *("two-recipients", "xml", "html-200", "empty-201", "no-content-204", "json-null", "json-list", "json-cut", "json-no-code"),
            *("json-recipient-is-text", "headers-cut", "headers-quoting"),
        ),
        (UNREADABLE, RECEIPT),
    ),
    **dict.fromkeys(("body-cut", "chunks-cut", "not-http", "nothing"), (BROKEN_OFF, RECEIPT)),
}
INBOXES = {
    "inbox-401": "authentication",
    "inbox-500-quoting": "http-error",
    "inbox-html": "bad-answer",
    "inbox-cut": "connection-lost",
    "inbox-null": "bad-answer",
}
QUOTES_INTO_A_LOG = "headers-quoting"
SOON = Patience(connect=0.5, read=0.5, whole=2.0)


def gateway(player: Player, patience: Patience | None = None) -> AfricasTalkingGateway:
    return AfricasTalkingGateway("kwale", "a-key", "22123", player.url, patience=patience or Patience())


@pytest.mark.parametrize("name", EXPECTED)
def test_each_recorded_answer_is_understood(name: str) -> None:
    with playing(recorded(name)) as player:
        result = gateway(player).send(TO, TEXT)
    assert (result, course(result)) == EXPECTED[name]
    assert len(player.heard) == 1


def test_no_recording_is_left_out() -> None:
    assert {path.stem for path in RECORDED.glob("*.http")} == {*EXPECTED, *INBOXES, "inbox-three", "inbox-empty"}


def test_the_library_asks_for_one_text_exactly_so() -> None:
    with playing(recorded("taken-101")) as player:
        gateway(player).send(TO, TEXT)
    head, _, body = player.heard[0].decode("ascii").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert first == "POST /version1/messaging HTTP/1.1"
    # No cookie, no key of ours, and no promise that a repeat would be recognised: the gateway has none to give for texts.
    assert set(headers) == {"host", "user-agent", "accept-encoding", "accept", "connection", "apikey", "content-length", "content-type"}
    assert (headers["apikey"], headers["accept"], headers["content-type"]) == ("a-key", "application/json", "application/x-www-form-urlencoded")
    assert headers["user-agent"].startswith("africastalking-python/")
    # Nor `enqueue`: left out, the gateway's own default holds.
    assert parse_qsl(body, strict_parsing=True) == [("username", "kwale"), ("to", NUMBER), ("message", TEXT), ("bulkSMSMode", "1"), ("from", "22123")]
    assert "to=%2B254700000123" in body


def test_the_inbox_is_asked_for_exactly_so() -> None:
    with playing(recorded("inbox-empty")) as player:
        assert gateway(player).fetch(15070) == []
    head, _, body = player.heard[0].decode("ascii").partition("\r\n\r\n")
    assert head.startswith("GET /version1/messaging?username=kwale&lastReceivedId=15070 HTTP/1.1\r\n")
    assert body == ""


def test_the_recorded_inbox_is_understood() -> None:
    with playing(recorded("inbox-three")) as player:
        texts = gateway(player).fetch(0)
    assert texts == [
        Arrived(15071, TO, "22123", "RIPOTI", datetime(2026, 3, 4, 6, 59, tzinfo=UTC), "SampleLinkId123"),
        Arrived(15072, PhoneNumber("+254700000124"), "22123", "OK 7391", datetime(2026, 3, 4, 6, 59, 30, tzinfo=UTC), None),
        Arrived(15073, None, "22123", "Hidden sender", None, None),
    ]


@pytest.mark.parametrize(("name", "reason"), INBOXES.items())
def test_an_unreadable_inbox_is_one_word(name: str, reason: str) -> None:
    with playing(recorded(name)) as player, pytest.raises(FetchFailed) as caught:
        gateway(player).fetch(0)
    assert caught.value.reason == reason


def test_our_waits_are_the_librarys_own_and_the_end_is_beyond_them() -> None:
    patience = Patience()
    assert (patience.connect, patience.read) == DEFAULT_TIMEOUT_S == inspect.signature(SMSService.send).parameters["timeout"].default
    assert patience.connect + patience.read < patience.whole < 15


def test_a_gateway_that_never_answers_is_given_up_and_may_have_the_text() -> None:
    with playing(b"", holds=True) as player:
        started = time.monotonic()
        result = gateway(player, SOON).send(TO, TEXT)
        assert time.monotonic() - started < 5
    assert result == Sending(Outcome.UNKNOWN, reason="timeout")


@pytest.mark.parametrize("name", ["taken-101", "taken-chunked", "html-200"])
def test_a_gateway_that_trickles_is_given_up_when_the_time_is_over(name: str) -> None:
    """No wait for a single byte is long enough to be given up: only the whole is."""
    with playing(recorded(name), slowly=0.2) as player:
        started = time.monotonic()
        result = gateway(player, SOON).send(TO, TEXT)
        assert 1.5 < time.monotonic() - started < 6
    assert result == Sending(Outcome.UNKNOWN, reason="timeout")


def test_an_inbox_that_trickles_is_given_up_too() -> None:
    with playing(recorded("inbox-three"), slowly=0.2) as player, pytest.raises(FetchFailed, match="timeout"):
        gateway(player, SOON).fetch(0)


def test_a_gateway_that_cannot_be_reached_has_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first, socket.socket() as second:
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        time.sleep(0.1)
        player = Player((), port=full.getsockname()[1])
        result = gateway(player, SOON).send(TO, TEXT)
    assert (result.outcome, result.reason, course(result)) == (Outcome.REFUSED, "no-connection", RETRY)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["silence", "no TLS"])
def test_a_gateway_that_never_finishes_the_encryption_has_nothing(answer: bytes) -> None:
    with playing(answer, holds=not answer, deaf=True) as player:
        result = AfricasTalkingGateway("kwale", "a-key", "22123", player.url.replace("http:", "https:"), patience=SOON).send(TO, TEXT)
    assert (result.outcome, result.reason, course(result)) == (Outcome.REFUSED, "no-connection", RETRY)


def test_a_connection_kept_open_and_closed_under_us_loses_no_text() -> None:
    """Each text has a connection of its own, so none is ever written into one that is just being closed."""
    with playing(recorded("taken-keep-alive"), recorded("taken-keep-alive"), recorded("nothing"), recorded("taken-101")) as player:
        one = gateway(player)
        assert [one.send(TO, TEXT).outcome for _ in range(4)] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.ACCEPTED]
    assert len(player.heard) == 4


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    with playing(recorded("taken-101"), b"", holds=True) as player:
        gateway(player, SOON).send(TO, TEXT)
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


@contextmanager
def logs_of_the_service(into: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as a process of the service has it, and as it was afterwards."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", into)
        configure("debug")
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**before)


def test_what_the_library_itself_logs_of_a_broken_answer_loses_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    with playing(recorded(QUOTES_INTO_A_LOG)) as player, logs_of_the_service(written, monkeypatch):
        assert gateway(player).send(TO, TEXT) == UNREADABLE
    assert "urllib3" in written.getvalue()
    assert "700000123" not in written.getvalue()


@pytest.mark.parametrize("name", [*sorted(EXPECTED.keys() - {QUOTES_INTO_A_LOG}), *INBOXES, "inbox-three"])
def test_no_answer_puts_a_number_or_a_text_into_a_log_or_an_exception(name: str, caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged, playing(recorded(name)) as player:
        one = gateway(player)
        try:
            said.append(repr(one.fetch(0) if name.startswith("inbox") else one.send(TO, TEXT)))
        except FetchFailed as error:
            said += ["".join(traceback.format_exception(error)), repr(error.__context__), repr(error.__cause__)]
    everything = "\n".join([*said, caplog.text, *map(str, logged)])
    for secret in (NUMBER, NUMBER[1:], "700000123", "700000124", "482193", "a-key"):
        assert secret not in everything
