"""The list a caller is shown: nearest first, weighed by what is open, never empty, and of a safe place never a word."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from referral.directory.ground import crow
from referral.directory.near_build import NEAREST, rebuild_near
from referral.directory.near_field import Field
from referral.directory.nearest import NearestHelp, Weights, WeightsError, parse_weights
from referral.directory.point_records import DayExceptionRow, NearRankRow, ShownPointRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAtLocationRow, ServiceRow, Status, Visibility
from referral.store.database import Database
from referral.vocabulary.help import HelpKind, HelpPhone, NearHelp, Open, Opening
from referral.vocabulary.place import PlaceKind
from tests.directory.help_rows import Helper

EAT = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Kenya."""
DAILY = 0b1111111
KM = 1 / 111.2
"""Degrees of latitude in a kilometre."""
TODAY = NOW.date()


@pytest.fixture
def filled(database: Database) -> Iterator[Helper]:
    """A county of two sub-counties and three wards, and one organization."""
    with database.transaction() as session:
        made = Helper(session, NOW)
        made.place("K", PlaceKind.COUNTY, point=(-4.1, 39.3), precision="area")
        made.place("S1", PlaceKind.SUBCOUNTY, "K", (-4.3, 39.5))
        made.place("S2", PlaceKind.SUBCOUNTY, "K", (-3.9, 39.2))
        made.place("W1", PlaceKind.WARD, "S1", (-4.3, 39.5), "people")
        made.place("W2", PlaceKind.WARD, "S2", (-3.9, 39.2), "people")
        made.place("B1", PlaceKind.SUBLOCATION, "W1", (-4.3, 39.5))
        made.place("B2", PlaceKind.SUBLOCATION, "W1", None, "")
        made.place("T1", PlaceKind.TOWN, "W2", (-3.9, 39.2), "gazetteer")
        made.organization()
        yield made


Show = Callable[..., tuple[NearHelp, ...]]


@pytest.fixture
def near(filled: Helper) -> Show:
    """Rebuild, and look."""

    def look(place: str | None = "B1", kind: HelpKind = HelpKind.MEDICAL, now: datetime = NOW, limit: int = 20) -> tuple[NearHelp, ...]:
        rebuild_near(filled.session, now, EAT)
        return NearestHelp(tz=EAT).near(filled.session, place, kind, now, limit=limit)

    return look


def north(kilometres: float) -> tuple[float, float]:
    """A point so far north of B1."""
    return -4.3 + kilometres * KM, 39.5


def ids(found: tuple[NearHelp, ...]) -> list[str]:
    return [one.id for one in found]


def test_the_nearest_comes_first_with_its_kilometres(filled: Helper, near: Show) -> None:
    for name, kilometres in (("far", 12.0), ("close", 1.5), ("middle", 4.0)):
        filled.point(name, point=north(kilometres))
    found = near()
    assert ids(found) == ["close", "middle", "far"]
    assert [one.kilometres for one in found] == pytest.approx([1.5, 4.0, 12.0], abs=0.01)
    assert not any(one.about for one in found)
    assert all(one.opening == Opening(Open.UNKNOWN) and one.confirmed for one in found)


def test_open_closed_and_unknown_are_weighed_and_said_why(filled: Helper, near: Show) -> None:
    for name, kilometres in (("shut", 1), ("unknown", 2), ("soon", 6), ("open", 9), ("always", 10)):
        filled.point(name, point=north(kilometres), verified_on=TODAY, verify_method="call")
    filled.hours("shut", DAILY, 7, 9)
    filled.hours("soon", DAILY, 11, 17)
    filled.hours("open", DAILY, 8, 17)
    filled.hours("always", DAILY, 0, 0)
    found = near()
    assert ids(found) == ["open", "always", "unknown", "soon", "shut"]
    assert found[0].opening == Opening(Open.NOW, datetime(2026, 11, 4, 17, 0, tzinfo=EAT))
    assert found[1].opening == Opening(Open.ALWAYS)
    assert found[3].why == ("distance 6.0", "opens soon +8")
    assert found[4].why == ("distance 1.0", "closed +25")
    assert found[4].opening == Opening(Open.CLOSED, datetime(2026, 11, 5, 7, 0, tzinfo=EAT))


def test_the_office_of_the_own_area_comes_before_a_nearer_one(filled: Helper, near: Show) -> None:
    filled.point("foreign", HelpKind.POLICE, north(2), areas="S2")
    filled.point("own", HelpKind.POLICE, north(14), areas="S1")
    found = near(kind=HelpKind.POLICE)
    assert ids(found) == ["own", "foreign"]
    assert "for this very area -15" in found[0].why


def test_the_office_of_the_own_area_is_found_behind_twenty_nearer_ones(filled: Helper, near: Show) -> None:
    for number in range(NEAREST + 5):
        filled.point(f"p{number}", HelpKind.POLICE, north(1 + number / 100))
    filled.point("own", HelpKind.POLICE, north(12), areas="W1")
    assert near(kind=HelpKind.POLICE)[0].id == "own"


def test_what_nobody_verified_for_a_year_or_callers_call_wrong_comes_later(filled: Helper, near: Show) -> None:
    filled.point("wrong", point=north(1), verified_on=TODAY, verify_method="call", unconfirmed=True)
    filled.point("old", point=north(2), verified_on=TODAY - timedelta(days=366), verify_method="call")
    filled.point("fresh", point=north(9), verified_on=TODAY - timedelta(days=365), verify_method="call")
    found = near()
    assert ids(found) == ["fresh", "old", "wrong"]
    assert [one.confirmed for one in found] == [True, True, False]


def test_of_the_first_three_one_has_medicine_after_rape(filled: Helper, near: Show) -> None:
    for number in range(NEAREST + 10):
        filled.point(f"disp{number:02}", point=north(1 + number / 10), terms="dispensary")
    filled.point("centre", point=north(30), terms="health_centre pep")
    filled.point("hospital", point=north(40), terms="hospital pep")
    found = near()
    assert ids(found)[:3] == ["disp00", "disp01", "centre"]
    assert found[2].pep
    assert "medicine after rape +0" in found[2].why
    assert len(set(ids(found))) == len(found) == 20
    assert ids(near(kind=HelpKind.PEP)) == ["centre", "hospital"]


def test_the_order_stands_where_one_of_the_first_two_has_it(filled: Helper, near: Show) -> None:
    for number, terms in enumerate(("dispensary", "hospital pep", "dispensary", "hospital pep")):
        filled.point(f"h{number}", point=north(1 + number), terms=terms)
    assert ids(near()) == ["h0", "h1", "h2", "h3"]


def test_helplines_end_the_list_of_an_emergency_however_short_it_is(filled: Helper, near: Show) -> None:
    for number in range(6):
        filled.point(f"p{number}", HelpKind.POLICE, north(1 + number))
    filled.point("line", HelpKind.POLICE, virtual=True)
    assert ids(near(kind=HelpKind.POLICE, limit=3)) == ["p0", "p1", "line"]
    assert ids(near(kind=HelpKind.POLICE))[-1] == "line"
    assert near(kind=HelpKind.POLICE)[-1].kilometres is None


def test_a_helpline_of_another_area_is_named_only_where_there_is_nothing_else(filled: Helper, near: Show) -> None:
    filled.point("theirs", HelpKind.TALK, virtual=True, areas="S2")
    assert ids(near(kind=HelpKind.TALK)) == ["theirs"]
    filled.point("everybodys", HelpKind.TALK, virtual=True)
    assert ids(near(kind=HelpKind.TALK)) == ["everybodys"]
    assert ids(near("T1", HelpKind.TALK)) == ["theirs", "everybodys"]


def test_a_helpline_is_open_when_its_line_is_answered(filled: Helper, near: Show) -> None:
    filled.point("line", HelpKind.TALK, virtual=True)
    filled.phone("number", "116", service_at_location="line")
    filled.hours("line", DAILY, 0, 0)
    assert near(kind=HelpKind.TALK)[0].opening == Opening(Open.ALWAYS)


def test_an_address_nobody_measured_comes_after_those_that_were(filled: Helper, near: Show) -> None:
    filled.point("unmeasured", HelpKind.LEGAL)
    filled.point("far", HelpKind.LEGAL, north(50))
    found = near(kind=HelpKind.LEGAL)
    assert ids(found) == ["far", "unmeasured"]
    assert found[1].kilometres is None
    assert not found[1].about


def test_never_empty_however_far(filled: Helper, near: Show) -> None:
    filled.point("alone", HelpKind.CHILDREN, (1.0, 35.0))
    for place in ("B1", "B2", "T1", "W1", "S2", "K", None, "no-such-place"):
        assert ids(near(place, HelpKind.CHILDREN)) == ["alone"], place
    assert near(kind=HelpKind.LEGAL) == ()


@pytest.mark.parametrize(("place", "about"), [("B1", False), ("T1", False), ("B2", True), ("W1", True), ("S1", True), (None, True)])
def test_from_a_whole_ward_the_distance_is_about(filled: Helper, near: Show, place: str | None, about: bool) -> None:
    filled.point("clinic", point=north(3))
    assert near(place)[0].about is about


def test_to_a_point_that_is_not_the_buildings_own_the_distance_is_about(filled: Helper, near: Show) -> None:
    filled.point("clinic", point=north(3))
    filled.session.execute(update(LocationRow).values(precision="town"))
    assert near()[0].about


HIDDEN = [
    (LocationRow, {"visibility": Visibility.CONFIDENTIAL, "lat": None, "lon": None, "precision": None}),
    (ServiceRow, {"visibility": Visibility.CONFIDENTIAL}),
    (ServiceRow, {"visibility": Visibility.STAFF}),
    (ServiceRow, {"status": Status.TEMPORARILY_CLOSED}),
    (ServiceRow, {"kind": HelpKind.SAFE}),
    (OrganizationRow, {"do_not_list": True}),
    (OrganizationRow, {"status": Status.DEFUNCT}),
]


@pytest.mark.parametrize(("table", "values"), HIDDEN, ids=[f"{table.__tablename__}-{next(iter(values.values()))}" for table, values in HIDDEN])
def test_what_may_not_be_shown_is_in_no_list_and_opens_by_no_name(filled: Helper, near: Show, table: type, values: dict[str, object]) -> None:
    code = filled.point("hidden", point=north(1), terms="pep")
    assert ids(near()) == ["hidden"]
    filled.session.execute(update(table).values(**values))
    help_near = NearestHelp(tz=EAT)
    assert help_near.detail(filled.session, "hidden", NOW) is None
    assert help_near.by_code(filled.session, code) is None
    assert all(near(kind=kind) == () for kind in HelpKind)
    assert filled.session.scalar(select(func.count()).select_from(ShownPointRow)) == 0
    assert filled.session.scalar(select(func.count()).select_from(NearRankRow)) == 0


def test_a_safe_place_has_no_row_even_where_it_is_public_and_has_a_point(filled: Helper, near: Show) -> None:
    filled.point("refuge", HelpKind.SAFE, north(1), terms="pep", areas="W1")
    assert all(near(place, kind) == () for kind in HelpKind for place in ("B1", None))
    assert NearestHelp(tz=EAT).near_point(filled.session, north(0), HelpKind.SAFE, NOW) == ()


def test_hours_and_holidays_reach_the_list(filled: Helper, near: Show) -> None:
    filled.point("clinic", point=north(1))
    filled.hours("clinic", DAILY, 8, 17)
    filled.add(DayExceptionRow(id="x", service_at_location=None, day=date(2026, 11, 4), closed=True, label="a holiday"))
    assert near()[0].opening == Opening(Open.CLOSED, datetime(2026, 11, 5, 8, 0, tzinfo=EAT))


def test_building_twice_writes_nothing_the_second_time_and_one_change_little(filled: Helper) -> None:
    for number in range(30):
        filled.point(f"c{number}", point=north(number))
    filled.point("line", HelpKind.TALK, virtual=True)
    assert rebuild_near(filled.session, NOW, EAT) > 100
    assert rebuild_near(filled.session, NOW + timedelta(hours=1), EAT) == 0
    filled.session.execute(update(ServiceAtLocationRow).where(ServiceAtLocationRow.id == "c3").values(short_name="New"))
    assert rebuild_near(filled.session, NOW, EAT) == 2
    filled.session.execute(update(ServiceRow).values(status=Status.INACTIVE))
    assert rebuild_near(filled.session, NOW, EAT) > 100
    assert rebuild_near(filled.session, NOW, EAT) == 0


def test_a_free_point_finds_what_a_place_there_finds(filled: Helper, near: Show) -> None:
    chance = random.Random(11)
    for number in range(120):
        spot = (-4.3 + chance.uniform(-0.4, 0.4), 39.5 + chance.uniform(-0.4, 0.4))
        filled.point(f"c{number:03}", point=spot, terms="pep" if number % 9 == 0 else "")
    filled.point("unmeasured")
    expected = near(limit=19)
    help_near = NearestHelp(tz=EAT)
    for _ in range(3):  # from the first box, and from the one remembered
        found = help_near.near_point(filled.session, (-4.3, 39.5), HelpKind.MEDICAL, NOW, limit=19)
        assert ids(found) == ids(expected)
    assert help_near.near_point(filled.session, (-4.3, 39.5), HelpKind.MEDICAL, NOW, limit=0) == ()
    everything = help_near.near_point(filled.session, (-4.3, 39.5), HelpKind.MEDICAL, NOW, limit=200)
    assert len(everything) == 121
    assert everything[-1].id == "unmeasured"


def test_a_free_point_in_the_middle_of_nothing_finds_the_only_one(filled: Helper) -> None:
    filled.point("alone", point=(3.5, 35.9))
    filled.point("pep", point=(4.0, 35.0), terms="pep")
    rebuild_near(filled.session, NOW, EAT)
    found = NearestHelp(tz=EAT).near_point(filled.session, (-4.3, 39.5), HelpKind.MEDICAL, NOW)
    assert ids(found) == ["alone", "pep"]
    assert found[0].kilometres == pytest.approx(crow((3.5, 35.9), (-4.3, 39.5)), abs=0.01)


def test_a_point_opened_says_what_may_be_said(filled: Helper) -> None:
    filled.point("clinic", point=north(3), terms="pep")
    filled.session.execute(update(LocationRow).values(place="W1", directions="next to the market"))
    filled.session.execute(update(ServiceRow).values(fee="free", alert="Bring a card."))
    filled.phone("a", "+254200000301", organization="org")
    filled.phone("b", "+254200000302", service_at_location="clinic", toll_free=True)
    filled.phone("c", "+254200000303", service_at_location="clinic", rank=1, takes_texts=True)
    filled.phone("same", "+254200000302", location="clinic")
    filled.phone("staff", "+254200000304", service_at_location="clinic", visibility=Visibility.STAFF)
    filled.phone("sample", "+254700000305", service_at_location="clinic", sample=True)
    rebuild_near(filled.session, NOW, EAT)
    found = NearestHelp(tz=EAT).detail(filled.session, "clinic", NOW, "B1")
    assert found is not None
    assert found.phones == (HelpPhone("+254200000302", toll_free=True), HelpPhone("+254200000303", takes_texts=True), HelpPhone("+254200000301"))
    assert (found.place, found.where, found.free, found.alert) == ("W1", "next to the market", True, "Bring a card.")
    assert (found.near.kind, found.near.pep, found.near.about) == (HelpKind.MEDICAL, True, False)
    assert found.near.kilometres == pytest.approx(3, abs=0.01)


def test_opened_from_nowhere_it_has_no_distance(filled: Helper) -> None:
    filled.point("clinic", point=north(3))
    rebuild_near(filled.session, NOW, EAT)
    found = NearestHelp(tz=EAT).detail(filled.session, "clinic", NOW)
    assert found is not None
    assert found.near.kilometres is None
    assert NearestHelp(tz=EAT).detail(filled.session, "no-such-point", NOW) is None


def test_a_code_is_read_however_it_is_typed(filled: Helper) -> None:
    filled.point("clinic", point=north(3), code="4F2K")
    rebuild_near(filled.session, NOW, EAT)
    by_code = NearestHelp(tz=EAT).by_code
    assert [by_code(filled.session, code) for code in ("4F2K", " 4f2k ", "4f 2k", "4F-2K")] == ["clinic"] * 4
    assert [by_code(filled.session, code) for code in ("4F2", "4F2KK", "", "%%%%")] == [None] * 4


def test_the_county_sets_the_weights_and_a_misspelt_one_is_named() -> None:
    assert parse_weights({"closed": 5, "unverified_days": 30}) == Weights(closed=5, unverified_days=30)
    assert parse_weights({}) == Weights()
    with pytest.raises(WeightsError) as refused:
        parse_weights({"closd": 5, "soon": -1, "own_area": "x", "unknown_hours": True})
    assert [one.split(":")[0] for one in refused.value.problems] == ["closd", "own_area", "soon", "unknown_hours"]


def test_weights_of_nothing_leave_the_order_of_distance(filled: Helper) -> None:
    filled.point("wrong", point=north(1), unconfirmed=True)
    filled.point("fresh", point=north(9), verified_on=TODAY, verify_method="call")
    rebuild_near(filled.session, NOW, EAT)
    plain = parse_weights({"unconfirmed": 0, "unverified": 0, "unknown_hours": 0})
    assert ids(NearestHelp(plain, tz=EAT).near(filled.session, "B1", HelpKind.MEDICAL, NOW)) == ["wrong", "fresh"]


@pytest.mark.parametrize("seed", range(20))
def test_the_grid_finds_what_looking_at_every_point_finds(seed: int) -> None:
    chance = random.Random(seed)
    middle = (chance.uniform(-55, 55), chance.uniform(-170, 170))
    spread = chance.choice([0.0, 0.0001, 0.1, 2.0])
    points = [(f"p{number}", (middle[0] + chance.gauss(0, spread), middle[1] + chance.gauss(0, spread))) for number in range(chance.choice([1, 3, 40, 700]))]
    field = Field(points)
    for _ in range(10):
        here = (middle[0] + chance.gauss(0, 2 * spread), middle[1] + chance.gauss(0, 2 * spread))
        expected = sorted(round(crow(here, point) * 1000) for _, point in points)[:20]
        assert [metres for metres, _ in field.nearest(here, 20)] == pytest.approx(expected, rel=0.01, abs=2)
