"""An officer reads in the words of a report whom it accuses: those lose sight of it at once, and others have it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.casework.accusing import AccusationRefused
from referral.casework.closing import Reason
from referral.casework.colleagues import NO_REPORT
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Accused, Urgency
from tests.conftest import minutes
from tests.officers.conftest import CHILDREN, DESK, has_pin, signed_in
from tests.world import HOME, NOT_KNOWN, NOT_NOW, PHYSICAL, World, sent

READER = "triage-desk-1"


@pytest.fixture
def reported(world: World) -> World:
    """A RED sexual report from Ukunda, whose caller knows who it is; the children's officer and the police gender desk were told."""
    sent(world.phone(), who=HOME)
    world.work()
    return world


def accuse(world: World, by: str, who: Accused) -> bool:
    with world.rows() as session:
        report = session.scalars(select(ReportRecord.id)).one()
    with world.service.database.transaction() as session:
        return world.service.accusing.add(session, report, by, who, world.clock())


def report(world: World) -> ReportRecord:
    with world.rows() as session:
        return session.scalars(select(ReportRecord)).one()


def may_know(world: World, alert: AlertRecord) -> bool:
    with world.rows() as session:
        known = world.service.register.find(session, alert.report or "")
    return known is not None and world.service.planner.may_know(known, alert.office or "")


def alerts(world: World) -> dict[str, AlertRecord]:
    with world.rows() as session:
        return {alert.person: alert for alert in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT))}


def test_who_is_reading_it_reads_no_further_and_another_institution_has_it(reported: World) -> None:
    has_pin(reported, DESK)
    police = signed_in(reported, DESK)
    number = report(reported).number
    assert number in police.screen
    assert accuse(reported, CHILDREN, Accused.POLICE)
    police.keys("1", "1")
    assert number not in police.screen
    assert "no open alerts" in signed_in(reported, DESK).screen
    before = len(reported.gateway.sent)
    reported.wait(minutes(40))  # the ladder goes on, past all of them
    hold = [alert for alert in alerts(reported).values() if alert.revoked_at is None and alert.sent_at is not None]
    assert all(may_know(reported, alert) for alert in hold)
    assert len({alert.office for alert in hold}) >= 3
    out = {person for person, alert in alerts(reported).items() if not may_know(reported, alert)}
    assert out == {DESK}
    assert not {number for number, _ in reported.gateway.sent[before:]} & {reported.number_of(person) for person in out}


def test_it_is_written_once_and_by_whom_and_what_was_told_stays(reported: World) -> None:
    with reported.rows() as session:
        before = reported.service.register.read(session, report(reported).id)
    assert (accuse(reported, CHILDREN, Accused.TEACHER), accuse(reported, CHILDREN, Accused.TEACHER)) == (True, False)
    with reported.rows() as session:
        after = reported.service.register.read(session, report(reported).id)
    assert before is not None
    assert after is not None
    assert after.told == replace(before.told, accused=before.told.accused | {Accused.TEACHER})
    assert (after.urgency, after.need) == (before.urgency, before.need)


def test_one_in_authority_makes_it_more_urgent_as_if_the_caller_had_said_so(world: World) -> None:
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=HOME)
    world.wait(timedelta(hours=3, minutes=5), step=timedelta(minutes=5))  # until its first alert has gone out nobody may read it
    before = report(world).urgency
    assert accuse(world, READER, Accused.TEACHER)
    assert (before, report(world).urgency) == (Urgency.MEDIUM, Urgency.HIGH)


def test_somebody_named_takes_the_place_of_not_known(world: World) -> None:
    sent(world.phone(), who=NOT_KNOWN)
    world.work()
    assert accuse(world, CHILDREN, Accused.RELATIVE)
    assert report(world).accused == "relative"


def test_who_has_answered_and_is_accused_does_not_count_and_hears_no_more(reported: World) -> None:
    """Their yes had stopped a clock: it runs again, for somebody else."""
    for person in (CHILDREN, DESK):
        asked = next(words for number, words in reported.gateway.sent if number == reported.number_of(person) and "OK " in words)
        reported.text(reported.number_of(person), re.findall(r"OK \d{4}", asked)[0])
    reported.work()
    assert all(alert.acknowledged_at for alert in alerts(reported).values())
    before = len(reported.gateway.sent)
    assert accuse(reported, CHILDREN, Accused.POLICE)
    reported.work()
    fresh = alerts(reported).keys() - {CHILDREN, DESK}
    assert {number for number, _ in reported.gateway.sent[before:]} == {reported.number_of(person) for person in fresh}
    assert len(fresh) == 1


@pytest.mark.parametrize("by", ["co-matuga-1", "nobody", ""])
def test_who_may_not_read_it_accuses_nobody_and_learns_nothing(reported: World, by: str) -> None:
    with pytest.raises(AccusationRefused, match=NO_REPORT):
        accuse(reported, by, Accused.CHIEF)
    assert report(reported).accused == "home"


def test_whoever_is_accused_reads_it_no_more_and_cannot_accuse_others(reported: World) -> None:
    assert accuse(reported, CHILDREN, Accused.POLICE)
    with pytest.raises(AccusationRefused, match=NO_REPORT):
        accuse(reported, DESK, Accused.CHILDRENS_OFFICER)


def test_a_report_that_is_closed_stays_closed_and_is_out_of_their_sight(reported: World) -> None:
    id_ = report(reported).id
    with reported.service.database.transaction() as session:
        reported.service.closing.close(session, id_, CHILDREN, Reason.SAFE, READER, reported.clock())
    before = len(alerts(reported))
    assert accuse(reported, READER, Accused.POLICE)
    reported.wait(minutes(40))
    assert len(alerts(reported)) == before
    with reported.rows() as session:
        known = reported.service.register.find(session, id_)
        assert known is not None
        assert not reported.service.colleagues.may_read(session, known, DESK, reported.clock())
