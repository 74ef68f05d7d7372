"""What the gateway's room promises by itself: dates, loopback, and what a result may show."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from referral.gateway.dates import read_date
from referral.gateway.hosts import is_loopback
from referral.gateway.port import ACCEPTED, REFUSED


@pytest.mark.parametrize("text", ["2026-05-03T06:04:45Z", "2026-05-03 06:04:45", " 2026-05-03T09:04:45+03:00"])
def test_dates_of_every_known_shape_are_read_as_utc(text: str) -> None:
    assert read_date(text) == datetime(2026, 5, 3, 6, 4, 45, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-40 00:00:00", "None", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_an_unreadable_date_turns_no_text_away(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001/version1", "http://localhost/", "https://[::1]:9/", "http://127.9.9.9/"])
def test_addresses_on_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1", "ftp://127.0.0.1/", "http://127.0.0.1.example.org/", "http://localhost@example.org/", "http://[::1/", "http://0.0.0.0/"]
)
def test_addresses_that_are_not(url: str) -> None:
    assert not is_loopback(url)


def test_no_code_is_both_taken_and_refused() -> None:
    assert not set(ACCEPTED) & set(REFUSED)


def test_naming_the_gateway_loads_neither_the_library_nor_its_network_stack() -> None:
    check = "import sys, referral.gateway.africastalking; print([m for m in ('africastalking', 'requests') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
