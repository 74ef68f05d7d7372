"""A report that is closed, or that enough people have, is told to nobody more, whatever a network says of the texts that went out."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.claims import RED
from referral.alerts.records import LadderRecord
from referral.casework.closing import Closing, Reason
from referral.gateway.port import Outcome, Sending
from referral.handover.contacts import Contacts
from tests.conftest import minutes
from tests.dispatch.test_sending import CHILDREN, POLICE, alerts, texts_to
from tests.fakes import RecordingGateway, message_id
from tests.world import NOT_NOW, World, on_sqlite, sent


def clocks(world: World) -> tuple[datetime | None, ...]:
    with world.rows() as session:
        ladder = session.scalars(select(LadderRecord)).one()
        return ladder.step_due_at, ladder.action_due_at, ladder.again_at


@on_sqlite
class TestAClosedReport:
    @pytest.fixture
    def closed(self, world: World) -> World:
        """Both offices were texted, no phone has confirmed it, and the two closed it."""
        world.receipts = False
        sent(world.phone())
        world.work()
        with world.service.database.transaction() as session:
            told = alerts(world)[0].report or ""
            assert world.service.closing.close(session, told, CHILDREN, Reason.SAFE, POLICE, world.clock.now) is Closing.CLOSED
        return world

    def test_is_told_to_nobody_who_stands_in_for_a_silent_phone(self, closed: World) -> None:
        closed.wait(minutes(80), step=minutes(4))
        assert len(closed.gateway.sent) == 2
        assert clocks(closed) == (None, None, None)

    def test_nor_for_a_phone_that_failed_or_opted_out(self, closed: World) -> None:
        closed.receipt(message_id(0), "Failed", "UserInBlackList")
        closed.service.receipts.opted_out(closed.number_of(POLICE), closed.clock.now)
        closed.wait(minutes(2))
        assert len(closed.gateway.sent) == 2
        assert clocks(closed) == (None, None, None)

    def test_nor_by_a_clock_that_runs_all_the_same(self, closed: World) -> None:
        with closed.service.database.transaction() as session:
            session.scalars(select(LadderRecord)).one().step_due_at = closed.clock.now
        closed.wait(minutes(2))
        assert len(closed.gateway.sent) == 2
        assert clocks(closed) == (None, None, None)


@on_sqlite
class TestEnoughHaveAnswered:
    @pytest.fixture
    def waiting(self, world: World) -> World:
        """Nobody answered in time; the next step fell due in the night, and waits for the morning."""
        sent(world.phone(), danger=NOT_NOW, concern=("9", "1", "3"))
        world.clock.turn(minutes(200))
        world.work()
        assert len(world.gateway.sent) == 1
        world.clock.now = datetime(2026, 3, 5, 22, 0, tzinfo=UTC)
        world.work()
        assert {alert.step for alert in alerts(world) if alert.due_at} == {2}
        return world

    def test_before_the_next_step_went_out_it_does_not(self, waiting: World) -> None:
        first = alerts(waiting)[0]
        waiting.text(waiting.number_of(first.person), f"ACT {waiting.service.outbox.numbers.of(first)}")
        waiting.work()
        assert [alert.step for alert in alerts(waiting)] == [1]
        before = len(waiting.gateway.sent)
        waiting.clock.now = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
        waiting.work()
        assert len(waiting.gateway.sent) == before
        with waiting.rows() as session:
            assert session.scalars(select(LadderRecord.step)).one() == 1, "should they fall away, that step is the next"

    def test_but_somebody_who_has_it_and_does_nothing_holds_nobody_back(self, waiting: World) -> None:
        first = alerts(waiting)[0]
        waiting.text(waiting.number_of(first.person), f"OK {waiting.service.outbox.numbers.of(first)}")
        waiting.work()
        assert [alert.step for alert in alerts(waiting)] == [1]
        with waiting.service.database.transaction() as session:
            session.scalars(select(LadderRecord)).one().action_due_at = waiting.clock.now
        waiting.work()
        waiting.clock.now = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
        waiting.work()
        assert {alert.step for alert in alerts(waiting) if alert.sent_at} == {1, 2}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_opt_out_beside_a_refusal_of_the_same_phone_waits_and_does_not_break_off(world: World) -> None:
    """The worker stands between the report's lock and the person's; the callback of the same phone comes in."""
    between = threading.Event()

    class Slow(Contacts):
        def unreachable(self, session: Session, person: str) -> None:
            between.set()
            over.wait(1.0)
            super().unreachable(session, person)

    class Refuses(RecordingGateway):
        def send(self, to, text):  # type: ignore[no-untyped-def]
            return super().send(to, text) if to.reveal() != world.number_of(CHILDREN) else Sending(Outcome.REFUSED, 406, reason="UserInBlacklist")

    over = threading.Event()
    sent(world.phone())
    sender = world.service.sender(Refuses())
    slow = replace(sender, contacts=Slow(**vars(sender.contacts)))
    thread = threading.Thread(target=lambda: slow.send_due(world.clock, RED))
    thread.start()
    assert between.wait(10)
    world.service.receipts.opted_out(world.number_of(CHILDREN), world.clock.now)
    thread.join(20)
    world.work()
    assert not thread.is_alive()
    assert [alert.failure for alert in alerts(world) if alert.person == CHILDREN] == ["UserInBlacklist"]
    assert len(texts_to(world, "co-msambweni-2")) == 1
