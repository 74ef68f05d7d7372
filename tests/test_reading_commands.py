"""What an officer types to read a report, to check a colleague's words, and to be shown a number: each proves who they are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.cli import main
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from tests.casework.test_relay import OFFICER, REPORTER, consented
from tests.casework.test_reveal import desk
from tests.conftest import settings_for
from tests.fakes import FixedClock
from tests.officers.conftest import PIN, has_pin
from tests.test_report_commands import Run, run
from tests.world import World

__all__ = ["run"]
WRONG = "135790"
Typed = Callable[..., Result]


@pytest.fixture
def world(run: Run):
    """The service over the database of the commands, with one report whose reporter can be contacted."""
    world = World(settings_for(os.environ["REFERRAL_DATABASE_URL"]), FixedClock(datetime.now(UTC).replace(hour=9)))
    consented(world)
    for person in (OFFICER, desk(world), "co-matuga-1"):
        has_pin(world, person)
    yield world
    world.close()


@pytest.fixture
def typed(world: World) -> Typed:
    """A command, and the PIN typed when it is asked for."""
    return lambda *words, pin=PIN: CliRunner().invoke(main, ("report", *words), input=f"{pin}\n")


@pytest.fixture
def number(world: World) -> str:
    with world.rows() as session:
        return session.scalars(select(ReportRecord.number)).one()


def actors(world: World, action: Action) -> list[str]:
    with world.rows() as session:
        return list(session.scalars(select(AuditRecord.actor).where(AuditRecord.action == action)))


def test_a_report_is_read_by_who_has_it_and_by_the_desk_and_each_reading_is_audited(world: World, typed: Typed, number: str) -> None:
    before = len(actors(world, Action.READ))
    for person in (OFFICER, desk(world)):
        said = typed("show", number, "--by", person).output
        assert f"{number} RED" in said
        assert "Can be contacted by text" in said
        assert REPORTER[-9:] not in said
    assert sorted(actors(world, Action.READ))[before - 1 :]
    assert len(actors(world, Action.READ)) == before + 2


def test_everybody_else_hears_that_there_is_no_such_report(world: World, typed: Typed, number: str) -> None:
    elsewhere = typed("show", number, "--by", "co-matuga-1")
    nowhere = typed("show", "000000", "--by", OFFICER)
    assert elsewhere.output == nowhere.output.replace(OFFICER, "co-matuga-1")
    assert (elsewhere.exit_code, nowhere.exit_code) == (1, 1)


def test_a_name_without_its_pin_opens_nothing(world: World, typed: Typed, number: str) -> None:
    refused = typed("show", number, "--by", OFFICER, pin=WRONG)
    assert (refused.exit_code, "RED" in refused.output) == (1, False)
    assert "no PIN" in typed("show", number, "--by", "co-msambweni-2").output
    typed("show", number, "--by", OFFICER, pin=WRONG)
    typed("show", number, "--by", OFFICER, pin=WRONG)
    assert "locked" in typed("show", number, "--by", OFFICER).output


def test_a_number_is_printed_once_by_the_second_person_s_command_only(world: World, typed: Typed, number: str) -> None:
    asked = typed("reveal", number, "--by", OFFICER, "--reason", "the hearing is tomorrow").output
    id_ = re.findall(r"asked as (\w{8})", asked)[0]
    assert "a second person must agree" in typed("approve-reveal", id_, "--yes", "--by", OFFICER).output
    assert "Reason: the hearing is tomorrow" in typed("approve-reveal", id_, "--by", desk(world)).output
    assert REPORTER in typed("approve-reveal", id_, "--yes", "--by", desk(world)).output
    again = typed("approve-reveal", id_, "--yes", "--by", desk(world))
    assert (again.exit_code, REPORTER in again.output) == (1, False)
    listed = typed("reveals", "--by", desk(world)).output
    assert f"{number}  " in listed
    assert "1 requests, 1 shown" in listed
    assert "hearing" not in listed
    assert REPORTER not in listed
    assert actors(world, Action.SEARCHED) == [desk(world)]


def test_a_colleague_s_own_words_are_read_and_let_through(world: World, typed: Typed) -> None:
    with world.service.database.transaction() as session:
        alert = session.scalars(select(AlertRecord.id).where(AlertRecord.person == OFFICER, AlertRecord.purpose == Purpose.ALERT)).one()
        assert world.service.officers_menu.mail.write_own(session, OFFICER, alert, "Uko salama kwa shangazi?", world.clock())
    assert "0 letters" in typed("letters", "--by", OFFICER).output
    said = typed("letters", "--by", desk(world)).output
    assert "Uko salama kwa shangazi?" in said
    id_ = re.findall(r"(\w{8})  \d{6}", said)[0]
    assert typed("approve-letter", id_, "--by", OFFICER).exit_code == 1
    assert "the reporter can read it" in typed("approve-letter", id_, "--by", desk(world)).output
    assert typed("refuse-letter", id_, "--by", desk(world)).exit_code == 1
