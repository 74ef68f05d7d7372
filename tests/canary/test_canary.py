"""The number of a caller is found nowhere, in no spelling and no hash, whatever happens while they call, an hour later and a month later."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from referral.intake.records import DialogueRecord
from referral.privacy.keys import Keys
from referral.reports.numbers import CONTACT_KEPT
from referral.reports.records import ReportRecord
from tests.canary.afterwards import command_environment, export_everything, later, officers_read
from tests.canary.calls import numbers
from tests.canary.conftest import Place
from tests.canary.planting import planted_and_found
from tests.canary.run import Cast, Run, keyed
from tests.canary.search import Search
from tests.canary.spellings import spellings
from tests.canary.surfaces import Surfaces

NUMBERS = int(os.environ.get("REFERRAL_CANARIES", "200"))
KILLS = int(os.environ.get("REFERRAL_CANARY_KILLS", "2"))
FLOODS = max(1, NUMBERS // 150)


@pytest.fixture
def run(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    assert len(numbers()) > NUMBERS
    run = Run(Cast.of(numbers()[: NUMBERS + 1], FLOODS), Surfaces(place.url, tmp_path, place.cluster))
    for name, value in {**run.environment, **command_environment(run)}.items():
        monkeypatch.setenv(name, value)
    return run


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # commands leave it to the end of their process to close connections
def test_the_number_is_nowhere(run: Run, record_property: Callable[[str, object], None]) -> None:
    began = time.monotonic()
    run.call(KILLS)
    assert run.figures["reports"]
    assert run.figures["dialogues sealed"]  # there was something to be found
    assert run.figures["numbers sealed"]
    export_everything(run, Keys(bytes(range(32))).backups)
    with later(run, timedelta(hours=1, minutes=10)) as world:
        world.work()
        officers_read(run, world)
        world.clock.turn(timedelta(hours=1))
        world.work()
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(DialogueRecord)) == 0
        found = Search(keyed(world, [*run.cast.by_phone, *run.cast.by_text]))
        run.surfaces.rows(found)
        assert found.hits == [], "a tag of a number that nobody agreed to keep"
    last = run.look("an hour later")
    with later(run, CONTACT_KEPT + timedelta(days=1)) as world:
        world.service.purging.at_once(world.clock(), trusted=True)
        world.work()
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(ReportRecord).where(ReportRecord.contact.is_not(None))) == 0
        found = Search(keyed(world, list(run.cast.all)))
        run.surfaces.rows(found)
        assert found.hits == [], "a tag of a number whose time is over"
    last = run.look("a month later")
    plants, missed = planted_and_found(run.cast.planted, run.surfaces)
    assert missed == []
    for name, value in run.figures.items():
        record_property(name, value)
    spelt = len(spellings(run.cast.planted))
    record_property(
        "hits",
        f"0 of {len(run.cast.all)} numbers x {spelt} spellings and of {len(run.heard.ids)} ids of the gateway x {len(run.surfaces.names)} surfaces "
        f"({last.total / 1e6:.0f} MB, three times); planted found {plants}/{plants}; {time.monotonic() - began:.0f} s",
    )
