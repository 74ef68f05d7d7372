"""The county's own files: complete, plain to read on any phone, and without anybody's number."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from referral.directory.importer import load
from referral.directory.snapshot import Roster, read_roster
from referral.store.database import Database
from referral.vocabulary.duty import Role
from tests.directory.conftest import LOADED, seal, tag

KWALE = Path(__file__).parents[2] / "config" / "kwale"
EAT = ZoneInfo("Africa/Nairobi")
FIRST = {Role.CHILDRENS_OFFICE, Role.POLICE_GENDER_DESK, Role.POLICE_STATION, Role.DCI_UNIT, Role.NGO_DESK, Role.CHILDRENS_COUNTY_OFFICE, Role.HEALTH_FACILITY}


@pytest.fixture
def kwale(database: Database) -> Roster:
    for _ in range(2):
        with database.transaction() as session:
            loaded = load(session, KWALE, seal_number=seal, tag_number=tag, now=LOADED)
    assert loaded.changed == 0
    with database.read() as session:
        return read_roster(session)


def rows(name: str) -> list[dict[str, str]]:
    with (KWALE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_five_sub_counties_twenty_wards_and_a_finer_place_for_each(kwale: Roster) -> None:
    assert [one.text for one in kwale.subcounties()] == ["Msambweni", "Lunga Lunga", "Matuga", "Kinango", "Samburu"]
    assert len(kwale.ward_ids()) == 20
    assert all(kwale.spots(ward) for ward in kwale.ward_ids())
    assert {one.text for one in kwale.spots("KE002-W0031")} >= {"Bongwe", "Gombato", "Diani Beach"}


def test_the_four_wards_of_samburu_are_listed_under_kinango_too(kwale: Roster) -> None:
    samburu = {one.value for one in kwale.wards("KE002-S5")}
    assert len(samburu) == 4
    assert samburu < {one.value for one in kwale.wards("KE002-S4")}


def test_every_ward_has_the_offices_that_are_told_first_each_with_a_deputy(kwale: Roster) -> None:
    now = datetime(2026, 11, 4, 10, 0, tzinfo=EAT)
    for ward in kwale.ward_ids():
        here = [bearer for bearer in kwale.bearers(ward, now, EAT) if not bearer.neighbour]
        roles = {role: {bearer.person for bearer in here if bearer.office.role is role} for role in FIRST}
        assert all(len(found) >= 2 for found in roles.values()), (ward, roles)


def test_ukunda_has_its_own_gender_desk(kwale: Roster) -> None:
    found = kwale.bearers("KE002-W0032", LOADED, EAT)
    assert found[0].office.name == "Police gender desk for Ukunda"


def test_every_office_has_somebody_and_somebody_over_it_or_none_above(kwale: Roster) -> None:
    for office in kwale.offices():
        assert kwale.on_duty(office.id, LOADED, EAT), office.id


def test_the_desks_have_somebody_on_shift_at_every_hour(kwale: Roster) -> None:
    for hour in range(24 * 7):
        now = datetime(2026, 11, 2 + hour // 24, hour % 24, 30, tzinfo=EAT)
        for desk in ("triage-desk", "county-duty-desk"):
            assert not kwale.on_duty(desk, now, EAT)[0].doubts, (desk, now)


def test_people_are_samples_only_and_names_need_no_second_alphabet() -> None:
    people = rows("people.sample.csv")
    assert all(one["sample"] == "yes" and one["number"].startswith("+254700000") and one["name"].startswith("Sample officer ") for one in people)
    assert all(one["name"].isascii() for name in ("places.csv", "offices.csv") for one in rows(name))


def test_what_no_public_list_confirms_says_so() -> None:
    invented = [one for one in rows("offices.csv") if one["sample"] == "yes"]
    assert invented
    assert all(one["source"] == "sample" and one["note"] for one in invented)
    assert all(one["source"] for one in rows("offices.csv"))
