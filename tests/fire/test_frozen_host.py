"""A host is lost in the middle of a transaction, with a report locked, and PostgreSQL hears nothing of it: played by a process that stops itself."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, LadderRecord
from referral.store.patience import STANDS_STILL
from tests.conftest import KEYRING, ROOT, START, Kept, minutes, settings_for
from tests.fakes import FixedClock
from tests.world import World, sent

CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import text
from referral.store.health import NotNow
from tests.conftest import START, settings_for
from tests.fakes import FixedClock
from tests.world import World
world = World(settings_for(sys.argv[1], keyring=Path(sys.argv[2])), FixedClock(START))
service = world.service
with service.database.transaction() as session:
    (due, *_) = service.outbox.claim(session, START, 4)
try:
    with service.database.transaction() as session:
        service.letters().make(session, due, START)
        session.flush()
        print("holds", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        session.execute(text("SELECT 1"))
except NotNow as error:
    print(error.trouble, flush=True)
print(service.database.health.wait(5), world._worker.round() >= 0, flush=True)
"""


@pytest.fixture
def url(postgres_county: Kept) -> Iterator[str]:
    name = f"t{random.getrandbits(64):016x}"
    yield postgres_county.fresh(name)
    postgres_county.drop(name)


def told_of(world: World) -> set[str | None]:
    """The reports of which somebody has been told."""
    with world.rows() as session:
        return set(session.scalars(select(AlertRecord.report).where(AlertRecord.sent_at.is_not(None))))


def test_a_host_that_stands_still_with_a_report_locked_holds_up_only_that_and_not_for_long(url: str, record_property: Callable[[str, object], None]) -> None:
    world = World(settings_for(url), FixedClock(START))
    sent(world.phone())
    with standing_still(url) as lost:
        looked_at(world, lost, record_property)
    world.close()


@contextmanager
def standing_still(url: str) -> Iterator[subprocess.Popen[str]]:
    lost = subprocess.Popen([sys.executable, "-c", CHILD, url, str(KEYRING)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert lost.stdout is not None
    try:
        assert lost.stdout.readline() == "holds\n"
        yield lost
    finally:
        lost.kill()
        lost.wait()


def looked_at(world: World, lost: subprocess.Popen[str], record_property: Callable[[str, object], None]) -> None:
    began = time.monotonic()
    with world.rows() as session:
        held = session.scalars(select(LadderRecord.report)).one()
    sent(world.phone("+254700000002"))
    world.clock.turn(minutes(16))  # its lease is over, and both reports have a step to take
    world.work()
    others = time.monotonic() - began
    with world.rows() as session:
        steps = {ladder.report: ladder.step for ladder in session.scalars(select(LadderRecord))}
    assert {report == held: step for report, step in steps.items()} == {True: 1, False: 2}
    while held not in told_of(world):
        time.sleep(0.2)
        world.clock.turn(minutes(1 / 60))
        world.work()
    freed = time.monotonic() - began
    os.kill(lost.pid, signal.SIGCONT)
    said, _ = lost.communicate(timeout=30)
    record_property("a report of a host that stands still was free again after, s", round(freed, 1))
    assert others < STANDS_STILL - 3, "nobody waited for it"
    assert freed < STANDS_STILL + 5
    assert said.split() == ["away", "True", "True"], "it wrote nothing, and goes on"
