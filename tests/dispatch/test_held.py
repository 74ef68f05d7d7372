"""Somebody else holds a report and does not let go: a frozen process, a lost host. Everybody else's report goes on, and this one as soon as it can."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.orm import Session

from referral.alerts.records import AlertRecord, LadderRecord
from referral.directory.records import PersonRow
from referral.dispatch.escalate import Escalation
from referral.dispatch.worker import Job, Worker
from referral.gateway.port import Sending
from referral.handover.rungs import END
from referral.privacy.rotation import Rotation
from referral.privacy.seal import head, key_of
from referral.reports.register import Report
from referral.vocabulary.phone import PhoneNumber
from tests.conftest import KEYRING, Kept, minutes, settings_for
from tests.dispatch.test_sending import alerts
from tests.fakes import FixedClock, RecordingGateway
from tests.world import PHYSICAL, SOON, Never, World, on_sqlite, sent

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite locks no rows."""


@pytest.fixture
def outside(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@contextmanager
def holding(outside: Engine, report: str) -> Iterator[Connection]:
    """A transaction that holds a report's ladder and its alerts, and does nothing more."""
    with outside.connect() as connection:
        connection.execute(select(LadderRecord).where(LadderRecord.report == report).with_for_update())
        connection.execute(select(AlertRecord).where(AlertRecord.report == report).limit(1).with_for_update())
        yield connection
        connection.rollback()


def reports(world: World) -> list[str]:
    with world.rows() as session:
        return list(session.scalars(select(LadderRecord.report)))


def went_out(world: World, report: str) -> int:
    return sum(alert.sent_at is not None for alert in alerts(world) if alert.report == report)


def step(world: World, report: str) -> int:
    with world.rows() as session:
        return session.get_one(LadderRecord, report).step


@on_postgresql
class TestAHeldReport:
    def test_keeps_no_other_from_being_sent_and_from_climbing(self, world: World, outside: Engine) -> None:
        sent(world.phone())
        (held,) = reports(world)
        began = time.monotonic()
        with holding(outside, held):
            world.clock.turn(minutes(1))
            sent(world.phone("+254700000002"))
            (other,) = set(reports(world)) - {held}
            world.work()
            assert (went_out(world, held), went_out(world, other)) == (0, 2)
            for _ in range(20):
                world.clock.turn(minutes(1))
                world.work()
            assert (step(world, held), step(world, other)) == (1, 2), "the one that is held is due first"
        took = time.monotonic() - began
        world.wait(minutes(1))
        assert went_out(world, held) >= 2
        assert {alert.attempts for alert in alerts(world) if alert.report == held} == {1}, "a try that was none does not count"
        assert took < 15, "nobody waits for a lock, minute after minute"

    def test_keeps_no_other_from_being_told_early(self, world: World, outside: Engine) -> None:
        world.receipts = False
        for number in "12":
            sent(world.phone(f"+25470000000{number}"))
        world.work()
        held, other = reports(world)
        with holding(outside, held):
            world.clock.turn(minutes(11))
            world.work()
            early = {alert.report for alert in alerts(world) if alert.early_at is not None}
            assert early == {other}
        world.wait(minutes(1))
        assert {alert.report for alert in alerts(world) if alert.early_at is not None} == {held, other}

    def test_keeps_no_other_from_being_reminded(self, world: World, outside: Engine) -> None:
        for number in "12":
            sent(world.phone(f"+25470000000{number}"), danger=SOON, concern=PHYSICAL, who=("3", "3")).key("2")
        world.wait(minutes(26))
        held, other = reports(world)
        with holding(outside, held):
            world.clock.turn(minutes(9))
            world.work()
            assert {alert.report for alert in alerts(world) if alert.remind_at is not None} == {held}
        world.wait(minutes(1))
        assert not [alert for alert in alerts(world) if alert.remind_at is not None]
        assert other != held


@dataclass
class InTheWay(RecordingGateway):
    """While the first text is on its way somebody takes hold of its report; `lets_go` once whoever writes the answer down has been broken off."""

    take: Callable[[], None] = lambda: None
    calls: int = 0

    def send(self, to: PhoneNumber, text: str) -> Sending:
        self.calls += 1
        if self.calls == 1:
            self.take()
        return super().send(to, text)


@on_postgresql
@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_the_gateways_yes_is_kept_until_it_can_be_written_down(world: World, outside: Engine, how: str) -> None:
    taken, broken = threading.Event(), list[int]()

    def holds() -> None:
        (report,) = reports(world)
        with holding(outside, report), outside.connect() as watch:
            taken.set()
            broken.extend(break_off(watch, how) for _ in range(2))

    holder = threading.Thread(target=holds)

    def take() -> None:
        holder.start()
        assert taken.wait(10)

    gateway = InTheWay(take=take)
    world.use(gateway)
    sent(world.phone())
    world.work()
    holder.join()
    assert broken == [1, 1]
    world.wait(minutes(3))
    assert [words for _, words in gateway.sent if words.startswith(("(again)", "(rudia)"))] == []
    assert len(gateway.sent) == 2
    assert all(alert.unknown_at is None for alert in alerts(world))


def break_off(watch: Connection, how: str) -> int:
    """End the statement, or the connection, of whoever waits for a lock. How many there were."""
    who = text(f"SELECT count({how}(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    for _ in range(400):
        found = watch.execute(who).scalar_one()
        watch.rollback()
        if found:
            return int(found)
        time.sleep(0.01)
    return 0


class TestAHostWithoutTheKey:
    """Keys were turned on one host, and the other has not heard of it yet."""

    @pytest.fixture
    def hosts(self, sqlite_county: Kept, clock: FixedClock, tmp_path: Path) -> Iterator[tuple[World, World]]:
        url, name = sqlite_county.fresh(f"k{random.getrandbits(64):016x}"), itertools.count()
        rings = [shutil.copy(KEYRING, tmp_path / f"{next(name)}.json") for _ in range(2)]
        has = World(settings_for(url, keyring=rings[0]), clock)
        lacks = World(settings_for(url, keyring=rings[1], keyring_follows=True), clock)
        Rotation(has.service.database, has.service.keyring).rotate("fields", clock.now)
        yield has, lacks
        has.close()
        lacks.close()

    def test_leaves_it_to_the_one_that_has_it_and_passes_over_no_officer(self, hosts: tuple[World, World]) -> None:
        has, lacks = hosts
        sent(has.phone())
        for _ in range(20):
            lacks.work()
            has.clock.turn(timedelta(seconds=15))
        assert lacks.gateway.sent == []
        waiting = alerts(has)
        assert {(alert.attempts, alert.revoked_at, alert.due_at is None) for alert in waiting} == {(0, None, False)}
        lacks.work()
        has.work()
        assert {to for to, _ in has.gateway.sent} == {has.number_of(alert.person) for alert in waiting}

    def test_does_not_keep_a_report_from_climbing_on_the_other(self, hosts: tuple[World, World]) -> None:
        has, lacks = hosts
        sent(has.phone())
        has.work()
        has.clock.turn(minutes(16))
        lacks.work()
        has.work()
        (report,) = reports(has)
        assert step(has, report) == 2


@on_sqlite
def test_a_number_that_no_host_can_open_is_somebody_else_s_alert_in_time(world: World) -> None:
    """Its key is lost, or its name damaged: after ten minutes it is taken for what it is."""
    sent(world.phone())
    (first, *_) = [alert.person for alert in alerts(world)]
    with world.service.database.transaction() as session:
        person = session.get_one(PersonRow, first)
        assert person.sealed_number is not None
        person.sealed_number = head("fields-0000") + person.sealed_number[len(head(key_of(person.sealed_number))) :]
    told = {alert.person for alert in alerts(world)}
    for _ in range(100):
        world.work()
        world.clock.turn(timedelta(seconds=8))
    (gone,) = [alert for alert in alerts(world) if alert.person == first]
    assert gone.revoked_at is not None
    assert gone.sent_at is None
    assert {alert.person for alert in alerts(world)} > told


@on_sqlite
def test_a_clock_that_cannot_be_served_does_not_hold_up_the_others_of_its_report(world: World) -> None:
    class NeverActs(Escalation):
        def _not_acted(self, session: Session, report: Report, ladder: LadderRecord, now: datetime) -> None:
            raise ValueError(report.id)

    sent(world.phone())
    service = world.service
    escalation = NeverActs(service.database, service.register, service.outbox, service.ladder, service.audit)
    for _ in range(4):
        world.clock.turn(minutes(3))
        with service.database.transaction() as session:
            ladder = session.scalars(select(LadderRecord)).one()
            ladder.step_due_at, ladder.ended_at, ladder.step = None, world.clock(), END
            ladder.action_due_at = ladder.again_at = world.clock() - minutes(1)
        escalation.climb(world.clock())
        with world.rows() as session:
            again = session.scalars(select(LadderRecord.again_at)).one()
        assert again is not None
        assert again > world.clock()


@on_sqlite
def test_the_heart_beats_between_two_jobs_that_have_to_wait(world: World) -> None:
    clock, beats = world.clock, list[datetime]()

    def waits() -> int:
        clock.turn(timedelta(seconds=25))
        return 0

    (beat,) = (job for job in world.service.steady_jobs() if job.name == "heartbeat")
    jobs = [Job(name, waits) for name in "abcde"] + [replace(beat, run=lambda: beats.append(clock.now) or 0)]
    Worker(jobs, clock, Never(), pause=0).round()
    assert [later - earlier for earlier, later in pairwise(beats)] == [timedelta(seconds=25)] * 4
