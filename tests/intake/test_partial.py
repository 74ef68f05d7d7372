"""A call that breaks off: what was told counts, once, and what was taken back does not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Danger, Urgency
from tests.world import CHIEF, CHILDRENS_OFFICER, HOME, NOT_NOW, NOW, PHYSICAL, SEXABUSE, SOON, World, as_far_as_ward, on_sqlite

ALMOST, PAST = timedelta(minutes=2, seconds=55), timedelta(seconds=10)


def reports(world: World) -> list[ReportRecord]:
    with world.rows() as session:
        return list(session.scalars(select(ReportRecord)))


def offices(world: World) -> set[str | None]:
    with world.rows() as session:
        return set(session.scalars(select(AlertRecord.office).where(AlertRecord.revoked_at.is_(None))))


def steps(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord)))


@on_sqlite
class TestSilence:
    @pytest.mark.parametrize("danger", [NOW, SOON, NOT_NOW, "4"])
    def test_three_minutes_of_it_file_what_was_told(self, world: World, danger: str) -> None:
        as_far_as_ward(world.phone(), danger=danger)
        world.wait(ALMOST, step=ALMOST)
        assert reports(world) == []
        world.wait(PAST, step=PAST)
        (report,) = reports(world)
        assert report.partial
        assert report.place == "KE002-W0032"
        if danger != NOW:
            assert offices(world) == {"co-msambweni", "triage-desk"}
        else:
            assert offices(world) == {"co-msambweni", "desk-ukunda"}

    def test_it_is_filed_once_and_by_one_worker(self, world: World) -> None:
        as_far_as_ward(world.phone())
        world.wait(timedelta(minutes=10))
        assert world.service.conversations.file_silent(world.clock.now) == 0
        assert len(reports(world)) == 1

    def test_somebody_who_goes_on_in_time_is_not_filed_as_silent(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        world.wait(ALMOST, step=ALMOST)
        phone.keys("9", "9")
        world.wait(ALMOST, step=ALMOST)
        assert reports(world) == []

    def test_who_was_accused_before_the_call_broke_off_is_kept_out(self, world: World) -> None:
        as_far_as_ward(world.phone(), danger=SOON).keys(*CHILDRENS_OFFICER)
        world.wait(timedelta(minutes=4))
        assert not {office for office in offices(world) if office and office.startswith(("co-", "cpv-", "county-duty"))}

    def test_fewer_answers_leave_nothing(self, world: World) -> None:
        for keys in ((), ("1",), ("1", NOW), ("1", NOW, *SEXABUSE), ("1", NOW, *SEXABUSE, "1"), ("2",), ("2", "1")):
            phone = world.phone()
            phone.dial()
            phone.keys(*keys)
            phone.hang_up()
        world.wait(timedelta(minutes=5))
        assert reports(world) == []

    def test_help_now_needs_only_the_ward(self, world: World) -> None:
        phone = world.phone()
        phone.dial()
        phone.keys("2", "1", "2")
        phone.hang_up()
        (report,) = reports(world)
        assert (report.partial, report.urgency, report.danger) == (True, Urgency.RED, Danger.NOW)

    def test_backing_out_erases_it(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        phone.key("0")
        phone.hang_up()
        world.wait(timedelta(minutes=20))
        assert reports(world) == []


class TestTheEndIsTold:
    def test_with_danger_now_it_is_filed_at_once_by_the_red_plan(self, world: World) -> None:
        as_far_as_ward(world.phone(), concern=PHYSICAL).hang_up()
        (report,) = reports(world)
        assert (report.partial, report.urgency) == (True, Urgency.RED)
        world.work()
        assert offices(world) == {"co-msambweni", "desk-ukunda"}
        assert len(world.gateway.sent) == 2

    def test_said_twice_it_is_filed_once(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        phone.hang_up()
        phone.hang_up()
        assert len(reports(world)) == 1

    def test_with_danger_soon_it_waits_for_the_silence(self, world: World) -> None:
        as_far_as_ward(world.phone(), danger=SOON).hang_up()
        assert reports(world) == []
        world.wait(timedelta(minutes=4))
        assert len(reports(world)) == 1


class TestSentAfterAll:
    def test_the_same_report_is_whole_and_its_code_works(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        phone.hang_up()
        (before,) = reports(world)
        phone.keys(*HOME, "1")
        code = re.search(r"\d{4} \d{4} \d{4}", phone.screen)
        assert code
        (report,) = reports(world)
        assert (report.id, report.partial, report.accused) == (before.id, False, "home")
        assert report.code_digest == world.service.keys.code_digest(code[0].replace(" ", ""))
        shown = phone.screen
        assert phone.again() == shown
        assert len(reports(world)) == 1

    def test_it_is_told_by_the_whole_plan_also_when_nothing_new_is_said(self, world: World) -> None:
        phone = as_far_as_ward(world.phone(), danger=SOON)
        phone.keys(*HOME)
        world.wait(timedelta(minutes=4))
        assert offices(world) == {"co-msambweni", "triage-desk"}
        phone.key("1")
        world.work()
        assert "desk-ukunda" in offices(world)
        assert len({alert.person for alert in steps(world)}) == len(steps(world))

    def test_it_takes_the_alert_back_from_whoever_is_now_accused(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        phone.hang_up()
        phone.keys(*CHILDRENS_OFFICER, "1")
        world.work()
        assert not {office for office in offices(world) if office and office.startswith(("co-", "cpv-", "county-duty"))}
        assert "desk-ukunda" in offices(world)

    def test_backing_out_after_it_was_filed_does_not_unsay_it(self, world: World) -> None:
        phone = as_far_as_ward(world.phone())
        phone.keys(*CHIEF)
        phone.hang_up()
        phone.keys("0", "0", "0")
        world.wait(timedelta(minutes=20))
        assert len(reports(world)) == 1
