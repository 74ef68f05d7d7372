"""The gateway's inbox beside its callbacks: a lost callback loses nothing, and where the inbox is required a forged one does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.gateway.port import Arrived
from referral.intake.records import TextRecord
from referral.settings import SmsPull
from referral.vocabulary.phone import PhoneNumber
from tests.conftest import settings_for
from tests.fakes import FixedClock
from tests.world import World

CHILD = "+254700000001"


@pytest.fixture
def careful(database_url: str, clock: FixedClock) -> Iterator[World]:
    """A service for which a text counts only once it has been seen in the gateway's inbox."""
    world = World(replace(settings_for(database_url), sms_pull=SmsPull.REQUIRED), clock)
    yield world
    world.close()


def in_the_inbox(world: World, words: str, id_: int = 1) -> None:
    world.gateway.inbox.append(Arrived(id_, PhoneNumber(CHILD), "22384", words, world.clock.now))


def test_a_text_whose_callback_was_lost_is_answered_within_two_minutes(world: World) -> None:
    world.work()
    in_the_inbox(world, "HAKI")
    world.wait(timedelta(minutes=2))
    assert len(world.gateway.sent) == 1


def test_a_text_that_came_both_ways_is_one_text(world: World) -> None:
    world.text(CHILD, "HAKI")
    in_the_inbox(world, "HAKI")
    world.wait(timedelta(minutes=8))
    in_the_inbox(world, "HAKI", id_=2)  # the same words later are another text
    world.wait(timedelta(minutes=2))
    assert len(world.gateway.sent) == 2


def test_a_late_callback_of_a_text_read_in_the_inbox_changes_nothing(world: World) -> None:
    in_the_inbox(world, "HAKI")
    came = world.clock.now
    world.wait(timedelta(minutes=2))
    world.wait(timedelta(minutes=30))
    form = {"from": CHILD, "to": "22384", "text": "HAKI", "date": f"{came:%Y-%m-%dT%H:%M:%S}Z", "id": "late"}
    world.post(f"/sms/{world.sms_token}/inbound", form)
    world.work()
    assert len(world.gateway.sent) == 1


def test_a_forged_callback_does_nothing_where_the_inbox_is_required(careful: World) -> None:
    careful.text(CHILD, "msaada Ukunda")
    careful.wait(timedelta(minutes=30))
    assert not careful.gateway.sent
    with careful.rows() as session:
        assert session.scalars(select(TextRecord.sealed)).all() == [None]


def test_a_true_one_counts_as_soon_as_it_is_seen_there(careful: World) -> None:
    careful.work()
    careful.text(CHILD, "msaada Ukunda")
    in_the_inbox(careful, "msaada Ukunda")
    careful.wait(timedelta(minutes=2))
    assert [text for _, text in careful.gateway.sent if "RED" in text]


@pytest.mark.parametrize("shape", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.445Z", "yesterday", ""])
def test_the_gateways_dates_come_in_several_shapes_and_none_is_refused(world: World, shape: str) -> None:
    form = {"from": CHILD, "to": "22384", "text": "HAKI", "date": world.clock.now.strftime(shape), "id": "one"}
    world.post(f"/sms/{world.sms_token}/inbound", form)
    world.work()
    assert len(world.gateway.sent) == 1
