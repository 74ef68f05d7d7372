"""The county's own files: complete, plain to read on any phone, and without anybody's number."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from referral.county import read_county
from referral.directory.ground import crow
from referral.directory.importer import load
from referral.directory.nearest import NearestHelp
from referral.directory.snapshot import Roster, read_roster
from referral.store.base import Base
from referral.store.database import Database
from referral.understanding.places import Gazetteer
from referral.vocabulary.duty import Role
from referral.vocabulary.help import HelpKind, NearHelp, Open
from tests.directory.conftest import LOADED, seal, tag

KWALE = Path(__file__).parents[2] / "config" / "kwale"
EAT = ZoneInfo("Africa/Nairobi")
FIRST = {Role.CHILDRENS_OFFICE, Role.POLICE_GENDER_DESK, Role.POLICE_STATION, Role.DCI_UNIT, Role.NGO_DESK, Role.CHILDRENS_COUNTY_OFFICE, Role.HEALTH_FACILITY}

GOMBATO_BONGWE, UKUNDA = "KE002-W0031", "KE002-W0032"
KASEMENI_WARD, KASEMENI = "KE002-W0050", "KE002-B4658"
Near = Callable[..., tuple[NearHelp, ...]]


@pytest.fixture
def kwale(database: Database) -> Roster:
    for _ in range(2):
        with database.transaction() as session:
            loaded = load(session, KWALE, seal_number=seal, tag_number=tag, now=LOADED)
    assert loaded.changed == 0
    with database.read() as session:
        return read_roster(session)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The county loaded once for all that only look at it."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('kwale') / 'test.db'}")
    Base.metadata.create_all(database.engine)
    with database.transaction() as session:
        load(session, KWALE, seal_number=seal, tag_number=tag, now=LOADED, tz=EAT)
    yield database
    database.close()


@pytest.fixture(scope="module")
def roster_of_kwale(loaded: Database) -> Roster:
    with loaded.read() as session:
        return read_roster(session)


@pytest.fixture
def near(loaded: Database) -> Near:
    """What a caller in a place is shown, by default on a Tuesday morning."""

    def look(place: str, kind: HelpKind, now: datetime = datetime(2026, 11, 3, 10, 0, tzinfo=EAT)) -> tuple[NearHelp, ...]:
        with loaded.read() as session:
            return NearestHelp(tz=EAT).near(session, place, kind, now)

    return look


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


def test_bongwe_gombato_and_ukunda_are_listed_under_both_their_wards(roster_of_kwale: Roster) -> None:
    for ward in (GOMBATO_BONGWE, UKUNDA):
        assert {one.text for one in roster_of_kwale.spots(ward)} >= {"Bongwe", "Gombato", "Ukunda"}


def test_callers_of_gombato_bongwe_are_shown_what_lies_in_their_ward(near: Near) -> None:
    for place in (GOMBATO_BONGWE, "KE002-B4645", "KE002-B4646"):
        here = {one.id: one.kilometres for one in near(place, HelpKind.MEDICAL)[:4]}
        assert "diani-health-centre" in here
        assert all(far is not None and far < 6 for far in here.values())
        assert near(place, HelpKind.PEP)[0].id == "diani-health-centre"
        assert near(place, HelpKind.POLICE)[0].short_name in ("Diani Police", "Diani Child Centre")
        assert near(place, HelpKind.CHILDREN)[0].id == "msambweni-sub-county-children-office"


def test_the_two_kasemenis_are_asked_about_and_never_confused(roster_of_kwale: Roster, near: Near) -> None:
    places = Gazetteer(roster_of_kwale.places(), read_county(KWALE).words)
    bare = places.find("mtoto anapigwa Kasemeni")
    assert bare.settled is None
    assert {(one.value, one.text) for one in bare.choices} == {(KASEMENI_WARD, "Kasemeni (Samburu)"), (KASEMENI, "Kasemeni (Lunga Lunga)")}
    for text, place in (
        ("Kasemeni Samburu", KASEMENI_WARD),
        ("Kasemeni Kinango", KASEMENI_WARD),
        ("Kasemeni Lungalunga", KASEMENI),
        ("Kasemeni Mwereni", KASEMENI),
    ):
        settled = places.find(text).settled
        assert settled is not None
        assert (settled.spot or settled.ward) == place
    points = {row["id"]: (float(row["lat"]), float(row["lon"])) for row in rows("places.csv") if row["id"] in (KASEMENI_WARD, KASEMENI)}
    assert crow(*points.values()) > 60
    for kind in (HelpKind.MEDICAL, HelpKind.PEP):
        assert not {one.id for one in near(KASEMENI_WARD, kind)[:3]} & {one.id for one in near(KASEMENI, kind)[:3]}


def test_the_sub_location_kasemeni_is_listed_where_its_schools_are_and_where_its_chief_is(roster_of_kwale: Roster) -> None:
    wards = [ward for ward in roster_of_kwale.ward_ids() if KASEMENI in {one.value for one in roster_of_kwale.spots(ward)}]
    assert wards == ["KE002-W0037", "KE002-W0038"]
    chiefs = [one.office.name for one in roster_of_kwale.bearers(KASEMENI, LOADED, EAT) if one.office.role is Role.CHIEF]
    assert chiefs[0] == "Chief of Lunga Lunga"


def test_both_children_s_offices_count_as_those_of_samburu_s_wards(roster_of_kwale: Roster, near: Near) -> None:
    for ward in roster_of_kwale.wards("KE002-S5"):
        first = {one.id for one in near(ward.value, HelpKind.CHILDREN)[:3]}
        assert first >= {"kinango-sub-county-children-office", "sample-children-samburu"}, ward


def test_no_place_is_left_without_help_of_any_kind_but_safe_places_which_are_told_by_116(roster_of_kwale: Roster, near: Near) -> None:
    for ward in roster_of_kwale.ward_ids():
        for kind in HelpKind:
            assert bool(near(ward, kind)) is (kind is not HelpKind.SAFE), (ward, kind)


def test_medicine_after_rape_is_never_looked_for_in_a_dispensary(roster_of_kwale: Roster, near: Near) -> None:
    for ward in roster_of_kwale.ward_ids():
        assert all(one.pep and one.short_name.endswith((" Hosp", " HC")) for one in near(ward, HelpKind.PEP))


def test_116_is_open_at_christmas_and_a_real_office_is_never_said_to_be(near: Near) -> None:
    christmas = datetime(2026, 12, 25, 3, 0, tzinfo=EAT)
    states = {one.id: one.opening.state for one in near(UKUNDA, HelpKind.TALK, christmas)}
    assert states["line-116"] is states["line-1195"] is Open.ALWAYS
    real = [one for kind in HelpKind for one in near(UKUNDA, kind) if not one.id.startswith(("sample-", "line-"))]
    assert {one.opening.state for one in real} == {Open.UNKNOWN}
