"""Every journey, through the doors, on both databases."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from referral.vocabulary.language import LANGUAGES
from tests.journeys.facts import JourneyFailed
from tests.journeys.player import Player
from tests.world import World

HERE = Path(__file__).parent
JOURNEYS = sorted(HERE.glob("*.txt"))
REMARKS = 2


PLAYED = [(database, path) for path in JOURNEYS for database in ("sqlite", "postgresql") if database == "sqlite" or ".sw." in path.name]
"""The languages differ in words, not in rows: on PostgreSQL each journey is played in one of them."""


@pytest.mark.parametrize(
    ("database_url", "journey"), PLAYED, indirect=["database_url"], ids=[f"{database}-{path.name.removesuffix('.txt')}" for database, path in PLAYED]
)
def test_the_journey_goes_as_it_is_written(journey: Path, world: World) -> None:
    written = journey.read_text("utf-8").splitlines()
    happened = Player(world).play(journey)
    if os.environ.get("RECORD_JOURNEYS"):
        journey.write_text("\n".join(happened) + "\n", "utf-8")
        written = happened
    assert happened == written


def test_each_journey_stands_in_every_language_with_the_same_keys() -> None:
    assert JOURNEYS, "no journeys found"
    for name in _names():
        kiswahili, english = (_done(HERE / f"{name}.{language}.txt") for language in LANGUAGES)
        assert english == kiswahili, name


def test_each_journey_says_first_what_it_shows() -> None:
    for journey in JOURNEYS:
        assert all(line.startswith("# ") for line in journey.read_text("utf-8").splitlines()[:REMARKS]), journey.name


def test_each_journey_is_listed_for_its_readers() -> None:
    listed = re.findall(r"^- `(\w+)`: .+", (HERE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == _names()


@pytest.mark.parametrize("line", ["caller whistles", "Nobody's office texts OK ####", "nobody of the navy has been told", "1 report has been kept"])
def test_a_line_that_means_nothing_or_is_not_so_fails_and_is_named(line: str, world: World, tmp_path: Path) -> None:
    journey = tmp_path / "wrong.sw.txt"
    journey.write_text(f"# A journey with a mistake in its second line.\n{line}\n", "utf-8")
    with pytest.raises(JourneyFailed, match="line 2"):
        Player(world).play(journey)


def test_a_text_that_the_journey_does_not_say_fails_it(world: World, tmp_path: Path) -> None:
    silent = [line for line in (HERE / "help_now.sw.txt").read_text("utf-8").splitlines() if "receives" not in line and "REFERRAL" not in line]
    journey = tmp_path / "silent.sw.txt"
    journey.write_text("\n".join(silent), "utf-8")
    assert Player(world).play(journey) != silent


def _names() -> list[str]:
    return sorted({path.name.split(".", maxsplit=1)[0] for path in JOURNEYS})


def _done(journey: Path) -> list[str]:
    """What people do in a journey, without the key that turns it into English."""
    lines = [line for line in journey.read_text("utf-8").splitlines() if line and not line.startswith(("#", "  ")) and " receives" not in line]
    turned = [re.sub(r"(presses|dials) 6(, |\*)", r"\1 ", line) for line in lines]
    turned = [re.sub(r"^((?:second )?caller texts) .*", r"\1 something", line) for line in turned]  # what is texted is in one language
    return [line for line in turned if line != "caller presses 6"]
