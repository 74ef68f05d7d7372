"""Whoever must not know of a report is not told of it at any later step either."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.alerts.records import AlertRecord, Purpose
from referral.directory import people
from referral.directory.records import PersonRow
from referral.reports.register import Report
from referral.vocabulary.duty import Institution
from referral.vocabulary.report import Accused, Channel, Concern, Danger, Told, Urgency
from tests.conftest import START, minutes
from tests.world import SEXABUSE, World, sent

UKUNDA = "KE002-W0032"
OUT = {
    "1": ("3", "1", Institution.ADMINISTRATION),
    "2": ("3", "2", Institution.POLICE),
    "5": ("3", "5", Institution.CHILDREN),
    "7": ("3", "7", Institution.NGO),
}


def report(accused: Accused) -> Report:
    told = Told(danger=Danger.NOW, concern=Concern.SEXABUSE, place=UKUNDA, accused=frozenset({accused}))
    return Report("r" * 32, "482193", Channel.USSD, told, Urgency.RED, 2, False, ())


class TestEveryStepOfTheLadder:
    @pytest.mark.parametrize("key", OUT)
    def test_keeps_the_accused_institution_out_to_the_very_end(self, sqlite_world: World, key: str) -> None:
        *who, institution = OUT[key]
        world = sqlite_world
        sent(world.phone(), concern=SEXABUSE, who=tuple(map(str, who)))
        world.wait(timedelta(minutes=95), step=timedelta(minutes=5))
        with world.rows() as session:
            offices = {row.office for row in session.scalars(select(AlertRecord)) if row.office}
        told = [world.service.roster().office(office) for office in offices]
        excused = {"police-county", "cc-kwale"}
        # the police of another sub-county may be told: nobody there is the accused's colleague
        near = [office for office in told if office and (institution is not Institution.POLICE or "KE002-S1" in office.subcounties)]
        assert not [office.id for office in near if office.institution is institution and office.id not in excused]
        assert len({office.institution for office in told if office}) >= 2

    def test_a_guess_at_the_number_tells_no_excluded_supervisor(self, sqlite_world: World) -> None:
        world = sqlite_world
        sent(world.phone(), who=("3", "7"))
        world.work()
        with world.rows() as session:
            alerted = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)).all()
        for alert in alerted:
            for _ in range(3):
                world.text(world.number_of(alert.person), "OK 0000")
        world.work()
        with world.rows() as session:
            words = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.SUPERVISOR)).all()
        assert not [word.office for word in words if word.office in ("ngo-desk", "triage-desk")]


class TestTheSupervisor:
    def test_is_whoever_is_over_the_office_and_may_know(self, world: World) -> None:
        planner = world.service.planner
        over = planner.supervisor(report(Accused.HOME), "co-msambweni", START)
        assert over is not None
        assert over.office.id == "co-kwale"
        assert planner.supervisor(report(Accused.CHILDRENS_OFFICER), "co-msambweni", START) is None

    def test_is_one_further_up_where_the_next_is_excluded(self, world: World) -> None:
        over = world.service.planner.supervisor(report(Accused.POLICE), "desk-ukunda", START)
        assert over is None or over.office.id == "police-county"

    def test_of_an_unknown_office_is_nobody(self, world: World) -> None:
        assert world.service.planner.supervisor(report(Accused.HOME), "no such office", START) is None
        assert not world.service.planner.may_know(report(Accused.HOME), "no such office")


class TestNumbers:
    def test_are_found_for_whoever_may_be_texted_only(self, world: World) -> None:
        contacts, database = world.service.contacts, world.service.database
        with database.transaction() as session:
            assert contacts.find(session, "co-msambweni-1") is not None
            people.set_suspended(session, "co-msambweni-1", True)
        with database.transaction() as session:
            assert contacts.find(session, "co-msambweni-1") is None
            people.set_suspended(session, "co-msambweni-1", False)
            session.execute(update(PersonRow).where(PersonRow.id == "co-msambweni-1").values(removed=True))
            people.bump(session)
        with database.read() as session:
            assert contacts.find(session, "co-msambweni-1") is None
            assert contacts.find(session, "nobody") is None

    @pytest.mark.parametrize("spelling", ["{e164}", "{bare}", "0{national}", "00{bare}", " {e164} "])
    def test_find_their_officer_in_every_spelling(self, world: World, spelling: str) -> None:
        e164 = world.number_of("co-msambweni-1")
        spelt = spelling.format(e164=e164, bare=e164[1:], national=e164[4:])
        with world.rows() as session:
            assert world.service.contacts.whose(session, spelt) == "co-msambweni-1"

    @pytest.mark.parametrize("sender", ["", "22384", "REFERRAL", "+254700000998", "+1" * 40, "\x00"])
    def test_of_others_find_nobody(self, sqlite_world: World, sender: str) -> None:
        with sqlite_world.rows() as session:
            assert sqlite_world.service.contacts.whose(session, sender) is None

    def test_stand_in_the_directory_sealed(self, world: World) -> None:
        with world.rows() as session:
            for row in session.scalars(select(PersonRow)):
                assert row.sealed_number is not None
                assert b"2547" not in row.sealed_number
                assert not re.search(rb"\d{6}", row.number_tag or b"")


def test_the_reasons_of_a_plan_can_be_read(world: World) -> None:
    sent(world.phone(), who=("3", "1"))
    world.wait(minutes(16), step=minutes(2))
    with world.rows() as session:
        reasons = [row.reason or "" for row in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT))]
    assert all("step" in reason for reason in reasons)
