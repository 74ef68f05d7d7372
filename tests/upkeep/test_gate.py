"""No edit leaves a child alone unless somebody says why; a suspension waits for nobody, and what it opens becomes an alarm."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from referral.directory import people
from referral.directory.people import current_version
from referral.directory.records import AppointmentRow, JurisdictionRow, PlaceParentRow, PlaceRow
from referral.directory.tasks import Task, open_tasks
from referral.directory.upkeep_records import ProofRow, TaskKind
from referral.privacy.audit import Action, AuditRecord
from referral.start import load_directory, load_officers, prepare
from referral.upkeep.coverage_job import DAILY, NO_PLACE, SETTLING, CoverageJob
from referral.upkeep.gaps import Missing, Site
from referral.upkeep.gate import OpensGap
from referral.vocabulary.place import PlaceKind
from tests.conftest import ROOT, minutes, settings_for
from tests.world import World, on_sqlite

KWALE = ROOT / "config" / "kwale"
THE_END = ("triage-desk", "county-duty-desk", "police-county")
"""The offices at the end of every ladder in the county."""


def _lines(file: str) -> list[dict[str, str]]:
    with (KWALE / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def crew(*offices: str) -> list[dict[str, str]]:
    return [line for line in _lines("people.sample.csv") if line["office"] in offices]


def written(file: Path, lines: Sequence[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.DictWriter(opened, list(lines[0]))
        rows.writeheader()
        rows.writerows(lines)
    return file


@pytest.fixture
def transfer(tmp_path: Path) -> Path:
    """A file in which everybody at the end of the ladders goes to the county's children's office."""
    moved = [line | {"office": "co-kwale", "kind": "deputy", "rank": str(10 + at)} for at, line in enumerate(crew(*THE_END))]
    return written(tmp_path / "people.csv", moved)


def overrides(world: World) -> list[AuditRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AuditRecord).where(AuditRecord.action == Action.COVERAGE_OVERRIDDEN)))


class TestAnEditThatOpensAGap:
    def test_is_refused_with_the_places_and_nothing_of_it_is_written(self, world: World, transfer: Path) -> None:
        with world.rows() as session:
            before = current_version(session), len(session.scalars(select(AppointmentRow)).all())
        with pytest.raises(OpensGap) as refused:
            load_officers(world.service, transfer)
        wards = set(world.service.roster().ward_ids())
        assert wards <= {gap.place for gap in refused.value.gaps}
        assert all(Missing.END in gap.missing for gap in refused.value.gaps)
        assert "every ward" in "\n".join(refused.value.problems)
        assert "no end to the ladder" in "\n".join(refused.value.problems)
        with world.rows() as session:
            assert (current_version(session), len(session.scalars(select(AppointmentRow)).all())) == before
        assert overrides(world) == []

    @on_sqlite
    def test_is_not_let_pass_by_a_reason_that_says_nothing(self, world: World, transfer: Path) -> None:
        with pytest.raises(OpensGap):
            load_officers(world.service, transfer, "   ")

    def test_passes_with_a_reason_which_is_recorded_with_the_count(self, world: World, transfer: Path) -> None:
        load_officers(world.service, transfer, "the desks move house on Monday")
        [entry] = overrides(world)
        details = json.loads(entry.details)
        assert details["reason"] == "the desks move house on Monday"
        assert int(details["gaps"]) > 1000
        assert world.service.audit.genuine(entry)
        assert world.service.roster().on_duty("triage-desk", world.clock.now, world.service.policy.timezone) == []

    def test_names_only_the_places_it_touches(self, world: World) -> None:
        """The county's offices answer for one ward from now on."""
        ready = world.service
        with pytest.raises(OpensGap) as refused, ready.database.transaction() as session, ready.gate.watch(session, world.clock.now):
            for_one_ward_only(session, [office.id for office in ready.roster().offices() if office.county_wide])
        places = {gap.site.ward for gap in refused.value.gaps}
        assert "KE002-W0032" in places
        assert "KE002-W0046" not in places


def for_one_ward_only(session: Session, offices: Sequence[str]) -> None:
    session.execute(delete(JurisdictionRow).where(JurisdictionRow.place == "KE002"))
    session.add_all(JurisdictionRow(office=office, place="KE002-W0046") for office in offices)
    people.bump(session)


class TestAnEditThatOpensNone:
    def test_passes_and_leaves_no_record(self, world: World) -> None:
        assert load_directory(world.service).changed == 0
        assert overrides(world) == []

    @on_sqlite
    def test_may_leave_gaps_that_were_there_before(self, world: World, transfer: Path) -> None:
        load_officers(world.service, transfer, "a reason")
        lines = crew("chief-diani")
        load_officers(world.service, written(transfer, [line | {"name": "Sample officer renamed"} for line in lines]))
        assert len(overrides(world)) == 1

    def test_is_the_first_load_of_an_empty_directory(self, tmp_path: Path) -> None:
        ready = prepare(settings_for(f"sqlite:///{tmp_path / 'fresh.db'}"))
        places = written(tmp_path / "places.csv", _lines("places.csv"))
        written(tmp_path / "offices.csv", _lines("offices.csv")[:3])  # not enough for anybody, but before it there was nobody at all
        load_directory(ready, places.parent)
        assert len(ready.roster().offices()) == 3
        with ready.database.read() as session:
            assert session.scalar(select(AuditRecord).where(AuditRecord.action == Action.COVERAGE_OVERRIDDEN)) is None
        ready.database.close()

    @on_sqlite
    def test_a_new_place_is_measured_by_what_lies_above_it(self, world: World, transfer: Path) -> None:
        ready, now = world.service, world.clock.now
        load_officers(ready, transfer, "a reason")
        with ready.database.transaction() as session, ready.gate.watch(session, now) as watched:
            session.add(PlaceRow(id="KE002-T9", kind=PlaceKind.TOWN, name="Mpya", lat=None, lon=None, precision="", source="", position=999))
            session.flush()
            session.add(PlaceParentRow(place="KE002-T9", parent="KE002-W0032", position=0))
            people.bump(session)
        assert watched.opened == ()


def suspend_all(world: World, *offices: str, suspended: bool = True) -> None:
    with world.service.database.transaction() as session:
        for line in crew(*offices):
            people.set_suspended(session, line["id"], suspended)


class TestASuspension:
    def test_acts_at_once_and_its_gap_becomes_an_alarm_and_tasks(self, world: World) -> None:
        job, wards = the_job(world), world.service.roster().ward_ids()
        first_proof(world, job)
        before = {task.entry for task in tasks(world)}
        suspend_all(world, *THE_END)
        assert world.service.roster().on_duty("triage-desk", world.clock.now, world.service.policy.timezone) == []
        world.clock.turn(SETTLING)
        with capture_logs() as logged:
            job.run(world.clock.now)
        assert [(line["event"], line["log_level"]) for line in logged] == [("coverage gaps", "error")]
        assert logged[0]["count"] > 1000
        assert {*wards, NO_PLACE} <= {task.entry for task in tasks(world)}
        assert all(task.entity == "place" and task.note for task in tasks(world))
        suspend_all(world, *THE_END, suspended=False)
        world.clock.turn(SETTLING)
        job.run(world.clock.now)
        assert {task.entry for task in tasks(world)} == before

    @on_sqlite
    def test_of_one_officer_with_a_deputy_opens_nothing(self, world: World) -> None:
        job = the_job(world)
        first_proof(world, job)
        before = tasks(world)
        with world.service.database.transaction() as session:
            people.set_suspended(session, "co-msambweni-1", True)
        world.clock.turn(SETTLING)
        job.run(world.clock.now)
        assert tasks(world) == before


def the_job(world: World) -> CoverageJob:
    """As another worker would have it."""
    ready = world.service
    return CoverageJob(ready.database, ready.gate.roster_reader, ready.planner.table, ready.policy)


def first_proof(world: World, job: CoverageJob) -> None:
    job.run(world.clock.now)
    world.clock.turn(SETTLING)
    job.run(world.clock.now)
    assert proven(world) == world.clock.now


def tasks(world: World) -> list[Task]:
    with world.rows() as session:
        return list(open_tasks(session, TaskKind.COVERAGE_GAP))


def proven(world: World) -> datetime | None:
    with world.rows() as session:
        row = session.get(ProofRow, 1)
        return row.proven_at if row else None


class TestTheDailyProof:
    def test_runs_once_however_many_workers_and_starts_there_are(self, world: World) -> None:
        now = world.clock.now
        jobs = [the_job(world) for _ in range(3)]
        assert [job.run(now) for job in jobs] == [0, 0, 0]
        assert proven(world) is None  # the first look only begins the count
        assert [job._claim(now + SETTLING) for job in jobs] == [True, False, False]
        assert not the_job(world)._claim(now + SETTLING + minutes(9))
        assert the_job(world)._claim(now + SETTLING * 2)  # the worker that claimed it has died

    def test_comes_again_after_a_day_and_not_before_where_nothing_changes(self, world: World) -> None:
        job = the_job(world)
        first_proof(world, job)
        first = proven(world)
        assert first is not None
        world.clock.turn(DAILY - minutes(1))
        job.run(world.clock.now)
        assert proven(world) == first
        world.clock.turn(minutes(1))
        job.run(world.clock.now)
        assert proven(world) == first + DAILY
        with world.rows() as session:
            row = session.get(ProofRow, 1)
            assert row is not None
            assert row.version == current_version(session)
            assert 0 <= row.gaps <= row.combinations

    @on_sqlite
    def test_is_no_part_of_the_round_that_sends_alerts(self, world: World) -> None:
        [job] = [job for job in world.service.slow_jobs() if job.name == "coverage"]
        assert "coverage" not in {job.name for job in world.service.jobs(world.gateway)}
        job.run()
        assert proven(world) is None
        world.clock.turn(timedelta(minutes=10))
        job.run()
        assert proven(world) == world.clock.now


def test_a_site_is_known_by_its_finest_place() -> None:
    assert (Site(None).place, Site("W").place, Site("W", "B").place) == (None, "W", "B")
