"""The gateway fails for a while, in the ways that leave it open whether a text was taken. Nobody who was to be told is passed over for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.claims import OTHERS, RED
from referral.alerts.depths import queue_depths
from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.policy_of_codes import course
from referral.dispatch.worker import Worker
from referral.gateway import port
from referral.gateway.port import Arrived, FetchFailed, Outcome, Sending
from referral.vocabulary.phone import PhoneNumber
from tests.conftest import minutes
from tests.dispatch.test_sending import CHILDREN, POLICE, alerts, texts_to
from tests.fakes import RecordingGateway
from tests.world import NOT_NOW, PHYSICAL, Never, World, on_sqlite, sent

pytestmark = on_sqlite
EMPTY, UNREADABLE = Sending(Outcome.REFUSED, 405), Sending(Outcome.UNKNOWN, reason=port.BAD_ANSWER)
BUSY, HANGS = Sending(Outcome.UNKNOWN, reason=port.HTTP_ERROR), Sending(Outcome.UNKNOWN, reason=port.TIMEOUT)
SECONDS = timedelta(seconds=15)


@dataclass
class Sick(RecordingGateway):
    """Answers every text with `fault` while there is one. `meanwhile` happens while a text, told by its place in the row, is on its way."""

    fault: Sending | None = None
    meanwhile: Callable[[int], None] = lambda _serial: None
    tried: list[str] = field(default_factory=list)

    def send(self, to: PhoneNumber, text: str) -> Sending:
        self.tried.append(to.reveal())
        self.meanwhile(len(self.tried))
        return self.fault or super().send(to, text)

    def fetch(self, after: int) -> Sequence[Arrived]:
        if self.fault in (BUSY, HANGS):
            raise FetchFailed(self.fault.reason)
        return super().fetch(after)


@pytest.fixture
def sick(world: World) -> Sick:
    gateway = Sick()
    world.use(gateway)
    return gateway


class TestAnOutage:
    @pytest.mark.parametrize("fault", [BUSY, HANGS], ids=["503", "timeout"])
    def test_keeps_everybody_who_is_to_be_told(self, world: World, sick: Sick, fault: Sending) -> None:
        sick.fault = fault
        sent(world.phone())
        world.wait(minutes(1), step=SECONDS)
        with world.rows() as session:
            assert world.service.roads().broken(session), "one RED report is enough to know"
        world.wait(minutes(9), step=SECONDS)
        with world.rows() as session:
            assert queue_depths(session, world.clock.now)["RED"].oldest == minutes(10), "an alarm counts from when it first was due"
        assert not [alert for alert in alerts(world) if alert.failed_at or alert.sent_at]
        sick.fault = None
        world.wait(minutes(1), step=SECONDS)
        for person in (CHILDREN, POLICE):
            (text,) = texts_to(world, person)
            assert text.startswith(("(again) ", "(rudia) ")), "the gateway may have had it before"

    def test_of_which_the_gateway_says_that_it_took_texts_uses_up_the_repeat(self, world: World, sick: Sick) -> None:
        sick.fault = UNREADABLE
        sent(world.phone())
        world.wait(minutes(3), step=SECONDS)
        assert max(sick.tried.count(number) for number in sick.tried) == 2
        assert {alert.failure for alert in alerts(world) if alert.person in {CHILDREN, POLICE}} == {"unknown twice"}
        assert world.number_of("co-msambweni-2") in sick.tried

    def test_with_an_empty_account_is_over_as_soon_as_either_can_be_known(self, world: World) -> None:
        roads, now = world.service.roads(), world.clock.now
        roads.heard(course(EMPTY), "InsufficientBalance", now)
        for _ in range(3):
            roads.heard(course(HANGS), port.TIMEOUT, now)
        given = []
        for second in range(0, 120, 5):
            with world.service.database.transaction() as session:
                if roads.allowed(session, OTHERS, 4, now + timedelta(seconds=second)):
                    given.append(second)
        assert given == list(range(15, 120, 15)), "at the pace of a gateway that is down"
        roads.heard(course(EMPTY), "InsufficientBalance", now + minutes(2))
        with world.service.database.transaction() as session:
            assert not roads.allowed(session, OTHERS, 4, now + minutes(3)), "it answers: the account is empty, and is tried seldom"


class TestALostAnswer:
    @pytest.mark.parametrize("during", [True, False], ids=["while we wait", "afterwards"])
    def test_is_made_up_for_by_the_receipt(self, world: World, sick: Sick, during: bool) -> None:
        world.receipts = False
        sick.fault = HANGS

        def receipts() -> None:
            for at, to in enumerate(sick.tried):
                form = {"id": f"ATXid_theirs{at}", "status": "Success", "phoneNumber": to}
                world.post(f"/sms/{world.sms_token}/delivery", form)

        if during:
            sick.meanwhile = lambda _serial: receipts()
        sent(world.phone())
        world.work()
        if not during:
            receipts()
        assert all(alert.delivered_at == world.clock.now for alert in alerts(world))
        world.wait(minutes(6))
        assert len(sick.tried) == 2, "nothing is said twice"

    def test_is_not_made_up_for_by_a_receipt_of_somebody_else(self, world: World, sick: Sick) -> None:
        world.receipts = False
        sick.fault = HANGS
        sent(world.phone("+254700000001"))
        world.work()
        for number in ("+254700000001", "", "nobody", world.number_of("co-kwale-1")):
            world.post(f"/sms/{world.sms_token}/delivery", {"id": f"ATXid_{number}", "status": "Success", "phoneNumber": number})
        assert not [alert for alert in alerts(world) if alert.delivered_at]
        sick.fault = None
        world.wait(minutes(1), step=SECONDS)
        assert len(sick.tried) == 4, "RED waits for seconds, not minutes"


class TestALease:
    def test_begins_anew_with_each_text(self, world: World, sick: Sick) -> None:
        """The first took nearly a minute to be written down; another worker comes round while the second is on its way."""

        def meanwhile(serial: int) -> None:
            if serial == 1:
                world.clock.turn(timedelta(seconds=55))
            elif serial == 2:
                world.clock.turn(timedelta(seconds=10))
                Worker(world.service.sending_jobs(sick, RED), world.clock, Never(), pause=0).round()  # type: ignore[arg-type]

        sick.meanwhile = meanwhile
        sent(world.phone())
        world.work()
        assert sorted(sick.tried) == sorted([world.number_of(CHILDREN), world.number_of(POLICE)])

    def test_that_is_over_is_left_to_others(self, world: World) -> None:
        sent(world.phone())
        with world.service.database.transaction() as session:
            due, *_ = world.service.outbox.claim(session, world.clock.now, 4)
        world.clock.turn(minutes(2))
        with world.service.database.transaction() as session:
            assert world.service.letters().make(session, due, world.clock.now) is None


class TestAtNight:
    def test_what_an_outage_carried_into_the_night_waits_for_the_morning(self, world: World) -> None:
        sent(world.phone(), danger=NOT_NOW, concern=("9", "1", "3"))
        world.clock.turn(timedelta(hours=16))  # two in the morning; no worker ran since
        world.work()
        assert world.gateway.sent == []
        world.clock.turn(timedelta(hours=5))
        world.work()
        assert len(world.gateway.sent) == 1

    def test_who_stands_in_for_a_phone_that_was_off_is_told_in_the_morning(self, world: World) -> None:
        world.receipts = False
        sent(world.phone(), danger=NOT_NOW, concern=("9", "1", "3"))
        world.clock.turn(timedelta(hours=4))
        world.work()
        assert len(world.gateway.sent) == 1
        world.clock.turn(timedelta(hours=12))
        world.receipt("ATXid_" + "0" * 32, "AbsentSubscriber")
        world.work()
        assert len(world.gateway.sent) == 1
        world.clock.turn(timedelta(hours=5))
        world.work()
        assert len(world.gateway.sent) == 2
        with world.rows() as session:
            assert session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.due_at.is_not(None))).all() == []


def test_an_outage_of_less_urgent_texts_loses_none(world: World, sick: Sick) -> None:
    sick.fault = BUSY
    for serial in range(4):
        sent(world.phone(f"+25470000076{serial}"), danger=NOT_NOW, concern=PHYSICAL)
    with world.service.database.transaction() as session:
        for row in session.scalars(select(AlertRecord)):
            row.due_at = world.clock.now
    world.wait(minutes(10), step=SECONDS)
    assert not [alert for alert in alerts(world) if alert.failed_at or alert.sent_at]
    sick.fault = None
    world.wait(minutes(5), step=SECONDS)
    assert all(alert.sent_at for alert in alerts(world))
