"""Where a place without a point is seen from: its callers find the same help, at a distance that is a guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from referral.directory.near_build import rebuild_near
from referral.directory.near_spots import NOWHERE, pointless, spots
from referral.directory.nearest import NearestHelp
from referral.store.database import Database
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind
from tests.directory.help_rows import Helper

EAT = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
PLACES = ("K", "S1", "S2", "W1", "W2", "W3", "B1")
HEIGHTS = {"K": {}, "S1": {"K": 1}, "S2": {"K": 1}, "W1": {"S1": 1, "K": 2}, "W2": {"S1": 1, "K": 2}, "W3": {"S2": 1, "K": 2}, "B1": {"W1": 1, "S1": 2, "K": 3}}
"""What lies above each, with the steps to it."""


@pytest.mark.parametrize(
    ("known", "sites", "seen"),
    [
        ({}, [], dict.fromkeys(PLACES, NOWHERE)),
        ({"W1": (2.0, 2.0)}, [], dict.fromkeys(PLACES, (2.0, 2.0))),
        ({"W1": (2.0, 2.0), "W3": (4.0, 4.0)}, [], {"W2": (2.0, 2.0), "S2": (4.0, 4.0), "K": (3.0, 3.0), "B1": (2.0, 2.0)}),
        ({"W1": (2.0, 2.0)}, [("W2", (6.0, 6.0))], {"W1": (2.0, 2.0), "W2": (6.0, 6.0), "S1": (6.0, 6.0), "B1": (2.0, 2.0), "W3": (6.0, 6.0)}),
        ({"W1": (2.0, 2.0)}, [("B1", (4.0, 4.0)), ("B1", (6.0, 6.0))], {"B1": (5.0, 5.0), "W1": (2.0, 2.0)}),
        ({}, [("", (8.0, 8.0))], dict.fromkeys(PLACES, (8.0, 8.0))),
    ],
)
def test_a_place_is_seen_from_its_help_else_from_what_lies_in_it_else_from_what_it_lies_in(
    known: dict[str, tuple[float, float]], sites: list[tuple[str, tuple[float, float]]], seen: dict[str, tuple[float, float]]
) -> None:
    found = spots(HEIGHTS, known, sites)
    assert found.keys() == HEIGHTS.keys()
    assert {place: found[place] for place in seen} == seen


@pytest.fixture
def unmeasured(database: Database) -> Iterator[Helper]:
    """A county of which nobody measured a place, with a hospital, a far dispensary, a police station that nobody measured, and two lines."""
    with database.transaction() as session:
        made = Helper(session, NOW)
        made.place("K", PlaceKind.COUNTY)
        for one in ("1", "2"):
            made.place(f"S{one}", PlaceKind.SUBCOUNTY, "K")
            made.place(f"W{one}", PlaceKind.WARD, f"S{one}")
            made.place(f"V{one}", PlaceKind.WARD, f"S{one}")
        made.organization()
        made.location("hospital", (-3.2, 40.1), place="W1")
        made.location("dispensary", (-3.5, 40.0), place="W2")
        made.location("police", place="V1")
        made.location("line", virtual=True)
        for name, kind in (("hospital", HelpKind.MEDICAL), ("dispensary", HelpKind.MEDICAL), ("police", HelpKind.POLICE), ("line", HelpKind.TALK)):
            made.service(name, kind)
            made.meets(name, name, name)
        rebuild_near(session, NOW, EAT)
        yield made


@pytest.mark.parametrize("place", ["K", "S1", "W1", "V1", "S2", "W2", "V2", None, "elsewhere"])
def test_no_list_is_empty_of_what_the_directory_has(unmeasured: Helper, place: str | None) -> None:
    nearest = NearestHelp(tz=EAT)
    found = {kind: nearest.near(unmeasured.session, place, kind, NOW) for kind in (HelpKind.MEDICAL, HelpKind.POLICE, HelpKind.TALK)}
    first = "dispensary" if place in ("S2", "W2", "V2") else "hospital"
    assert {kind: [one.id for one in each][:1] for kind, each in found.items()} == {
        HelpKind.MEDICAL: [first], HelpKind.POLICE: ["police"], HelpKind.TALK: ["line"],
    } or place in ("K", None, "elsewhere")  # fmt: skip
    assert all(found.values())
    assert all(one.about for one in found[HelpKind.MEDICAL])


def test_they_are_named_and_what_is_measured_is_not(unmeasured: Helper) -> None:
    unmeasured.place("B1", PlaceKind.SUBLOCATION, "W1", (-3.2, 40.1))
    assert pointless(unmeasured.session) == ("K", "S1", "W1", "V1", "S2", "W2", "V2")
