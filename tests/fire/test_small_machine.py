"""A small machine, a far database, many callers: slow is allowed, wrong is not."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from referral.store.database import Database
from tests.conftest import Kept
from tests.fire.fleet import Fleet, Load
from tests.fire.load import HIGH, RED, callers
from tests.fire.reckoning import reckon, settle
from tests.fire.slow_road import SlowRoad

AT_ONCE = int(os.environ.get("REFERRAL_AT_ONCE", "60"))
THINK = max(2.0, AT_ONCE / 100)
"""Seconds at most before a key. A crowd that presses all its keys at once is no crowd of people: two thousand think for ten seconds each."""
FAR = 0.3
"""Seconds that a statement takes to the database and back."""


@contextmanager
def one_core() -> Iterator[None]:
    """What is started inside has one core of the machine, with everything else that runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def slow(took: list[float], share: float) -> float:
    """What `share` of a hundred answers stayed below, in seconds."""
    return round(statistics.quantiles(took, n=100)[int(share) - 1], 2)


def test_on_one_core_callers_wait_and_nothing_is_wrong(sqlite_county: Kept, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """A web process and the worker are killed on the way, as a machine does that runs out of memory."""
    url, choice = sqlite_county.fresh(f"core-{tmp_path.name}"), random.Random(3)
    with one_core():
        fleet = Fleet(url, tmp_path, real=True)
    with fleet:
        load = Load(fleet, scripts=(RED, HIGH))
        load.start(callers=4)
        for _ in range(2):
            load.wait_for(more=6, seconds=60)
            fleet.kill_one(choice)
        load.wait_for(more=6, seconds=60)
        load.stop()
        database = Database(url)
        settle(database, hurry=True)
        found = reckon(database, fleet, load.promised)
        database.close()
    figures = {"answers": len(load.took), "95 of 100 within, s": slow(load.took, 95), **found.figures}
    for name, value in figures.items():
        record_property(name, value)
    assert slow(load.took, 95) < 5
    assert not load.refusals.keys() - {""}  # a broken connection is asked again; no screen ended a call that was none
    assert not found.wrong


def test_three_hundred_milliseconds_from_the_database_a_report_is_sent(
    postgres_county: Kept, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    name = f"t{random.getrandbits(64):016x}"
    url = postgres_county.fresh(name)
    with SlowRoad(url) as road, Fleet(road.url, tmp_path, real=True) as fleet:
        load = Load(fleet, scripts=(RED,))
        load.start(callers=1)
        load.wait_for(more=2, seconds=60)
        road.seconds = FAR
        before, known = len(load.promised), len(load.took)
        load.wait_for(more=4, seconds=120)
        took = load.took[known + 2 :]  # a call that was under way is half of each
        promised = len(load.promised) - before
        road.seconds = 0.0
        load.stop()
        database = Database(url)
        settle(database, hurry=True)
        found = reckon(database, fleet, load.promised)
        database.close()
    postgres_county.drop(name)
    for what, value in {"promised from afar": promised, "median key, s": round(statistics.median(took), 2), "slowest key, s": round(max(took), 2)}.items():
        record_property(what, value)
    assert promised >= 4
    assert max(took) < 8  # the gateway hangs up after ten
    assert slow(took, 85) < 5
    assert not load.refusals
    assert not found.wrong


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_callers_at_once_each_have_their_own(database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Each thinks before a key, a second or more, and is shown what a caller who has the service alone is shown for the same keys."""
    took: list[float] = []
    wrong: list[str] = []
    with Fleet(database_url, tmp_path) as fleet:
        alone = [list(_call(fleet, f"ATUid_alone{kind}", keys, [], think=0)) for kind, keys in enumerate(KEYS)]

        def caller(serial: int) -> None:
            kind = serial % len(KEYS)
            try:
                if list(_call(fleet, f"ATUid_once{serial}", KEYS[kind], took, think=THINK)) != alone[kind]:
                    wrong.append(f"{serial} was shown somebody else's")
            except requests.RequestException as error:
                wrong.append(f"{serial}: {type(error).__name__}")

        threads = [threading.Thread(target=caller, args=(serial,)) for serial in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
    record_property("callers at once", AT_ONCE)
    record_property("answers", len(took))
    record_property("95 of 100 within, s", slow(took, 95))
    assert wrong == []
    assert len({tuple(screens) for screens in alone}) == len(KEYS)
    assert slow(took, 95) < 5


KEYS = tuple((*language, "1", "3", "2", county, "1") for language in ((), ("6",)) for county in "1234")
"""In each language, of each sub-county, the first ward: the screens of these calls differ."""


def _call(fleet: Fleet, session: str, keys: tuple[str, ...], took: list[float], *, think: float) -> Iterator[str]:
    choice = random.Random(session)
    number = choice.choice(callers())
    for count in range(len(keys) + 1):
        time.sleep(choice.uniform(0, think))
        form = {"sessionId": session, "phoneNumber": number, "networkCode": "63902", "serviceCode": "*384*96#", "text": "*".join(keys[:count])}
        began = time.monotonic()
        answer = requests.post(fleet.ussd, data=form, timeout=10)
        took.append(time.monotonic() - began)
        yield f"{answer.status_code} {answer.text}"
