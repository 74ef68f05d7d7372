"""A world with reports, alerts, letters and an audit in it, and the keys it was made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from referral.backup.making import Made, make
from referral.service import Service
from tests.conftest import settings_for
from tests.world import LABOUR, MARRIAGE, POLICE, World, sent

Empty = Callable[[str], str]


@pytest.fixture
def lived(world: World) -> World:
    """A morning of the service: two reports told and answered for, a third just in, a dialogue half way."""
    sent(world.phone("+254700000001"))
    sent(world.phone("+254700000002"), concern=MARRIAGE, who=POLICE)
    world.work()
    sent(world.phone("+254700000003"), concern=LABOUR)
    world.phone("+254700000004").dial()
    world.text("+254700000005", "mtoto anapigwa")
    return world


@pytest.fixture
def made(lived: World, tmp_path: Path) -> Made:
    return backup_of(lived.service, tmp_path / "backups", lived)


def backup_of(service: Service, folder: Path, world: World) -> Made:
    return make(service.database, service.keys.backups, service.sealer, folder, world.clock.now)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    from sqlalchemy import create_engine, make_url, text

    server = make_url(request.getfixturevalue("postgres"))
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text('DROP DATABASE IF EXISTS "empty" WITH (FORCE)'))
        connection.execute(text('CREATE DATABASE "empty"'))
    engine.dispose()
    yield server.set(database="empty").render_as_string(hide_password=False)


__all__ = ["backup_of", "empty_place", "lived", "made", "settings_for"]
