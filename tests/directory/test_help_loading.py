"""Loading a county's help tables with its places and offices: all lines or none, every bad line named, twice the same nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from referral.directory.field_changes import record_changes
from referral.directory.importer import ImportProblems, Loaded
from referral.directory.lines import Line
from referral.directory.people import current_version
from referral.directory.point_records import HoursRow, NearRankRow, PhoneRow, PlaceNameRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAtLocationRow, VerifyMethod
from referral.directory.upkeep_records import FieldChangeRow, ProposalRow
from referral.store.database import Database
from tests.directory.conftest import LOADED, change

Load = Callable[..., Loaded]
LISTED = "source,source_id,verified_on,verified_by,verify_method,sample"
HELP = {
    "terms.csv": "id,taxonomy,code,parent,name_en,name_sw,description\nt-hosp,help,hospital,,Hospital,Hospitali,A hospital.\nt-pep,help,pep,t-hosp,PEP,PEP,\n",
    "place_names.csv": "id,place,language,name,kind\npn-1,T2,swa,Ng'ombe ya Pwani,alias\n",
    "organizations.csv": f"id,name,short_name,description,sector,parent,website,email,status,do_not_list,{LISTED}\n"
    "moh,Ministry of Health,MoH,,health,,https://health.example.org,info@example.org,active,no,made up,17,2026-10-01,Somebody,call,no\n"
    "house,Quiet House,,,ngo,,,,,,made up,,,,,yes\n",
    "locations.csv": f"id,organization,name,location_type,visibility,place,lat,lon,precision,directions,transport,{LISTED}\n"
    "hosp,moh,Bandari Hospital,physical,public,T1,-4.311,39.571,gps,By the market,,made up,,,,,no\n"
    "disp,moh,Mpakani Dispensary,,,W2,-4.01,39.41,approx,,,made up,,,,,no\n"
    "line,moh,Helpline,virtual,,,,,,,,made up,,,,,no\n"
    "hidden,house,Quiet House,,confidential,S1,,,,,,made up,,,,,yes\n",
    "services.csv": "id,organization,name,kind,terms,description,status,visibility,"
    f"min_age,max_age,gender,eligibility,fee,fee_note,application,alert,{LISTED}\n"
    "care,moh,Care,medical,hospital pep,,active,public,0,17,,,free,,,,made up,,,,,no\n"
    "talk,moh,Somebody to talk to,talk,,,,,,,,,,,,,made up,,,,,no\n",
    "service_at_locations.csv": f"id,service,location,code,short_name,description,{LISTED}\n"
    "care-hosp,care,hosp,4F2K,Bandari Hosp,,made up,,,,,no\n"
    "care-disp,care,disp,4F2M,Mpakani Disp,,made up,,,,,no\n"
    "talk-line,talk,line,,,,made up,,,,,no\n",
    "phones.csv": f"id,e164,short_number,description,takes_texts,toll_free,visibility,rank,organization,service,location,service_at_location,office,{LISTED}\n"
    "ph-1,0402300123,,Desk,no,no,public,,,,hosp,,,made up,,,,,no\n"
    "ph-2,,116,,no,yes,public,1,,,,talk-line,,made up,,,,,no\n"
    "ph-3,+254700000555,,,yes,no,staff,,house,,,,,made up,,,,,yes\n",
    "hours.csv": "id,service_at_location,phone,days,opens,closes,valid_from,valid_to\n"
    "h-1,care-hosp,,mon tue,08:00,12:00,,\nh-2,care-hosp,,mon tue,13:00,24:00,,\nh-3,,ph-2,mon tue wed thu fri sat sun,00:00,24:00,,\n",
    "day_exceptions.csv": "id,service_at_location,day,closed,opens,closes,label\nx-1,,2026-12-12,yes,,,Jamhuri Day\nx-2,care-hosp,2026-12-12,no,09:00,12:00,\n",
    "service_areas.csv": "id,service,service_at_location,place\na-1,,care-hosp,W1\n",
    "languages.csv": "id,code,note,service,location,phone\nl-1,dig,,care,,\n",
    "accessibility.csv": "id,location,access,details\nac-1,hosp,ramp,\n",
}


@pytest.fixture
def helping(folder: Path) -> Path:
    for name, text in HELP.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_help_is_loaded_with_the_county_and_ranked(load_folder: Load, helping: Path, database: Database) -> None:
    loaded = load_folder()
    assert loaded.services == 3
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(NearRankRow)) != 0
        assert session.get_one(PlaceNameRow, "pn-1").norm == "ngombe ya pwani"
        assert session.get_one(PhoneRow, "ph-1").e164 == "+254402300123"
        assert (session.get_one(HoursRow, "h-2").closes, session.get_one(HoursRow, "h-2").days) == (0, 3)
        assert current_version(session) == 1


def test_the_same_files_again_change_nothing(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    assert load_folder(LOADED + timedelta(days=40)).changed == 0
    with database.read() as session:
        assert current_version(session) == 1


def test_a_line_without_code_and_short_name_gets_them_once_and_for_all(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    with database.read() as session:
        point = session.get_one(ServiceAtLocationRow, "talk-line")
    assert (len(point.code), point.short_name) == (4, "Helpline")
    change(helping, "locations.csv", "line,moh,Helpline", "line,moh,Another line")
    assert load_folder().changed == 1
    with database.read() as session:
        again = session.get_one(ServiceAtLocationRow, "talk-line")
    assert (again.code, again.short_name) == (point.code, "Helpline")


def test_what_changed_is_recorded_field_by_field(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    change(helping, "services.csv", "moh,Care,", "moh,Care for all,")
    load_folder()
    with database.read() as session:
        row = session.scalars(select(FieldChangeRow).where(FieldChangeRow.entity == "service", FieldChangeRow.field == "name")).one()
    assert (row.entry, row.old, row.new, row.action, row.by) == ("care", "Care", "Care for all", "load", "service")


def test_no_number_of_an_officer_is_recorded(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    change(helping, "people.sample.csv", "+254700000101", "+254700000199")
    load_folder()
    with database.read() as session:
        row = session.scalars(select(FieldChangeRow).where(FieldChangeRow.entity == "person", FieldChangeRow.field != "id")).one()
    assert (row.field, row.old, row.new) == ("number_tag", "(changed)", "(changed)")


def test_where_a_place_lay_is_forgotten_once_it_is_hidden(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    change(helping, "locations.csv", "-4.01,39.41", "-4.02,39.41")
    load_folder()
    with database.transaction() as session:
        row = {"entity": "location", "entry": "disp", "base_version": 1, "origin": "test", "proposed_by": "amina", "proposed_at": LOADED}
        session.add(ProposalRow(id="p", changes='{"name": "Mpakani Dispensary"}', note="at Mpakani", **row))
    change(helping, "locations.csv", "disp,moh,Mpakani Dispensary,,,W2,-4.02,39.41,approx", "disp,moh,A house,,confidential,S2,,,")
    load_folder()
    with database.read() as session:
        said = {value for row in session.scalars(select(FieldChangeRow).where(FieldChangeRow.entry == "disp")) for value in (row.old, row.new)}
        proposed = session.get_one(ProposalRow, "p")
    assert (proposed.changes, proposed.note) == ('{"name": "(changed)"}', "")
    assert not any(word in str(value) for value in said for word in ("4.0", "39.4", "Mpakani", "house"))


def test_a_part_of_what_somebody_changed_by_hand_stays_and_is_named_where_the_file_has_it_otherwise(
    load_folder: Load, helping: Path, database: Database
) -> None:
    load_folder()
    with database.transaction() as session:
        record_changes(session, "service_at_location", "care-hosp", {"hours": "a"}, {"hours": "b"}, "proposal", "juma", LOADED)
    assert load_folder().left_alone == ()
    change(helping, "hours.csv", "08:00,12:00", "08:30,12:00")
    loaded = load_folder()
    assert (loaded.changed, loaded.left_alone) == (0, ("hours.csv:2: h-1: of care-hosp",))


def test_what_somebody_changed_or_asked_not_to_list_stays(load_folder: Load, helping: Path, database: Database) -> None:
    load_folder()
    with database.transaction() as session:
        session.execute(update(OrganizationRow).where(OrganizationRow.id == "moh").values(do_not_list=True, verified_on=date(2026, 10, 20)))
        session.execute(update(LocationRow).where(LocationRow.id == "hosp").values(name="By hand", edited=True))
    change(helping, "locations.csv", "Bandari Hospital", "Another name")
    assert load_folder().changed == 0
    with database.read() as session:
        organization = session.get_one(OrganizationRow, "moh")
        assert (organization.do_not_list, organization.verified_on, organization.verify_method) == (True, date(2026, 10, 20), VerifyMethod.CALL)
        assert session.get_one(LocationRow, "hosp").name == "By hand"


def test_what_another_place_of_the_ward_bears_is_refused_and_one_place_may_bear_it_for_two_kinds(load_folder: Load, helping: Path) -> None:
    point = "talk-hosp,talk,hosp,,Bandari Hosp,,made up,,,,,no\n"
    path = helping / "service_at_locations.csv"
    path.write_text(path.read_text("utf-8") + point, "utf-8")
    load_folder()
    change(helping, "locations.csv", "W2,-4.01,39.41", "W1,-4.31,39.56")
    change(helping, "service_at_locations.csv", "Mpakani Disp", "bandari hosp")
    with pytest.raises(ImportProblems, match=r"service_at_locations\.csv:3: short_name: is borne by another place of this ward"):
        load_folder()


def test_a_watch_may_refuse_what_a_load_does(database: Database, load_folder: Load, helping: Path) -> None:
    from referral.directory.importer import load
    from tests.directory.conftest import seal, tag
    from tests.upkeep.hand_in import Refusing

    def again() -> None:
        with database.transaction() as session:
            load(session, helping, seal_number=seal, tag_number=tag, now=LOADED, watch=Refusing())

    with pytest.raises(PermissionError):
        again()
    with database.read() as session:
        assert current_version(session) == 0


BAD = [
    ("terms.csv", "t-pep,help,pep,t-hosp", "t-pep,help,hospital,t-hosp", "terms.csv:3: code: is another entry's already"),
    ("terms.csv", "t-hosp,help,hospital,,", "t-hosp,help,hospital,t-pep,", "parent: leads back to itself"),
    ("organizations.csv", "health,,https", "circus,,https", "organizations.csv:2: sector: must be one of"),
    ("organizations.csv", "https://health.example.org", "health", "organizations.csv:2: website: must be a web address"),
    ("organizations.csv", "Ministry of Health", "Ministry\u2019s Health", "organizations.csv:2: name: has a character"),
    ("organizations.csv", ",MoH,", ",Ministry of Healthy,", "organizations.csv:2: short_name: must have 18 characters at most"),
    ("organizations.csv", "Somebody,call,no", "Somebody,,no", "verify_method: verified_on and verify_method stand together"),
    ("locations.csv", "hosp,moh,", "hosp,moz,", "locations.csv:2: organization: names one of organizations that is unknown"),
    ("locations.csv", "public,T1,", "public,T9,", "locations.csv:2: place: names one of places that is unknown"),
    ("locations.csv", "-4.311,39.571,gps", "-4.311,36.871,gps", "locations.csv:2: lat: lies more than 100 km from the place"),
    ("locations.csv", "-4.311,39.571,gps", "-4.311,39.571,", "locations.csv:2: lat: a point needs lat, lon and precision"),
    ("locations.csv", "-4.311,39.571,gps", "-94.311,39.571,gps", "locations.csv:2: lat: must lie between -90 and 90"),
    ("locations.csv", "confidential,S1,,,,", "confidential,S1,-4.3,39.5,gps,", "locations.csv:5: lat: a confidential place has no point"),
    ("locations.csv", "confidential,S1,,,,", "confidential,S1,,,,By the mango", "locations.csv:5: directions: a confidential place has no point and no way"),
    ("locations.csv", "confidential,S1", "confidential,W1", "locations.csv:5: place: a confidential place names its sub-county"),
    ("locations.csv", "Helpline,virtual,,,,,", "Helpline,virtual,,,-4.3,39.5,gps", "locations.csv:4: lat: a virtual location has no point"),
    ("services.csv", "hospital pep", "hospital spa", "services.csv:2: terms: names an unknown term"),
    ("services.csv", "public,0,17", "public,18,17", "services.csv:2: max_age: must not be below min_age"),
    ("services.csv", "care,moh,Care,medical", "care,moh,Care,medicine", "services.csv:2: kind: must be one of"),
    ("service_at_locations.csv", "disp,4F2M", "disp,4F2K", "service_at_locations.csv:3: code: is another entry's already"),
    ("service_at_locations.csv", "disp,4F2M", "disp,4F2O", "service_at_locations.csv:3: code: must be four of"),
    ("service_at_locations.csv", "care-disp,care,disp", "care-disp,care,hosp", "service_at_locations.csv:3: location: is another entry's already"),
    ("service_at_locations.csv", "care-disp,", "care-hosp,", "service_at_locations.csv:3: id: stands twice"),
    ("phones.csv", "0402300123", "04023", "phones.csv:2: e164: not a phone number"),
    ("phones.csv", "0402300123", "0800CHILDREN", "phones.csv:2: e164: not a phone number"),
    ("phones.csv", ",116,", ",11699,", "phones.csv:3: short_number: not a short number"),
    ("phones.csv", "0402300123,,Desk", "0402300123,116,Desk", "phones.csv:2: e164: exactly one of e164 and short_number"),
    ("phones.csv", ",hosp,,,made up", ",hosp,care-hosp,,made up", "phones.csv:2: organization: exactly one of organization"),
    ("phones.csv", "0402300123", "0700000123", "phones.csv:2: e164: a sample number on a line that is not marked"),
    ("phones.csv", "+254700000555", "0402300123", "phones.csv:4: e164: a sample must have a sample number"),
    ("phones.csv", ",hosp,,,made up", ",hidden,,,made up", "phones.csv:2: e164: the number of a sample must be a sample number"),
    ("phones.csv", "Desk,no", "Desk,yes", "phones.csv:2: takes_texts: a fixed line takes no texts"),
    ("phones.csv", "staff,,house,,,,,", "staff,,,,,,desk9,", "phones.csv:4: office: names one of offices that is unknown"),
    ("hours.csv", "13:00,24:00", "11:00,24:00", "hours.csv:3: opens: overlaps other hours of the same day"),
    ("hours.csv", "mon tue,13:00,24:00", "sun,23:00,09:00", "hours.csv:3: opens: overlaps other hours of the same day"),
    ("hours.csv", "08:00,12:00", "8 am,12:00", "hours.csv:2: opens: must be a time such as 07:30"),
    ("hours.csv", "08:00,12:00", "08:00Z,12:00", "hours.csv:2: opens: must be a time such as 07:30"),
    ("hours.csv", "08:00,12:00", "08:00,12:00:59", "hours.csv:2: closes: must be a time such as 07:30"),
    ("hours.csv", "08:00,12:00", "08:00,08:00", "hours.csv:2: closes: is when it opens"),
    ("hours.csv", "12:00,,", "12:00,2026-02-01,2026-01-01", "hours.csv:2: valid_to: must not be before valid_from"),
    ("hours.csv", "h-1,care-hosp,,", "h-1,,,", "hours.csv:2: service_at_location: exactly one of"),
    ("day_exceptions.csv", "2026-12-12,yes,,", "2026-12-12,yes,08:00,09:00", "day_exceptions.csv:2: closed: either closed, or opens and closes"),
    ("day_exceptions.csv", "x-2,care-hosp,", "x-2,,", "day_exceptions.csv:3: day: is another entry's already"),
    ("service_areas.csv", ",W1", ",W9", "service_areas.csv:2: place: names one of places that is unknown"),
    ("languages.csv", "l-1,dig", "l-1,digo", "languages.csv:2: code: must be an ISO 639-3 code"),
    ("accessibility.csv", "ramp", "lift", "accessibility.csv:2: access: must be one of"),
    ("place_names.csv", "swa,", "sw,", "place_names.csv:2: language: must be an ISO 639-3 code"),
    ("services.csv", ",alert,", ",alarm,", "services.csv:1: alarm: column is unknown"),
]


@pytest.mark.parametrize(("file", "old", "new", "problem"), BAD, ids=[f"{row[0]} {row[3]} {row[2]}" for row in BAD])
def test_a_bad_line_is_named_and_nothing_is_loaded(file: str, old: str, new: str, problem: str, tmp_path: Path, helping: Path) -> None:
    """What the lines say is judged without a database: it is the same on both engines."""
    from referral.directory.ground import Grounds
    from referral.directory.help_loading import problems_of, read_help, weigh
    from referral.directory.help_state import HelpState, Map
    from referral.directory.lines import OfficeLine, PlaceLine, read_lines

    change(helping, file, old, new)
    problems: list[str] = []
    places: list[Line] = read_lines(helping / "places.csv", PlaceLine(), problems, set())
    offices = read_lines(helping / "offices.csv", OfficeLine(), problems, set())
    found = read_help(helping, problems)
    problems += problems_of(found, weigh(found, HelpState(Map(Grounds([], {}))).along(places, offices)))
    assert any(problem in one for one in problems), problems
    assert not any(number in one for one in problems for number in ("2300123", "0700000", "+254"))


def test_one_bad_line_of_help_loads_nothing_and_is_not_named_again_where_it_is_meant(load_folder: Load, helping: Path, database: Database) -> None:
    change(helping, "organizations.csv", "health,,https", "circus,,https")
    with pytest.raises(ImportProblems) as caught:
        load_folder()
    assert [one.split(": ")[:2] for one in caught.value.problems] == [["organizations.csv:2", "sector"]]
    with database.read() as session:
        assert current_version(session) == 0
