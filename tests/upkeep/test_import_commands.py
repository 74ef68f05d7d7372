"""What an operator types to take the directory in and give it out, and what comes back."""

from __future__ import annotations

import base64
import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from referral.cli import main
from referral.directory.upkeep_records import ImportRow
from referral.store.database import Database
from tests.conftest import ROOT
from tests.upkeep.hand_in import ALL, ORGANIZATIONS

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    secrets = tmp_path / "secrets.toml"
    root = base64.b64encode(bytes(range(32))).decode()
    secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"u" * 40}"]\nsms_tokens = ["{"s" * 40}"]\n')
    monkeypatch.setenv("REFERRAL_SECRETS", str(secrets))
    monkeypatch.setenv("REFERRAL_DATABASE_URL", database_url)
    monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
    monkeypatch.setenv("USER", "tester")
    return lambda *words: CliRunner().invoke(main, ["directory", *map(str, words)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for table, text in ALL:
        (folder / f"{table}.csv").write_text(text, "utf-8")
    return folder


def test_files_are_taken_in_and_a_second_time_change_nothing(run: Run, files: Path) -> None:
    paths = sorted(files.glob("*.csv"))
    assert "9 added, 0 updated, 0 removed or inactive, 0 unchanged, 0 rejected\na dry run: nothing was written" in run("import", "--dry-run", *paths).output
    assert run("import", *paths).output == "9 added, 0 updated, 0 removed or inactive, 0 unchanged, 0 rejected\n"
    said = run("import", *paths).output
    assert "0 added, 0 updated, 0 removed or inactive, 9 unchanged, 0 rejected\nthese very files came in before" in said


def test_bad_rows_are_told_and_come_back_as_a_file(run: Run, files: Path, tmp_path: Path) -> None:
    path = files / "organizations.csv"
    path.write_text(ORGANIZATIONS + "t-bad,Bad,circus,file,no\n", "utf-8")
    back = tmp_path / "back.organizations.csv"
    said = run("import", "--all-or-nothing", "--rejected", back, path)
    assert said.exit_code == 1
    assert "organizations.csv:3: sector: must be one of" in said.output
    assert "nothing was written" in said.output
    assert back.read_text("utf-8").splitlines()[1].startswith("t-bad,Bad,circus,file,no,3,sector,")
    assert run("import", path).exit_code == 0


def test_a_file_of_no_table_and_a_table_of_no_name_are_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id\n", "utf-8")
    assert "people.csv:1: file: its name is no table's" in run("import", path).output
    assert "is no table" in run("import", "--table", "people", path).output
    secrets = tmp_path / "location_secrets.csv"
    secrets.write_text("location,address,lat,lon\n", "utf-8")
    assert "its name is no table's" in run("import", secrets).output
    assert run("import", "--table", "location_secrets", secrets).exit_code == 0


def test_a_long_file_shows_how_far_it_is(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "organizations.csv"
    path.write_text("id,name,sector,sample\n" + "".join(f"t-{number},Number {number},ngo,no\n" for number in range(2001)), "utf-8")
    said = run("import", path).output
    assert "2001 rows" in said
    assert "2001 added" in said


def test_an_import_that_leaves_places_alone_is_refused_unless_there_is_a_reason(run: Run, tmp_path: Path, county_database: Database) -> None:
    assert run("export", tmp_path / "out").exit_code == 0
    path = tmp_path / "out" / "offices.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path.write_text("id,concerns\n" + "".join(f"{row['id']},MISSING\n" for row in rows), "utf-8")
    said = run("import", path)
    assert said.exit_code == 1
    assert "the change would leave" in said.output
    assert run("import", "--dry-run", path).exit_code == 1
    with county_database.read() as session:
        assert session.scalars(select(ImportRow)).all() == []
    assert run("import", "--override", "until the new list comes", path).exit_code == 0
    with county_database.read() as session:
        row = session.scalars(select(ImportRow)).one()
    assert (row.override_reason, row.gaps_opened > 0) == ("until the new list comes", True)


def test_a_package_is_given_out_and_taken_in_again(run: Run, tmp_path: Path) -> None:
    assert run("export", "--hsds", tmp_path / "package").exit_code == 0
    said = run("import", tmp_path / "package").output
    assert said.startswith("0 added, 0 updated, 0 removed or inactive")
    assert "0 rejected" in said
