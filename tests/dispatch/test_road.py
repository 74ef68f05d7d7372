"""An empty account, a gateway that is down, so many texts a second: all workers know of it, and RED is tried all the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from referral.alerts.claims import OTHERS, RED
from referral.alerts.depths import queue_depths
from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.dispatch.balance import BalanceWatch
from referral.dispatch.policy_of_codes import course
from referral.dispatch.road import BELOW_RESERVE, Roads, SendingPauseRecord, Trouble
from referral.gateway import port
from referral.gateway.port import Balance, Outcome, Sending
from referral.vocabulary.phone import PhoneNumber
from tests.conftest import minutes
from tests.fakes import RecordingGateway
from tests.world import NOT_NOW, PHYSICAL, World, on_sqlite, sent

EMPTY, DOWN = Sending(Outcome.REFUSED, 405), Sending(Outcome.REFUSED, reason=port.NO_CONNECTION)
HANGS, NO_SENDER = Sending(Outcome.UNKNOWN, reason=port.TIMEOUT), Sending(Outcome.REFUSED, 402)


@dataclass
class Failing(RecordingGateway):
    """Answers every text with `fault` while there is one, and counts who was tried."""

    fault: Sending | None = None
    tries: list[str] = field(default_factory=list)

    def send(self, to: PhoneNumber, text: str) -> Sending:
        found = re.search(r"\d{6} (RED|HIGH|MEDIUM|LOW)\b", text)
        self.tries.append(found[1] if found else "other")
        return self.fault or super().send(to, text)


@pytest.fixture
def failing(world: World) -> Failing:
    """The gateway of the world, which fails when told to."""
    gateway = Failing()
    world.use(gateway)
    return gateway


def less_urgent(world: World, many: int = 1) -> None:
    """Alerts that are not RED, due now."""
    for serial in range(many):
        sent(world.phone(f"+2547000007{serial:02d}"), danger=NOT_NOW, concern=PHYSICAL)
    with world.service.database.transaction() as session:
        session.execute(update(AlertRecord).where(AlertRecord.lane > 0).values(due_at=world.clock.now))


def roads(world: World) -> Roads:
    return world.service.roads()


def troubles(world: World) -> set[Trouble]:
    with world.rows() as session:
        return {one.trouble for one in roads(world).seen(session)}


def stopped(world: World) -> tuple[bool, bool]:
    with world.rows() as session:
        return Trouble.EMPTY in {one.trouble for one in roads(world).seen(session)}, roads(world).broken(session)


class TestAnEmptyAccount:
    def test_pauses_all_but_red_and_is_tried_now_and_then(self, world: World, failing: Failing) -> None:
        failing.fault = EMPTY
        less_urgent(world, 6)
        world.work()
        assert stopped(world) == (True, False)
        before = len(failing.tries)
        assert before <= 4, "a batch that was in hand"
        sent(world.phone("+254700000901"))
        world.wait(minutes(4.5), step=timedelta(seconds=10))
        assert set(failing.tries[before:]) == {"RED"}, "the reserve is for RED"
        assert len(failing.tries) > before + 2
        world.wait(minutes(6), step=timedelta(seconds=10))
        assert len([one for one in failing.tries[before:] if one != "RED"]) in {1, 2}

    def test_is_over_with_the_first_text_that_is_taken_and_nothing_is_lost(self, world: World, failing: Failing) -> None:
        failing.fault = EMPTY
        less_urgent(world, 6)
        world.wait(minutes(3), step=timedelta(seconds=30))
        failing.fault = None
        world.wait(minutes(7), step=timedelta(seconds=10))
        assert stopped(world) == (False, False)
        with world.rows() as session:
            alerts = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)).all()
            waiting = [one for one in alerts if one.sent_at is None]
        assert not waiting or max(one.due_at for one in waiting if one.due_at) <= world.clock.now + minutes(30)
        world.wait(minutes(31), step=minutes(1))
        with world.rows() as session:
            assert all(one.sent_at for one in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)))

    @on_sqlite
    def test_one_of_all_workers_tries_it(self, world: World, failing: Failing) -> None:
        failing.fault = EMPTY
        less_urgent(world, 3)
        world.work()
        world.clock.turn(minutes(5.1))
        with world.service.database.transaction() as session:
            assert roads(world).allowed(session, OTHERS, 4, world.clock.now) == 1
        with world.service.database.transaction() as session:
            assert roads(world).allowed(session, OTHERS, 4, world.clock.now) == 0
            assert roads(world).allowed(session, RED, 4, world.clock.now) == 4

    @on_sqlite
    def test_a_clock_set_back_does_not_silence_the_probe(self, world: World, failing: Failing) -> None:
        failing.fault = EMPTY
        less_urgent(world)
        world.work()
        failing.fault = None
        world.clock.turn(-timedelta(days=1))
        with world.service.database.transaction() as session:
            assert roads(world).allowed(session, OTHERS, 4, world.clock.now) == 1


@dataclass
class Prepaid(Failing):
    """An account with `left` on it, a text costing one; the first that is tried goes to a dearer network."""

    left: int = 6

    def send(self, to: PhoneNumber, text: str) -> Sending:
        if not self.tries or not self.left:
            self.tries.append("other")
            return EMPTY
        self.left -= 1
        return super().send(to, text)


@on_sqlite
class TestWhatIsLeftForRed:
    def test_no_other_text_spends_it_though_red_ones_are_taken(self, world: World) -> None:
        gateway = Prepaid()
        world.use(gateway)
        less_urgent(world, 8)
        world.work()
        assert (stopped(world), gateway.left) == ((True, False), 6), "the rest of the batch is given back"
        for serial in range(3):
            sent(world.phone(f"+25470000091{serial}"))
            world.work()
        assert gateway.tries[1:] == ["RED"] * 6, "the second and the third report reach somebody, too"
        assert stopped(world)[0]
        gateway.left = 1000
        world.wait(minutes(40), step=timedelta(seconds=30))
        assert not stopped(world)[0]
        with world.rows() as session:
            assert all(one.sent_at for one in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)))

    def test_is_what_policy_keeps_before_the_account_is_empty(self, world: World, failing: Failing) -> None:
        """As it is read each quarter of an hour; where it cannot be read any more, texts try the road as after a 405."""
        kept = Roads(world.service.database, replace(world.service.policy.sending, balance_reserve=200.0))
        for left, pauses in (("201", False), ("199.5", True), ("199", True)):
            failing.left = Balance("KES", Decimal(left))
            BalanceWatch(world.service.database, failing, kept).look(world.clock.now)
            assert stopped(world)[0] is pauses
        with world.rows() as session:
            assert [one.reason for one in kept.seen(session)] == [BELOW_RESERVE]
        less_urgent(world, 2)
        world.wait(minutes(50))
        assert failing.tries == []
        world.wait(minutes(12))
        assert (len(failing.tries), stopped(world)[0]) == (2, False)
        kept.heard(course(EMPTY), "InsufficientBalance", world.clock.now)
        failing.left = Balance("KES", Decimal(5000))
        BalanceWatch(world.service.database, failing, kept).look(world.clock.now)
        assert not stopped(world)[0]

    def test_a_text_that_nobody_wants_any_more_is_no_probe(self, world: World, failing: Failing) -> None:
        failing.fault = EMPTY
        less_urgent(world)
        world.work()
        with world.service.database.transaction() as session:
            session.execute(update(AlertRecord).values(due_at=world.clock.now, revoked_at=world.clock.now, lane=1))
        less_urgent(world)
        before = len(failing.tries)
        world.clock.turn(minutes(5.1))
        world.work()
        assert len(failing.tries) == before + 1


class TestAGatewayThatIsDown:
    @pytest.mark.parametrize("fault", [DOWN, HANGS, Sending(Outcome.REFUSED, 500), Sending(Outcome.REFUSED, 501)], ids=["refuses", "hangs", "500", "501"])
    @on_sqlite
    def test_is_spared_after_some_failures_and_red_is_tried_on(self, world: World, failing: Failing, fault: Sending) -> None:
        failing.fault = fault
        less_urgent(world, 8)
        world.work()
        assert stopped(world) == (False, True)
        assert len(failing.tries) <= world.service.policy.sending.down_after + 3
        before = len(failing.tries)
        sent(world.phone("+254700000902"))
        world.wait(minutes(1), step=timedelta(seconds=5))
        assert failing.tries[before:].count("RED") >= 2
        assert len(failing.tries) - before - failing.tries[before:].count("RED") <= 5, "one each quarter of a minute"
        failing.fault = None
        world.wait(minutes(40), step=timedelta(seconds=30))
        assert stopped(world) == (False, False)
        with world.rows() as session:
            assert not [one for one in session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)) if one.due_at]

    @on_sqlite
    def test_lets_the_clocks_run(self, world: World, failing: Failing) -> None:
        failing.fault = DOWN
        sent(world.phone())
        world.wait(minutes(16))
        with world.rows() as session:
            assert session.scalars(select(LadderRecord.step)).one() == 2

    @on_sqlite
    def test_a_refusal_of_one_person_is_an_answer_of_the_gateway(self, world: World, failing: Failing) -> None:
        failing.fault = DOWN
        less_urgent(world, 8)
        world.work()
        failing.fault = Sending(Outcome.REFUSED, 406)
        world.clock.turn(minutes(0.3))
        world.work()
        assert not stopped(world)[1]


@on_sqlite
class TestAnAccountThatIsRefused:
    def test_is_an_alarm_and_pauses_nothing(self, world: World, failing: Failing) -> None:
        failing.fault = NO_SENDER
        less_urgent(world, 6)
        world.work()
        assert troubles(world) == {Trouble.REFUSED}
        assert stopped(world) == (False, False)
        assert len(failing.tries) == 6

    def test_stays_an_alarm_while_another_operator_takes_texts(self, world: World, failing: Failing) -> None:
        failing.fault = NO_SENDER
        less_urgent(world)
        world.work()
        failing.fault = None
        sent(world.phone("+254700000903"))
        world.work()
        assert troubles(world) == {Trouble.REFUSED}
        world.wait(minutes(16))
        sent(world.phone("+254700000904"))
        world.work()
        assert troubles(world) == set()


@on_sqlite
class TestSoManyASecond:
    def test_all_workers_together_and_red_has_its_share(self, world: World) -> None:
        figures, now = world.service.policy.sending, world.clock.now
        others = figures.texts_a_second - figures.kept_for_red
        with world.service.database.transaction() as session:
            assert roads(world).allowed(session, OTHERS, 100, now) == others
            roads(world).took(session, OTHERS, others, now)
        with world.service.database.transaction() as session:
            assert roads(world).allowed(session, OTHERS, 100, now) == 0
            assert roads(world).allowed(session, RED, 100, now) == figures.kept_for_red
            roads(world).took(session, RED, figures.kept_for_red, now)
            assert roads(world).allowed(session, RED, 100, now) == 0
            assert roads(world).allowed(session, OTHERS, 100, now + timedelta(seconds=1)) == others

    def test_what_red_used_the_others_have_not(self, world: World) -> None:
        figures, now = world.service.policy.sending, world.clock.now
        with world.service.database.transaction() as session:
            roads(world).took(session, RED, figures.texts_a_second - 2, now)
            assert roads(world).allowed(session, OTHERS, 100, now) == 2

    def test_a_heap_goes_out_second_by_second(self, world: World) -> None:
        less_urgent(world, 25)
        world.work()
        rate = world.service.policy.sending
        assert len(world.gateway.sent) == rate.texts_a_second - rate.kept_for_red
        world.clock.turn(timedelta(seconds=1))
        world.work()
        assert len(world.gateway.sent) == 25

    def test_the_counts_are_forgotten(self, world: World) -> None:
        with world.service.database.transaction() as session:
            roads(world).took(session, RED, 1, world.clock.now)
            roads(world).took(session, RED, 1, world.clock.now + timedelta(days=1))
            Roads.forget(session, world.clock.now + timedelta(minutes=2))
            from referral.dispatch.road import SendingRateRecord

            assert session.scalars(select(SendingRateRecord)).all() == []


class TestWhatCanBeSeenOfIt:
    def test_how_much_waits_by_lane_and_for_how_long(self, world: World) -> None:
        sent(world.phone())
        world.clock.turn(minutes(2))
        less_urgent(world, 3)
        with world.rows() as session:
            seen = queue_depths(session, world.clock.now + minutes(1))
        assert list(seen) == ["RED", "HIGH", "MEDIUM", "LOW", "DRILL"]
        assert (seen["RED"].due, seen["RED"].oldest) == (2, minutes(3))
        assert sum(one.due for one in seen.values()) == 5
        world.wait(minutes(1))
        with world.rows() as session:
            assert sum(one.due for one in queue_depths(session, world.clock.now).values()) == 0

    @on_sqlite
    def test_since_when_and_how_often(self, world: World, failing: Failing) -> None:
        failing.fault = DOWN
        less_urgent(world, 8)
        world.work()
        with world.rows() as session:
            (seen,) = roads(world).seen(session)
            assert session.scalars(select(SendingPauseRecord)).one().probe_at > world.clock.now
        assert (seen.trouble, seen.since, seen.reason, seen.stops) == (Trouble.DOWN, world.clock.now, port.NO_CONNECTION, True)
        assert seen.count >= world.service.policy.sending.down_after
