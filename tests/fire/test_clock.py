"""The machine's clock leaps a day forward, or an hour back, in the middle of a ladder: what was purged, taken, told and answered, on both databases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from tests.conftest import minutes
from tests.world import World, sent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALERT = re.compile(r"REFERRAL (\d{6})")
DIGITS = re.compile(r"OK (\d{4})")
MARK = re.compile(r"^\((?:again|rudia)\) |NO ANSWER YET|NOBODY ACTS|REMINDER|HAKUNA|KUMBUSHO")
ONE_TIME_NUMBER = timedelta(days=30)
"""How long an alert's four digits are good."""


def steps(world: World) -> list[int]:
    """The steps that the audit says were taken, in all."""
    with world.rows() as session:
        taken = session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.STEP_TAKEN)) or 0
        return [taken, *session.scalars(select(LadderRecord.step))]


def alert_of(world: World, number: str) -> AlertRecord:
    person = next(person for person in people(world) if world.number_of(person) == number)
    with world.rows() as session:
        return session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, AlertRecord.person == person)).one()


def people(world: World) -> list[str]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord.person).where(AlertRecord.purpose == Purpose.ALERT).distinct()))


def twice_unmarked(world: World) -> int:
    """Alerts, by what is answered with: the words of thanks and of news name the report too."""
    alerts = [(to, words) for to, words in world.gateway.sent if DIGITS.search(words) and not MARK.search(words)]
    seen = Counter((to, found[1]) for to, words in alerts if (found := ALERT.search(words)))
    return sum(count - 1 for count in seen.values())


@pytest.mark.parametrize("leap", [DAY, -HOUR], ids=["a day forward", "an hour back"])
def test_in_the_middle_of_a_ladder(world: World, leap: timedelta, record_property: Callable[[str, object], None]) -> None:
    sent(world.phone())
    world.wait(minutes(16))  # the first step's time is over, the second was told
    first = list(world.gateway.sent)
    before, told = steps(world), len(first)
    world.clock.turn(leap)
    world.wait(minutes(3), step=timedelta(seconds=20))
    after = steps(world)
    assert after[0] - before[0] <= (2 if leap > timedelta(0) else 0), "each step that is due, once: one for the missed answer, one for the missed action"
    assert len(world.gateway.sent) - told <= 8, "no storm of texts"

    purged = world.service.purging.daily(world.clock.now)
    assert purged == 0, "nothing is old enough"
    with world.rows() as session:
        assert session.scalar(select(func.count()).select_from(ReportRecord)) == 1

    number, words = next((to, words) for to, words in first if DIGITS.search(words))
    digits = DIGITS.search(words)
    assert digits
    world.text(number, f"OK {digits[1]}")
    world.work()
    assert alert_of(world, number).acknowledged_at is not None, "its thirty days are not over by any clock"

    world.wait(minutes(125), step=minutes(5))  # and on to the end by the time that it now is
    whole = steps(world)
    with world.rows() as session:
        rows = list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT)))
    assert len({(row.report, row.person) for row in rows}) == len(rows), "nobody twice for one report"
    assert twice_unmarked(world) == 0
    figures = {
        "steps before, by the leap, in all": f"{before[0]}, {after[0] - before[0]}, {whole[0]}", "texts before, in all": f"{told}, {len(world.gateway.sent)}",
        "purged": purged, "unmarked repeats": twice_unmarked(world),
    }  # fmt: skip
    for name, value in figures.items():
        record_property(name, value)


def test_a_number_that_is_over_stays_over_when_the_clock_goes_back_by_an_hour_less_than_it_takes(world: World) -> None:
    """And one that is over is not accepted: by the clock as it is when the officer answers."""
    sent(world.phone())
    world.work()
    number, words = next((to, words) for to, words in world.gateway.sent if DIGITS.search(words))
    digits = DIGITS.search(words)
    assert digits
    world.clock.turn(ONE_TIME_NUMBER + 2 * HOUR)
    world.text(number, f"OK {digits[1]}")
    world.work()
    assert alert_of(world, number).acknowledged_at is None
    world.clock.turn(-HOUR)
    world.text(number, f"OK {digits[1]}")
    world.work()
    assert alert_of(world, number).acknowledged_at is None
