"""Handing in files: every good row is taken, no bad one is, and nothing is lost or said twice."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from referral.directory.field_changes import record_changes
from referral.directory.help_names import code_for, holds_figure
from referral.directory.lines import ImportProblems
from referral.directory.people import current_version
from referral.directory.point_records import HoursRow, NearRankRow, PhoneRow
from referral.directory.records import OfficeRow, PlaceRow
from referral.directory.service_records import LocationRow, LocationSecretRow, OrganizationRow, ServiceAtLocationRow, ServiceRow, Status, VerifyMethod
from referral.directory.tasks import open_tasks
from referral.directory.upkeep_records import FieldChangeRow, ImportRow, TaskKind
from referral.store.base import Base
from referral.store.database import Database
from referral.upkeep.hiding import secret_cell
from referral.upkeep.importing import Wishes
from referral.upkeep.incoming import Mode, read_file, read_rows, table_of
from referral.upkeep.rejected import write_rejected
from tests.upkeep.hand_in import ALL, HOURS, LISTED, LOCATIONS, NOW, ORGANIZATIONS, PHONES, POINTS, SERVICES, Desk, Refusing


@pytest.fixture
def desk(county_database: Database) -> Desk:
    return Desk(county_database)


def rows_of(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in Base.metadata.tables.items()}


def test_new_entries_are_taken_and_found_near(desk: Desk) -> None:
    outcome = desk.take(*ALL)
    assert (outcome.counts.added, outcome.counts.updated, outcome.rejected, outcome.written) == (9, 0, (), True)
    with desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(NearRankRow).where(NearRankRow.service_at_location == "t-p1")) != 0
        assert len(session.get_one(ServiceAtLocationRow, "t-p1").code) == 4
        row = session.scalars(select(ImportRow)).one()
    assert (row.added, row.rejected, row.by, row.mode, row.at) == (9, 0, "tester", "update", NOW)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.take(*ALL)
    with desk.database.read() as session:
        version = current_version(session)
    before = rows_of(desk.database)
    again = desk.take(*ALL, now=NOW + timedelta(days=1))
    assert (again.counts.any, again.unchanged, again.written, again.seen) == (False, 9, False, NOW)
    assert rows_of(desk.database) == before
    with desk.database.read() as session:
        assert current_version(session) == version


def test_one_bad_row_loses_nothing_but_what_hangs_on_it(desk: Desk) -> None:
    bad = LOCATIONS.replace("t-two,t-org", "t-two,t-nobody")
    outcome = desk.take(("organizations", ORGANIZATIONS), ("locations", bad), ("services", SERVICES), ("service_at_locations", POINTS), ("hours", HOURS))
    assert [one.text for one in outcome.rejected] == [
        "locations.csv:3: organization: names one of organizations that is unknown",
        "service_at_locations.csv:3: location: names one of locations that was rejected",
    ]
    assert outcome.counts.added == 6
    with desk.database.read() as session:
        assert session.get(LocationRow, "t-one") is not None
        assert session.get(ServiceAtLocationRow, "t-p2") is None


def test_a_row_that_cannot_be_taken_leaves_what_stands(desk: Desk) -> None:
    desk.take(*ALL)
    outcome = desk.take(("services", SERVICES.replace("Test care,medical", "Other,magic")), ("hours", HOURS))
    assert len(outcome.rejected) == 1
    with desk.database.read() as session:
        assert session.get_one(ServiceRow, "t-care").name == "Test care"


def test_all_or_nothing_takes_nothing_where_a_row_is_bad(desk: Desk) -> None:
    before = rows_of(desk.database)
    outcome = desk.take(("organizations", ORGANIZATIONS + "t-bad,,health,file,no\n"), all_or_nothing=True)
    assert ([one.column for one in outcome.rejected], outcome.written) == (["name"], False)
    assert rows_of(desk.database) == before
    assert desk.take(("organizations", ORGANIZATIONS), all_or_nothing=True).written


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(desk: Desk) -> None:
    before = rows_of(desk.database)
    outcome = desk.take(*ALL, dry_run=True)
    assert (outcome.counts.added, outcome.written) == (9, False)
    assert rows_of(desk.database) == before


def test_add_leaves_known_entries_alone(desk: Desk) -> None:
    desk.take(("organizations", ORGANIZATIONS))
    outcome = desk.take(("organizations", ORGANIZATIONS.replace("Test health", "Renamed") + "t-new,New,ngo,file,no\n"), mode=Mode.ADD)
    assert (outcome.counts.added, outcome.counts.updated, outcome.unchanged) == (1, 0, 1)


def test_a_blank_keeps_what_stands_and_a_dash_clears_it(desk: Desk) -> None:
    desk.take(*ALL)
    header = "id,name,directions\n"
    outcome = desk.take(("locations", header + "t-one,,\nt-two,Mikoko New Clinic,\n"))
    assert (outcome.counts.updated, outcome.unchanged) == (1, 1)
    desk.take(("locations", header + "t-one,,-\n"))
    with desk.database.read() as session:
        one, two = session.get_one(LocationRow, "t-one"), session.get_one(LocationRow, "t-two")
    assert (one.name, one.directions, one.lat, two.name) == ("Mwembeni Clinic", "", -4.29, "Mikoko New Clinic")
    assert (one.version, two.version) == (2, 2)


def test_what_a_replacing_file_lacks_becomes_inactive_and_parts_are_exchanged(desk: Desk) -> None:
    desk.take(*ALL, ("organizations", "id,name,sector,source,sample\nt-gone,Gone,ngo,file,no\nt-other,Other,ngo,elsewhere,no\n"))
    hours = "id,service_at_location,days,opens,closes\nt-h9,t-p1,fri,08:00,17:00\n"
    outcome = desk.take(("organizations", ORGANIZATIONS), ("hours", hours), mode=Mode.REPLACE)
    assert (outcome.counts.added, outcome.counts.updated, outcome.counts.removed) == (1, 0, 3)
    with desk.database.read() as session:
        assert session.get_one(OrganizationRow, "t-gone").status is Status.INACTIVE
        assert session.get_one(OrganizationRow, "t-other").status is Status.ACTIVE
        assert set(session.scalars(select(HoursRow.id).where(HoursRow.service_at_location == "t-p1"))) == {"t-h9"}
    assert not desk.take(("organizations", ORGANIZATIONS), ("hours", hours), mode=Mode.REPLACE).counts.any


def test_a_location_goes_only_where_nothing_hangs_on_it(desk: Desk) -> None:
    desk.take(*ALL)
    free = LOCATIONS + "t-free,t-org,Kiosk,KE002-W0032,-4.25,39.55,gps,,file,no\n"
    desk.take(("locations", free))
    outcome = desk.take(("locations", "\n".join(LOCATIONS.splitlines()[:2]) + "\n"), mode=Mode.REPLACE)
    assert (outcome.kept, outcome.counts.removed) == (("t-two",), 1)
    outcome = desk.take(("service_at_locations", "\n".join(POINTS.splitlines()[:2]) + "\n"), mode=Mode.REPLACE)
    assert outcome.counts.removed == 1
    with desk.database.read() as session:
        assert session.get(ServiceAtLocationRow, "t-p2") is None
        assert session.get(ServiceAtLocationRow, "t-p1") is not None


def test_a_service_point_that_goes_takes_its_hours_along(desk: Desk) -> None:
    desk.take(*ALL)
    desk.take(("service_at_locations", "\n".join([*POINTS.splitlines()[:1], *POINTS.splitlines()[2:]]) + "\n"), mode=Mode.REPLACE)
    with desk.database.read() as session:
        assert session.get(ServiceAtLocationRow, "t-p1") is None
        assert session.get(HoursRow, "t-h1") is None


def test_a_rejected_row_is_not_missing_from_a_replacing_file(desk: Desk) -> None:
    desk.take(*ALL)
    outcome = desk.take(("hours", HOURS.replace("wed,08:00", "wed,8 o'clock")), mode=Mode.REPLACE)
    assert (len(outcome.rejected), outcome.counts.removed) == (1, 0)


def test_what_was_changed_by_hand_or_is_not_to_be_listed_stays(desk: Desk) -> None:
    desk.take(*ALL)
    with desk.database.transaction() as session:
        session.execute(update(LocationRow).where(LocationRow.id == "t-one").values(edited=True, name="By hand"))
        session.execute(update(OrganizationRow).where(OrganizationRow.id == "t-org").values(do_not_list=True))
        session.execute(update(ServiceRow).where(ServiceRow.id == "t-care").values(verified_on=date(2026, 10, 1), verify_method=VerifyMethod.CALL))
    outcome = desk.take(
        ("locations", LOCATIONS),
        ("organizations", "id,name,do_not_list\nt-org,Renamed,no\n"),
        ("services", "id,verified_on,verify_method\nt-care,2026-09-01,visit\n"),
        mode=Mode.REPLACE,
    )
    assert (outcome.by_hand, outcome.counts.updated) == (1, 1)
    with desk.database.read() as session:
        organization, service = session.get_one(OrganizationRow, "t-org"), session.get_one(ServiceRow, "t-care")
        assert session.get_one(LocationRow, "t-one").name == "By hand"
    assert (organization.do_not_list, organization.name, service.verified_on) == (True, "Renamed", date(2026, 10, 1))


def by_hand(session: Session, entity: str, row: Any, **fields: Any) -> None:
    """As an accepted proposal does."""
    before = {name: getattr(row, name) for name in fields}
    for name, value in {**fields, "edited": True}.items():
        setattr(row, name, value)
    record_changes(session, entity, row.id, before, fields, "proposal", "juma", NOW)


def test_only_the_fields_that_somebody_changed_by_hand_stay_and_they_are_named(desk: Desk) -> None:
    desk.take(*ALL)
    with desk.database.transaction() as session:
        by_hand(session, "location", session.get_one(LocationRow, "t-one"), name="By hand")
    outcome = desk.take(("locations", LOCATIONS.replace("-4.29", "-4.28").replace("By the well", "Past the well")))
    assert (outcome.left, outcome.counts.updated, outcome.by_hand) == (("locations t-one: name",), 1, 0)
    with desk.database.read() as session:
        row = session.get_one(LocationRow, "t-one")
    assert (row.name, row.lat, row.directions) == ("By hand", -4.28, "Past the well")
    again = desk.take(("locations", LOCATIONS.replace("-4.29", "-4.28").replace("By the well", "Past the well")))
    assert (again.counts.any, again.by_hand) == (False, 1)


CALLED = ("verified_on", "verified_by", "verify_method", "fails", "last_ok")
PHONE = "id,e164,verified_on,verify_method,visibility,location,source,sample\nt-ph1,{},{},call,public,t-one,file,no\n"


def called(desk: Desk) -> tuple[Any, ...]:
    with desk.database.read() as session:
        row = session.get_one(PhoneRow, "t-ph1")
        return (row.e164[-1:] if row.e164 else None, *(getattr(row, name) for name in CALLED))


def test_a_new_number_has_not_been_called_however_often_the_file_comes(desk: Desk) -> None:
    desk.take(*ALL)
    desk.take(("phones", PHONE.format("0402300123", "2026-09-01")))
    with desk.database.transaction() as session:
        session.execute(update(PhoneRow).where(PhoneRow.id == "t-ph1").values(fails=2, last_ok=date(2026, 9, 1)))
    for _ in range(2):
        desk.take(("phones", PHONE.format("0402300124", "2026-09-01")))
        assert called(desk) == ("4", None, None, None, 0, None)
    desk.take(("phones", PHONE.format("0402300124", "2026-10-01")))
    assert called(desk) == ("4", date(2026, 10, 1), None, VerifyMethod.CALL, 0, None)
    desk.take(("phones", PHONE.format("0402300125", "2026-10-02")))
    assert called(desk) == ("5", date(2026, 10, 2), None, VerifyMethod.CALL, 0, None)


def test_what_a_file_says_of_another_number_than_the_one_given_by_hand_says_nothing_of_it(desk: Desk) -> None:
    desk.take(*ALL)
    with desk.database.transaction() as session:
        by_hand(session, "phone", session.get_one(PhoneRow, "t-ph1"), e164="+254402300129")
    desk.take(("phones", PHONE.format("0402300123", "2026-10-01")))
    assert called(desk) == ("9", None, None, None, 0, None)
    desk.take(("phones", PHONE.format("0402300129", "2026-10-01")))
    assert called(desk)[:2] == ("9", date(2026, 10, 1))


def test_nobody_has_verified_anything_on_a_day_that_has_not_come(desk: Desk) -> None:
    desk.take(*ALL)
    outcome = desk.take(("services", "id,verified_on,verify_method\nt-care,2026-11-05,visit\n"))
    assert [one.text for one in outcome.rejected] == ["services.csv:2: verified_on: lies ahead: nobody has verified it yet"]
    assert desk.take(("services", "id,verified_on,verify_method\nt-care,2026-11-04,visit\n")).counts.updated == 1


def test_likely_twins_are_hinted_and_never_merged(desk: Desk) -> None:
    desk.take(*ALL)
    twins = (
        f"id,organization,name,place,lat,lon,precision,{LISTED}\n"
        "t-near,t-org,Mwembeni Clinics,KE002-W0032,-4.291,39.571,gps,file,no\n"
        "t-far,t-org,Mwembeni Clinic,KE002-W0032,-4.40,39.47,gps,file,no\n"
        "t-phone,t-org,Quite another name,KE002-W0032,-4.20,39.57,gps,file,no\n"
    )
    phone = "id,e164,visibility,location,source,sample\nt-ph2,+254402300123,public,t-phone,file,no\n"
    outcome = desk.take(("locations", twins), ("phones", phone))
    assert {(one.location, one.other, one.why) for one in outcome.hints} == {
        ("t-near", "t-one", "nearly the same name within a kilometre"),
        ("t-phone", "t-one", "the same phone"),
    }
    with desk.database.read() as session:
        assert {one.entry for one in open_tasks(session, TaskKind.DUPLICATE)} == {"t-near", "t-phone"}
        assert session.get(LocationRow, "t-near") is not None
    assert desk.take(("locations", twins), ("phones", phone)).hints == ()


def test_twins_nobody_measured_are_hinted_within_their_ward_and_never_those_with_another_number(desk: Desk) -> None:
    desk.take(*ALL)
    rows = (
        f"id,organization,name,place,lat,lon,precision,{LISTED}\n"
        "t-unmeasured,t-org,MWEMBENI CLINIC,KE002-W0032,,,,file,no\n"
        "t-guessed,t-org,Mikoko Clinic,KE002-W0032,-4.29,39.60,approx,file,no\n"
        "t-elsewhere,t-org,Mwembeni Clinic,KE002-W0031,,,,file,no\n"
        "t-nowhere,t-org,Mwembeni Clinic,,,,,file,no\n"
        "t-a,t-org,Kizimbani Clinic 1,KE002-W0032,,,,file,no\n"
        "t-b,t-org,Kizimbani Clinic 2,KE002-W0032,,,,file,no\n"
        "t-c,t-org,Kizimbani Clinic 12,KE002-W0032,-4.29,39.57,gps,file,no\n"
        "t-d,t-org,Kizimbani Clinic 13,KE002-W0032,-4.29,39.57,gps,file,no\n"
    )
    hints = desk.take(("locations", rows), dry_run=True).hints
    assert {(one.location, one.other) for one in hints} == {("t-unmeasured", "t-one"), ("t-guessed", "t-two")}


def test_a_code_without_a_figure_is_kept_where_it_was_given_out_before_and_none_is_given_out(desk: Desk) -> None:
    moved = desk.take(*ALL[:3], ("service_at_locations", POINTS.replace("t-one,,", "t-one,KYBC,")))
    assert moved.rejected == ()
    refused = desk.take(("service_at_locations", "id,code\nt-p1,KYBD\n")).rejected
    assert [(one.row.cells["id"], one.column) for one in refused] == [("t-p1", "code")]
    assert refused[0].reason.startswith("must hold a figure")
    taken: set[str] = set()
    given = [code_for(f"point-{number}", taken) for number in range(300)]
    assert all(holds_figure(code) for code in given)
    again = desk.take(("service_at_locations", "id,code,description\nt-p1,KYBC,Behind the school\n"))
    assert (again.counts.updated, again.rejected) == (1, ())


def test_every_changed_field_is_recorded_with_who_did_it(desk: Desk) -> None:
    desk.take(*ALL)
    desk.take(("phones", PHONES.replace("0402300123", "0402300124")))
    with desk.database.read() as session:
        rows = session.scalars(select(FieldChangeRow).where(FieldChangeRow.entry == "t-ph1", FieldChangeRow.by == "tester")).all()
    assert {(one.field, one.old, one.new, one.action) for one in rows} == {
        ("id", None, "t-ph1", "import"),
        ("e164", "+254402300123", "+254402300124", "import"),
    }


HIDDEN = f"id,organization,name,visibility,place,{LISTED}\nt-hid,t-org,Quiet House,confidential,KE002-S1,file,no\n"
SECRET = "location,address,lat,lon\nt-hid,Behind the tall baobab,-4.12345,39.54321\n"


def test_where_a_place_is_hidden_is_sealed_and_stands_nowhere_else(desk: Desk, tmp_path: Path) -> None:
    desk.take(("organizations", ORGANIZATIONS), ("locations", HIDDEN))
    bad = SECRET + "t-one,Under the crooked ebony,-4.54321,39.12345\n"
    incoming = desk.read(("location_secrets", bad))
    outcome = desk.hand(incoming)
    assert (outcome.counts.added, [one.text for one in outcome.rejected]) == (1, ["location_secrets.csv:3: location: is no confidential location"])
    with desk.database.read() as session:
        row = session.get_one(LocationSecretRow, "t-hid")
        assert "baobab" in desk.sealer.open(row.sealed, secret_cell("t-hid"))
        everything = " ".join(str(value) for one in session.scalars(select(FieldChangeRow)) for value in (one.old, one.new))
    written = "".join(path.read_text("utf-8") for path in write_rejected(tmp_path / "bad.csv", incoming, outcome.rejected))
    assert [word for word in ("baobab", "ebony", "4.12345", "39.12345") if word in everything + written] == []
    assert "t-one" in written
    again = desk.take(("location_secrets", SECRET))
    assert (again.counts.any, again.unchanged) == (False, 1)
    assert desk.take(("location_secrets", SECRET.replace("tall", "small"))).counts.updated == 1


def test_what_is_confidential_is_not_missing_from_a_replacing_file(desk: Desk) -> None:
    desk.take(("organizations", ORGANIZATIONS), ("locations", HIDDEN))
    desk.take(("locations", LOCATIONS), mode=Mode.REPLACE)
    with desk.database.read() as session:
        assert session.get(LocationRow, "t-hid") is not None


def test_rejected_rows_come_back_as_they_were_and_can_be_mended(desk: Desk, tmp_path: Path) -> None:
    text = ORGANIZATIONS + 't-bad,"=HYPERLINK(""x"")",circus, file ,no\n'
    incoming = desk.read(("organizations", text))
    (path,) = write_rejected(tmp_path / "bad.organizations.csv", incoming, desk.hand(incoming).rejected)
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == '=HYPERLINK("x")'
    assert (row["source"], row["line"], row["column"]) == (" file ", "3", "sector")
    assert row["reason"].startswith("must be one of children")
    path.write_text(path.read_text("utf-8").replace("circus", "ngo"), "utf-8")
    assert desk.hand([read_file(path)]).counts.added == 1


def test_several_tables_come_back_as_a_file_each(desk: Desk, tmp_path: Path) -> None:
    incoming = desk.read(("organizations", ORGANIZATIONS.replace("health,", "circus,")), ("locations", LOCATIONS))
    written = write_rejected(tmp_path / "bad.csv", incoming, desk.hand(incoming).rejected)
    assert [path.name for path in written] == ["bad.locations.csv", "bad.organizations.csv"]
    assert [table_of(path) for path in written] == ["locations", "organizations"]


def test_a_file_with_wrong_columns_is_not_begun(desk: Desk) -> None:
    with pytest.raises(ImportProblems) as caught:
        read_rows("id,nmae,name,name\n", "services.csv", "services")
    assert caught.value.problems == ("services.csv:1: nmae: column is unknown", "services.csv:1: name: column stands twice")


def test_what_a_gate_refuses_is_not_written(desk: Desk) -> None:
    before = rows_of(desk.database)
    with pytest.raises(PermissionError):
        desk.take(*ALL, watch=Refusing())
    assert rows_of(desk.database) == before


def test_places_and_offices_are_taken_row_by_row(desk: Desk) -> None:
    places = (
        "id,kind,name,parents,lat,lon\nT-9,town,Mto Mpya,KE002-W0032,-4.3,39.5\nT-8,town,Nowhere,T-99,,\nT-7,town,Below,T-8,,\nKE002-W0032,,Ukunda Town,,,\n"
    )
    offices = "id,role,name,covers,sample\nt-office,ngo_desk,Test desk,T-9,yes\nt-bad,mayor,Mayor,T-9,yes\nt-lost,ngo_desk,Lost desk,T-8,yes\n"
    with desk.database.read() as session:
        order = session.scalars(select(PlaceRow.id).order_by(PlaceRow.position)).all()
    outcome = desk.take(("offices", offices), ("places", places))
    assert sorted(one.text.split(": ")[0] for one in outcome.rejected) == ["offices.csv:3", "offices.csv:4", "places.csv:3", "places.csv:4"]
    assert (outcome.counts.added, outcome.counts.updated) == (2, 1)
    with desk.database.read() as session:
        assert session.get_one(PlaceRow, "KE002-W0032").name == "Ukunda Town"
        assert session.get_one(OfficeRow, "t-office").name == "Test desk"
        assert session.scalars(select(PlaceRow.id).order_by(PlaceRow.position)).all() == [*order, "T-9"]
        assert session.scalars(select(FieldChangeRow.field).where(FieldChangeRow.entry == "KE002-W0032", FieldChangeRow.by == "tester")).all() == ["name"]
    assert not desk.take(("offices", offices), ("places", places)).counts.any


GOOD = [row.split(",") for row in (*LOCATIONS.splitlines()[1:], *(f"t-x{n},t-org,Place {n},KE002-W0032,-4.3{n},39.5{n},gps,,file,no" for n in range(4)))]
COLUMNS = LOCATIONS.splitlines()[0].split(",")
NOT_SO = ((1, "nobody"), (2, ""), (2, "\u2019"), (3, "X9"), (4, "north"), (4, "1.0"), (5, ""), (6, "guess"), (8, "s" * 300), (9, "maybe"), (0, "a/b"))
"""A column, and what it must not hold."""
spoilt = st.tuples(st.sampled_from(GOOD), st.sampled_from(NOT_SO))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bad=st.lists(spoilt, max_size=8), data=st.data())
def test_bad_rows_anywhere_never_lose_a_good_one_and_twice_is_nothing(desk: Desk, bad: list[tuple[list[str], tuple[int, str]]], data: st.DataObject) -> None:
    """Each good row is taken whatever stands beside it, each bad one comes back, and a second time only the bad ones are news."""
    rows = [list(row) for row in GOOD]
    for number, (row, (column, value)) in enumerate(bad):
        broken = list(row)
        broken[0] = f"bad{number}"
        broken[column] = value
        rows.append(broken)
    rows = data.draw(st.permutations(rows))
    text = "\n".join([",".join(COLUMNS), *(",".join(row) for row in rows)]) + "\n"

    files = desk.read(("organizations", ORGANIZATIONS), ("locations", text))
    with desk.database.transaction() as session, session.begin_nested() as example:
        first = desk.importer.run(session, files, Wishes(by="tester"), NOW, digest="x")
        assert first.counts.added == len(GOOD) + 1
        assert len(first.rejected) == len(bad)
        assert set(session.scalars(select(LocationRow.id).where(LocationRow.organization == "t-org"))) == {row[0] for row in GOOD}
        second = desk.importer.run(session, files, Wishes(by="tester"), NOW, digest="x")
        assert (second.counts.any, second.unchanged, len(second.rejected)) == (False, len(GOOD) + 1, len(bad))
        example.rollback()


def test_a_phone_of_the_sender_is_not_shown_where_it_was_wrong(desk: Desk) -> None:
    desk.take(*ALL)
    outcome = desk.take(("phones", PHONES.replace("0402300123", "0402300123999").replace("t-ph1", "t-ph7")))
    assert [one.text for one in outcome.rejected] == ["phones.csv:2: e164: not a phone number"]
    with desk.database.read() as session:
        assert session.get(PhoneRow, "t-ph7") is None


def test_of_an_id_that_is_said_two_things_of_neither_is_taken_and_handing_them_in_again_takes_none(desk: Desk) -> None:
    outcome = desk.hand([read_rows(ORGANIZATIONS + "t-org,Another,health,file,no\n", "organizations.csv", "organizations")])
    assert [(one.row.number, one.column) for one in outcome.rejected] == [(2, "id"), (3, "id")]
    assert not outcome.counts.any
    same = desk.hand([read_rows(ORGANIZATIONS + ORGANIZATIONS.splitlines()[1] + "\n", "organizations.csv", "organizations")])
    assert (same.counts.added, [one.row.number for one in same.rejected]) == (1, [3])
