"""The package of files for those who read tables, not addresses."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from referral.directory.hsds_package import COLUMNS, REFERENCES, write_package
from tests.conftest import START
from tests.open_data.conftest import NAIROBI, Reader
from tests.open_data.synthetic import Secrets

Nowhere = Callable[[int], tuple[Reader, Secrets]]
Rows = dict[str, list[dict[str, str]]]
ENTITIES = {"organization": "organizations", "service": "services", "location": "locations", "service_at_location": "service_at_location"}


@pytest.fixture(params=[1, 2, 3])
def package(request: pytest.FixtureRequest, nowhere: Nowhere, tmp_path: Path) -> tuple[Reader, dict[str, int], Path]:
    reader = nowhere(request.param)[0]
    with reader.database.read() as session:
        counts = write_package(session, tmp_path / "package", START.astimezone(NAIROBI))
    return reader, counts, tmp_path / "package"


def rows(folder: Path) -> Rows:
    found: Rows = {}
    for table in COLUMNS:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            found[table] = list(csv.DictReader(file))
    return found


def test_every_file_is_there_and_counted(package: tuple[Reader, dict[str, int], Path]) -> None:
    reader, counts, folder = package
    assert {table: len(found) for table, found in rows(folder).items()} == counts
    assert {file.name for file in folder.iterdir()} == {"datapackage.json", *(f"{table}.csv" for table in COLUMNS)}
    assert sorted(row["id"] for row in rows(folder)["services"]) == sorted(reader.ids("services"))


def test_no_key_points_nowhere(package: tuple[Reader, dict[str, int], Path]) -> None:
    found = rows(package[2])
    ids = {table: [row["id"] for row in entries] for table, entries in found.items()}
    assert all(len(set(one)) == len(one) for one in ids.values())
    for entries in found.values():
        for row in entries:
            assert all(row[column] in ids[target] for column, target in REFERENCES.items() if row.get(column))
    assert all(row["link_id"] in ids[ENTITIES[row["link_entity"]]] for row in found["attributes"])
    owners = ("organization_id", "service_id", "location_id", "service_at_location_id")
    assert all(sum(bool(row[owner]) for owner in owners) == 1 for row in found["phones"])
    assert all(row["organization_id"] for row in found["services"])


def test_the_descriptor_names_every_column_and_key(package: tuple[Reader, dict[str, int], Path]) -> None:
    descriptor = json.loads((package[2] / "datapackage.json").read_text("utf-8"))
    assert [one["path"] for one in descriptor["resources"]] == [f"{table}.csv" for table in COLUMNS]
    for resource in descriptor["resources"]:
        fields = tuple(field["name"] for field in resource["schema"]["fields"])
        assert fields == COLUMNS[resource["name"]]
        keys = {key["fields"] for key in resource["schema"].get("foreignKeys", ())}
        assert keys == set(fields) & REFERENCES.keys()


def test_the_same_directory_gives_the_same_files(package: tuple[Reader, dict[str, int], Path], tmp_path: Path) -> None:
    reader, _, folder = package
    with reader.database.read() as session:
        write_package(session, tmp_path / "again", START.astimezone(NAIROBI))
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_the_files_say_what_the_api_says(package: tuple[Reader, dict[str, int], Path]) -> None:
    reader, _, folder = package
    for row in rows(folder)["locations"]:
        assert (row["location_type"] == "virtual") <= (not row["latitude"] and not row["place"])
    named = {one["id"]: one["name"] for one in reader.get("/services", per_page=100)["contents"]}
    assert {row["id"]: row["name"] for row in rows(folder)["services"]} == named
