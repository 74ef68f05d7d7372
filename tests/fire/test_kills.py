"""What was promised is kept, whoever is killed while whatever goes wrong at the gateway: web processes and workers, under load, on both databases."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from referral.simulator.faults import Fault, Kind
from referral.simulator.script import _WILD, Wild
from referral.store.database import Database
from tests.fire.fleet import Fleet, Load
from tests.fire.load import HIGH, RED
from tests.fire.reckoning import reckon, settle

KILLS = int(os.environ.get("REFERRAL_STORM_KILLS", "30"))
SEED = int(os.environ.get("REFERRAL_STORM_SEED", "11"))
MINUTES = float(os.environ.get("REFERRAL_STORM_MINUTES", "600"))
"""The storm is over after so many minutes, however few were killed."""
LONG = KILLS > 100
"""A long storm waits as long as the service does, for a receipt five minutes; in a short one waiting is cut short at its end."""
LEASE = 0.25
"""Minutes. More than four texts that a slow gateway takes two seconds for each: who waits for an answer must not be taken for dead."""
SILENCE = 0.25
POLICY = {"high = ": "0.02", "silence_before_partial = ": str(SILENCE)} | ({"receipt_for_red = ": "1", "RED = [": "600, 610, 620]"} if LONG else {})
"""Nobody answers here, and the ladder that silence climbs is tried elsewhere; whoever gets no receipt is followed by another while the storm goes on."""

ANYTHING = tuple(kind for kinds in _WILD.values() for kind in kinds if kind is not Kind.REFUSED)
REFUSALS = Fault(Kind.REFUSED, code=500, rate=0.05), Fault(Kind.REFUSED, code=407, rate=0.005)
"""A refusal for good takes all that waits for that person elsewhere: so many of them would leave nothing to send twice."""


def test_a_report_that_was_said_to_be_sent_is_there_and_two_offices_know_whoever_is_killed(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    choice = random.Random(SEED)
    with Fleet(database_url, tmp_path, workers=2, real=True, lease=LEASE, policy=POLICY) as fleet:
        fleet.gateway.faults.by_chance(Wild(SEED, 0.3, ANYTHING))
        fleet.gateway.faults.add(*REFUSALS)
        load = Load(fleet, scripts=(RED, RED, RED, HIGH))
        load.start(callers=4)
        until = time.monotonic() + MINUTES * 60
        while sum(fleet.kills.values()) < KILLS and time.monotonic() < until:
            load.wait_for(more=choice.randrange(1, 4), seconds=3)
            time.sleep(choice.uniform(0, 0.05))  # anywhere within a request, not only between two
            fleet.kill_one(choice)
        time.sleep(1)
        load.stop()
        struck = sum(fleet.gateway.faults.struck.values())
        fleet.gateway.faults.clear()
        time.sleep((SILENCE + 0.05) * 60)  # calls that broke off are filed
        database = Database(database_url)
        settle(database, hurry=not LONG)
        found = reckon(database, fleet, load.promised)
        database.close()
        log = fleet.log()
    killed = {f"{who} killed": count for who, count in fleet.kills.items()}
    for name, value in {"kills": sum(fleet.kills.values()), **killed, "faults of the gateway": struck, **found.figures}.items():
        record_property(name, value)
    assert "Traceback" not in log
    assert found.figures["reports promised"] > sum(fleet.kills.values()) / 2  # the storm met real work
    assert not found.wrong
