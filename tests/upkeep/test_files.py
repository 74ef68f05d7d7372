"""The directory as files: given out, taken in again, and packages in the words of HSDS."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from referral.directory.help_state import read_state
from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_tables import publish
from referral.directory.lines import ImportProblems
from referral.directory.point_records import HoursRow, PhoneRow, TermRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAtLocationRow, ServiceRow, Status
from referral.store.database import Database
from referral.upkeep.exporting import export
from referral.upkeep.importing import Outcome
from referral.upkeep.incoming import Mode, read_file, read_folder
from referral.upkeep.package import incoming_of, is_package, open_package
from referral.vocabulary.help import HelpKind
from tests.upkeep.hand_in import ALL, EAT, NOW, ORGANIZATIONS, Desk


@pytest.fixture
def desk(county_database: Database) -> Desk:
    return Desk(county_database)


def given_out(desk: Desk, folder: Path) -> list[Path]:
    with desk.database.read() as session:
        export(session, folder)
    return sorted(folder.glob("*.csv"))


@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.REPLACE])
def test_what_is_given_out_and_taken_in_again_changes_nothing(desk: Desk, tmp_path: Path, mode: Mode) -> None:
    desk.take(*ALL)
    outcome = desk.hand([read_file(path) for path in given_out(desk, tmp_path / "out")], mode=mode)
    assert (outcome.counts.any, outcome.rejected) == (False, ())
    assert outcome.unchanged > 500


def test_no_person_no_number_of_theirs_and_nothing_confidential_is_given_out(desk: Desk, tmp_path: Path) -> None:
    hidden = (
        "id,organization,name,visibility,place,source,sample\nt-hid,t-house,Quiet House,confidential,KE002-S1,file,no\n"
        "t-out,t-org,Office,public,KE002-S1,file,no\n"
    )
    desk.take(
        ("organizations", ORGANIZATIONS + "t-house,Friends of the quiet,ngo,file,no\n"),
        ("locations", hidden),
        ("services", "id,organization,name,kind,visibility,source,sample\nt-bed,t-house,Quiet beds,safe,confidential,file,no\n"),
        ("service_at_locations", "id,service,location,short_name,source,sample\nt-hp,t-bed,t-hid,Quiet,file,no\n"),
        ("phones", "id,e164,location,source,sample\nt-hidden-phone,0402300777,t-hid,file,no\n"),
        ("location_secrets", "location,address,lat,lon\nt-hid,Behind the baobab,-4.12345,39.54321\n"),
    )
    said = "".join(path.read_text("utf-8") for path in given_out(desk, tmp_path / "out"))
    assert [word for word in ("quiet", "t-hid", "baobab", "4.12345", "2300777") if word in said.casefold()] == []
    assert "t-out" in said
    people = Path(__file__).parents[2] / "config" / "kwale" / "people.sample.csv"
    with people.open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file) if row["number"] in said or f",{row['id']}," in said] == []


def test_words_that_a_spreadsheet_would_run_are_given_out_as_words(desk: Desk, tmp_path: Path) -> None:
    desk.take(("organizations", "id,name,description,sector,source,sample\nt-org,Test,=1+1,health,file,no\nt-two,Two,'-x,health,file,no\n"))
    with desk.database.read() as session:
        assert session.get_one(OrganizationRow, "t-org").description == "=1+1"
    given_out(desk, tmp_path)
    with (tmp_path / "organizations.csv").open(encoding="utf-8", newline="") as file:
        said = {row["id"]: row["description"] for row in csv.DictReader(file)}
    assert (said["t-org"], said["t-two"]) == ("'=1+1", "'-x")
    assert not desk.hand([read_file(tmp_path / "organizations.csv")]).counts.any


# ── packages ──────────────────────────────────────────────────────────────────


def package(folder: Path, tables: Mapping[str, Iterable[Mapping[str, object]]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "datapackage.json").write_text("{}")
    for name, found in tables.items():
        rows = list(found)
        columns = list(dict.fromkeys(column for row in rows for column in row)) or ["id"]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def published(desk: Desk) -> dict[str, list[dict[str, object]]]:
    with desk.database.read() as session:
        return {name: [dict(row) for row in rows] for name, rows in publish(session, NOW.astimezone(EAT)).tables.items()}


def hand(desk: Desk, path: Path, **wishes: object) -> Outcome:
    with desk.database.read() as session:
        incoming = incoming_of(open_package(path), read_state(session), publish(session, NOW.astimezone(EAT)).tables, NOW.astimezone(EAT))
    return desk.hand(incoming, **wishes)


@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.REPLACE])
def test_what_we_publish_comes_back_and_changes_nothing(desk: Desk, tmp_path: Path, mode: Mode) -> None:
    outcome = hand(desk, package(tmp_path / "ours", published(desk)), mode=mode)
    assert (outcome.counts.any, outcome.rejected) == (False, ())
    assert outcome.unchanged > 300


def test_what_somebody_mended_in_our_package_is_taken_for_our_own_entry(desk: Desk, tmp_path: Path) -> None:
    desk.take(*ALL)
    tables = published(desk)
    (service,) = [row for row in tables["services"] if row["id"] == hsds_id("service", "t-care")]
    service |= {"name": "Test care for all", "minimum_age": 10}
    outcome = hand(desk, package(tmp_path / "mended", tables))
    assert (outcome.counts.updated, outcome.counts.added, outcome.rejected) == (1, 0, ())
    with desk.database.read() as session:
        row = session.get_one(ServiceRow, "t-care")
    assert (row.name, row.min_age, row.kind, row.status) == ("Test care for all", 10, HelpKind.MEDICAL, Status.ACTIVE)


ORG, SVC, LOC, SAL, TERM, KIND, OTHER = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(7))


def foreign(**changes: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    tables: dict[str, dict[str, object]] = {
        "organizations": {"id": ORG, "name": "Friends of Children", "alternate_name": "Friends of Children of the Coast", "description": "An association."},
        "locations": {"id": LOC, "location_type": "physical", "organization_id": ORG, "name": "Friends' house", "latitude": -4.3, "longitude": 39.55},
        "services": {"id": SVC, "organization_id": ORG, "name": "Counselling", "status": "active", "minimum_age": 6, "assured_date": "2026-01-01"},
        "service_at_location": {"id": SAL, "service_id": SVC, "location_id": LOC},
        "phones": {"id": OTHER, "location_id": LOC, "number": "+254 40 2300123", "type": "voice"},
        "schedules": {
            "id": OTHER, "service_at_location_id": SAL, "freq": "WEEKLY", "byday": "MO,FR", "opens_at": "08:00:00+03:00", "closes_at": "17:00", "timezone": 3,
        },
        "languages": {"id": OTHER, "service_id": SVC, "code": "sw", "name": "Swahili"},
        "taxonomy_terms": {"id": TERM, "code": "play therapy", "name": "Play therapy", "description": "Play", "parent_id": KIND, "taxonomy": "Theirs"},
        "attributes": {"id": OTHER, "link_id": SVC, "link_entity": "service", "taxonomy_term_id": TERM},
    }  # fmt: skip
    found = {name: [row | changes.get(name, {})] for name, row in tables.items()}
    found["taxonomy_terms"].append({"id": KIND, "code": "talk", "name": "Talk", "description": "Somebody to talk to", "taxonomy": "Theirs"})
    return found


def test_a_package_of_others_is_taken_in_under_its_own_ids(desk: Desk, tmp_path: Path) -> None:
    outcome = hand(desk, package(tmp_path / "theirs", foreign()))
    assert outcome.rejected == ()
    with desk.database.read() as session:
        service, location = session.get_one(ServiceRow, SVC), session.get_one(LocationRow, LOC)
        point, phone, hours = session.get_one(ServiceAtLocationRow, SAL), session.get_one(PhoneRow, OTHER), session.get_one(HoursRow, OTHER)
        assert session.get_one(TermRow, TERM).parent == KIND
        assert session.get_one(OrganizationRow, ORG).short_name == ""
    assert (service.kind, service.min_age, service.verified_on, service.source) == (HelpKind.TALK, 6, None, "HSDS package theirs")
    assert (location.lat, location.precision, point.short_name) == (-4.3, "approx", "Friends' house")
    assert (phone.e164, phone.visibility, hours.days, hours.opens, hours.closes) == ("+254402300123", "public", 0b10001, 480, 1020)
    assert not hand(desk, package(tmp_path / "theirs", foreign())).counts.any


REFUSED = [
    ("phones", {"contact_id": OTHER}, "phones.csv:2: contact_id: a contact's phone is a person's"),
    ("schedules", {"freq": "MONTHLY"}, "schedules.csv:2: freq: only hours that come every week can be held"),
    ("schedules", {"opens_at": "08:00Z"}, "schedules.csv:2: opens_at: is in another time zone"),
    ("schedules", {"opens_at": "0800Z"}, "schedules.csv:2: opens_at: must be a time such as 07:30"),
    ("schedules", {"dtstart": "2020-01-01", "until": "2020-12-31"}, "schedules.csv:2: until: is past"),
    ("phones", {"type": "fax"}, "phones.csv:2: type: nobody can speak to it"),
    ("services", {"minimum_age": "0.5"}, "services.csv:2: minimum_age: "),
    ("schedules", {"byday": "MONDAY"}, "schedules.csv:2: byday: must be some of mon"),
    ("locations", {"latitude": 400}, "locations.csv:2: latitude: must lie between -90 and 90"),
    ("services", {"organization_id": OTHER}, "services.csv:2: organization_id: names one of organizations that is unknown"),
    ("attributes", {"taxonomy_term_id": OTHER}, "services.csv:2: id: no attribute says which kind of help it is"),
    ("languages", {"location_id": LOC}, "languages.csv:2: service_id: exactly one of"),
]


@pytest.mark.parametrize(("file", "change", "reason"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_hsds_accepts_and_is_wrong_all_the_same_is_rejected_in_its_own_words(
    desk: Desk, tmp_path: Path, file: str, change: dict[str, object], reason: str
) -> None:
    outcome = hand(desk, package(tmp_path / "theirs", foreign(**{file: change})), dry_run=True)
    assert any(one.text.startswith(reason) for one in outcome.rejected), [one.text for one in outcome.rejected]


def test_a_bad_row_takes_no_other_with_it_and_numbers_may_be_floats(desk: Desk, tmp_path: Path) -> None:
    tables = foreign(services={"minimum_age": 0.0, "maximum_age": 17.0}, phones={"type": "fax"}, schedules={"dtstart": "2026-01-01", "until": "2026-12-31"})
    tables["schedules"].append({**tables["schedules"][0], "id": TERM, "byday": "SU", "count": 3})
    outcome = hand(desk, package(tmp_path / "theirs", tables))
    assert [(one.row.file, one.row.number, one.column) for one in outcome.rejected] == [("phones.csv", 2, "type"), ("schedules.csv", 3, "count")]
    with desk.database.read() as session:
        service, hours = session.get_one(ServiceRow, SVC), session.get_one(HoursRow, OTHER)
        assert session.get(PhoneRow, OTHER) is None
    assert (service.min_age, service.max_age) == (0, 17)
    assert (hours.valid_from, hours.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert not hand(desk, package(tmp_path / "theirs", tables)).counts.any


def test_a_zip_is_a_package_too(desk: Desk, tmp_path: Path) -> None:
    folder = package(tmp_path / "theirs", foreign())
    path = tmp_path / "theirs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"theirs/{file.name}")
    assert is_package(path)
    assert hand(desk, path).counts.added == 9
    with desk.database.read() as session:
        assert session.scalars(select(OrganizationRow.name).where(OrganizationRow.id == ORG)).one() == "Friends of Children"


def test_a_zip_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK no")
    for read in (is_package, open_package, read_folder):
        with pytest.raises(ImportProblems, match=r"broken\.zip:1: file: cannot be read as a zip"):
            read(tmp_path / "broken.zip")


@pytest.mark.parametrize("spoilt", ["damaged", "password", "packing", "cut"])
def test_a_zip_that_cannot_be_unpacked_is_told_in_one_line(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "theirs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("organizations.csv", ORGANIZATIONS)
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    if spoilt == "damaged":
        data[60:70] = b"\xff" * 10
    elif spoilt == "cut":
        del data[central:]
    else:
        at, value = (6, 1) if spoilt == "password" else (8, 99)
        data[at] = data[central + at + 2] = value
    path.write_bytes(bytes(data))
    for read in (open_package, read_folder):
        with pytest.raises(ImportProblems, match=r"theirs\.zip:1: file: cannot be read as a zip"):
            read(path)
