"""Whoever has not answered at half time is reminded once, where the policy says so."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.reminders import REMINDER, Reminders
from referral.routing import clock
from referral.vocabulary.report import Urgency
from tests.conftest import minutes
from tests.world import LABOUR, NOT_NOW, PHYSICAL, SOON, World, on_sqlite, sent

CHILDREN = "co-msambweni-1"
MARK = re.compile(r"REMINDER|KUMBUSHO")


def high(world: World) -> str:
    """A HIGH report whose first alert has gone out; the officer's text."""
    sent(world.phone(), danger=SOON, concern=PHYSICAL, who=("3", "3")).key("2")
    world.wait(minutes(4))
    (text,) = texts(world)
    assert " HIGH" in text
    return text


def texts(world: World) -> list[str]:
    number = world.number_of(CHILDREN)
    return [words for to, words in world.gateway.sent if to == number]


def reminders(world: World) -> list[str]:
    return [words for _, words in world.gateway.sent if MARK.search(words)]


def digits(text: str) -> str:
    found = re.search(r"OK (\d{4})", text)
    assert found
    return found[1]


class TestHigh:
    def test_is_reminded_once_at_half_time_with_the_same_four_digits(self, world: World) -> None:
        first = high(world)
        world.wait(minutes(24))
        assert reminders(world) == []
        world.wait(minutes(8))
        (reminder,) = reminders(world)
        assert digits(reminder) == digits(first)
        assert reminder.split(".")[0] == first.split(".")[0], "the alert's own number"
        world.wait(minutes(25))
        assert len(reminders(world)) == 1

    @on_sqlite
    @pytest.mark.parametrize("word", ["OK", "NO", "ACT"])
    def test_is_not_reminded_after_an_answer(self, world: World, word: str) -> None:
        world.text(world.number_of(CHILDREN), f"{word} {digits(high(world))}")
        world.wait(minutes(55))
        assert [one for one in texts(world) if MARK.search(one)] == []

    @on_sqlite
    def test_a_reminder_that_waits_is_dropped_when_the_answer_comes(self, world: World) -> None:
        first = high(world)
        world.clock.turn(minutes(32))
        assert one(world).remind(world.clock.now) == 1
        world.text(world.number_of(CHILDREN), f"OK {digits(first)}")
        next(job for job in world.service.steady_jobs() if job.name == "texts").run()
        world.wait(minutes(5))
        assert reminders(world) == []

    @on_sqlite
    def test_counts_by_day_only(self, world: World) -> None:
        world.clock.now = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)  # 20:30 in Kenya: half of its hour are over when the night begins
        high(world)
        world.wait(timedelta(hours=10), step=minutes(20))
        assert reminders(world) == []
        world.wait(minutes(40), step=minutes(2))
        assert len(reminders(world)) == 1

    def test_two_workers_at_once_remind_once(self, world: World) -> None:
        high(world)
        world.clock.turn(minutes(32))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: one(world).remind(world.clock.now), range(2)))
        with world.rows() as session:
            found = select(func.count()).select_from(AlertRecord).where(AlertRecord.purpose == Purpose.AGAIN, AlertRecord.key == REMINDER)
            assert session.scalar(found) == 1

    @on_sqlite
    def test_after_a_leap_of_the_clock_nobody_is_reminded_of_what_is_over(self, world: World) -> None:
        high(world)
        world.clock.turn(timedelta(days=1))
        world.work()
        assert reminders(world) == []


@on_sqlite
class TestTheOthers:
    def test_red_has_none(self, world: World) -> None:
        sent(world.phone())
        world.wait(minutes(61))
        assert reminders(world) == []

    def test_medium_and_low_have_none_unless_the_county_says_so(self, world: World) -> None:
        sent(world.phone(), danger=NOT_NOW, concern=LABOUR, who=("2",))
        world.wait(timedelta(hours=27), step=minutes(30))
        assert world.gateway.sent
        assert reminders(world) == []


@on_sqlite
def test_a_county_that_wants_one_for_medium_gets_it_by_day(world: World) -> None:
    policy = replace(world.service.policy, remind=MappingProxyType(dict.fromkeys(Urgency, 0.5)))
    out = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)  # 14:00 in Kenya; half of a day later it is two at night
    at = clock.reminder(Urgency.MEDIUM, 1, out, policy)
    assert at == datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
    assert clock.reminder(Urgency.MEDIUM, 1, out, world.service.policy) is None


def one(world: World) -> Reminders:
    service = world.service
    return Reminders(service.database, service.register, service.outbox, service.ladder)
