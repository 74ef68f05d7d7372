"""The state of an alert follows from its times, in whatever order they came."""

from __future__ import annotations

import itertools

import pytest

from referral.alerts.records import AlertRecord
from referral.alerts.state import State, acting, answered, state_of
from tests.conftest import START

TIMES = ("unknown_at", "sent_at", "delivered_at", "expired_at", "failed_at", "declined_at", "acknowledged_at", "acting_at", "revoked_at")
"""From the weakest to the strongest."""
STATES = dict(
    zip(
        TIMES,
        (State.UNKNOWN, State.SENT, State.DELIVERED, State.EXPIRED, State.FAILED, State.DECLINED, State.ACKNOWLEDGED, State.ACTING, State.REVOKED),
        strict=True,
    )
)


@pytest.mark.parametrize("count", range(len(TIMES) + 1))
def test_the_strongest_word_counts(count: int) -> None:
    for times in itertools.combinations(TIMES, count):
        alert = AlertRecord(**dict.fromkeys(times, START))
        assert state_of(alert) is (STATES[times[-1]] if times else State.QUEUED)


def test_a_yes_that_was_taken_back_is_none() -> None:
    yes = AlertRecord(institution="police", acknowledged_at=START)
    gone = AlertRecord(institution="children", acknowledged_at=START, acting_at=START, revoked_at=START)
    assert answered([yes, gone]) == {"police"}
    assert not acting([yes, gone])
    assert acting([yes, AlertRecord(acting_at=START)])
