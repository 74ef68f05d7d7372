"""RED waits behind nothing: not behind a heap of others, not behind a text at which the gateway hangs, not behind a worker that is to stop."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.alerts.claims import OTHERS, RED
from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.worker import Aside, Job, Worker
from referral.gateway.port import Sending
from referral.vocabulary.phone import PhoneNumber
from tests.fakes import RecordingGateway
from tests.world import NOT_NOW, PHYSICAL, Never, World, on_sqlite, sent


@dataclass
class Hanging(RecordingGateway):
    """Hangs at every text that is not RED, until it is let go."""

    free: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def send(self, to: PhoneNumber, text: str) -> Sending:
        if " RED." not in text:
            self.reached.set()
            assert self.free.wait(20)
        return super().send(to, text)


def worker(world: World, gateway: RecordingGateway, lanes: object) -> Worker:
    return Worker(world.service.sending_jobs(gateway, lanes), world.clock, Never(), pause=0)  # type: ignore[arg-type]


def queue(world: World, what: str) -> None:
    """Something of this kind is due."""
    service, now = world.service, world.clock.now
    if what in {"MEDIUM", "LOW", "HIGH"}:
        sent(world.phone("+254700000701"), danger=NOT_NOW, concern=PHYSICAL)
    with service.database.transaction() as session:
        if what == "REPORTER":
            service.outbox.tell_reporter(session, PhoneNumber("+254700000702"), "Asante.", now)
        elif what == "DRILL":
            service.outbox.drill(session, anybody(world), now, now)
        else:
            lane = {"HIGH": 1, "MEDIUM": 2, "LOW": 3}[what]
            session.execute(update(AlertRecord).values(due_at=now, lane=lane))


def anybody(world: World):  # type: ignore[no-untyped-def]
    planner, now = world.service.planner, world.clock.now
    return next(bearers[0] for office in planner.roster().offices() if (bearers := planner.on_duty(office.id, now)))


@pytest.mark.parametrize("what", ["HIGH", "MEDIUM", "LOW", "REPORTER", "DRILL"])
def test_while_the_gateway_hangs_at_another_text_red_goes_out(world: World, what: str) -> None:
    queue(world, what)
    gateway = Hanging()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(worker(world, gateway, OTHERS).round)
        try:
            assert gateway.reached.wait(20)
            sent(world.phone("+254700000703"))
            assert worker(world, gateway, RED).round() == 2
            assert len(gateway.sent) == 2
            assert not hanging.done()
        finally:
            gateway.free.set()
        assert hanging.result(20) == 1
    assert len(gateway.sent) == 3


@on_sqlite
def test_what_officers_are_told_of_a_report_that_is_not_red_travels_behind_red(world: World) -> None:
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
    world.wait(timedelta(hours=5), step=timedelta(minutes=20))
    world.clock.turn(timedelta(days=1.1))
    for job in world.service.steady_jobs():
        if job.name == "climb":
            job.run()
    with world.rows() as session:
        waiting = session.scalars(select(AlertRecord).where(AlertRecord.due_at.is_not(None))).all()
        assert waiting
        assert all(row.lane > 0 for row in waiting)


@on_sqlite
def test_nothing_that_asks_the_gateway_stands_before_the_clocks(world: World) -> None:
    """A gateway that hangs when its inbox is asked for delays no climbing, no heartbeat and no OK that was called in."""
    asking = {job.name for job in (*world.service.inbox_jobs(world.gateway), *world.service.account_jobs(world.gateway))}
    assert asking == {"pull", "balance"}
    assert not asking & {job.name for job in (*world.service.steady_jobs(), *world.service.slow_jobs())}


class TestAWorkerThatIsToStop:
    def test_finishes_the_text_in_hand_and_leaves_the_rest_to_others_at_once(self, world: World) -> None:
        for serial in range(3):
            sent(world.phone(f"+25470000071{serial}"))
        gateway = RecordingGateway()
        (job,) = world.service.sending_jobs(gateway, RED, lambda: len(gateway.sent) == 1)
        job.run()
        assert len(gateway.sent) == 1
        with world.rows() as session:
            rows = session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)).all()
        assert [row.attempts for row in rows if row.sent_at] == [1]
        assert all(row.claim is None and row.due_at is not None and row.due_at <= world.clock.now and row.attempts == 0 for row in rows if not row.sent_at)
        other = RecordingGateway()
        while worker(world, other, RED).round():
            pass
        assert len(other.sent) == 5, "no lease has to run out first"
        assert not {to for to, _ in gateway.sent} & {to for to, words in other.sent if words in {text for _, text in gateway.sent}}

    @on_sqlite
    def test_begins_no_other_job(self, world: World) -> None:
        stop, begun = threading.Event(), list[str]()

        def last() -> int:
            begun.append("first")
            stop.set()
            return 1

        Worker([Job("first", last), Job("second", lambda: begun.append("second") or 0)], world.clock, stop).run()  # type: ignore[func-returns-value]
        assert begun == ["first"]

    @on_sqlite
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_sending_thread_that_dies_stops_all_so_that_the_process_is_started_anew(self, world: World) -> None:
        stop = threading.Event()

        def dies() -> int:
            raise SystemExit

        one = Aside("red", Worker([Job("send", dies)], world.clock, stop), stop, patience=5)
        one.start()
        assert stop.wait(5)
        one.finish()
