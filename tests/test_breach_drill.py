"""The breach drill, as far as a machine can play it: a copy of the database is found, and within the hour somebody knows what is in it, and whom it
endangers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import LargeBinary, inspect, select, text

from referral.cli import main
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import ReportRecord
from referral.store.base import Base
from referral.store.database import Database
from tests.casework.test_reveal import desk
from tests.conftest import ROOT, settings_for
from tests.fakes import FixedClock
from tests.officers.conftest import PIN, has_pin
from tests.test_report_commands import Run, run
from tests.world import LABOUR, NOT_NOW, POLICE, World, sent

__all__ = ["run"]
STORY = "the uncle in the blue house by the well"
Typed = Callable[..., Result]


@pytest.fixture
def world(run: Run) -> Iterator[World]:
    """The service over the database of the commands: two RED reports, one of them about the police, and one of little urgency."""
    yesterday = datetime.now(UTC).replace(hour=9) - timedelta(days=1)  # what is of little urgency waits no longer
    world = World(settings_for(os.environ["REFERRAL_DATABASE_URL"]), FixedClock(yesterday))
    world.text("+254700000041", f"mtoto anapigwa sasa Ukunda, msaada, {STORY}")
    sent(world.phone("+254700000042"))
    sent(world.phone("+254700000043"), who=POLICE)
    sent(world.phone("+254700000044"), danger=NOT_NOW, concern=LABOUR)
    world.work()
    yield world
    world.close()


@pytest.fixture
def typed(world: World) -> Typed:
    def type_(*words: str, by: str | None = None, pin: str = PIN) -> Result:
        person = by or desk(world)
        has_pin(world, person)
        return CliRunner().invoke(main, ("report", "list", *words, "--by", person), input=f"{pin}\n")

    return type_


def numbers(said: str) -> set[str]:
    return set(re.findall(r"^(\d{6})  ", said, re.MULTILINE))


def kept(world: World, *where: object) -> set[str]:
    with world.rows() as session:
        return set(session.scalars(select(ReportRecord.number).where(*where)))  # type: ignore[arg-type]


def test_the_list_of_whom_it_endangers_is_one_command_and_says_nothing_of_what_was_told(world: World, typed: Typed) -> None:
    began = time.monotonic()
    said = typed("--open", "--urgency", "RED,HIGH", "--since", f"{world.clock.now - timedelta(days=1):%Y-%m-%d}").output
    assert time.monotonic() - began < 60
    assert numbers(said) == kept(world, ReportRecord.urgency.in_(["RED", "HIGH"]))
    line = next(one for one in said.splitlines() if re.match(r"\d{6}  RED", one))
    assert re.search(r"RED +\d{4}-\d\d-\d\d  Ukunda  (received|referred|seen)  \w", line)
    assert "blue house" not in said
    assert "+2547" not in said
    with world.rows() as session:
        [entry] = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.SEARCHED, AuditRecord.subject == "reports"))
        assert (entry.actor, '"urgency":"HIGH,RED"' in entry.details) == (desk(world), True)


def test_all_of_them_and_none_of_later_days(world: World, typed: Typed) -> None:
    assert numbers(typed().output) == kept(world)
    later = typed("--since", f"{world.clock.now + timedelta(days=2):%Y-%m-%d}")
    assert (numbers(later.output), "0 reports" in later.output) == (set(), True)


def test_a_closed_one_is_not_open(world: World, typed: Typed) -> None:
    [number] = kept(world, ReportRecord.concern == "LABOUR")
    has_pin(world, desk(world))
    closed = CliRunner().invoke(main, ["report", "close", number, "--reason", "safe", "--by", desk(world)], input=f"{PIN}\n")
    assert "closed" in closed.output
    assert number not in numbers(typed("--open").output)
    assert re.search(rf"{number} .* closed ", typed().output)


def test_whoever_a_rule_excludes_does_not_find_it_in_their_list(world: World, typed: Typed) -> None:
    about_police = kept(world, ReportRecord.accused == "police")
    roster, now = world.service.roster(), world.clock.now
    officer = next(one.id for one in roster.people() if any(office.institution == "police" for office in roster.offices_of(one.id, now)))
    assert not numbers(typed(by=officer).output) & about_police
    assert about_police <= numbers(typed().output)
    assert len(about_police) == 1


def test_a_name_without_its_pin_hears_nothing(world: World, typed: Typed) -> None:
    refused = typed("--open", pin="135790")
    assert (refused.exit_code, numbers(refused.output)) == (1, set())
    assert typed("--urgency", "PINK").exit_code == 2


def test_what_whoever_has_the_copy_can_read_is_what_the_table_of_the_page_says(world: World) -> None:
    """The copy, opened with nothing but a database program: no story, no number and no code in any of it; and every table that has something of a
    report in it is one that the table of the page, or the threat model, tells of."""
    copy = Database(os.environ["REFERRAL_DATABASE_URL"])
    told = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    seen = bytearray()
    with copy.read() as session:
        for table in inspect(session.get_bind()).get_table_names():
            rows = session.execute(text(f'SELECT * FROM "{table}"')).all()
            seen += repr(rows).encode()
            known = Base.metadata.tables.get(table)
            if rows and known is not None and any(isinstance(column.type, LargeBinary) for column in known.columns):
                assert f"`{table}`" in told
    copy.close()
    for secret in ("blue house", "700000041", "700000042", "700000043"):
        assert secret.encode() not in seen
    page = (ROOT / "docs" / "operating.md").read_text("utf-8").split("## When data got out")[1]
    assert "referral report list --open --urgency RED,HIGH --since" in page
