"""What was promised is kept, whoever is killed: web processes and workers, fifty times under load, on both databases."""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, Purpose
from referral.privacy.keys import Keys
from referral.reports.records import ReportRecord
from referral.store.database import Database
from tests.fire.fleet import LEASE_MINUTES, Fleet, Load

KILLS = int(os.environ.get("REFERRAL_STORM_KILLS", "50"))
NUMBER = re.compile(r"REFERRAL (\d{6})")
MARK = re.compile(r"^\((?:again|rudia)\)")


def test_a_report_that_was_said_to_be_sent_is_there_with_its_alerts_whoever_is_killed(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    choice = random.Random(11)
    with Fleet(database_url, tmp_path) as fleet:
        load = Load(fleet)
        load.start(callers=3)
        for _ in range(KILLS):
            load.wait_for(more=choice.randrange(1, 6), seconds=3)
            time.sleep(choice.uniform(0, 0.05))  # anywhere within a request, not only between two
            fleet.kill_one(choice)
        time.sleep(1)
        load.stop()
        database = Database(database_url)
        _wait_until_sent(database)
        texts = fleet.texts()
        assert "Traceback" not in fleet.log()
    promised = load.promised
    assert len(promised) > KILLS  # the storm met real work

    keys = Keys(bytes(range(32)))
    with database.read() as session:
        kept = {digest: (id_, number) for id_, number, digest in session.execute(select(ReportRecord.id, ReportRecord.number, ReportRecord.code_digest))}
        alerts = Counter(session.scalars(select(AlertRecord.report).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.sent_at.is_not(None))))
    database.close()
    lost = [code for code in promised if keys.code_digest(code) not in kept]
    unalerted = [number for id_, number in kept.values() if alerts[id_] < 2]
    said = [(number, text) for number, text in texts if NUMBER.search(text)]
    strangers = {found[1] for _, text in said if (found := NUMBER.search(text))} - {number for _, number in kept.values()}
    twice = Counter((number, NUMBER.search(text)[1]) for number, text in said if not MARK.match(text))  # type: ignore[index]  # each holds one
    figures = {
        "promised": len(promised), "lost": len(lost), "reports": len(kept), "without two alerts": len(unalerted), "texts": len(said),
        "texts for no report": len(strangers), "marked repeats": sum(bool(MARK.match(text)) for _, text in said),
        "unmarked repeats": sum(count - 1 for count in twice.values()), **{f"{who} killed": count for who, count in fleet.kills.items()},
    }  # fmt: skip
    for name, value in figures.items():
        record_property(name, value)
    assert not lost
    assert not unalerted
    assert not strangers
    assert figures["unmarked repeats"] == 0


def _wait_until_sent(database: Database, patience: float = 120.0) -> None:
    """Until no alert is due: what dead workers held comes back when its lease is over."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        time.sleep(LEASE_MINUTES * 60 / 4)
        with database.read() as session:
            waiting = session.scalar(select(func.count()).select_from(AlertRecord).where(AlertRecord.due_at.is_not(None), AlertRecord.step == 1))
        if not waiting:
            return
    raise AssertionError(f"{waiting} alerts were never sent")
