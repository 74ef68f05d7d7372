"""A report about a crime against a child is not closed by one person, and its reporter can have it opened again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.casework.closing import CloseRefused, Closing, Reason
from referral.casework.colleagues import NO_REPORT
from referral.directory import people
from referral.handover.mailbox import Stage
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.keeping import closed
from referral.reports.records import ReportRecord
from tests.world import NOT_NOW, PHYSICAL, Phone, World, on_sqlite, sent

ONE, OTHER, DESK = "co-msambweni-1", "co-msambweni-2", "triage-desk-1"


@pytest.fixture
def caller(world: World) -> Phone:
    phone = sent(world.phone("+254700000001"))
    world.work()
    return phone


def report(world: World) -> str:
    with world.rows() as session:
        return session.scalars(select(ReportRecord.id)).one()


def close(world: World, by: str, second: str | None = None, reason: Reason = Reason.SAFE) -> Closing:
    id_ = report(world)
    with world.service.database.transaction() as session:
        return world.service.closing.close(session, id_, by, reason, second, world.clock())


def is_closed(world: World) -> bool:
    with world.rows() as session:
        return closed(session, session.scalars(select(ReportRecord.id)).one())


def stage(world: World) -> Stage:
    with world.rows() as session:
        return world.service.mailbox.standing(session, session.scalars(select(ReportRecord.id)).one(), world.clock()).stage


def not_helped(world: World, caller: Phone) -> str:
    code = re.search(r"\d{4} \d{4} \d{4}", caller.screen)
    assert code is not None
    phone = world.phone("+254700000009")
    phone.dial()
    phone.keys("4", code[0])
    found = re.search(r"(\d) Sijasaidiwa", phone.screen)
    assert found is not None, phone.screen
    return phone.keys(found[1], "1")


def institutions(world: World) -> set[str | None]:
    id_ = report(world)
    with world.rows() as session:
        return {alert.institution for alert in world.service.outbox.alerts_of(session, id_)}


def test_one_person_alone_leaves_it_open_and_two_close_it(world: World, caller: Phone) -> None:
    assert close(world, ONE) is Closing.WAITING
    assert close(world, ONE) is Closing.WAITING, "the same person twice is one"
    assert not is_closed(world)
    assert close(world, OTHER) is Closing.CLOSED
    assert (is_closed(world), stage(world)) == (True, Stage.CLOSED)


@on_sqlite
def test_nobody_closes_what_they_may_not_read_neither_first_nor_second_and_hears_that_there_is_none(world: World, caller: Phone) -> None:
    for by, second in (("co-matuga-1", None), ("co-matuga-1", "chief-diani-1"), (ONE, "co-matuga-1"), (DESK, "nobody")):
        with pytest.raises(CloseRefused, match=NO_REPORT):
            close(world, by, second)
    assert close(world, ONE) is Closing.WAITING
    with world.service.database.transaction() as session:
        people.set_suspended(session, ONE, True)
    assert close(world, DESK) is Closing.WAITING, "who asked may not read it any more"
    assert close(world, OTHER) is Closing.CLOSED, "the desk is over those who have it, and asked before"


def test_not_helped_opens_a_closed_report_at_another_institution_and_two_must_agree_anew(world: World, caller: Phone) -> None:
    close(world, ONE, OTHER)
    before = institutions(world)
    assert "Wengine" in not_helped(world, caller)
    assert not is_closed(world)
    assert len(institutions(world) - before) == 1
    with world.rows() as session:
        kinds = [event.kind for event in session.scalars(select(CaseEventRecord))]
    assert {CaseEvent.NOT_HELPED, CaseEvent.REOPENED, CaseEvent.CLOSED} <= set(kinds)
    world.work()
    assert stage(world) is not Stage.CLOSED
    world.clock.turn(timedelta(hours=1))  # what somebody asked for within the hour of the reopening may have come before it
    assert close(world, ONE) is Closing.WAITING
    assert close(world, OTHER) is Closing.CLOSED


@on_sqlite
def test_no_sexual_harm_is_settled_by_a_family(world: World, caller: Phone) -> None:
    with pytest.raises(CloseRefused, match="not closed for this reason"):
        close(world, ONE, OTHER, Reason.FAMILY_AGREED)


@on_sqlite
def test_what_is_less_grave_takes_one_and_the_same_person_is_never_two(world: World) -> None:
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
    world.wait(timedelta(hours=4), step=timedelta(minutes=30))
    with pytest.raises(CloseRefused, match="second person"):
        close(world, ONE, ONE, Reason.DIED)
    assert close(world, ONE) is Closing.CLOSED


@on_sqlite
def test_nobody_is_told_any_more_of_a_closed_report(world: World, caller: Phone) -> None:
    close(world, ONE, OTHER)
    told = len(world.gateway.sent)
    world.wait(timedelta(hours=3))
    assert len(world.gateway.sent) == told
