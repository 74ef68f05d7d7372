"""What an operator types about one report, and to forget what is over."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.privacy.audit import Action
from referral.reports.records import ReportRecord
from tests.commands import Run, audited, console, refused
from tests.conftest import Kept, settings_for
from tests.fakes import FixedClock
from tests.officers.conftest import PIN, has_pin
from tests.world import CHILDRENS_OFFICER, HOME, NOT_NOW, PHYSICAL, World, sent

ONE, OTHER, STRANGER = "triage-desk-1", "triage-desk-2", "co-matuga-1"
"""Two of the desk, which is over every office that has the report, and an officer who was never told of it."""


@pytest.fixture
def run(tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The console script over a database with the county in it."""
    return console(tmp_path, sqlite_county.fresh(f"report-{tmp_path.name}"), monkeypatch)


@pytest.fixture
def number(run: Run) -> str:
    """A report's number, as its alerts say it. Three officers have their PINs."""
    assert run is not None  # it has set the address
    world = World(settings_for(os.environ["REFERRAL_DATABASE_URL"]), FixedClock(datetime.now(UTC) - timedelta(days=1)))  # its alerts wait no longer
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL)
    for person in (ONE, OTHER, STRANGER):
        has_pin(world, person)
    with world.rows() as session:
        found = session.scalars(select(ReportRecord.number)).one()
    world.close()
    return found


def test_a_report_is_closed_once_by_an_officer_who_may_know_of_it(run: Run, number: str) -> None:
    assert run("report", "close", number, "--by", "nobody", "--reason", "safe").exit_code == 1
    assert "no open report" in run("report", "close", "000000", "--by", ONE, "--reason", "safe").output
    assert "no open report" in run("report", "close", number, "--by", STRANGER, "--reason", "safe").output
    assert f"{number}: closed" in run("report", "close", number, "--by", ONE, "--reason", "safe").output
    assert "no open report" in run("report", "close", number, "--by", ONE, "--reason", "safe").output
    assert run("report", "close", number, "--by", ONE, "--reason", "settled").exit_code == 2


def test_what_is_recorded_about_a_report_is_for_whoever_may_read_it(run: Run, number: str) -> None:
    shown = ("audit", "show", "--by")
    assert " filed " in run(*shown, ONE, "--subject", number).output
    nowhere = refused(run(*shown, STRANGER, "--subject", "000000"))
    assert refused(run(*shown, STRANGER, "--subject", number)) == nowhere.replace("000000", number)
    assert (" filed " in run(*shown, ONE).output, " filed " in run(*shown, STRANGER).output) == (True, False)
    [entry] = audited(Action.FILED)
    assert "\n0 entries" in run(*shown, STRANGER, "--subject", entry.subject).output


@pytest.mark.parametrize(("who", "read"), [(HOME, True), (CHILDRENS_OFFICER, False)])
def test_the_county_office_reads_the_record_of_every_report_but_those_that_a_rule_keeps_from_it(run: Run, who: tuple[str, ...], read: bool) -> None:
    over = "co-kwale-1"
    world = World(settings_for(os.environ["REFERRAL_DATABASE_URL"]), FixedClock(datetime.now(UTC) - timedelta(days=1)))  # its alerts wait no longer
    sent(world.phone(), danger=NOT_NOW, concern=PHYSICAL, who=who)
    has_pin(world, over)
    world.close()
    assert (" filed " in run("audit", "show", "--by", over).output) is read


def test_a_death_takes_two_officers(run: Run, number: str) -> None:
    assert "waits for a second officer" in run("report", "close", number, "--by", ONE, "--reason", "died").output
    assert "closed" in run("report", "close", number, "--by", OTHER, "--reason", "died").output


def test_two_names_typed_by_one_person_are_one_person(run: Run, number: str) -> None:
    both = ("report", "close", number, "--by", ONE, "--second", OTHER, "--reason", "died")
    assert run(*both, pins=(PIN, "135790")).exit_code == 1
    assert run("report", "close", number, "--by", ONE, "--reason", "died", pins=("135790",)).exit_code == 1
    assert f"{number}: closed" in run(*both, pins=(PIN, PIN)).output


def test_whom_a_report_accuses_is_written_down_by_who_may_read_it(run: Run, number: str) -> None:
    wanted = ("report", "accuse", number, "--who", "teacher", "--by")
    assert "no open report" in refused(run(*wanted, STRANGER))
    assert refused(run("report", "accuse", "000000", *wanted[3:], STRANGER)) == refused(run(*wanted, STRANGER))
    assert run(*wanted, ONE, pins=("135790",)).exit_code == 1
    assert f"{number}: accuses teacher" in run(*wanted, ONE).output
    assert f"{number}: accused already: teacher" in run(*wanted, OTHER).output
    assert run("report", "accuse", number, "--who", "unknown", "--by", ONE).exit_code == 2
    assert [(entry.actor, json.loads(entry.details)) for entry in audited(Action.AMENDED)] == [(ONE, {"accused": "teacher"})]


def test_a_hold_takes_two_people_and_is_listed(run: Run, number: str) -> None:
    until = f"{datetime.now(UTC) + timedelta(days=100):%Y-%m-%d}"
    wanted = ("report", "hold", number, "--reason", "the court at Kwale", "--until", until, "--by")
    assert run(*wanted, "somebody").exit_code == 1
    assert run(*wanted, ONE, pins=("135790",)).exit_code == 1
    id_ = re.findall(r"asked as (\w{8})", run(*wanted, ONE).output)[0]
    assert f"waits for a second person (asked by {ONE})" in run("report", "holds", "--by", OTHER).output
    assert "a second person must agree" in run("report", "approve-hold", id_, "--by", ONE).output
    assert run("report", "approve-hold", id_, "--by", OTHER, pins=("135790",)).exit_code == 1
    assert f"{id_}: holds" in run("report", "approve-hold", id_, "--by", OTHER).output
    listed = run("report", "holds", "--by", ONE).output
    assert f"{number}  until {until}  held by {ONE} and {OTHER}" in listed
    assert "court" not in listed
    assert run("report", "approve-hold", "zzzz", "--by", OTHER).exit_code == 1


def test_who_may_not_read_a_report_learns_nothing_from_its_hold(run: Run, number: str) -> None:
    until = f"{datetime.now(UTC) + timedelta(days=100):%Y-%m-%d}"
    wanted = ("report", "hold", number, "--reason", "the court at Kwale", "--until", until, "--by")
    nowhere = run("report", "hold", "000000", *wanted[3:], STRANGER).output
    assert run(*wanted, STRANGER).output == nowhere
    id_ = re.findall(r"asked as (\w{8})", run(*wanted, ONE).output)[0]
    assert "no such hold" in refused(run("report", "approve-hold", id_, "--by", STRANGER))
    assert number not in run("report", "holds", "--by", STRANGER).output
    assert "say who you are" in refused(run("report", "holds"))
    assert [entry.actor for entry in audited(Action.SEARCHED) if entry.subject == "holds"] == [STRANGER]


def test_erased_words_are_read_by_the_two_who_hold_them(run: Run, number: str) -> None:
    until = f"{datetime.now(UTC) + timedelta(days=100):%Y-%m-%d}"
    id_ = re.findall(r"asked as (\w{8})", run("report", "hold", number, "--reason", "the court", "--until", until, "--by", ONE).output)[0]
    run("report", "approve-hold", id_, "--by", OTHER)
    assert "0 texts that were erased" in run("report", "held-words", id_, "--by", ONE).output
    world = World(settings_for(os.environ["REFERRAL_DATABASE_URL"]), FixedClock(datetime.now(UTC)))
    with world.service.database.transaction() as session:
        report = session.scalars(select(ReportRecord.id)).one()
        known = world.service.register.read(session, report)
        assert known is not None
        world.service.texting.filing.amend(session, report, known.told.adding(story="nyumba ya kijani"), world.clock())
        world.service.mailbox.erase_words(session, report, world.clock())
    world.close()
    assert "nyumba" not in run("report", "show", number, "--by", ONE).output
    for person in (ONE, OTHER):
        assert "nyumba ya kijani" in run("report", "held-words", id_, "--by", person).output
    assert "no such hold is yours" in refused(run("report", "held-words", id_, "--by", STRANGER))


def test_the_purge_says_what_went_and_what_would(run: Run, number: str) -> None:
    for words in (("--dry-run",), (), ("--clock-checked",)):
        said = run("purge", *words)
        assert (said.exit_code, "exact times" in said.output) == (0, True), (said.output, said.exception)
    assert "would go" not in said.output
