"""The county's own data, as the service has it after loading: the rules are proven over what ships, not over an example."""

from __future__ import annotations

import hmac
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from referral.directory.importer import load
from referral.directory.snapshot import Roster, read_roster
from referral.routing.policy import Policy, parse_policy
from referral.routing.table import Table, parse_table
from referral.store.base import Base
from referral.store.database import Database

KWALE = Path(__file__).parents[2] / "config" / "kwale"
LOADED = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def table() -> Table:
    return parse_table(tomllib.loads((KWALE / "routing.toml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def policy() -> Policy:
    return parse_policy(tomllib.loads((KWALE / "policy.toml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def kwale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roster]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('kwale') / 'kwale.db'}")
    Base.metadata.create_all(database.engine)
    with database.transaction() as session:
        load(
            session,
            KWALE,
            seal_number=lambda person, number: b"sealed for " + person.encode(),
            tag_number=lambda number: hmac.digest(b"test", number.reveal().encode(), "sha256"),
            now=LOADED,
        )
    with database.read() as session:
        yield read_roster(session)
    database.close()
