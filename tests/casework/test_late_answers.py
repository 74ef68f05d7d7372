"""Answers with the right four digits that come too late, or from somebody who may not give them any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.casework.closing import Reason
from referral.directory import people
from referral.directory.records import AppointmentRow
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Accused, Urgency
from tests.casework.test_recusal import alert_of, one_time, report_id, text
from tests.world import LABOUR, NOT_NOW, World, sent

OFFICER, POLICE = "co-msambweni-1", "desk-ukunda-1"


def ends_post(world: World, person: str) -> None:
    with world.service.database.transaction() as session:
        session.execute(update(AppointmentRow).where(AppointmentRow.person == person).values(ends=world.clock()))
        people.bump(session)
    world.clock.turn(timedelta(minutes=1))


def ladder(world: World, report: str) -> LadderRecord:
    with world.rows() as session:
        return session.get_one(LadderRecord, report)


def told_of(world: World, office: str) -> set[str]:
    with world.rows() as session:
        return {row.person for row in session.scalars(select(AlertRecord).where(AlertRecord.office == office, AlertRecord.purpose == Purpose.ALERT))}


def test_of_somebody_whose_post_has_ended_stops_no_ladder_and_the_next_of_the_office_is_told(world: World) -> None:
    sent(world.phone())
    world.work()
    number, verified = one_time(world, OFFICER), world.service.roster().person(OFFICER)
    ends_post(world, OFFICER)
    text(world, POLICE, f"OK {one_time(world, POLICE)}")
    assert "takes no more answers" in " ".join(text(world, OFFICER, f"OK {number}"))
    alert = alert_of(world, OFFICER)
    assert (alert.acknowledged_at, alert.wrong_answers) == (None, 0)
    assert alert.revoked_at is not None
    assert world.service.roster().person(OFFICER) == verified
    assert len(told_of(world, "co-msambweni")) == 2
    assert ladder(world, report_id(world)).step_due_at is not None
    world.wait(timedelta(minutes=20), step=timedelta(minutes=4))
    assert ladder(world, report_id(world)).step >= 2


def test_what_they_said_before_counts_no_longer_once_that_is_seen(sqlite_world: World) -> None:
    world = sqlite_world
    sent(world.phone())
    world.work()
    for person in (OFFICER, POLICE):
        text(world, person, f"ACT {one_time(world, person)}")
    assert ladder(world, report_id(world)).step_due_at is None
    number = one_time(world, OFFICER)
    ends_post(world, OFFICER)
    text(world, OFFICER, f"OK {number}")
    assert ladder(world, report_id(world)).step_due_at is not None
    assert ladder(world, report_id(world)).action_due_at is None  # the police are acting


@pytest.fixture
def two(sqlite_world: World) -> tuple[World, str, str]:
    """An officer with a MEDIUM report and a RED one. The reports' ids."""
    world = sqlite_world
    sent(world.phone(), danger=NOT_NOW, concern=LABOUR)
    world.wait(timedelta(hours=4), step=timedelta(minutes=10))
    sent(world.phone("+254700000009"))
    world.work()
    with world.rows() as session:
        found = {row.urgency: row.id for row in session.scalars(select(ReportRecord))}
    return world, next(id_ for urgency, id_ in found.items() if urgency is not Urgency.RED), found[Urgency.RED]


def accuse(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        known = world.service.register.read(session, report)
        assert known is not None
        accused = known.told.adding(accused=frozenset({Accused.CHILDRENS_OFFICER}))
        world.service.texting.filing.amend(session, report, accused, world.clock())


def close(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        world.service.closing.close(session, report, OFFICER, Reason.SAFE, None, world.clock())


def end_answers(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        rows = update(AlertRecord).where(AlertRecord.report == report, AlertRecord.person == OFFICER)
        session.execute(rows.values(answers_ended_at=world.clock()))


def hand_on(world: World, report: str) -> None:
    desk, alert = world.service.officers_menu.desk, alert_of(world, OFFICER, report).id
    with world.service.database.transaction() as session:
        assert desk.read(session, OFFICER, alert, world.clock())
        to = world.service.officers_menu.handing_on.offices(session, OFFICER, alert, world.clock())[0].value
        assert world.service.officers_menu.handing_on.hand_on(session, OFFICER, alert, to, world.clock())


@pytest.mark.parametrize("what", [accuse, close, end_answers, hand_on])
def test_to_an_alert_that_is_over_are_no_guesses_and_hear_the_same_whatever_ended_it(two: tuple[World, str, str], what: Callable[[World, str], None]) -> None:
    world, medium, red = two
    number, other = one_time(world, OFFICER, medium), one_time(world, OFFICER, red)
    what(world, medium)
    world.work()
    before = alert_of(world, OFFICER, medium)
    for verb in ("OK", "ACT", "NO", "OK"):
        replies = text(world, OFFICER, f"{verb} {number}")
        assert [reply.partition(":")[2] for reply in replies] == [
            f" it takes no more answers by SMS. Nothing has been changed. Dial *384*96*77# or call the desk and give {replies[0][9:15]}."
        ]
    after = alert_of(world, OFFICER, medium)
    for name in ("acknowledged_at", "acting_at", "declined_at", "revoked_at", "done_at", "referred_on_at", "wrong_answers"):
        assert getattr(before, name) == getattr(after, name), name
    assert alert_of(world, OFFICER, red).wrong_answers == 0
    text(world, OFFICER, f"OK {other}")
    assert alert_of(world, OFFICER, red).acknowledged_at is not None
