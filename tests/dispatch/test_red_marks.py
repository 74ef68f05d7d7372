"""A report that nobody has is marked red until somebody has it."""

from __future__ import annotations

import re
from datetime import timedelta

from referral.dispatch.red_marks import RedMark, nobody_has, red_counts
from referral.vocabulary.report import Urgency
from tests.conftest import minutes
from tests.world import LABOUR, NOT_NOW, World, on_sqlite, sent


def marks(world: World) -> list[RedMark]:
    with world.rows() as session:
        found = list(nobody_has(session, world.clock.now))
        counts = red_counts(session)
    assert sum(counts.values()) == len(found)
    return found


class TestARedMark:
    def test_stands_when_the_ladder_has_ended_and_goes_with_the_answer(self, world: World) -> None:
        sent(world.phone())
        world.wait(minutes(59))
        assert marks(world) == []
        world.wait(minutes(3))
        ended = world.clock.now
        (mark,) = marks(world)
        assert mark.urgency is Urgency.RED
        assert mark.for_ <= minutes(2)
        world.wait(minutes(20))
        (later,) = marks(world)
        assert later.since == mark.since
        assert later.for_ >= minutes(20)
        to, words = next((to, words) for to, words in reversed(world.gateway.sent) if mark.number in words)
        found = re.search(r"OK (\d{4})", words)
        assert found
        world.text(to, f"OK {found[1]}")
        world.work()
        assert marks(world) == []
        assert world.clock.now > ended

    @on_sqlite
    def test_the_gravest_come_first(self, world: World) -> None:
        sent(world.phone("+254700000601"), danger=NOT_NOW, concern=LABOUR, who=("2",))
        world.wait(timedelta(days=4), step=timedelta(hours=1))
        assert [mark.urgency for mark in marks(world)] == [Urgency.MEDIUM]
        sent(world.phone("+254700000602"))
        world.wait(minutes(62), step=minutes(2))
        assert [mark.urgency for mark in marks(world)] == [Urgency.RED, Urgency.MEDIUM]
