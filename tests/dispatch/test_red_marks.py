"""A report that nobody has is marked red until somebody has it."""

from __future__ import annotations

import re
from datetime import timedelta

from referral.dispatch.red_marks import red_counts
from referral.vocabulary.report import Urgency
from tests.conftest import minutes
from tests.world import LABOUR, NOT_NOW, World, on_sqlite, sent


def marks(world: World) -> dict[Urgency, int]:
    """Those that there are: urgencies without a mark are left out."""
    with world.rows() as session:
        return {urgency: many for urgency, many in red_counts(session).items() if many}


class TestARedMark:
    def test_stands_when_the_ladder_has_ended_and_goes_with_the_answer(self, world: World) -> None:
        sent(world.phone())
        world.wait(minutes(59))
        assert marks(world) == {}
        world.wait(minutes(3))
        assert marks(world) == {Urgency.RED: 1}
        world.wait(minutes(20))
        assert marks(world) == {Urgency.RED: 1}
        to, code = next((to, found[1]) for to, words in reversed(world.gateway.sent) if (found := re.search(r"OK (\d{4})", words)))
        world.text(to, f"OK {code}")
        world.work()
        assert marks(world) == {}

    @on_sqlite
    def test_is_counted_by_its_urgency(self, world: World) -> None:
        sent(world.phone("+254700000601"), danger=NOT_NOW, concern=LABOUR, who=("2",))
        world.wait(timedelta(days=4), step=timedelta(hours=1))
        assert marks(world) == {Urgency.MEDIUM: 1}
        sent(world.phone("+254700000602"))
        world.wait(minutes(62), step=minutes(2))
        assert marks(world) == {Urgency.RED: 1, Urgency.MEDIUM: 1}
