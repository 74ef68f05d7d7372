"""Words that a reporter erases while two people hold the report for a court: read by nobody else from then on, and gone when the hold is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from referral.casework.holds import HoldRefused
from referral.directory import people
from referral.privacy.audit import Action, AuditRecord
from referral.reports.event_records import CaseEvent, CaseEventRecord, HeldBoxRecord
from referral.vocabulary.report import Accused, Reporter
from tests.casework.test_relay import OFFICER, consented
from tests.casework.test_reveal import desk
from tests.world import World, on_sqlite

STORY, LETTER = "nyumba ya kijani", "karibu na kisima"
DAYS = timedelta(days=40)


@pytest.fixture
def report(world: World) -> str:
    """One with words, opened by an officer."""
    report = consented(world)
    with world.service.database.transaction() as session:
        known = world.service.register.read(session, report)
        assert known is not None
        world.service.texting.filing.amend(session, report, known.told.adding(story=STORY, reporter=Reporter.CHILD), world.clock())
        world.service.mailbox.write_as_reporter(session, report, LETTER, world.clock())
    return report


def hold(world: World, report: str, days: timedelta = DAYS) -> str:
    with world.service.database.transaction() as session:
        id_ = world.service.holds.ask(session, report, OFFICER, "Kwale E12 of 2026", (world.clock() + days).date(), world.clock())
        world.service.holds.approve(session, id_, desk(world), world.clock())
    return id_


def erase(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        world.service.mailbox.erase_words(session, report, world.clock())


def held_words(world: World, hold: str, by: str) -> list[tuple[str, str]]:
    with world.service.database.transaction() as session:
        return [(what, words) for what, words in world.service.held_words.read(session, hold, by, world.clock())]


def shown(world: World, report: str) -> list[str]:
    """Whatever of the words is still read in the usual ways."""
    with world.rows() as session:
        known = world.service.register.read(session, report)
        assert known is not None
        told = (
            known.told.story,
            known.told.landmark,
            known.told.spot,
            known.told.reporter,
            *(one.words for one in world.service.mailbox.letters(session, report)),
        )
        standing = world.service.mailbox.standing(session, report, world.clock())
    return [one for one in (*told, "something to erase" if standing.words else None) if one is not None]


def boxes(world: World) -> list[bytes | None]:
    with world.rows() as session:
        return list(session.scalars(select(CaseEventRecord.note).where(CaseEventRecord.kind == CaseEvent.WORDS_ERASED)))


def test_only_the_two_read_them_and_each_reading_is_in_the_audit(world: World, report: str) -> None:
    id_ = hold(world, report)
    erase(world, report)
    assert shown(world, report) == []
    (box,) = boxes(world)
    assert box is not None
    assert STORY.encode() not in box
    for person in (OFFICER, desk(world)):
        assert dict(held_words(world, id_, person)) == {"story": STORY, "reporter": "child", "letter": LETTER}
    for person in ("cc-kwale-1", "co-matuga-1", "nobody", ""):
        with pytest.raises(HoldRefused):
            held_words(world, id_, person)
    with world.rows() as session:
        read = session.scalars(select(AuditRecord).where(AuditRecord.subject == report, AuditRecord.action == Action.READ)).all()
    assert sum("held for a court" in (entry.details or "") for entry in read) == 2


@on_sqlite
def test_they_go_with_the_hold(world: World, report: str) -> None:
    id_ = hold(world, report)
    erase(world, report)
    world.service.purging.at_once(world.clock(), trusted=True)
    assert all(boxes(world))
    world.clock.turn(DAYS + timedelta(days=1))
    with pytest.raises(HoldRefused):
        held_words(world, id_, OFFICER)
    assert world.service.purging.at_once(world.clock(), trusted=True).removed["boxes"] == 1
    assert boxes(world) == [None]


def test_a_hold_made_later_opens_none_of_it_and_keeps_none_of_it(world: World, report: str) -> None:
    first = hold(world, report)
    erase(world, report)
    later = hold(world, report, 2 * DAYS)
    assert held_words(world, later, OFFICER) == []
    assert dict(held_words(world, first, OFFICER))["story"] == STORY
    with world.service.database.transaction() as session:
        world.service.mailbox.write_as_reporter(session, report, "tena", world.clock())
    erase(world, report)
    assert held_words(world, later, OFFICER) == [("letter", "tena")], "what is erased while both stand is for both"
    world.clock.turn(DAYS + timedelta(days=1))
    with pytest.raises(HoldRefused):
        held_words(world, first, OFFICER)
    world.service.purging.at_once(world.clock(), trusted=True)
    assert sorted(box is None for box in boxes(world)) == [False, True], "the first hold's words went with it, though the report is held"
    assert held_words(world, later, OFFICER) == [("letter", "tena")]


@on_sqlite
def test_what_was_erased_before_boxes_had_holds_goes_when_the_report_is_held_no_more(world: World, report: str) -> None:
    id_ = hold(world, report)
    erase(world, report)
    with world.service.database.transaction() as session:
        session.execute(delete(HeldBoxRecord))
    assert dict(held_words(world, id_, OFFICER))["story"] == STORY
    world.service.purging.at_once(world.clock(), trusted=True)
    assert all(boxes(world))
    world.clock.turn(DAYS + timedelta(days=1))
    world.service.purging.at_once(world.clock(), trusted=True)
    assert boxes(world) == [None]


@on_sqlite
def test_without_a_hold_they_go_at_once(world: World, report: str) -> None:
    erase(world, report)
    assert (shown(world, report), boxes(world)) == ([], [None])


@on_sqlite
def test_whoever_is_accused_or_suspended_since_reads_nothing(world: World, report: str) -> None:
    id_ = hold(world, report)
    erase(world, report)
    with world.service.database.transaction() as session:
        known = world.service.register.read(session, report)
        assert known is not None
        told = known.told.adding(accused=known.told.accused | {Accused.CHILDRENS_OFFICER})
        world.service.texting.filing.amend(session, report, told, world.clock())
        second = desk(world)
        people.set_suspended(session, second, True)
    for person in (OFFICER, second):
        with pytest.raises(HoldRefused):
            held_words(world, id_, person)
