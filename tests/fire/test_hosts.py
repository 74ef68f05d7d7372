"""Two hosts and one PostgreSQL: one is lost for good while it sends, and the other does all that was left, within a lease."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord
from referral.reports.records import ReportRecord
from referral.simulator.faults import Fault, Kind
from referral.store.database import Database
from tests.conftest import Kept
from tests.fire.book import Call
from tests.fire.fleet import Fleet, Load
from tests.fire.load import officers
from tests.fire.reckoning import number_of, reckon, settle

LEASE = 0.25
SLACK = 6.0
"""Seconds above the lease, on a busy machine: the worker's pause, the texts before it in the queue, the database."""


@pytest.fixture
def shared(postgres_county: Kept) -> Iterator[str]:
    name = f"t{random.getrandbits(64):016x}"
    yield postgres_county.fresh(name)
    postgres_county.drop(name)


def test_a_host_lost_while_it_sends_is_taken_over_within_a_lease(shared: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with Fleet(shared, tmp_path, hosts=2, workers=1, real=True, lease=LEASE) as fleet:
        database = Database(shared)
        lost, kept = fleet.hosts
        fleet.gateway.faults.add(Fault(Kind.SLOW, seconds=1.0))
        load = Load(fleet)
        load.start(callers=3)
        load.wait_for(more=25, seconds=60)
        names = list(lost.workers)
        assert fleet.book.calling(names, 20)  # a text is on its way, others are claimed behind it
        at = fleet.lose(lost)
        before, held = len(load.promised), _claims(database)
        fleet.gateway.faults.clear()
        load.wait_for(more=10, seconds=60)
        load.stop()
        after = len(load.promised) - before
        time.sleep(2)  # what the living worker held is done by now
        left = {id_ for id_, claim in _claims(database).items() if held.get(id_) == claim}
        settle(database, hurry=False)
        waited = _waited(database, fleet, left, at)
        found = reckon(database, fleet, load.promised)
        database.close()
    figures = {
        "lease, s": LEASE * 60, "texts claimed by the lost host": len(left), "the last of them sent after, s": round(max(waited), 1),
        "reports promised after the loss": after, "requests that went to the other host": fleet.balancer.asked_again if fleet.balancer else 0, **found.figures,
    }  # fmt: skip
    for name, value in figures.items():
        record_property(name, value)
    assert left
    assert after >= 10  # callers noticed nothing
    assert load.broken <= 3  # but for those whose call was being answered
    assert len(waited) == len(left)
    assert max(waited) <= LEASE * 60 + SLACK
    assert not found.wrong
    assert kept.workers


def _claims(database: Database) -> dict[str, str]:
    with database.read() as session:
        return dict(session.execute(select(AlertRecord.id, AlertRecord.claim).where(AlertRecord.claim.is_not(None))).all())


def _waited(database: Database, fleet: Fleet, rows: set[str], since: float) -> list[float]:
    """Seconds from the loss until the gateway took each of these texts from the host that is left; by the report's number and the officer's."""
    calls: dict[tuple[str, str], Call] = {}
    for call in fleet.book.calls:
        if call.taken and call.worker in fleet.hosts[1].workers and call.began > since:
            calls.setdefault((call.number, number_of(call)), call)
    phones = officers()
    with database.read() as session:
        asked = select(AlertRecord.person, ReportRecord.number).join(ReportRecord, ReportRecord.id == AlertRecord.report).where(AlertRecord.id.in_(rows))
        keys = [(phones[person], number) for person, number in session.execute(asked)]
    return [calls[key].began - since for key in keys if key in calls]
