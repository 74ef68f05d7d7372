"""Loading a county: all lines or none, every bad line named, the same files a second time nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from referral.directory import people
from referral.directory.field_changes import record_changes
from referral.directory.importer import ImportProblems, Loaded, load_people
from referral.directory.records import AppointmentRow, JurisdictionRow, OfficeRow, PersonRow, PlaceRow
from referral.directory.snapshot import Roster
from referral.directory.upkeep_records import FieldChangeRow
from referral.store.database import Database
from referral.vocabulary.limits import Spread
from referral.vocabulary.phone import PhoneNumber
from tests.directory.conftest import LOADED, PEOPLE, change, seal, tag

Load = Callable[..., Loaded]
Read = Callable[[], Roster]


def version(database: Database) -> int:
    with database.read() as session:
        return people.current_version(session)


def test_a_county_is_loaded_and_counted(load_folder: Load, database: Database) -> None:
    loaded = load_folder()
    assert (loaded.places, loaded.offices, loaded.people, loaded.leave, loaded.shifts) == (10, 8, 10, 1, 3)
    assert loaded.changed == 10 + 8 + 2 * 10 + 1 + 3
    assert version(database) == 1


def test_the_same_files_again_change_nothing(load_folder: Load, database: Database) -> None:
    load_folder()
    assert load_folder(LOADED + timedelta(days=30)).changed == 0
    assert version(database) == 1


def test_one_changed_line_is_one_change_and_a_new_version(load_folder: Load, database: Database, folder: Path, roster: Read) -> None:
    load_folder()
    change(folder, "offices.csv", "Bandari Clinic", "Bandari Hospital")
    assert load_folder().changed == 1
    assert version(database) == 2
    assert roster().office_name("clinic") == "Bandari Hospital"


def test_how_wide_a_county_may_be_is_the_countys_to_say(load_folder: Load, folder: Path) -> None:
    change(folder, "places.csv", "-4.32,39.57", "-4.32,39.10")
    with pytest.raises(ImportProblems, match="lies more than 25 km"):
        load_folder(spread=Spread(25, 100))
    assert load_folder().places == 10


def test_a_byte_order_mark_and_windows_line_ends_are_read(load_folder: Load, folder: Path) -> None:
    path = folder / "offices.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_folder().offices == 8


SOMEBODYS = "+2547" + 8 * "1"
"""Outside the block of samples: it could be anybody's, so it is not written out."""

BAD = [
    ("places.csv", "W1,ward,", "W1,wadi,", "places.csv:6: kind: must be one of"),
    ("places.csv", "S1 C1,-4.30,", "S1 C9,-4.30,", "places.csv:6: parents: names an unknown place"),
    ("places.csv", "S1 C1,-4.30,", "S1 S1,-4.30,", "places.csv:6: parents: names something twice"),
    ("places.csv", "S1 C1,-4.30,", ",-4.30,", "places.csv:6: parents: missing"),
    ("places.csv", "S1 C1,-4.30,", "S1 C1,-94.30,", "places.csv:6: lat: must lie between -90 and 90"),
    ("places.csv", "S1 C1,-4.30,", "S1 C1,,", "places.csv:6: lat: a point needs both lat and lon"),
    ("places.csv", "S1 C1,-4.30,", "S1 C1,north,", "places.csv:6: lat: not a valid number"),
    ("places.csv", "Bandari,S1 C1", "Bandari,B1", "places.csv:6: parents: leads back to itself"),
    ("places.csv", "T1,town,Soko,W1", "T1,county,Soko,W1", "places.csv:10: kind: there is one county only"),
    ("places.csv", "T1,town", "T2,town", "places.csv:11: id: stands twice"),
    ("places.csv", "T1,town", "T/1,town", "places.csv:10: id: must be letters, digits, dots and dashes"),
    ("places.csv", "T1,town,Soko", "T1,town,", "places.csv:10: name: missing"),
    ("places.csv", "T1,town,Soko,W1,-4.31,39.57,gazetteer,made up", "T1,town,Soko,W1,-4.31,39.57,gazetteer,made up,more", "places.csv:10: line: more values"),
    ("places.csv", ",lat,lon,", ",lat,", "places.csv:1: lon: column is missing"),
    ("places.csv", ",precision,", ",exactness,", "places.csv:1: exactness: column is unknown"),
    ("offices.csv", "co1,childrens_office,", "co1,mayor,", "offices.csv:3: role: must be one of"),
    ("offices.csv", "Pwani Children Office,S1,", "Pwani Children Office,S7,", "offices.csv:3: covers: names an unknown place"),
    ("offices.csv", "Pwani Children Office,S1,", "Pwani Children Office,,", "offices.csv:3: covers: missing"),
    ("offices.csv", "Pwani Children Office,S1,co,", "Pwani Children Office,S1,cu,", "offices.csv:3: parent: names an unknown office"),
    ("offices.csv", "County Children Office,K,,", "County Children Office,K,co1,", "offices.csv:2: parent: leads back to itself"),
    ("offices.csv", ",PREGNANT,", ",PREGNANT GOSSIP,", "offices.csv:8: concerns: names an unknown concern"),
    ("offices.csv", "PREGNANT,no,", "PREGNANT,maybe,", "offices.csv:8: sample: must be yes or no"),
    ("people.sample.csv", "+254700000101", "020123456", "people.sample.csv:2: number: not a mobile number of this country"),
    ("people.sample.csv", "+254700000101", "+254700000109", "number: is another person's already"),
    (
        "people.sample.csv",
        "+254700000101,sw,co1,holder,0,sample,yes",
        "+254700000101,sw,co1,holder,0,2026-01-01,no",
        "number: a sample number on a line that is",
    ),
    ("people.sample.csv", "+254700000101,sw,co1,holder,0,sample,yes", "+254700000101,sw,co1,holder,0,sample,no", "verified_on: only a sample counts"),
    ("people.sample.csv", "+254700000101", SOMEBODYS, "people.sample.csv:2: number: a sample must have a sample number"),
    ("people.sample.csv", "101,sw,co1,holder", "101,sw,co7,holder", "people.sample.csv:2: office: names an unknown office"),
    ("people.sample.csv", "101,sw,co1,holder", "101,Kiswahili,co1,holder", "people.sample.csv:2: language: must be a language code"),
    ("people.sample.csv", "102,en,co1,deputy", "102,en,co1,holder", "people.sample.csv:3: office: has another holder already"),
    ("people.sample.csv", "101,sw,co1,holder,0", "101,sw,co1,boss,0", "people.sample.csv:2: kind: must be one of"),
    ("people.sample.csv", "101,sw,co1,holder,0", "101,sw,co1,holder,first", "people.sample.csv:2: rank: not a valid integer"),
    ("places.csv", "-4.32,39.57", "-4.32,36.80", "places.csv:11: lat: lies more than 100 km from what is there"),
    ("places.csv", "-4.00,39.40", "4.00,39.40", "places.csv:7: lat: lies more than 500 km from what is there"),
    ("people.sample.csv", "2026-10-01", "2026-11-03", "people.sample.csv:5: verified_on: lies ahead"),
    ("people.sample.csv", "2026-10-01", "October", "people.sample.csv:5: verified_on: must be a day"),
    ("leave.sample.csv", "p-co1,", "p-nobody,", "leave.sample.csv:2: person: names an unknown person"),
    ("leave.sample.csv", "2026-11-06T00:00+03:00", "2026-11-01T00:00+03:00", "leave.sample.csv:2: ends: must be after starts"),
    ("leave.sample.csv", "2026-11-06T00:00+03:00", "2026-11-06T00:00", "leave.sample.csv:2: ends: not a valid aware datetime"),
    ("shifts.sample.csv", "mon tue wed thu fri,07:00", "mon tue wed thu ijumaa,07:00", "shifts.sample.csv:2: days: must be some of mon"),
    ("shifts.sample.csv", "fri,07:00,19:00,,", "fri,7 am,19:00,,", "shifts.sample.csv:2: opens: must be a time such as 07:30"),
    ("shifts.sample.csv", "fri,07:00,19:00,,", "fri,07:00,,,", "shifts.sample.csv:2: days: give either days"),
    ("shifts.sample.csv", "duty-day,duty,", "duty-day,co1,", "shifts.sample.csv:2: office: is not where this person is appointed"),
]


@pytest.mark.parametrize(("file", "old", "new", "problem"), BAD, ids=[row[3] for row in BAD])
def test_a_bad_line_is_named_and_nothing_is_loaded(file: str, old: str, new: str, problem: str, load_folder: Load, folder: Path, database: Database) -> None:
    change(folder, file, old, new)
    with pytest.raises(ImportProblems) as caught:
        load_folder()
    assert any(problem in one for one in caught.value.problems), caught.value.problems
    assert not any("2547" in one or "0123456" in one for one in caught.value.problems)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(PlaceRow)) == 0
    assert version(database) == 0


def test_every_bad_line_is_named_at_once_in_order(load_folder: Load, folder: Path) -> None:
    change(folder, "people.sample.csv", "+254700000101", "12")
    change(folder, "people.sample.csv", "2026-10-01", "October")
    change(folder, "offices.csv", "clinic,health_facility", "clinic,spa")
    (folder / "places.csv").unlink()
    with pytest.raises(ImportProblems) as caught:
        load_folder()
    starts = [": ".join(one.split(": ")[:2]) for one in caught.value.problems]
    places = [(one.split(":")[0], int(one.split(":")[1])) for one in starts]
    assert places == sorted(places)
    assert {"offices.csv:8: role", "people.sample.csv:2: number", "people.sample.csv:5: verified_on", "places.csv:1: file"} <= set(starts)


def test_a_bad_line_is_not_named_again_wherever_it_is_referred_to(load_folder: Load, folder: Path) -> None:
    change(folder, "offices.csv", "co1,childrens_office,", "co1,mayor,")
    change(folder, "people.sample.csv", "+254700000107", "7")
    with pytest.raises(ImportProblems) as caught:
        load_folder()
    assert [one.split(": ")[0] for one in caught.value.problems] == ["offices.csv:3", "people.sample.csv:8"]


def test_a_file_that_is_no_text_is_named(load_folder: Load, folder: Path) -> None:
    (folder / "offices.csv").write_bytes(b"\xff\xfe\x00i\x00d")
    with pytest.raises(ImportProblems, match=r"offices\.csv:1: file: cannot be read as CSV in UTF-8"):
        load_folder()


def test_numbers_are_kept_sealed_and_found_again_by_their_tag(load_folder: Load, database: Database) -> None:
    load_folder()
    with database.read() as session:
        assert people.whose_number(session, tag(PhoneNumber("0700000102"))) == "p-co1-b"
        assert people.whose_number(session, tag(PhoneNumber("0700000199"))) is None
        sealed = people.sealed_number(session, "p-co1-b")
    assert sealed is not None
    assert sealed.startswith(b"p-co1-b:")


def test_two_officers_may_swap_numbers_and_posts(load_folder: Load, folder: Path, database: Database, roster: Read) -> None:
    load_folder()
    text = PEOPLE.replace("+254700000101,sw,co1,", "@,sw,clinic,").replace("+254700000110,en,clinic,", "+254700000101,en,co1,").replace("@", "+254700000110")
    (folder / "people.sample.csv").write_text(text, encoding="utf-8")
    now = LOADED + timedelta(days=1)
    assert load_folder(now).changed == 4
    with database.read() as session:
        assert people.whose_number(session, tag(PhoneNumber("0700000101"))) == "p-clinic"
    assert [office.id for office in roster().offices_of("p-clinic", now)] == ["co1"]
    assert [office.id for office in roster().offices_of("p-clinic", LOADED)] == ["clinic"]


def test_what_was_changed_by_hand_stays(load_folder: Load, folder: Path, database: Database) -> None:
    load_folder()
    with database.transaction() as session:
        session.execute(update(OfficeRow).where(OfficeRow.id == "clinic").values(name="By hand", edited=True))
        session.execute(update(PersonRow).where(PersonRow.id == "p-co").values(name="By hand", edited=True))
        session.execute(update(AppointmentRow).where(AppointmentRow.person == "p-co").values(ends=LOADED))
        people.set_suspended(session, "p-chief", True)
        people.set_unreachable(session, "p-desk2", True)
        people.verified(session, "p-desk1", date(2026, 10, 30))
    change(folder, "offices.csv", "Bandari Clinic", "Another name")
    assert load_folder().changed == 0
    with database.read() as session:
        rows = {row.id: row for row in session.scalars(select(PersonRow))}
        office = session.get(OfficeRow, "clinic")
    assert office is not None
    assert (office.name, rows["p-co"].name) == ("By hand", "By hand")
    assert rows["p-chief"].suspended
    assert rows["p-desk2"].unreachable
    assert rows["p-desk1"].verified_on == date(2026, 10, 30)


def test_of_an_office_only_what_somebody_changed_stays_and_the_line_is_named(load_folder: Load, folder: Path, database: Database) -> None:
    load_folder()
    with database.transaction() as session:
        session.execute(update(OfficeRow).where(OfficeRow.id == "clinic").values(name="By hand", edited=True))
        record_changes(session, "office", "clinic", {"name": "Bandari Clinic"}, {"name": "By hand"}, "proposal", "juma", LOADED)
    change(folder, "offices.csv", "Bandari Clinic,W1,,PREGNANT", "Another name,W1 W2,,PREGNANT")
    loaded = load_folder()
    assert (loaded.changed, loaded.left_alone) == (1, ("offices.csv:8: clinic: name",))
    with database.read() as session:
        assert session.get_one(OfficeRow, "clinic").name == "By hand"
        assert set(session.scalars(select(JurisdictionRow.place).where(JurisdictionRow.office == "clinic"))) == {"W1", "W2"}


def test_who_has_a_new_number_has_not_answered_on_it_however_often_the_file_comes(load_folder: Load, folder: Path, roster: Read) -> None:
    load_folder()
    change(folder, "people.sample.csv", "+254700000104,sw,desk1,holder,,2026-10-01", "+254700000194,sw,desk1,holder,,2026-10-01")
    for _ in range(2):
        load_folder()
        assert [person.verified_on for person in roster().people() if person.id == "p-desk1"] == [None]
    change(folder, "people.sample.csv", "desk1,holder,,2026-10-01", "desk1,holder,,2026-10-15")
    load_folder()
    change(folder, "people.sample.csv", "+254700000194,sw,desk1,holder,,2026-10-15", "+254700000195,sw,desk1,holder,,2026-10-20")
    load_folder()
    assert [person.verified_on for person in roster().people() if person.id == "p-desk1"] == [date(2026, 10, 20)]


def test_who_served_where_and_when_stands_in_the_record(load_folder: Load, folder: Path, database: Database) -> None:
    load_folder()
    change(folder, "people.sample.csv", "clinic,holder", "co1,acting")
    change(folder, "leave.sample.csv", "2026-11-06T00", "2026-11-07T00")
    change(folder, "shifts.sample.csv", "07:00,19:00", "07:00,18:00")
    load_folder()
    with database.read() as session:
        rows = session.scalars(select(FieldChangeRow).where(FieldChangeRow.entity == "person", FieldChangeRow.field != "id"))
        told = {(row.entry, row.field): (row.old, row.new) for row in rows}
    assert told.pop(("p-clinic", "posts")) == ("clinic holder 0", "co1 acting 0")
    assert told.pop(("p-co1", "leave")) == ("2026-11-03 21:00Z - 2026-11-05 21:00Z", "2026-11-03 21:00Z - 2026-11-06 21:00Z")
    old, new = told.pop(("p-duty-1", "shifts"))
    assert (old or "").replace("19:00", "18:00") == new
    assert "duty mon tue wed thu fri 07:00-18:00" in (new or "")
    assert told == {}


def test_a_post_that_somebody_else_holds_by_hand_is_a_problem(load_folder: Load, folder: Path, database: Database) -> None:
    load_folder()
    (folder / "people.sample.csv").write_text(PEOPLE.splitlines()[0] + "\nnew,Sample officer 99,+254700000199,sw,co1,holder,0,sample,yes\n", encoding="utf-8")
    (folder / "leave.sample.csv").unlink()
    (folder / "shifts.sample.csv").unlink()
    with pytest.raises(ImportProblems, match=r"people\.sample\.csv:2: office: has another holder already"):
        load_folder()


def test_a_line_that_is_gone_from_the_file_ends_nobody(load_folder: Load, folder: Path, roster: Read) -> None:
    load_folder()
    (folder / "people.sample.csv").write_text("\n".join(PEOPLE.splitlines()[:-1]) + "\n", encoding="utf-8")
    assert load_folder().changed == 0
    assert roster().person("p-clinic") is not None


def test_real_officers_come_from_a_file_of_their_own(load_folder: Load, database: Database, folder: Path, roster: Read) -> None:
    load_folder()
    outside = folder.parent / "officers.csv"
    outside.write_text(PEOPLE.splitlines()[0] + "\nsub,Somebody,+254700000155,sw,co2,holder,0,sample,yes\n", encoding="utf-8")
    with database.transaction() as session:
        assert load_people(session, [outside], seal_number=seal, tag_number=tag, now=LOADED).changed == 2
    assert [office.id for office in roster().offices_of("sub", LOADED)] == ["co2"]


def test_samples_never_go_stale_however_long_the_demonstration_runs(load_folder: Load, roster: Read) -> None:
    load_folder()
    later = LOADED + timedelta(days=120)
    load_folder(later)
    person = roster().person("p-co")
    assert person is not None
    assert person.verified_on == later.date()
