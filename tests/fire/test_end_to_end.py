"""The service as processes, the gateway another process at AT_BASE_URL, and nothing but HTTP between them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.fire.fleet import CODE, Fleet

MARRIAGE_UKUNDA_CHIEF = ("1", "1", "4", "1", "2", "3", "1", "1")


def _until(found: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def test_a_marriage_reported_in_ukunda_with_the_chief_accused_is_alerted_and_answered(database_url: str, tmp_path: Path) -> None:
    with Fleet(database_url, tmp_path, real=True) as fleet:
        assert fleet.dial("ATUid_1", MARRIAGE_UKUNDA_CHIEF[:-1]).startswith("CON ")
        sent = fleet.dial("ATUid_1", MARRIAGE_UKUNDA_CHIEF)
        assert CODE.search(sent)
        _until(lambda: len(fleet.texts()) == 2)
        alerts = dict(fleet.texts())
        assert set(alerts) == {"+254700000102", "+254700000168"}  # the children's office of Msambweni, the gender desk for Ukunda; no chief
        one_time = re.search(r"OK (\d{4})", alerts["+254700000102"])
        assert one_time
        fleet.text("+254700000102", f"OK {one_time[1]}")
        _until(lambda: len(fleet.texts()) == 3)
        assert [words for number, words in fleet.texts() if number == "+254700000102" and "noted" in words]
