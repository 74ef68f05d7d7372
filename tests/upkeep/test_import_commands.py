"""What an operator types to take the directory in and give it out, and what comes back."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.directory.service_records import LocationRow, Visibility
from referral.directory.upkeep_records import ImportRow
from referral.privacy.audit import Action
from referral.store.database import Database
from tests.commands import Run, audited, console, refused, with_pins
from tests.upkeep.hand_in import ALL, ORGANIZATIONS


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    typed = console(tmp_path, database_url, monkeypatch)
    return lambda *words: typed("directory", *words)


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
    said = run("import", path)
    assert (said.exit_code, "1 added" in said.output) == (1, True)


def test_one_stray_quote_or_byte_loses_its_own_row_and_no_other(run: Run, files: Path, tmp_path: Path) -> None:
    path, back = files / "organizations.csv", tmp_path / "back.organizations.csv"
    path.write_bytes(ORGANIZATIONS.encode() + b't-b,"Open,ngo,file,no\nt-c,"A"b,ngo,file,no\nt-d,Kituo cha \xff,ngo,file,no\nt-e,"Two, in one",ngo,file,no\n')
    said = run("import", "--rejected", back, path)
    assert (said.exit_code, "2 added" in said.output) == (1, True)
    for line in ("organizations.csv:3: line: a quote", "organizations.csv:4: line: a quote", "organizations.csv:5: line: is not UTF-8"):
        assert line in said.output
    assert back.read_text("utf-8").splitlines()[1] == '"t-b,""Open,ngo,file,no",,,,,3,line,"a quote stands where none may, or is not closed"'
    assert "nothing was written" in run("import", "--all-or-nothing", path).output
    run("import", "--mode", "replace", path)
    assert "1 unchanged" in run("import", "--mode", "replace", "--dry-run", path).output or "2 unchanged" in run("import", path).output


def test_rejected_rows_never_go_over_what_was_handed_in_nor_are_they_lost(run: Run, files: Path, tmp_path: Path, county_database: Database) -> None:
    path = files / "organizations.csv"
    path.write_text(ORGANIZATIONS + "t-bad,Bad,circus,file,no\n", "utf-8")
    before = path.read_bytes()
    for target in (path, files / "x" / ".." / "organizations.csv", tmp_path / "no folder" / "back.csv", tmp_path):
        said = run("import", "--rejected", target, path)
        assert (said.exit_code, isinstance(said.exception, SystemExit)) in ((1, True), (2, True)), said.exception
    assert path.read_bytes() == before
    with county_database.read() as session:
        assert session.scalars(select(ImportRow)).all() == []


def test_what_is_given_out_can_be_handed_in_as_a_folder_or_a_zip(run: Run, tmp_path: Path) -> None:
    assert run("export", tmp_path / "out").exit_code == 0
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        for file in (tmp_path / "out").glob("*.csv"):
            archive.write(file, file.name)
    for handed in (tmp_path / "out", tmp_path / "out.zip"):
        said = run("import", handed)
        assert said.exit_code == 0, said.output
        assert "0 added, 0 updated, 0 removed or inactive" in said.output


def test_an_override_has_a_name_and_a_reason(run: Run, files: Path) -> None:
    path = files / "organizations.csv"
    assert "override is somebody's decision" in run("import", "--override", "because", path).output
    assert "override: say why" in run("import", "--override", " ", path).output
    assert "override is somebody's decision" in run("load", "--override", "because", files).output


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
    with_pins("cc-kwale-1")
    assert run("import", "--by", "cc-kwale-1", "--override", "until the new list comes", path).exit_code == 0
    with county_database.read() as session:
        row = session.scalars(select(ImportRow)).one()
    assert (row.override_reason, row.gaps_opened > 0) == ("until the new list comes", True)


def test_a_package_is_given_out_and_taken_in_again(run: Run, tmp_path: Path) -> None:
    assert run("export", "--hsds", tmp_path / "package").exit_code == 0
    said = run("import", tmp_path / "package").output
    assert said.startswith("0 added, 0 updated, 0 removed or inactive")
    assert "0 rejected" in said


def test_where_a_refuge_lies_is_read_for_a_reason_by_who_answers_for_it_and_recorded(run: Run, tmp_path: Path, county_database: Database) -> None:
    with county_database.read() as session:
        location = session.scalar(select(LocationRow.id).where(LocationRow.visibility == Visibility.CONFIDENTIAL).order_by(LocationRow.id).limit(1))
    path = tmp_path / "secret.csv"
    path.write_text(f"location,address,lat,lon\n{location},Behind the mosque,-4.2,39.5\n", "utf-8")
    assert run("import", "--table", "location_secrets", path).exit_code == 0
    with_pins("co-kwale-1", "cc-kwale-1")
    for words, code in (
        (("--reason", "escort"), 1),
        (("--reason", "a girl tonight", "--by", "co-kwale-1"), 2),
        (("--reason", "escort", "--by", "cc-kwale-1"), 1),
    ):
        said = run("reveal-place", location, *words)
        assert (said.exit_code, "mosque" in said.output) == (code, False)
    assert audited(Action.PLACE_REVEALED) == []
    said = run("reveal-place", location, "--reason", "escort", "--by", "co-kwale-1")
    assert (said.exit_code, "Behind the mosque\n-4.2 39.5" in said.output) == (0, True), said.output
    (entry,) = audited(Action.PLACE_REVEALED)
    assert (entry.actor, entry.details) == ("co-kwale-1", f'{{"location":"{location}","reason":"escort"}}')


def test_an_id_of_nothing_has_no_history(run: Run) -> None:
    assert "no phone has this id" in run("history", "phone", "x").output
    assert run("history", "phones", "x").exit_code == 2


def test_a_database_without_tables_and_a_file_that_cannot_be_are_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = console(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}", monkeypatch)
    (tmp_path / "terms.csv").write_text("id\n", "utf-8")
    for words in (("coverage",), ("tasks",), ("propose", "office", "cc-kwale", "name=x"), ("import", tmp_path / "terms.csv")):
        assert refused(typed("directory", *words)).endswith("migrations are pending: run `referral db upgrade`\n")


def test_a_folder_that_cannot_be_made_is_told_in_one_line(run: Run, files: Path) -> None:
    assert "Not a directory" in refused(run("export", files / "organizations.csv" / "out"))
