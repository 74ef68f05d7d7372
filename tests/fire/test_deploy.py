"""The service is renewed under callers: host after host stops its processes in order and starts new ones. Nobody who was told "sent" is forgotten."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord
from referral.privacy.keys import Keys
from referral.reports.records import ReportRecord
from referral.store.database import Database
from tests.fire.fleet import CODE, Fleet, Load

BEGUN, ENDED = ("1", "1", "1", "1", "2"), ("1", "1")


def test_a_rolling_deploy_loses_no_report_and_no_call_under_way(database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with Fleet(database_url, tmp_path, hosts=2) as fleet:
        load = Load(fleet)
        load.start(callers=2)
        load.wait_for(more=5, seconds=20)
        fleet.dial(f"ATUid_{'d' * 32}", BEGUN)  # a call that begins on the old processes and ends on the new
        for host in fleet.hosts:
            host.stop_web()
            host.start_web()
            for name in list(host.workers):
                host.kill_worker(name, signal.SIGTERM)
                host.start_worker()
            fleet.up()
            load.wait_for(more=3, seconds=20)
        screen = fleet.dial(f"ATUid_{'d' * 32}", BEGUN + ENDED)
        load.stop()
        database = Database(database_url)
        waiting = _until_sent(database)
        assert "Traceback" not in fleet.log()
    [code] = CODE.findall(screen)
    promised = [*load.promised, code.replace(" ", "")]
    keys = Keys(bytes(range(32)))
    with database.read() as session:
        kept = set(session.scalars(select(ReportRecord.code_digest)))
    database.close()
    lost = [one for one in promised if keys.code_digest(one) not in kept]
    record_property("promised", len(promised))
    record_property("lost", len(lost))
    assert (len(lost), waiting) == (0, 0)
    assert len(promised) > 8


def _until_sent(database: Database) -> int:
    """How many first alerts are still to be sent when nothing moves any more."""
    waiting = -1
    for _ in range(60):
        with database.read() as session:
            waiting = session.scalar(select(func.count()).where(AlertRecord.due_at.is_not(None), AlertRecord.step == 1)) or 0
        if not waiting:
            break
        time.sleep(1)
    return waiting
