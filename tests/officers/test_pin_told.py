"""Nobody becomes an officer unseen: an invitation, and a PIN that is set, is told to the officer and to somebody over them."""

from __future__ import annotations

import json

from sqlalchemy import select

from referral.privacy.audit import Action, AuditRecord
from tests.officers.conftest import CHILDREN, PIN
from tests.world import World

DESK, OTHER = "triage-desk-1", "triage-desk-2"


def told(world: World, person: str) -> int:
    world.work()
    return sum(to == world.number_of(person) and "PIN" in words for to, words in world.gateway.sent)


def invited(world: World, person: str, by: str) -> None:
    with world.service.database.transaction() as session:
        world.service.pins.invite(session, person, world.clock(), by)


def test_an_invitation_is_told_to_the_officer_and_to_whoever_is_over_them_and_says_who_made_it(sqlite_world: World) -> None:
    world = sqlite_world
    over = world.service.pins.oversight.over(CHILDREN, world.clock())
    assert over is not None
    assert over.office.id == "co-kwale"
    invited(world, CHILDREN, DESK)
    assert (told(world, CHILDREN), told(world, over.person)) == (1, 1)
    with world.rows() as session:
        entry = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.PIN_INVITED)).one()
    assert (entry.actor, json.loads(entry.details)) == (DESK, {"person": CHILDREN})


def test_a_pin_that_is_set_is_told_again(sqlite_world: World) -> None:
    world = sqlite_world
    invited(world, CHILDREN, DESK)
    with world.service.database.transaction() as session:
        assert world.service.pins.choose(session, CHILDREN, world.service.pins.hashed(PIN), world.clock())
    assert told(world, CHILDREN) == 2
    assert not any(PIN in words for _, words in world.gateway.sent)


def test_it_is_not_told_to_the_one_who_made_it_where_there_is_somebody_else(sqlite_world: World) -> None:
    """The desk has nobody over it but its own people."""
    invited(sqlite_world, "triage-desk-3", DESK)
    assert (told(sqlite_world, DESK), told(sqlite_world, OTHER)) == (0, 1)


def test_only_who_is_on_the_roster_with_a_pin_can_be_asked_who_they_are(sqlite_world: World) -> None:
    pins = sqlite_world.service.pins
    assert not pins.anybody()
    invited(sqlite_world, CHILDREN, "operator")
    assert not pins.anybody(), "an invitation proves nobody"
    with sqlite_world.service.database.transaction() as session:
        pins.choose(session, CHILDREN, pins.hashed(PIN), sqlite_world.clock())
    assert (pins.anybody(), pins.anybody(besides=CHILDREN)) == (True, False)
