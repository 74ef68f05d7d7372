"""The service as processes, the gateway another process at AT_BASE_URL, and nothing but HTTP between them."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.fire.fleet import CODE, ROOT, Fleet

MARRIAGE_UKUNDA_CHIEF = ("1", "1", "4", "1", "2", "3", "1", "1")
CHIEFS = {"chief", "assistant_chief"}


def _until(fleet: Fleet, found: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, f"it did not come: {fleet.texts()} {fleet.log()[-2000:]}"
        time.sleep(0.1)


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "config" / "kwale" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _roles() -> dict[str, set[str]]:
    """Which roles stand behind each sample number: who is on duty, and so who is told, depends on the hour at which the suite runs."""
    role_of = {row["id"]: row["role"] for row in _rows("offices.csv")}
    found: dict[str, set[str]] = {}
    for row in _rows("people.sample.csv"):
        found.setdefault(row["number"], set()).add(role_of[row["office"]])
    return found


def test_a_marriage_reported_in_ukunda_with_the_chief_accused_is_alerted_and_answered(database_url: str, tmp_path: Path) -> None:
    with Fleet(database_url, tmp_path, real=True) as fleet:
        assert fleet.dial("ATUid_1", MARRIAGE_UKUNDA_CHIEF[:-1]).startswith("CON ")
        sent = fleet.dial("ATUid_1", MARRIAGE_UKUNDA_CHIEF)
        assert CODE.search(sent)
        _until(fleet, lambda: len(fleet.texts()) == 2)
        alerts, roles = dict(fleet.texts()), _roles()
        told = [roles[number] for number in alerts]
        assert len(told) == 2  # two people
        assert not told[0] & told[1]  # of two institutions
        assert not CHIEFS & set().union(*told)  # and never the accused
        first = next(iter(alerts))
        one_time = re.search(r"OK (\d{4})", alerts[first])
        assert one_time
        fleet.text(first, f"OK {one_time[1]}")
        _until(fleet, lambda: len([words for number, words in fleet.texts() if number == first]) == 2)  # the answer is answered
