"""When an alert leaves and by when it must be answered, at the edges of the day."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from referral.routing.clock import action_deadline, deadline, due, next_sending_time
from referral.routing.policy import Policy
from referral.vocabulary.report import Danger, Told, Urgency


def local(policy: Policy, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=policy.timezone)


@pytest.mark.parametrize(
    ("urgency", "sent", "deadlines"),
    [
        (Urgency.RED, "2026-11-04T23:50", ["2026-11-05T00:05", "2026-11-05T00:20", "2026-11-05T00:50"]),
        (Urgency.HIGH, "2026-11-04T20:30", ["2026-11-05T07:30", "2026-11-05T09:30", "2026-11-05T18:30"]),
        (Urgency.HIGH, "2026-11-04T20:00", ["2026-11-04T21:00", "2026-11-05T09:00", "2026-11-05T18:00"]),
        (Urgency.HIGH, "2026-11-04T21:00", ["2026-11-05T08:00", "2026-11-05T10:00", "2026-11-05T19:00"]),
        (Urgency.HIGH, "2026-11-04T03:00", ["2026-11-04T08:00", "2026-11-04T10:00", "2026-11-04T19:00"]),
        (Urgency.HIGH, "2026-11-04T12:00", ["2026-11-04T13:00", "2026-11-04T15:00", "2026-11-05T10:00"]),
        (Urgency.MEDIUM, "2026-11-04T20:30", ["2026-11-05T20:30", "2026-11-06T20:30", "2026-11-07T20:30"]),
        (Urgency.LOW, "2026-11-04T08:00", ["2026-11-07T08:00", "2026-11-09T08:00", "2026-11-11T08:00"]),
    ],
)
def test_steps_told_on_time_have_the_deadlines_of_the_table(urgency: Urgency, sent: str, deadlines: list[str], policy: Policy) -> None:
    at = local(policy, sent)
    for step, expected in enumerate(deadlines, 1):
        at = deadline(urgency, step, at, policy)
        assert at == local(policy, expected)


def test_a_step_that_went_early_still_has_its_share(policy: Policy) -> None:
    at = local(policy, "2026-11-04T10:02")
    assert deadline(Urgency.RED, 2, at, policy) == local(policy, "2026-11-04T10:17")


def test_a_step_beyond_the_table_keeps_the_last_figure(policy: Policy) -> None:
    at = local(policy, "2026-11-04T10:00")
    assert deadline(Urgency.RED, 7, at, policy) - at == timedelta(minutes=60)


def test_the_deadline_is_the_same_moment_whatever_zone_it_was_asked_in(policy: Policy) -> None:
    at = local(policy, "2026-11-04T20:30")
    assert deadline(Urgency.HIGH, 1, at.astimezone(UTC), policy) == deadline(Urgency.HIGH, 1, at, policy)
    assert deadline(Urgency.HIGH, 1, at.astimezone(UTC), policy).tzinfo is UTC


def test_acting_has_plain_hours_even_at_night(policy: Policy) -> None:
    at = local(policy, "2026-11-04T20:30")
    hours = [(action_deadline(urgency, at, policy) - at) / timedelta(hours=1) for urgency in Urgency]
    assert hours == [1, 24, 72, 168]


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ("2026-11-04T06:59:59", "2026-11-04T07:00"),
        ("2026-11-04T07:00", "2026-11-04T07:00"),
        ("2026-11-04T20:59:59", "2026-11-04T20:59:59"),
        ("2026-11-04T21:00", "2026-11-05T07:00"),
        ("2026-12-31T23:30", "2027-01-01T07:00"),
    ],
)
def test_medium_and_low_wait_for_the_morning_and_the_rest_do_not(at: str, goes: str, policy: Policy) -> None:
    for urgency in (Urgency.MEDIUM, Urgency.LOW):
        assert next_sending_time(urgency, local(policy, at), policy) == local(policy, goes)
    for urgency in (Urgency.RED, Urgency.HIGH):
        assert next_sending_time(urgency, local(policy, at), policy) == local(policy, at)


def test_an_alert_waits_long_enough_not_to_point_at_the_phone(policy: Policy) -> None:
    noon = local(policy, "2026-11-04T12:00")
    chance = random.Random(7)

    def minutes(urgency: Urgency, danger: Danger | None) -> set[float]:
        return {round((due(urgency, Told(danger=danger), noon, policy, chance) - noon) / timedelta(minutes=1), 3) for _ in range(300)}

    assert minutes(Urgency.RED, Danger.NOW) == {0}
    assert minutes(Urgency.RED, Danger.NOT_NOW) == {0}
    assert minutes(Urgency.HIGH, None) == minutes(Urgency.HIGH, Danger.SOON) == minutes(Urgency.HIGH, Danger.UNKNOWN) == {3}
    spread = minutes(Urgency.HIGH, Danger.NOT_NOW)
    assert len(spread) > 250
    assert 5 <= min(spread) < 7
    assert 28 < max(spread) <= 30
    spread = minutes(Urgency.LOW, Danger.NOW)
    assert 20 <= min(spread) < 30
    assert 165 < max(spread) <= 180


def test_a_late_medium_report_goes_in_the_morning(policy: Policy) -> None:
    evening = local(policy, "2026-11-04T20:50")
    assert due(Urgency.MEDIUM, Told(), evening, policy, random.Random(1)) == local(policy, "2026-11-05T07:00")


def test_minutes_may_be_fractions_so_that_a_ladder_runs_in_seconds(policy: Policy) -> None:
    quick = replace(policy, acknowledge={**policy.acknowledge, Urgency.RED: (0.01, 0.02, 0.03)})
    at = local(policy, "2026-11-04T12:00")
    assert deadline(Urgency.RED, 2, at, quick) - at == timedelta(seconds=0.6)
