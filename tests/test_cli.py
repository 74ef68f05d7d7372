"""What an operator types, and what comes back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from referral.cli import main
from referral.directory.records import PlaceRow
from referral.service import Service
from referral.settings import read_settings
from referral.store.database import Database
from referral.upkeep.gate import TakesHelp
from tests.commands import Run, console, refused
from tests.conftest import ROOT, TOKENS, Kept


@pytest.fixture
def run(tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The console script over a database with the county in it."""
    return console(tmp_path, sqlite_county.fresh(f"cli-{tmp_path.name}"), monkeypatch)


def test_help_lists_every_command() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    for command in ("serve", "work", "run", "standin", "dial", "callbacks", "check", "menus", "db", "secrets", "directory", "people", "user", "tokens"):
        assert f"\n  {command} " in said


def test_secrets_are_written_once_and_for_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "secrets.toml"
    monkeypatch.setenv("REFERRAL_SECRETS", str(path))
    assert "wrote" in CliRunner().invoke(main, ["secrets", "create"]).output
    before = path.read_text()
    assert "left as it is" in CliRunner().invoke(main, ["secrets", "create"]).output
    assert path.read_text() == before
    assert path.stat().st_mode & 0o077 == 0


def test_check_says_that_all_is_well(run: Run) -> None:
    said = run("check")
    assert (said.exit_code, "all well" in said.output) == (0, True)


def test_places_without_a_point_are_named_and_nothing_is_refused(run: Run) -> None:
    database = Database(read_settings().database_url)
    with database.transaction() as session:
        name = session.get_one(PlaceRow, "KE002-W0032").name
        session.execute(update(PlaceRow).where(PlaceRow.id == "KE002-W0032").values(lat=None, lon=None))
    database.close()
    said = run("check")
    assert (said.exit_code, said.output.splitlines()[0]) == (0, f"without a point, so seen from what is around, and distances from there are a guess: {name}")


def test_the_dialogue_is_proven_with_its_times(run: Run) -> None:
    said = run("check", "menus")
    assert said.exit_code == 0
    assert "report, sw" in said.output


def test_the_menus_are_printed_side_by_side(run: Run) -> None:
    said = run("menus").output
    assert "CON Karibu" in said
    assert "CON Welcome" in said
    assert "=== sent.hospital" in said


def test_everything_at_once_says_how_to_pass_the_gate(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_ready: Service) -> NoReturn:
        raise TakesHelp(["one place"])

    monkeypatch.setattr("referral.start.load_directory", load)
    assert "--override REASON --by PERSON`, then `referral run` again" in refused(run("run"))


def test_the_same_directory_again_changes_nothing(run: Run) -> None:
    said = run("directory", "load", str(ROOT / "config" / "kwale"))
    assert "0 rows new or changed" in said.output


def test_a_directory_with_mistakes_is_refused_whole_and_every_mistake_is_named(run: Run, tmp_path: Path) -> None:
    county = tmp_path / "county"
    shutil.copytree(ROOT / "config" / "kwale", county)
    offices = county / "offices.csv"
    lines = offices.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace(",childrens_county_office,", ",nobody,")
    lines[2] = lines[2].replace("KE002-S1", "KE002-NOWHERE")
    offices.write_text("\n".join(lines) + "\n", "utf-8")
    said = run("directory", "load", str(county))
    assert said.exit_code == 1
    assert {line.split(":")[1] for line in said.output.splitlines() if line.startswith("offices.csv:")} >= {"2", "3"}


def test_real_officers_are_loaded_from_a_file_of_their_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name,number,language,office,kind,rank,verified_on,sample\nnew-1,Somebody,0733,sw,co-kwale,deputy,5,,no\n", "utf-8")
    said = run("people", "load", str(file))
    assert said.exit_code == 1
    assert "people.csv:2" in said.output
    assert "0733" not in said.output


def test_an_officer_is_invited_and_nobody_else(run: Run) -> None:
    assert "within 48 hours" in run("user", "invite", "co-kwale-1").output
    assert run("user", "invite", "nobody").exit_code == 1


def test_the_addresses_for_the_gateway(run: Run) -> None:
    said = run("callbacks").output
    ussd, sms = TOKENS
    for address in (f"/ussd/{ussd}", f"/ussd/{ussd}/ended", f"/sms/{sms}/inbound", f"/sms/{sms}/delivery", f"/sms/{sms}/opt-out"):
        assert address in said


def test_wrong_settings_are_named_all_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("REFERRAL_LOG_LEVEL", "loud")
    said = run("check")
    assert said.exit_code == 1
    assert "PORT" in said.output
    assert "REFERRAL_LOG_LEVEL" in said.output
