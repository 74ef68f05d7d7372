"""The machine's clock leaps forward a day, or goes back: each step is still taken once, soon, and nobody is buried in texts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.dispatch.clocks import Clocks
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from referral.routing import clock
from referral.vocabulary.report import Urgency
from tests.conftest import minutes
from tests.world import NOT_NOW, PHYSICAL, SOON, World, on_sqlite, sent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CHILDREN, POLICE = "co-msambweni-1", "desk-ukunda-1"


@pytest.fixture
def postgres_lock(world: World) -> Callable[[str], AbstractContextManager[None]]:
    """Somebody else holds this report's ladder, where a database has locks of rows."""

    @contextmanager
    def lock(report: str) -> Iterator[None]:
        if world.service.database.dialect == "sqlite":
            yield
            return
        with world.service.database.transaction() as session:
            session.scalar(select(LadderRecord).where(LadderRecord.report == report).with_for_update())
            yield

    return lock


def steps_taken(world: World) -> int:
    with world.rows() as session:
        return session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.STEP_TAKEN)) or 0


def ladder(world: World) -> LadderRecord:
    with world.rows() as session:
        return session.scalars(select(LadderRecord)).one()


def alerts(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)))


class TestADayForward:
    def test_takes_each_report_on_once_and_tells_nobody_twice(self, world: World) -> None:
        for serial in range(3):
            sent(world.phone(f"+25470000050{serial}"))
        world.wait(minutes(1))
        before = len(world.gateway.sent)
        world.clock.turn(DAY)
        world.wait(minutes(1), step=timedelta(seconds=10))
        assert steps_taken(world) <= 3 * 2, "a step for the missed answer, one for the missed action"
        rows = alerts(world)
        assert len({(row.report, row.person) for row in rows}) == len(rows)
        told = [to for to, words in world.gateway.sent[before:] if re.search(r"REFERRAL \d{6} RED", words)]
        assert max(told.count(to) for to in set(told)) <= 2 * 3, "no storm: an alert and a word of it at most for each report"

    @on_sqlite
    def test_leaves_an_alerts_four_digits_good(self, world: World) -> None:
        sent(world.phone())
        world.work()
        number = world.number_of(CHILDREN)
        (words,) = [words for to, words in world.gateway.sent if to == number]
        world.clock.turn(DAY)
        world.work()
        found = re.search(r"OK (\d{4})", words)
        assert found
        world.text(number, f"OK {found[1]}")
        world.work()
        assert [alert.acknowledged_at for alert in alerts(world) if alert.person == CHILDREN] == [world.clock.now]

    @pytest.mark.parametrize("forward", [DAY, HOUR])
    def test_and_back_again_the_ladder_goes_on_by_the_right_time(self, world: World, forward: timedelta) -> None:
        sent(world.phone())
        world.wait(minutes(1))
        world.clock.turn(forward)
        world.wait(minutes(1))
        reached = ladder(world).step
        world.clock.turn(-forward)
        world.wait(minutes(62))
        assert ladder(world).step == 99
        assert reached in {2, 3}
        before = len(world.gateway.sent)
        world.wait(minutes(61))
        again = [words for _, words in world.gateway.sent[before:] if "NO ANSWER YET" in words or "HAKUNA JIBU" in words]
        assert 3 <= len(again) <= 5, "the duty person, every quarter of an hour"


class TestBack:
    @pytest.mark.parametrize("back", [HOUR, DAY])
    def test_a_red_alert_that_waits_goes_out_at_once(self, world: World, back: timedelta) -> None:
        sent(world.phone())
        world.clock.turn(-back)
        world.work()
        assert len(world.gateway.sent) == 2

    @pytest.mark.parametrize("back", [HOUR, DAY])
    @on_sqlite
    def test_a_step_of_red_is_taken_after_its_own_time(self, world: World, back: timedelta) -> None:
        sent(world.phone())
        world.wait(minutes(2))
        world.clock.turn(-back)
        world.wait(minutes(14))
        assert ladder(world).step == 1
        world.wait(minutes(3))
        assert ladder(world).step == 2
        assert steps_taken(world) == 1

    @on_sqlite
    def test_high_neither_waits_nor_climbs_a_day_late(self, world: World) -> None:
        sent(world.phone(), danger=SOON, concern=PHYSICAL, who=("3", "3")).key("2")
        world.clock.turn(-DAY)
        world.wait(minutes(4))
        assert len(world.gateway.sent) == 1
        world.clock.turn(-DAY)
        world.wait(minutes(95))
        assert ladder(world).step == 2

    @on_sqlite
    def test_nobody_who_answered_is_asked_again(self, world: World) -> None:
        sent(world.phone())
        world.work()
        for person in (CHILDREN, POLICE):
            number = world.number_of(person)
            found = next(re.search(r"OK (\d{4})", words) for to, words in world.gateway.sent if to == number)
            assert found
            world.text(number, f"ACT {found[1]}")
        world.work()
        before = len(world.gateway.sent)
        for leap in (-HOUR, DAY, -DAY):
            world.clock.turn(leap)
            world.wait(minutes(20))
        assert len(world.gateway.sent) == before

    @on_sqlite
    def test_every_clock_is_set_right_however_many_are_as_they_should_be(self, world: World) -> None:
        """What waits longest by its own rules must not hide what waits too long."""
        for serial in range(8):
            sent(world.phone(f"+2547000006{serial:02d}"), danger=NOT_NOW, concern=PHYSICAL)
        clocks, now = Clocks(world.service.database, world.service.ladder), world.clock.now
        rules = clock.latest(Urgency.HIGH, 3, now, world.service.policy), clock.latest(Urgency.HIGH, 1, now, world.service.policy)
        with world.service.database.transaction() as session:
            reports = sorted(session.scalars(select(LadderRecord.report)))
            session.execute(update(ReportRecord).values(urgency=Urgency.HIGH))
            session.execute(update(LadderRecord).values(step=3, step_due_at=rules[0], action_due_at=None))
            for report in reports[-3:]:
                session.execute(update(LadderRecord).where(LadderRecord.report == report).values(step=1, step_due_at=now + DAY * 365))
        assert [clocks.set_right(now, limit=2) for _ in range(3)] == [2, 1, 0]
        with world.rows() as session:
            assert {row.step_due_at for row in session.scalars(select(LadderRecord).where(LadderRecord.step == 1))} == {rules[1]}

    def test_one_that_cannot_be_set_keeps_no_other_waiting(self, world: World, postgres_lock: Callable[[str], AbstractContextManager[None]]) -> None:
        for serial in range(3):
            sent(world.phone(f"+2547000006{serial:02d}"))
        world.clock.turn(-DAY)
        with world.rows() as session:
            held = session.scalars(select(LadderRecord.report)).first()
        clocks = Clocks(world.service.database, world.service.ladder)
        with postgres_lock(held or ""):
            began = time.monotonic()
            done = clocks.set_right(world.clock.now)
            assert time.monotonic() - began < 2
        left = clocks.set_right(world.clock.now)
        assert (done + left, left > 0) == (6, world.service.database.dialect == "postgresql")
        assert clocks.set_right(world.clock.now) == 0
