"""What is added after Sent: kept answer by answer, and heard where it changes who must know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.reports.records import PlanStepRecord, ReportRecord
from referral.reports.register import Report
from referral.vocabulary.report import Accused, AgeBand, Disability, Happened, Reporter, Sex, Urgency
from tests.world import CHILDRENS_OFFICER, HOME, LABOUR, NOT_NOW, PHYSICAL, POLICE, RELATIVE, SEXABUSE, Phone, World, on_sqlite, sent


def only(world: World) -> Report:
    with world.rows() as session:
        report = world.service.register.read(session, session.scalars(select(ReportRecord.id)).one())
    assert report is not None
    return report


def alerts(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord)))


def to_reporter(phone: Phone) -> Phone:
    """Past every added question to "who are you"."""
    phone.keys("1", "7", "7", "7", "7", "7", "7")
    return phone


class TestEachAnswerIsKept:
    def test_as_it_comes(self, world: World) -> None:
        phone = sent(world.phone())
        phone.keys("1", "7")
        expected = [("1", "happened", Happened.THREE_DAYS), ("2", "age", AgeBand.FROM_10), ("1", "sex", Sex.GIRL)]
        for key, name, value in expected:
            phone.key(key)
            assert getattr(only(world).told, name) == value
        phone.keys("1", "1")
        assert only(world).told.disability is Disability.YES
        phone.key("2")
        assert only(world).told.reporter is Reporter.FRIEND
        phone.key("Karibu na soko, nyumba ya bluu")
        assert only(world).told.story == "Karibu na soko, nyumba ya bluu"
        phone.hang_up()
        assert only(world).told.story is not None

    def test_the_words_themselves_stand_nowhere_in_clear(self, world: World) -> None:
        phone = to_reporter(sent(world.phone()))
        phone.keys("1", "Nyumba ya bluu karibu na soko")
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
        for sealed in (report.story, report.reporter):
            assert sealed is not None
            assert b"bluu" not in sealed
            assert b"child" not in sealed

    def test_going_back_takes_back_what_was_said_but_never_an_accusation(self, world: World) -> None:
        phone = sent(world.phone(), who=POLICE)
        phone.keys("1", "7", "1")
        assert only(world).told.happened is Happened.THREE_DAYS
        phone.key("0")
        assert only(world).told.happened is None
        assert only(world).told.accused == {Accused.POLICE}

    def test_going_back_never_lowers_the_urgency(self, world: World) -> None:
        phone = to_reporter(sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=HOME))
        assert only(world).urgency is Urgency.MEDIUM
        phone.key("1")
        assert only(world).urgency is Urgency.RED
        phone.key("0")
        assert only(world).urgency is Urgency.RED
        assert only(world).told.reporter is None


@on_sqlite
class TestUrgencyRises:
    def test_the_child_itself_and_somebody_at_home(self, world: World) -> None:
        phone = to_reporter(sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=HOME))
        world.work()
        assert world.gateway.sent == [], "a MEDIUM alert waits"
        phone.key("1")
        world.work()
        assert {alert.office for alert in alerts(world)} == {"co-msambweni", "desk-ukunda"}
        assert len(world.gateway.sent) == 2
        assert all(" RED." in words for _, words in world.gateway.sent)
        assert all(alert.sent_at == world.clock.now for alert in alerts(world))
        assert only(world).need == 2

    def test_a_child_under_ten_and_sexual(self, world: World) -> None:
        phone = sent(world.phone(), danger=NOT_NOW, concern=("9", "2"), who=RELATIVE)
        assert only(world).urgency is Urgency.HIGH
        phone.keys("1", "7", "7", "1")
        assert only(world).urgency is Urgency.RED
        world.work()
        assert len(world.gateway.sent) >= 2

    @pytest.mark.parametrize("words", ["ana KISU sasa hivi", "there is blood", "nataka kufa"])
    def test_words_of_a_risk_to_life(self, world: World, words: str) -> None:
        phone = to_reporter(sent(world.phone(), danger=NOT_NOW, concern=LABOUR, who=RELATIVE))
        phone.keys("7", words)
        assert only(world).urgency is Urgency.RED
        world.work()
        assert world.gateway.sent
        assert not [text for _, text in world.gateway.sent if words.rsplit(maxsplit=1)[-1] in text]

    def test_nobody_is_told_twice_and_both_clocks_are_the_new_ones(self, world: World) -> None:
        phone = to_reporter(sent(world.phone(), danger=NOT_NOW, concern=SEXABUSE, who=HOME))
        world.wait(timedelta(seconds=30))
        first = len(world.gateway.sent)
        phone.key("1")
        world.work()
        assert len({alert.person for alert in alerts(world)}) == len(alerts(world))
        assert len(world.gateway.sent) >= first
        with world.rows() as session:
            ladder = session.scalars(select(LadderRecord)).one()
        assert ladder.action_due_at is not None
        assert ladder.action_due_at <= world.clock.now + timedelta(minutes=60)

    def test_every_plan_that_was_made_can_be_read(self, world: World) -> None:
        to_reporter(sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=HOME)).key("1")
        with world.rows() as session:
            plans = session.scalars(select(PlanStepRecord.plan)).all()
        assert set(plans) == {1, 2}

    def test_a_red_alert_that_was_medium_a_moment_ago_goes_before_others(self, world: World) -> None:
        to_reporter(sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=HOME)).key("1")
        assert {alert.lane for alert in alerts(world)} == {Urgency.RED.rank}


class TestSomebodyElseIsAccused:
    def test_help_now_asks_it_afterwards_and_takes_back_what_they_must_not_see(self, world: World) -> None:
        phone = world.phone()
        phone.dial()
        phone.keys("2", "1", "2", "1")
        assert {alert.office for alert in alerts(world)} == {"co-msambweni", "desk-ukunda"}
        phone.keys("1", *CHILDRENS_OFFICER)
        world.work()
        now = {alert.office for alert in alerts(world) if alert.revoked_at is None}
        assert not [office for office in now if office and office.startswith(("co-", "cpv-", "county-duty"))]
        assert len(now) == 2
        children = world.number_of("co-msambweni-1")
        assert children not in {to for to, _ in world.gateway.sent}

    def test_a_repeat_and_a_word_to_a_supervisor_are_held_back_too(self, world: World) -> None:
        phone = world.phone()
        phone.dial()
        phone.keys("2", "1", "2", "1")
        world.work()
        to = world.number_of("co-msambweni-1")
        for _ in range(3):
            world.clock.turn(timedelta(seconds=5))  # the same words within four seconds are one text
            world.text(to, "OK 0000" if "OK 0000" not in str(world.gateway.sent) else "OK 1111")
        world.service.texts.handle(world.service.read_text, world.clock.now)
        assert [row.purpose for row in alerts(world)].count(Purpose.SUPERVISOR) == 1
        phone.keys("1", *CHILDRENS_OFFICER)
        told = len(world.gateway.sent)
        world.work()
        county = {world.number_of("co-kwale-1"), world.number_of("co-kwale-2")}
        assert not county & {number for number, _ in world.gateway.sent[told:]}
