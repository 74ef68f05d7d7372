"""What the list is worth to a caller: every school of the county asks for a clinic, and the truly nearest one is known.

Callers cannot say where they stand, only in which ward, or near which sub-location or town. Hours play no part here: nobody knows any.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from referral.directory.ground import Point, crow
from referral.directory.near_build import rebuild_near
from referral.directory.nearest import NearestHelp
from referral.directory.reading import read_grounds
from referral.store.database import Database
from referral.vocabulary.help import HelpKind, NearHelp
from referral.vocabulary.place import PlaceKind
from tests.directory.help_rows import Helper

KWALE = Path(__file__).parents[2] / "config" / "kwale"
EAT = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)


def rows(name: str) -> list[dict[str, str]]:
    with (KWALE / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def point(row: dict[str, str]) -> Point | None:
    return (float(row["lat"]), float(row["lon"])) if row["lat"] else None


SCHOOLS = [(row["ward"], (float(row["lat"]), float(row["lon"]))) for row in rows("schools.csv")]
_LOCATIONS = {row["id"]: row for row in rows("locations.csv")}
_SERVICES = {row["id"]: row for row in rows("services.csv")}
CLINICS = {
    row["id"]: (_SERVICES[row["service"]], spot)
    for row in rows("service_at_locations.csv")
    if _SERVICES[row["service"]]["kind"] == HelpKind.MEDICAL
    and _LOCATIONS[row["location"]]["precision"] == "gps"
    and (spot := point(_LOCATIONS[row["location"]])) is not None
}
"""The public facilities whose place was taken on the spot."""

HEAD = f"{'the caller names':26}{'nearest first':>14}{'in first 3':>12}{'detour km':>11}{'95 %':>7}{'in 3, one with PEP':>22}"


@dataclass(frozen=True)
class Worth:
    """Shares of callers, and the kilometres they walk too far to what stands first."""

    first: float
    first_three: float
    shown_three: float
    pep_in_three: float
    detour: float
    detour_95: float


@pytest.fixture
def county(database: Database) -> Database:
    with database.transaction() as session:
        made = Helper(session, NOW)
        for row in rows("places.csv"):
            made.place(row["id"], PlaceKind(row["kind"]), row["parents"], point(row), row["precision"])
        made.organization()
        for name, (service, spot) in CLINICS.items():
            made.point(name, point=spot, terms=service["terms"])
        rebuild_near(session, NOW, EAT)
    return database


def worth(session: Session, where: Callable[[str, Point], str]) -> Worth:
    help_near = NearestHelp(tz=EAT)
    first = three = shown = pep = 0
    detours = []
    for ward, school in SCHOOLS:
        away = {name: crow(school, spot) for name, (_, spot) in CLINICS.items()}
        nearest = min(away, key=lambda name: away[name])
        listed = help_near.near(session, where(ward, school), HelpKind.MEDICAL, NOW)
        by_distance = sorted(listed, key=lambda one: one.kilometres or 0)
        first += by_distance[0].id == nearest
        three += nearest in names(by_distance[:3])
        shown += nearest in names(listed[:3])
        pep += any(one.pep for one in listed[:3])
        detours.append(away[by_distance[0].id] - away[nearest])
        assert listed[0] == by_distance[0]
    many = len(SCHOOLS)
    return Worth(first / many, three / many, shown / many, pep / many, sum(detours) / many, sorted(detours)[int(0.95 * many)])


def names(found: list[NearHelp] | tuple[NearHelp, ...]) -> list[str]:
    return [one.id for one in found]


def named(choices: Callable[[str], list[str]]) -> Callable[[str, Point], str]:
    """Of the places a caller can choose from the one whose point is nearest: what somebody who lives there would say."""
    spots = {row["id"]: spot for row in rows("places.csv") if (spot := point(row)) is not None}

    def choose(ward: str, here: Point) -> str:
        return min((place for place in choices(ward) if place in spots), key=lambda place: crow(here, spots[place]), default=ward)

    return choose


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_how_many_callers_are_shown_the_truly_nearest_clinic_first(county: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with county.read() as session:
        grounds = read_grounds(session)
        fine = [row["id"] for row in rows("places.csv") if row["kind"] in ("sublocation", "town")]
        ward = worth(session, lambda ward, _: ward)
        menu = worth(session, named(lambda ward: [one.value for one in grounds.spots(ward)]))
        name = worth(session, named(lambda _: fine))
    table = [f"{len(SCHOOLS)} schools as callers, {len(CLINICS)} public facilities", HEAD]
    for given, one in (("ward", ward), ("spot from the ward's list", menu), ("spot, whatever its ward", name)):
        table.append(f"{given:26}{one.first:>14.0%}{one.first_three:>12.0%}{one.detour:>11.1f}{one.detour_95:>7.1f}{one.shown_three:>22.0%}")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(table) + "\n")
    assert len(SCHOOLS) == 463
    assert ward.pep_in_three == menu.pep_in_three == name.pep_in_three == 1
    assert (ward.first >= 0.30, ward.first_three >= 0.60, ward.detour <= 6.3, ward.detour_95 <= 23) == (True,) * 4
    assert (menu.first >= 0.58, menu.first_three >= 0.80, menu.detour <= 3.0, menu.detour_95 <= 13) == (True,) * 4
    assert (name.first >= 0.65, name.first_three >= 0.88, name.detour <= 1.0, name.detour_95 <= 5) == (True,) * 4
    assert ward.shown_three >= 0.56
    assert menu.shown_three >= 0.77
    assert name.shown_three >= 0.80
