"""An empty directory on each engine, and a county small enough to be read at a glance."""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from referral.directory.importer import Loaded, load
from referral.directory.snapshot import Roster, read_roster
from referral.store.base import Base
from referral.store.database import Database
from referral.vocabulary.limits import WIDEST, Spread
from referral.vocabulary.phone import PhoneNumber

LOADED = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)

PLACES = """\
id,kind,name,parents,lat,lon,precision,source
K,county,Kaunti,,-4.1,39.1,area,made up
S1,subcounty,Pwani,K,-4.3,39.5,area,made up
S2,subcounty,Bara,K,-3.9,39.2,area,made up
C1,constituency,Pwani,K,,,,
W1,ward,Bandari,S1 C1,-4.30,39.55,people,made up
W2,ward,Mpakani,S2 S1 C1,-4.00,39.40,people,made up
L1,location,Bandari Kuu,S1 W1,-4.31,39.56,proxy,made up
B1,sublocation,Soko,L1 W1,-4.31,39.57,proxy,made up
T1,town,Soko,W1,-4.31,39.57,gazetteer,made up
T2,town,Ng'ombe,W1,-4.32,39.57,gazetteer,made up
"""
OFFICES = """\
id,role,name,covers,parent,concerns,sample,source,note
co,childrens_county_office,County Children Office,K,,,no,,
co1,childrens_office,Pwani Children Office,S1,co,,no,,
co2,childrens_office,Bara Children Office,S2,co,,no,,
desk1,police_gender_desk,Police gender desk for Bandari,W1,,,yes,,a sample
desk2,police_gender_desk,Police gender desk for Mpakani,W2,,,yes,,
chief1,chief,Chief of Bandari Kuu,L1,,,no,,
clinic,health_facility,Bandari Clinic,W1,,PREGNANT,no,,
duty,triage_desk,Triage desk,K,,,yes,,
"""
PEOPLE = """\
id,name,number,language,office,kind,rank,verified_on,sample
p-co1,Sample officer 1,+254700000101,sw,co1,holder,0,sample,yes
p-co1-b,Sample officer 2,0700000102,en,co1,deputy,2,sample,yes
p-co1-a,Sample officer 3,254700000103,en,co1,deputy,1,sample,yes
p-desk1,Sample officer 4,+254700000104,sw,desk1,holder,,2026-10-01,yes
p-desk2,Sample officer 5,+254700000105,sw,desk2,acting,,sample,yes
p-chief,Sample officer 6,+254700000106,sw,chief1,holder,,2026-01-01,yes
p-duty-1,Sample officer 7,+254700000107,en,duty,holder,,sample,yes
p-duty-2,Sample officer 8,+254700000108,en,duty,deputy,1,sample,yes
p-co,Sample officer 9,+254700000109,en,co,holder,,sample,yes
p-clinic,Sample officer 10,+254700000110,en,clinic,holder,,sample,yes
"""
LEAVE = """\
id,person,starts,ends
leave-1,p-co1,2026-11-04T00:00+03:00,2026-11-06T00:00+03:00
"""
SHIFTS = """\
id,office,person,days,opens,closes,starts,ends
duty-day,duty,p-duty-1,mon tue wed thu fri,07:00,19:00,,
duty-night,duty,p-duty-2,mon tue wed thu fri sat sun,19:00,07:00,,
duty-once,duty,p-duty-1,,,,2026-11-07T08:00+03:00,2026-11-07T12:00+03:00
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of its own with every table and no row."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        server = make_url(request.getfixturevalue("postgres"))
        name = f"d{random.getrandbits(64):016x}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        engine.dispose()
        url = server.set(database=name).render_as_string(hide_password=False)
    database = Database(url)
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small county as files, to be changed by a test before it loads them."""
    here = tmp_path / "county"
    here.mkdir()
    files = {"places.csv": PLACES, "offices.csv": OFFICES, "people.sample.csv": PEOPLE, "leave.sample.csv": LEAVE, "shifts.sample.csv": SHIFTS}
    for name, content in files.items():
        (here / name).write_text(content, encoding="utf-8")
    return here


def seal(person: str, number: PhoneNumber) -> bytes:
    """Different each time, as a real seal is: a load must not take that for a change."""
    return f"{person}:{random.getrandbits(64)}:{number.reveal()[::-1]}".encode()


def tag(number: PhoneNumber) -> bytes:
    return hmac.digest(b"test", number.reveal().encode(), "sha256")


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    before = path.read_text(encoding="utf-8")
    assert before.count(old) == 1, "the test must change exactly one thing"
    path.write_text(before.replace(old, new), encoding="utf-8")


@pytest.fixture
def load_folder(database: Database, folder: Path) -> Callable[..., Loaded]:
    def run(now: datetime = LOADED, spread: Spread = WIDEST) -> Loaded:
        with database.transaction() as session:
            return load(session, folder, seal_number=seal, tag_number=tag, now=now, spread=spread)

    return run


@pytest.fixture
def roster(database: Database) -> Callable[[], Roster]:
    def read() -> Roster:
        with database.read() as session:
            return read_roster(session)

    return read
