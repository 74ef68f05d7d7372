"""The monthly test: every office once, by day, answered like an alert, and never mistaken for one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from referral.alerts.outbox import DRILL_LANE
from referral.alerts.records import AlertRecord, Purpose
from referral.directory import people
from referral.directory.records import AbsenceRow, PersonRow
from referral.directory.tasks import Task, done, open_tasks
from referral.directory.upkeep_records import DrillRow, TaskKind
from referral.gateway.port import Outcome as Sent
from referral.gateway.port import Sending
from referral.reports.records import ReportRecord
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.upkeep.drills import Drilled, Drills, Outcome, UnknownOffice
from tests.conftest import START, minutes
from tests.world import World, on_sqlite, sent

OFFICE, HOLDER, DEPUTY = "co-msambweni", "co-msambweni-1", "co-msambweni-2"
TEST = re.compile(r"OK (\d{4})")
HOURS = timedelta(hours=1)
DAY = timedelta(days=1)


def drill(world: World, office: str = OFFICE) -> datetime:
    """Queue an office's test; when it is due."""
    (asked,) = world.service.drills().start(world.clock.now, office)
    return asked.due_at


def go_out(world: World, office: str = OFFICE) -> tuple[str, str]:
    """Queue an office's test and wait until it has gone out: to whom, and its one-time number."""
    due_at = drill(world, office)
    world.clock.now = due_at
    world.work()
    to, text = drills_sent(world)[-1]
    return to, TEST.findall(text)[0]


def drills_sent(world: World) -> list[tuple[str, str]]:
    catalogue = Catalogue.load()
    starts = tuple(catalogue.say(language, "drill.text", one_time="0000")[:20] for language in catalogue.languages)
    return [(to, text) for to, text in world.gateway.sent if text.removeprefix("(again) ").removeprefix("(rudia) ").startswith(starts)]


def drills_of(world: World, office: str = OFFICE) -> list[Drilled]:
    with world.rows() as session:
        return [one for one in world.service.drills().tested(session, world.clock.now) if one.office == office]


def unanswered(world: World) -> Sequence[Task]:
    with world.rows() as session:
        return open_tasks(session, TaskKind.DRILL_UNANSWERED)


def person(world: World, id_: str = HOLDER) -> PersonRow:
    with world.rows() as session:
        return session.get_one(PersonRow, id_)


def suspend(world: World, id_: str) -> None:
    with world.service.database.transaction() as session:
        people.set_suspended(session, id_, True)


def test_every_office_is_asked_once_a_month_by_day_in_its_language(world: World) -> None:
    world.clock.now = START.replace(hour=2)  # five in the morning in Kenya
    offices = {office.id for office in world.service.roster().offices()}
    asked = world.service.drills().start(world.clock.now)
    assert {one.office.id for one in asked} == offices
    assert world.service.drills().start(world.clock.now) == []
    assert len({one.due_at.replace(second=0, microsecond=0) for one in asked}) > len(asked) / 2
    went: list[datetime] = []
    while len(drills_sent(world)) < len(offices):
        world.clock.turn(minutes(30))
        assert world.clock.now < START + DAY
        before = len(drills_sent(world))
        world.work()
        went += [world.clock.now.astimezone(world.service.policy.timezone)] * (len(drills_sent(world)) - before)
    assert (went[0].hour >= 7, went[-1].hour < 22, went[-1] - went[0] > 10 * HOURS) == (True, True, True)
    assert {text[:13] for _, text in drills_sent(world)} == {"REFERRAL TEST", "REFERRAL JARI"}
    assert max(septets(text) for _, text in drills_sent(world)) <= 160
    world.wait(2 * DAY, step=12 * HOURS)
    assert len(drills_sent(world)) == len(offices)


def test_an_answer_is_recorded_thanked_and_verifies_the_officer(world: World) -> None:
    with world.service.database.transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(verified_on=date(2025, 1, 1), unreachable=True))
        people.bump(session)
    to, number = go_out(world)
    world.clock.turn(minutes(17))
    world.text(to, f"OK {number}")
    world.work()
    (seen,) = drills_of(world)
    assert (seen.person, seen.minutes, seen.outcome, seen.month) == (HOLDER, 17, Outcome.ANSWERED, date(2026, 3, 1))
    assert (person(world).verified_on, person(world).unreachable) == (world.clock.now.date(), False)
    assert world.gateway.sent[-1] == (to, Catalogue.load().say("en", "reply.drill"))
    world.clock.turn(5 * HOURS)
    world.text(to, f"ok {number}")
    world.work()
    assert drills_of(world)[0].minutes == 17


def test_silence_becomes_a_task_once_and_a_late_answer_closes_it(world: World) -> None:
    to, number = go_out(world)
    world.wait(71 * HOURS, step=4 * HOURS)
    assert (unanswered(world), drills_of(world)[0].outcome) == ([], Outcome.WAITING)
    world.wait(2 * HOURS, step=minutes(20))
    (task,) = unanswered(world)
    assert (task.entity, task.entry, task.note) == ("office", OFFICE, f"test of 03/2026: no answer, {HOLDER} was asked")
    assert drills_of(world)[0].outcome is Outcome.NO_ANSWER
    world.text(to, f"NDIO {number}")
    world.work()
    assert (unanswered(world), drills_of(world)[0].outcome) == ([], Outcome.ANSWERED)


def test_a_task_that_somebody_did_does_not_come_back_for_the_same_test(world: World) -> None:
    go_out(world)
    world.wait(73 * HOURS, step=6 * HOURS)
    with world.service.database.transaction() as session:
        done(session, unanswered(world)[0].id, "amina", world.clock.now)
    world.wait(DAY, step=6 * HOURS)
    assert unanswered(world) == []


def test_an_officer_with_an_alert_and_a_test_answers_each_by_its_number(world: World) -> None:
    to, number = go_out(world)
    sent(world.phone())
    world.work()
    alert = next(TEST.findall(text)[0] for one, text in world.gateway.sent if one == to and "RED" in text)
    assert alert != number
    world.text(to, f"OK {number}")
    world.work()
    with world.rows() as session:
        row = session.scalars(select(AlertRecord).where(AlertRecord.person == HOLDER, AlertRecord.purpose == Purpose.ALERT)).one()
    assert (row.acknowledged_at, drills_of(world)[0].outcome) == (None, Outcome.ANSWERED)
    world.text(to, f"OK {alert}")
    world.work()
    with world.rows() as session:
        assert session.get_one(AlertRecord, row.id).acknowledged_at is not None


@on_sqlite
class TestItIsNoAlert:
    def test_it_hangs_on_no_report_and_climbs_nothing(self, world: World) -> None:
        go_out(world)
        world.wait(3 * HOURS, step=minutes(15))
        assert len(world.gateway.sent) == 1
        with world.rows() as session:
            row = session.scalars(select(AlertRecord)).one()
        assert (row.purpose, row.report, row.lane) == (Purpose.DRILL, None, DRILL_LANE)

    def test_the_officers_menu_does_not_count_it(self, world: World) -> None:
        go_out(world)
        with world.rows() as session:
            assert session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)).all() == []
            assert world.service.officers_menu.desk.open_alerts(session, HOLDER, world.clock.now) == ()

    def test_a_report_that_waits_goes_first_and_tests_go_one_by_one(self, world: World) -> None:
        world.service.drills().start(world.clock.now)
        world.clock.turn(12 * HOURS)
        sent(world.phone())
        with world.service.database.transaction() as session:
            batch = world.service.outbox.claim(session, world.clock.now, 4)
            then = world.service.outbox.claim(session, world.clock.now, 4)
        assert ({due.purpose for due in batch}, len(batch)) == ({Purpose.ALERT}, 2)
        assert ([due.purpose for due in then], len(then)) == ([Purpose.DRILL], 1)

    def test_a_mistyped_answer_counts_against_no_alert_when_there_is_none(self, world: World) -> None:
        to, number = go_out(world)
        for wrong in range(4):
            world.text(to, f"OK {(int(number) + 1 + wrong) % 10_000:04d}")
        world.text(to, f"OK {number}")
        world.work()
        assert drills_of(world)[0].outcome is Outcome.ANSWERED

    @pytest.mark.parametrize("words", ["OK", "OK nimepata", "sawa, asante"])
    def test_an_answer_without_the_number_is_asked_for_it_and_is_no_report(self, world: World, words: str) -> None:
        to, _ = go_out(world)
        world.text(to, words)
        world.work()
        assert "4 digits" in world.gateway.sent[-1][1]
        with world.rows() as session:
            assert session.scalars(select(ReportRecord)).all() == []

    @pytest.mark.parametrize("words", ["Sawa, kuna mtoto anapigwa hapa sokoni", "OK mtoto anapigwa"])
    def test_a_sentence_of_somebody_who_was_tested_is_a_report(self, world: World, words: str) -> None:
        to, _ = go_out(world)
        world.text(to, words)
        world.wait(minutes(16))
        with world.rows() as session:
            assert len(session.scalars(select(ReportRecord)).all()) == 1


@on_sqlite
class TestWhoIsAsked:
    def test_whoever_is_suspended_before_it_goes_out_is_not(self, world: World) -> None:
        due_at = drill(world)
        suspend(world, HOLDER)
        world.clock.now = due_at
        world.work()
        assert [to for to, _ in world.gateway.sent] == [world.number_of(DEPUTY)]
        assert drills_of(world)[0].person == DEPUTY
        world.text(world.number_of(DEPUTY), f"OK {TEST.findall(world.gateway.sent[0][1])[0]}")
        world.work()
        assert drills_of(world)[0].outcome is Outcome.ANSWERED

    def test_whoever_is_suspended_when_tests_are_queued_is_not(self, world: World) -> None:
        suspend(world, HOLDER)
        assert go_out(world)[0] == world.number_of(DEPUTY)

    def test_whoever_is_suspended_afterwards_is_not_heard(self, world: World) -> None:
        to, number = go_out(world)
        suspend(world, HOLDER)
        world.text(to, f"OK {number}")
        world.work()
        assert drills_of(world)[0].outcome is Outcome.WAITING

    def test_on_leave_the_deputy_is(self, world: World) -> None:
        due_at = drill(world)
        with world.service.database.transaction() as session:
            session.add(AbsenceRow(id="a", person=HOLDER, starts=START, ends=START + 9 * DAY))
            people.bump(session)
        world.clock.now = due_at
        world.work()
        assert [to for to, _ in world.gateway.sent] == [world.number_of(DEPUTY)]

    def test_with_nobody_on_duty_somebody_must_look_and_whoever_comes_is_asked_after_all(self, world: World) -> None:
        suspend(world, HOLDER)
        suspend(world, DEPUTY)
        assert world.service.drills().start(world.clock.now, OFFICE) == []
        world.work()
        assert [task.note for task in unanswered(world)] == ["test of 03/2026: nobody on duty"]
        with world.service.database.transaction() as session:
            people.set_suspended(session, HOLDER, False)
        assert [one.office.id for one in world.service.drills().start(world.clock.now, OFFICE)] == [OFFICE]

    def test_with_nobody_left_when_it_should_go_out_nobody_is(self, world: World) -> None:
        due_at = drill(world)
        suspend(world, HOLDER)
        suspend(world, DEPUTY)
        world.clock.now = due_at
        world.work()
        assert (world.gateway.sent, drills_of(world)[0].outcome) == ([], Outcome.NOT_REACHED)

    def test_a_number_the_gateway_refuses_is_flagged_and_looked_at_at_once(self, world: World) -> None:
        world.gateway.answers.append(Sending(Sent.REFUSED, 406))
        world.clock.now = drill(world)
        world.work()
        world.wait(minutes(11))
        assert (person(world).unreachable, [task.entry for task in unanswered(world)]) == (True, [OFFICE])

    def test_an_office_that_nobody_knows_is_an_error(self, world: World) -> None:
        with pytest.raises(UnknownOffice):
            world.service.drills().start(world.clock.now, "nowhere")


@on_sqlite
class TestWhen:
    def test_a_worker_that_was_down_does_not_wake_anybody(self, world: World) -> None:
        drill(world)
        world.clock.now = START.replace(hour=20)  # eleven at night in Kenya
        world.work()
        assert world.gateway.sent == []
        world.wait(12 * HOURS, step=minutes(30))
        assert len(world.gateway.sent) == 1

    def test_late_in_the_evening_it_waits_for_the_morning(self, world: World) -> None:
        world.clock.now = START.replace(hour=16, minute=30)
        local = drill(world).astimezone(world.service.policy.timezone)
        assert (local.day, 7 <= local.hour < 21) == (5, True)

    def test_the_next_month_is_another_test(self, world: World) -> None:
        drill(world)
        world.clock.turn(31 * DAY)
        drill(world)
        assert [one.month.month for one in drills_of(world)] == [4, 3]

    @pytest.mark.parametrize(("day", "today", "asks"), [(15, 14, False), (15, 15, True), (15, 18, True), (15, 19, False), (0, 15, False)])
    def test_the_worker_asks_on_its_day_of_the_month_and_not_where_it_is_off(self, world: World, day: int, today: int, asks: bool) -> None:
        service = world.service
        policy = replace(service.policy, upkeep=replace(service.policy.upkeep, drill_day=day))
        drills = Drills(service.database, service.roster, service.outbox, policy, service.ladder.random)
        now = datetime(2026, 3, today, 3, 0, tzinfo=ZoneInfo("Africa/Nairobi")).astimezone(UTC)
        assert (drills.monthly(now) > 0, drills.monthly(now)) == (asks, 0)

    def test_the_worker_does_it_by_itself(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 15, 2, 0, tzinfo=UTC)
        world.work()
        with world.rows() as session:
            assert len(session.scalars(select(DrillRow)).all()) == len(world.service.roster().offices())


@on_sqlite
def test_the_directory_says_who_can_be_relied_on(world: World) -> None:
    for month, took in enumerate((5, None, 20, 30, None, 10, 40)):
        world.clock.now = START + timedelta(days=31 * month)
        to, number = go_out(world)
        if took is not None:
            world.clock.turn(minutes(took))
            world.text(to, f"OK {number}")
            world.work()
    world.clock.turn(73 * HOURS)
    with world.rows() as session:
        (record,) = world.service.drills().records(session, world.clock.now)
    assert (record.office, record.tests, record.answered, record.median_minutes, record.last.minutes) == (OFFICE, 6, 4, 25, 40)


@on_sqlite
def test_a_test_whose_fate_is_unknown_is_sent_once_more_marked(world: World) -> None:
    world.receipts = False
    world.gateway.answers.append(Sending(Sent.UNKNOWN))
    world.clock.now = drill(world)
    world.work()
    world.wait(minutes(6))
    (_, first), (_, again) = drills_sent(world)
    assert (again, septets(again) <= 160) == (f"(again) {first}", True)
