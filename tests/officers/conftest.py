"""Officers at their phones, with a PIN set or not yet."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from referral.alerts.records import AlertRecord
from tests.conftest import Kept, settings_for
from tests.fakes import FixedClock
from tests.world import Phone, World

PIN = "482917"
CHILDREN, DESK = "co-msambweni-1", "desk-ukunda-1"
"""Who is told first of a report from Ukunda: the children's officer and the police gender desk."""


@pytest.fixture
def sqlite_world(sqlite_county: Kept, clock: FixedClock) -> Iterator[World]:
    """The service where the database makes no difference: over SQLite only."""
    world = World(settings_for(sqlite_county.fresh(f"o{random.getrandbits(64):016x}")), clock)
    yield world
    world.close()


def invite(world: World, person: str) -> str:
    with world.service.database.transaction() as session:
        return world.service.pins.invite(session, person, world.clock())


def has_pin(world: World, person: str = CHILDREN, pin: str = PIN) -> None:
    """`person` was invited and has chosen a PIN, without the screens of it, and the texts that told of it were read long ago."""
    invite(world, person)
    with world.service.database.transaction() as session:
        assert world.service.pins.choose(session, person, world.service.pins.hashed(pin), world.clock())
        session.execute(delete(AlertRecord).where(AlertRecord.key.contains("pin")))


def dial(world: World, person: str = CHILDREN) -> Phone:
    phone = world.phone(world.number_of(person))
    phone.dial("77")
    return phone


def signed_in(world: World, person: str = CHILDREN) -> Phone:
    phone = dial(world, person)
    phone.key(PIN)
    return phone
