"""A new version under callers' feet: the database is brought forward, host after host is stopped and started again, and back. Nobody notices."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Engine, select, text

from referral.alerts.records import AlertRecord
from referral.settings import SettingsError
from referral.simulator.faults import Fault, Kind
from referral.start import prepare, refuse
from referral.store import migrate
from referral.store.database import Database
from tests.conftest import settings_for
from tests.fire.fleet import CODE, Fleet, Load
from tests.fire.load import RED
from tests.fire.reckoning import MARK, reckon, settle

LEASE = 0.25
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None


def upgrade():
    op.add_column("report", sa.Column("something", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alert", sa.Column("something", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_alert_something", "alert", ["something"])
    op.create_table("something", sa.Column("id", sa.String(32), primary_key=True))


def downgrade():
    op.drop_table("something")
    op.drop_index("ix_alert_something", "alert")
    op.drop_column("alert", "something")
    op.drop_column("report", "something")
"""
"""What a migration may do while the code before it runs; tests/store proves that ours do no more."""


def test_an_upgrade_under_load_loses_nothing_and_no_caller_hears_of_it(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    following = _following(tmp_path)
    with Fleet(database_url, tmp_path, hosts=2, real=True, lease=LEASE) as fleet:
        assert fleet.balancer
        database = Database(database_url, busy_seconds=30)
        load = Load(fleet)
        load.start(callers=3)
        load.wait_for(more=5, seconds=30)
        assert fleet.dial("ATUid_under_way", RED[:4]).startswith("CON ")  # a call that begins before and ends after
        _run(database, following, migrate.upgrade, "head")
        for host in fleet.hosts:
            fleet.balancer.in_service.remove(host.port)
            for name in list(host.workers):
                host.kill_worker(name, signal.SIGTERM)
                host.start_worker()
            host.stop_web()
            load.wait_for(more=5, seconds=30)
            host.start_web()
            fleet.up()
            fleet.balancer.in_service.append(host.port)
        screens = [fleet.dial("ATUid_under_way", RED[:count]) for count in (5, 6, 7)]
        load.wait_for(more=5, seconds=30)
        _run(database, following, migrate.undo, "-1")
        load.wait_for(more=5, seconds=30)
        load.stop()
        settle(database, hurry=True)
        found = reckon(database, fleet, [*load.promised, CODE.findall(screens[-1])[0].replace(" ", "")])
        database.close()
        log = fleet.log()
    answered = {f"answers {status}": count for status, count in sorted(fleet.balancer.statuses.items())}
    for name, value in {**answered, "calls broken": load.broken, "requests asked again": fleet.balancer.asked_again, **found.figures}.items():
        record_property(name, value)
    assert not found.wrong, log[-3000:]
    assert "Traceback" not in log
    assert set(load.statuses) == {200}
    assert not [status for status in fleet.balancer.statuses if status >= 500]  # nor did the gateway, which brings the receipts
    assert (load.refusals, fleet.balancer.asked_again) == ({}, 0), log[-3000:]


def test_a_request_in_hand_is_finished_before_a_web_process_ends(database_url: str, tmp_path: Path) -> None:
    with Fleet(database_url, tmp_path, real=True) as fleet:
        database, screens = Database(database_url), []
        fleet.dial("ATUid_in_hand", RED[:-1])
        with _held(database):
            sending = threading.Thread(target=lambda: screens.append(fleet.dial("ATUid_in_hand", RED)))
            sending.start()
            time.sleep(0.7)
            fleet.hosts[0].web.send_signal(signal.SIGTERM)
            time.sleep(0.7)
            assert not screens
        sending.join(20)
        fleet.hosts[0].web.wait(20)
        database.close()
    assert CODE.search(screens[0])


def test_a_worker_that_is_stopped_finishes_the_text_in_hand_and_gives_the_rest_back(database_url: str, tmp_path: Path) -> None:
    with Fleet(database_url, tmp_path, real=True, lease=5) as fleet:  # a lease that nobody would wait for here
        database, host = Database(database_url), fleet.hosts[0]
        fleet.gateway.faults.add(Fault(Kind.SLOW, seconds=1.5, after=True))
        codes = [CODE.findall(fleet.dial(f"ATUid_{serial}", RED))[0] for serial in range(4)]
        assert fleet.book.calling(host.workers, 20)
        [name] = host.workers
        stopping = host.workers[name]
        host.kill_worker(name, signal.SIGTERM)
        assert stopping.returncode == 0
        with database.read() as session:
            rows = session.scalars(select(AlertRecord)).all()
        assert not [row for row in rows if row.claim]
        sent = len([call for call in fleet.book.calls if call.taken])
        assert len([row for row in rows if row.sent_at]) == sent > 0
        assert len([row for row in rows if row.due_at]) > 0
        fleet.gateway.faults.clear()
        host.start_worker()
        settle(database, hurry=False, patience=60)
        found = reckon(database, fleet, [code.replace(" ", "") for code in codes])
        database.close()
    assert not found.wrong
    assert len(fleet.book.calls) == len(rows)
    assert not [call for call in fleet.book.calls if MARK.match(call.words)]


def test_code_before_a_migration_starts_and_code_after_it_names_what_is_pending(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepare(settings_for(database_url))
    refuse(ready)
    following = _following(tmp_path)
    with monkeypatch.context() as newer:  # the code of tomorrow over the database of today
        newer.setattr(migrate, "_config", lambda: following)
        with pytest.raises(SettingsError, match="referral db upgrade"):
            refuse(ready)
    _run(ready.database, following, migrate.upgrade, "head")
    refuse(ready)  # the code of today over the database of tomorrow
    _run(ready.database, following, migrate.undo, "-1")
    refuse(ready)
    ready.database.close()


def _following(folder: Path) -> Config:
    """The migrations, and one that comes after them."""
    migrations = Path(shutil.copytree(migrate._FOLDER, folder / "migrations"))
    head = migrate.ScriptDirectory.from_config(migrate._config()).get_current_head()
    (migrations / "versions" / "next.py").write_text(NEXT.format(head=head), "utf-8")
    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config


def _run(database: Database, code: Config, way: Callable[[Engine, str], None], to: str) -> None:
    """What the operator of the other version runs."""
    with pytest.MonkeyPatch.context() as other:
        other.setattr(migrate, "_config", lambda: code)
        way(database.engine, to)


@contextmanager
def _held(database: Database) -> Iterator[None]:
    """Nobody else can file a report meanwhile."""
    with database.transaction() as session:
        session.execute(text("LOCK TABLE report IN EXCLUSIVE MODE" if database.dialect == "postgresql" else "SELECT 1"))
        yield
