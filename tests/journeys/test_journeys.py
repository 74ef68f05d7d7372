"""Every journey, through the doors, on both databases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journeys.player import Player
from tests.world import World

JOURNEYS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.name.removesuffix(".txt"))
def test_the_journey_goes_as_it_is_written(journey: Path, world: World) -> None:
    written = journey.read_text("utf-8").splitlines()
    happened = Player(world).play(journey)
    if os.environ.get("RECORD_JOURNEYS"):
        journey.write_text("\n".join(happened) + "\n", "utf-8")
        written = happened
    assert happened == written


def test_each_journey_stands_in_both_languages() -> None:
    names = {path.name for path in JOURNEYS}
    assert names, "no journeys found"
    lonely = {name for name in names if name.replace(".sw.", ".en.") not in names or name.replace(".en.", ".sw.") not in names}
    assert not lonely
