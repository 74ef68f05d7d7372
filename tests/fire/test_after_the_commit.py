"""Killed when the report is kept and before the caller has read it: asked again, another process says the same code."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, Purpose
from referral.privacy.keys import Keys
from referral.reports.records import ReportRecord
from tests.conftest import KEYRING, ROOT, START, settings_for
from tests.fakes import FixedClock
from tests.world import HOME, NOW, SEXABUSE, World

KEYS = ("6", "1", NOW, *SEXABUSE, "1", "2", *HOME, "1")
"""English; report; danger now; sexual abuse; Msambweni; Ukunda; somebody at home; send."""
CODE = re.compile(r"\d{4} \d{4} \d{4}")
CHILD = """
import os, signal, sys
from pathlib import Path
from tests.conftest import START, settings_for
from tests.fakes import FixedClock
from tests.world import World
world = World(settings_for(sys.argv[1], keyring=Path(sys.argv[2])), FixedClock(START))
phone = world.phone()
phone.dial()
for key in sys.argv[3:]:
    screen = phone.key(key)
os.kill(os.getpid(), signal.SIGKILL)  # the answer is made, and has not left the process
"""


def test_the_report_stands_and_its_code_is_said_to_who_asks_again(database_url: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD, database_url, str(KEYRING), *KEYS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert ended.stdout == ""
    world = World(settings_for(database_url), FixedClock(START))
    kept = select(func.count()).select_from(ReportRecord), select(func.count()).select_from(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)
    with world.rows() as session:
        before = [session.scalar(one) for one in kept]
        digest = session.scalars(select(ReportRecord.code_digest)).one()
    assert before[0] == 1
    assert before[1] is not None
    assert before[1] >= 2
    phone = world.phone()  # the first of its world, as the one before was: the gateway repeats the same request
    phone.dial("*".join(KEYS))
    said = CODE.search(phone.screen)
    assert said
    assert Keys(bytes(range(32))).code_digest(said[0].replace(" ", "")) == digest
    assert phone.again() == phone.screen
    with world.rows() as session:
        assert [session.scalar(one) for one in kept] == before
    world.close()
