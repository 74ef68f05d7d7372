"""The same secrets, asked for by phone: no screen of "find help" and no text tells of a confidential place."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest

from referral.directory.near_build import rebuild_near
from referral.directory.people import bump
from referral.directory.point_records import PhoneRow
from referral.directory.service_records import LocationRow, LocationSecretRow, OrganizationRow, ServiceAtLocationRow, ServiceRow, Visibility
from referral.vocabulary.help import HelpKind
from tests.conftest import Kept, settings_for
from tests.fakes import FixedClock
from tests.open_data.conftest import NAIROBI
from tests.open_data.synthetic import CODE_SIGNS, THEN
from tests.world import World

WORD, NUMBER = "zqmwangazaqz", "+254402300999"
UKUNDA = "KE002-W0032"
POINT = (-4.28765, 39.56789)
SPELLINGS = {WORD, WORD[:18], NUMBER, "0402300999", "040 2300999", *(f"{abs(one):.{decimals}f}" for one in POINT for decimals in range(2, 6))}
KINDS = (("1",), ("2",), ("3",), ("4",), ("9", "1"), ("9", "2"), ("9", "3"))
TEXTS = ("hospitali", "polisi", "watoto", "msaada wa kisheria", "shule", "makao", "mtu wa kuzungumza")


@pytest.fixture
def world(sqlite_county: Kept, clock: FixedClock) -> Iterator[World]:
    """The county with a house of each kind in Ukunda that nobody may find, and one whose editor forgot to hide it."""
    name = f"c{random.getrandbits(64):016x}"
    world = World(settings_for(sqlite_county.fresh(name)), clock)
    listed: dict[str, Any] = {"updated_at": THEN}
    with world.service.database.transaction() as session:
        session.add(OrganizationRow(id="hidden", name="Helpers", sector="ngo", **listed))
        session.flush()
        session.add(LocationRow(id="house", organization="hidden", name=WORD, place=UKUNDA, visibility=Visibility.CONFIDENTIAL, **listed))
        session.add(
            LocationRow(id="open", organization="hidden", name=WORD, place=UKUNDA, lat=POINT[0], lon=POINT[1], precision="gps", directions=WORD, **listed)
        )
        session.add_all(ServiceRow(id=f"at-{kind}", organization="hidden", name="Helpers", kind=kind, **listed) for kind in HelpKind)
        session.flush()
        session.add(LocationSecretRow(location="house", sealed=b"sealed"))
        points = [(kind, "house") for kind in HelpKind] + [(HelpKind.SAFE, "open")]
        for at, (kind, location) in enumerate(points):
            code = f"99Z{CODE_SIGNS[at]}"
            session.add(
                ServiceAtLocationRow(id=f"p-{at}", service=f"at-{kind}", location=location, code=code, short_name=WORD[:18], description=WORD, **listed)
            )
            session.flush()
            session.add(PhoneRow(id=f"t-{at}", e164=NUMBER, visibility=Visibility.PUBLIC, service_at_location=f"p-{at}", **listed))
        session.flush()
        rebuild_near(session, clock.now, NAIROBI)
        bump(session)
    yield world
    world.close()
    sqlite_county.drop(name)


def test_no_screen_tells_of_it(world: World) -> None:
    screens: set[str] = set()
    callers = itertools.count()
    for kind in KINDS:
        for then in (("1", "2", "1"), ("1", "2", "2")):
            for page in ((), ("9",), ("9", "9")):
                for opened in ((), ("1",), ("2",), ("3",), ("1", "1", "1")):
                    phone = world.phone(f"+254700000{next(callers) % 1000:03d}")  # one phone alone would soon hear that it is busy
                    phone.dial()
                    for key in ("3", *kind, *then, *page, *opened):
                        screens.add(phone.key(key))
                        if not phone.screen.startswith("CON"):
                            break
    world.work()
    told = [*screens, *(words for _, words in world.gateway.sent)]
    assert any("116" in one for one in told)
    assert len(told) > 50
    assert [(one, spelling) for one in told for spelling in SPELLINGS if spelling in one] == []


def test_no_text_tells_of_it(world: World) -> None:
    for at, kind in enumerate((*TEXTS, *(f"{word} 99Z{sign}" for word in ("", "MBAYA") for sign in CODE_SIGNS[:9]))):
        world.text(f"+2547000004{at:02}", f"HUDUMA {kind} Ukunda" if kind in TEXTS else kind)
    world.work()
    told = [words for _, words in world.gateway.sent]
    assert len(told) >= len(TEXTS)
    assert [(one, spelling) for one in told for spelling in SPELLINGS if spelling in one] == []
