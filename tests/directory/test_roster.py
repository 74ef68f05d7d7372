"""Who answers for a place at a moment, and what a caller is offered to choose from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from referral.directory import people
from referral.directory.importer import Loaded
from referral.directory.records import AbsenceRow, AppointmentKind, AppointmentRow, OfficeRow, PersonRow, ShiftRow, VersionRow
from referral.directory.snapshot import Roster, RosterCache
from referral.store.base import Base
from referral.store.database import Database
from referral.vocabulary.duty import Doubt, DutyBearer
from tests.directory.conftest import LOADED, change

EAT = ZoneInfo("Africa/Nairobi")
WORKDAY = datetime(2026, 11, 3, 10, 0, tzinfo=EAT)
Load = Callable[..., Loaded]
Read = Callable[[], Roster]


@pytest.fixture(autouse=True)
def _county(load_folder: Load) -> None:
    load_folder()


def who(roster: Roster, office: str, now: datetime = WORKDAY) -> list[str]:
    return [bearer.person for bearer in roster.on_duty(office, now, EAT)]


def by_office(found: list[DutyBearer]) -> dict[str, DutyBearer]:
    return {bearer.office.id: bearer for bearer in reversed(found)}


def test_offices_come_by_how_closely_they_answer_for_the_place_then_the_county_then_neighbours(roster: Read) -> None:
    found = roster().bearers("W1", WORKDAY, EAT)
    order = list(dict.fromkeys(bearer.office.id for bearer in found))
    assert order == ["clinic", "desk1", "chief1", "co1", "co", "duty", "desk2"]  # nobody is on post in co2, so it is left out
    one = by_office(found)
    assert [one[office].distance for office in ("clinic", "desk1", "chief1", "co1", "co", "duty")] == [0, 0, 1, 2, 50, 50]
    assert one["desk2"].neighbour
    assert one["desk2"].distance > 100
    assert [bearer.office.id for bearer in found if bearer.neighbour] == ["desk2"]


def test_a_finer_place_brings_the_posts_of_its_location(roster: Read) -> None:
    one = by_office(roster().bearers("B1", WORKDAY, EAT))
    assert [one[office].distance for office in ("chief1", "desk1", "co1")] == [2, 2, 3]


def test_a_ward_of_uncertain_sub_county_lies_in_both(roster: Read) -> None:
    ground = roster().ground("W2")
    assert ground.subcounties == {"S1", "S2"}
    assert ground.above == {"S1", "S2", "C1", "K"}
    desk = roster().office("desk2")
    assert desk is not None
    assert desk.subcounties == {"S1", "S2"}


@pytest.mark.parametrize("place", [None, "nowhere"])
def test_an_unknown_place_may_be_anywhere_and_is_answered_by_the_county_first(place: str | None, roster: Read) -> None:
    ground = roster().ground(place)
    assert (ground.place, ground.subcounties, ground.county) == (None, {"S1", "S2"}, "K")
    found = roster().bearers(place, WORKDAY, EAT)
    assert [bearer.office.id for bearer in found if not bearer.neighbour] == ["co", "duty", "duty"]


def test_a_constituency_lies_in_every_sub_county_of_its_wards(roster: Read) -> None:
    assert roster().ground("C1").subcounties == {"S1", "S2"}
    assert roster().ground("K").subcounties == {"S1", "S2"}


def test_the_holder_comes_first_then_deputies_by_rank(roster: Read) -> None:
    found = roster().on_duty("co1", WORKDAY, EAT)
    assert [(bearer.person, bearer.standing_in) for bearer in found] == [("p-co1", False), ("p-co1-a", True), ("p-co1-b", True)]
    assert [bearer.standing_in for bearer in roster().on_duty("desk2", WORKDAY, EAT)] == [True]


def test_on_leave_the_deputy_answers_and_afterwards_the_holder_again(roster: Read) -> None:
    assert who(roster(), "co1", datetime(2026, 11, 3, 23, 59, tzinfo=EAT))[0] == "p-co1"
    assert who(roster(), "co1", datetime(2026, 11, 4, 0, 0, tzinfo=EAT)) == ["p-co1-a", "p-co1-b"]
    assert who(roster(), "co1", datetime(2026, 11, 6, 0, 0, tzinfo=EAT))[0] == "p-co1"


def test_a_suspended_officer_is_out_at_once_and_back_when_let_back(roster: Read, database: Database) -> None:
    with database.transaction() as session:
        assert people.set_suspended(session, "p-co1", True)
        assert not people.set_suspended(session, "p-co1", True)
        assert people.sealed_number(session, "p-co1") is None
    assert who(roster(), "co1") == ["p-co1-a", "p-co1-b"]
    assert roster().offices_of("p-co1", WORKDAY) == ()
    person = roster().person("p-co1")
    assert person is not None
    assert person.suspended
    with database.transaction() as session:
        people.set_suspended(session, "p-co1", False)
    assert who(roster(), "co1")[0] == "p-co1"


def test_the_unreachable_and_the_unverified_are_named_as_doubtful(roster: Read, database: Database) -> None:
    assert roster().on_duty("chief1", WORKDAY, EAT)[0].doubts == {Doubt.UNVERIFIED}
    with database.transaction() as session:
        people.set_unreachable(session, "p-desk1", True)
    assert roster().on_duty("desk1", WORKDAY, EAT)[0].doubts == {Doubt.UNREACHABLE}
    with database.transaction() as session:
        assert people.verified(session, "p-desk1", date(2026, 11, 3))
        assert people.verified(session, "p-chief", date(2026, 11, 3))
        assert not people.verified(session, "p-chief", date(2026, 11, 1))
    assert roster().on_duty("desk1", WORKDAY, EAT)[0].doubts == frozenset()
    assert roster().on_duty("chief1", WORKDAY, EAT)[0].doubts == frozenset()


@pytest.mark.parametrize(("days", "doubts"), [(180, frozenset()), (181, frozenset({Doubt.UNVERIFIED}))])
def test_an_entry_goes_stale_after_180_days(days: int, doubts: frozenset[Doubt], roster: Read) -> None:
    assert roster().on_duty("co", LOADED + timedelta(days=days), EAT)[0].doubts == doubts


@pytest.mark.parametrize(
    ("at", "on", "off"),
    [
        ("2026-11-03T07:00", ["p-duty-1"], ["p-duty-2"]),
        ("2026-11-03T18:59", ["p-duty-1"], ["p-duty-2"]),
        ("2026-11-03T19:00", ["p-duty-2"], ["p-duty-1"]),
        ("2026-11-04T06:59", ["p-duty-2"], ["p-duty-1"]),
        ("2026-11-09T02:00", ["p-duty-2"], ["p-duty-1"]),  # the night that began on Sunday
        ("2026-11-07T08:00", ["p-duty-1"], ["p-duty-2"]),  # a Saturday turn, once
        ("2026-11-07T12:00", [], ["p-duty-1", "p-duty-2"]),
    ],
)
def test_who_is_on_shift_is_asked_first_and_the_rest_are_doubtful(at: str, on: list[str], off: list[str], roster: Read) -> None:
    found = roster().on_duty("duty", datetime.fromisoformat(at).replace(tzinfo=EAT).astimezone(UTC), EAT)
    assert [bearer.person for bearer in found if Doubt.OFF_DUTY not in bearer.doubts] == on
    assert [bearer.person for bearer in found if Doubt.OFF_DUTY in bearer.doubts] == off
    assert [bearer.person for bearer in found] == on + off


def test_the_lists_a_caller_chooses_from(roster: Read) -> None:
    now = roster()
    assert [(one.value, one.text, one.verbatim) for one in now.subcounties()] == [("S1", "Pwani", True), ("S2", "Bara", True)]
    assert [one.value for one in now.wards("S1")] == ["W1", "W2"]
    assert [one.value for one in now.wards("S2")] == ["W2"]
    assert [(one.value, one.text) for one in now.spots("W1")] == [("T2", "Ng'ombe"), ("B1", "Soko")]
    assert now.wards("nowhere") == now.spots("nowhere") == ()
    assert now.ward_ids() == ("W1", "W2")
    assert (now.place_name("W1"), now.place_name("W9")) == ("Bandari", None)
    assert (now.office_name("co"), now.office_name("cx")) == ("County Children Office", None)
    assert now.person("nobody") is None
    assert now.on_duty("nowhere", WORKDAY, EAT) == []


def test_a_cache_reads_anew_only_after_a_change(database: Database, load_folder: Load, folder: Path) -> None:
    cache = RosterCache(database)
    first = cache.roster()
    assert cache.roster() is first
    change(folder, "offices.csv", "Triage desk", "Referral desk")
    load_folder()
    assert cache.roster() is not first
    assert cache.roster().office_name("duty") == "Referral desk"


def test_no_value_that_leaves_the_room_holds_a_number(roster: Read) -> None:
    now = roster()
    assert "70000" not in repr(now.people()) + repr(now.bearers("W1", WORKDAY, EAT)) + repr(now.offices())


def test_an_unknown_officer_cannot_be_suspended(database: Database) -> None:
    with pytest.raises(people.UnknownPerson), database.transaction() as session:
        people.set_suspended(session, "nobody", True)


REFUSED = {
    "a second open holder": (AppointmentRow, {"office": "co1", "person": "p-co", "kind": AppointmentKind.HOLDER, "rank": 0, "starts": LOADED}),
    "a post that ends before it begins": (
        AppointmentRow,
        {"office": "co1", "person": "p-co", "kind": AppointmentKind.DEPUTY, "rank": 0, "starts": LOADED, "ends": LOADED},
    ),
    "leave that ends before it begins": (AbsenceRow, {"id": "x", "person": "p-co", "starts": LOADED, "ends": LOADED - timedelta(days=1)}),
    "leave of nobody": (AbsenceRow, {"id": "x", "person": "nobody", "starts": LOADED, "ends": LOADED + timedelta(days=1)}),
    "a shift that is neither weekly nor once": (ShiftRow, {"id": "x", "office": "co", "person": "p-co", "starts": LOADED, "weekdays": 3}),
    "a shift on no day": (ShiftRow, {"id": "x", "office": "co", "person": "p-co", "weekdays": 0, "opens": 0, "closes": 60}),
    "a shift at minute 1440": (ShiftRow, {"id": "x", "office": "co", "person": "p-co", "weekdays": 1, "opens": 1440, "closes": 60}),
    "a number without its tag": (PersonRow, {"id": "x", "name": "x", "sealed_number": b"x", "language": "sw"}),
    "an office above itself": (OfficeRow, {"id": "x", "role": "ngo_desk", "name": "x", "parent": "x"}),
    "a second version": (VersionRow, {"id": 2, "version": 1}),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_the_database_itself_refuses(what: str, database: Database) -> None:
    kind, values = REFUSED[what]
    assert issubclass(kind, Base)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.execute(insert(kind).values(**values))
