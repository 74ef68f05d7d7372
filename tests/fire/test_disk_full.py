"""The disk is full: nothing can be written, by the web processes, the worker or their logs. Callers hear whom to call; nothing promised is lost.

A limit on the size of files is set on the living processes, so that it works for anybody and ends as it began, without a restart: what is written
beyond it fails as on a full disk (EFBIG for ENOSPC). PostgreSQL's own answer to a disk that is nearly full, wherever it is somebody's service, is to
take no writes any more: that is played by its setting. `REFERRAL_OUTAGE_SECONDS` makes it last longer than the few seconds of the suite.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, func, select, text

from referral.intake.records import TextRecord
from referral.store.database import Database
from tests.fire.fleet import Fleet, Load
from tests.fire.outage import Phones, address, back, everybody_lives, help_is_shown, kept_once, lines_about_it, nothing_is_promised
from tests.fire.reckoning import reckon, settle

SECONDS = float(os.environ.get("REFERRAL_OUTAGE_SECONDS", "3"))
ROOM = 4096
"""Bytes: less than the smallest thing that a database writes."""


@contextmanager
def full(fleet: Fleet, url: str) -> Iterator[None]:
    """While entered, nothing can be written."""
    if url.startswith("sqlite"):
        pids = [pid for host in fleet.hosts for pid in (host.web.pid, *host.web_processes(), *(one.pid for one in host.workers.values()))]
        before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
        for pid, (_, hard) in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM, hard))
        try:
            yield
        finally:
            for pid, limits in before.items():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as server:
            server.execute(text("ALTER SYSTEM SET default_transaction_read_only = on"))
            server.execute(text("SELECT pg_reload_conf()"))
        yield
    finally:
        with engine.connect() as server:
            server.execute(text("SET default_transaction_read_only = off"))
            server.execute(text("ALTER SYSTEM RESET default_transaction_read_only"))
            server.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()


def texts_kept(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(TextRecord)) or 0


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_callers_hear_whom_to_call_and_nothing_promised_is_lost(database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with Fleet(database_url, tmp_path, real=True) as fleet:
        database, load, phones = Database(database_url), Load(fleet), Phones(fleet)
        load.start(callers=2)
        load.wait_for(more=8, seconds=30)
        lines = lines_about_it(fleet)
        with full(fleet, database_url):
            time.sleep(1)  # what was under way is over
            promised, began = len(load.promised), time.monotonic()
            nothing_is_promised(fleet, phones)
            fleet.text("+254700000778", "mtoto anapigwa Ukunda")
            assert "km" in help_is_shown(phones, "ATUid_help")
            assert requests.get(address(fleet, "/directory/services"), timeout=20).status_code == 200
            time.sleep(max(0.0, SECONDS - (time.monotonic() - began)))
            nothing_is_promised(fleet, phones)
            assert len(load.promised) == promised
            assert everybody_lives(fleet)
            assert texts_kept(database) == 0
        after = back(fleet, load)
        load.stop()
        assert kept_once(fleet, "+254700000778", lambda: texts_kept(database)) == 1
        settle(database, hurry=True)
        found = reckon(database, fleet, load.promised)
        database.close()
        said = lines_about_it(fleet) - lines
        assert "Traceback" not in fleet.log()
    figures = {
        "seconds without a disk": SECONDS,
        "served again after, s": after,
        "slowest answer, s": round(max(*phones.took, load.slowest), 1),
        "log lines": said,
    }
    for name, value in {**figures, **found.figures}.items():
        record_property(name, value)
    assert set(load.statuses) == {200}
    assert max(*phones.took, load.slowest) < 8
    assert said < 25
    assert found.wrong == {}
