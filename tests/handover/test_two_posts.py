"""Somebody who holds a post that a rule takes out learns nothing in any other post of theirs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.directory import people
from referral.directory.records import AppointmentKind, AppointmentRow
from referral.vocabulary.report import Accused
from tests.casework.test_recusal import alert_of, one_time, report_id, text
from tests.conftest import START
from tests.handover.test_who_may_know import report
from tests.world import POLICE, World, sent

CHILDREN, COUNTY, NGO = "co-msambweni-1", "co-kwale-1", "ngo-desk-1"


def also_police(world: World, person: str) -> None:
    """From now on they stand in for the police commander of the sub-county as well."""
    with world.service.database.transaction() as session:
        post = AppointmentRow(office="police-msambweni", person=person, kind=AppointmentKind.ACTING, rank=5, starts=START - timedelta(days=9))
        session.add(post)
        people.bump(session)


def told(world: World) -> set[str]:
    with world.rows() as session:
        return set(session.scalars(select(AlertRecord.person).where(AlertRecord.report.is_not(None), AlertRecord.revoked_at.is_(None))))


def test_neither_the_plan_nor_any_later_step_tells_them(sqlite_world: World) -> None:
    world = sqlite_world
    also_police(world, NGO)
    sent(world.phone(), who=POLICE)
    world.wait(timedelta(minutes=95), step=timedelta(minutes=5))
    assert told(world)
    assert NGO not in told(world)


def test_without_the_rule_they_are_told_in_either_post(sqlite_world: World) -> None:
    world = sqlite_world
    also_police(world, NGO)
    sent(world.phone())
    world.wait(timedelta(minutes=40), step=timedelta(minutes=5))
    assert NGO in told(world)


def test_they_are_nobody_s_supervisor_and_not_at_the_end(sqlite_world: World) -> None:
    world, planner = sqlite_world, sqlite_world.service.planner
    accused, other = report(Accused.POLICE), report(Accused.HOME)
    before = planner.supervisor(accused, "co-msambweni", START)
    assert before is not None
    last = planner.duty_person(accused, START, frozenset())
    assert last is not None
    for person in {before.person, last.person}:
        also_police(world, person)
    after, end = planner.supervisor(accused, "co-msambweni", START), planner.duty_person(accused, START, frozenset())
    assert after is None or after.person != before.person
    assert end is None or end.person != last.person
    assert (planner.supervisor(other, "co-msambweni", START) or after) == planner.on_duty("co-kwale", START)[0]


def test_who_takes_up_such_a_post_after_they_were_told_loses_sight_of_it_at_once_and_their_answer_tells_the_next(sqlite_world: World) -> None:
    world = sqlite_world
    sent(world.phone(), who=POLICE)
    world.work()
    alert, number, desk = alert_of(world, CHILDREN), one_time(world, CHILDREN), world.service.officers_menu.desk
    also_police(world, CHILDREN)
    with world.service.database.transaction() as session:
        assert desk.open_alerts(session, CHILDREN, world.clock()) == ()
        assert not desk.read(session, CHILDREN, alert.id, world.clock())
    text(world, CHILDREN, f"OK {number}")
    assert alert_of(world, CHILDREN).acknowledged_at is None
    with world.rows() as session:
        office = session.scalars(select(AlertRecord).where(AlertRecord.office == "co-msambweni", AlertRecord.purpose == Purpose.ALERT)).all()
    assert len(office) == 2


def test_what_waits_for_them_is_not_sent_and_what_they_have_is_taken_back_when_more_is_told(sqlite_world: World) -> None:
    world = sqlite_world
    also_police(world, CHILDREN)
    sent(world.phone())
    world.work()
    assert CHILDREN in told(world)
    with world.service.database.transaction() as session:
        known = world.service.register.read(session, report_id(world))
        assert known is not None
        accused = known.told.adding(accused=frozenset({Accused.POLICE}))
        world.service.texting.filing.amend(session, report_id(world), accused, world.clock())
    assert CHILDREN not in told(world)


def test_nobody_hands_a_report_on_to_them(sqlite_world: World) -> None:
    world = sqlite_world
    also_police(world, COUNTY)
    sent(world.phone(), who=POLICE)
    world.work()
    menu, alert = world.service.officers_menu, alert_of(world, CHILDREN).id
    with world.service.database.transaction() as session:
        assert menu.desk.read(session, CHILDREN, alert, world.clock())
        offered = {one.value for one in menu.handing_on.offices(session, CHILDREN, alert, world.clock())}
        on_duty = world.service.planner.on_duty("co-kwale", world.clock())
    assert offered
    assert ("co-kwale" in offered) == any(bearer.person != COUNTY for bearer in on_duty)
