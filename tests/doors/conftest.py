from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.conftest import Kept, settings_for
from tests.fakes import FixedClock
from tests.world import World


@pytest.fixture
def sqlite_world(sqlite_county: Kept, clock: FixedClock) -> Iterator[World]:
    """The service where the database makes no difference: over SQLite only."""
    world = World(settings_for(sqlite_county.fresh(f"s{random.getrandbits(64):016x}")), clock)
    yield world
    world.close()
