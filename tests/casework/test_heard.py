"""Letters of an officer whom the report accuses later, who is suspended, has left or said no, no longer reach the reporter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from referral.directory import people
from referral.reports.letter_records import LetterState
from referral.vocabulary.letters import Template
from referral.vocabulary.report import Accused
from tests.casework.test_mailbox import WORDS, letter, settle, waiting, write
from tests.casework.test_relay import OFFICER, alert_id, consented
from tests.casework.test_reveal import desk
from tests.world import World, on_sqlite


def leave(world: World) -> None:
    """A ready-made letter of the officer's."""
    with world.service.database.transaction() as session:
        assert world.service.officers_menu.mail.write(session, OFFICER, alert_id(session), Template.SAFE_NOW, world.clock())


def read_by_reporter(world: World, report: str) -> tuple[list[str], int]:
    """What the holder of the code is shown, and how many of it are new."""
    with world.service.database.transaction() as session:
        box, now = world.service.mailbox, world.clock()
        shown, unread = box.for_reporter(session, report, now), box.standing(session, report, now).unread
        box.read_by_reporter(session, report, now)
    return [one.words or str(one.template) for one in shown], unread


def accuse(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        known = world.service.register.read(session, report)
        assert known is not None
        told = known.told.adding(accused=known.told.accused | {Accused.CHILDRENS_OFFICER})
        world.service.texting.filing.amend(session, report, told, world.clock())


def suspend(world: World, _report: str) -> None:
    with world.service.database.transaction() as session:
        people.set_suspended(session, OFFICER, True)


def decline(world: World, _report: str) -> None:
    with world.service.database.transaction() as session:
        assert world.service.officers_menu.desk.decline(session, OFFICER, alert_id(session), "other", world.clock())


def test_of_somebody_accused_later_nothing_is_shown_nor_let_through(world: World) -> None:
    report = consented(world)
    leave(world)
    id_ = write(world)
    assert waiting(world, desk(world)) == [id_]
    accuse(world, report)
    assert waiting(world, desk(world)) == []
    assert not settle(world, id_, desk(world), through=True)
    assert (letter(world, id_).state, read_by_reporter(world, report)) == (LetterState.HELD, ([], 0))
    assert read_by_reporter(world, report) == ([], 0), "what was not shown does not count as read"


@on_sqlite
@pytest.mark.parametrize("out", [suspend, decline])
def test_nor_of_somebody_suspended_or_who_said_no(world: World, out: Callable[[World, str], None]) -> None:
    report = consented(world)
    leave(world)
    id_ = write(world)
    out(world, report)
    assert waiting(world, desk(world)) == []
    assert not settle(world, id_, desk(world), through=True)
    assert read_by_reporter(world, report) == ([], 0)


@on_sqlite
def test_what_was_let_through_before_and_is_unread_is_not_shown_either_and_what_was_read_stays(world: World) -> None:
    report = consented(world)
    leave(world)
    assert read_by_reporter(world, report) == ([Template.SAFE_NOW.value], 1)
    id_ = write(world)
    assert settle(world, id_, desk(world), through=True)
    accuse(world, report)
    assert read_by_reporter(world, report) == ([Template.SAFE_NOW.value], 0)
    with world.rows() as session:
        assert WORDS in [one.words for one in world.service.mailbox.letters(session, report)], "whoever has the case still reads it"
