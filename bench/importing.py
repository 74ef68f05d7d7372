"""How long it takes to take in a large directory: `python -m bench.importing`.

Files of made-up organizations, locations, services, service points, hours and phones are read, checked, written and recorded on SQLite and
PostgreSQL, then handed in once more, when they change nothing. Beside it stands the bare insert of as many rows of the same tables in the same
run, from values that lie ready: the ratio is what can be compared between machines.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import delete, insert, select

from bench.nearest import EAT, SOUTH, SPAN, WEST, databases, fill
from referral.directory.help_state import read_state
from referral.directory.help_tables import TABLES
from referral.directory.point_records import NearRankRow, ShownPointRow
from referral.directory.upkeep_records import FieldChangeRow
from referral.privacy.seal import Sealer
from referral.store.base import Base
from referral.store.database import Database
from referral.upkeep.importing import Importer, Outcome, Wishes
from referral.upkeep.incoming import Mode, digest_of, read_file
from referral.vocabulary.help import HelpKind

NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
VILLAGES = 200
KINDS = tuple(one.value for one in HelpKind if one is not HelpKind.SAFE)


def write_files(folder: Path, rows: int, wards: Sequence[tuple[str, float, float]], chance: random.Random) -> list[Path]:
    """Six files with so many rows together; a fifth each of locations, services, service points, hours and phones, one organization in fifty."""
    each = rows // 5
    where = [chance.choice(wards) for _ in range(each)]
    tables: dict[str, tuple[str, Iterator[str]]] = {
        "organizations": ("id,name,sector,source,sample", (f"o{n},Organization {n},ngo,bench,no" for n in range(0, each, 50))),
        "locations": (
            "id,organization,name,place,lat,lon,precision,source,sample",
            (f"l{n},o{n - n % 50},{_name(n)},{ward},{lat + chance.uniform(-0.1, 0.1):.5f},{lon + chance.uniform(-0.1, 0.1):.5f},gps,bench,no"
             for n, (ward, lat, lon) in enumerate(where)),
        ),
        "services": ("id,organization,name,kind,source,sample", (f"s{n},o{n - n % 50},{_name(n)},{KINDS[n % len(KINDS)]},bench,no" for n in range(each))),
        "service_at_locations": ("id,service,location,short_name,source,sample", (f"p{n},s{n},l{n},Point {n},bench,no" for n in range(each))),
        "hours": ("id,service_at_location,days,opens,closes", (f"h{n},p{n},mon tue wed thu fri,08:00,{12 + n % 8}:00" for n in range(each))),
        "phones": ("id,e164,location,visibility,source,sample", (f"t{n},+25440{2000000 + n},l{n},public,bench,no" for n in range(each))),
    }  # fmt: skip
    paths = []
    for name, (header, lines) in tables.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text("\n".join((header, *lines)) + "\n", "utf-8")
    return paths


def _name(number: int) -> str:
    """Unlike its neighbours' names: hints of twins are part of the work, not made up by it."""
    return f"{number * 7919 % 100003:x} Clinic {number}"


@contextmanager
def progress(rows: int, label: str) -> Iterator[Callable[[int], object]]:
    with click.progressbar(length=2 * rows, label=label, file=sys.stderr) as bar:
        yield bar.update


def take(database: Database, paths: list[Path], label: str) -> tuple[float, float, Outcome]:
    """Seconds to read the files and to take them in, and what became of it."""
    importer = Importer(Sealer({"k1": bytes(32)}, "k1"), EAT)
    start = time.perf_counter()
    incoming = [read_file(path) for path in paths]
    read = time.perf_counter() - start
    with database.transaction() as session, progress(sum(map(len, incoming)), label) as told:
        outcome = importer.run(session, incoming, Wishes(by="bench"), NOW, digest=digest_of(paths, Mode.UPDATE), progress=told)
    return read, time.perf_counter() - start, outcome


def bare(database: Database) -> tuple[float, int]:
    """Seconds to insert the same rows of the same tables from values that lie ready, and how many."""
    with database.read() as session:
        state = read_state(session)
        kept = {name: list(state.rows(name).values()) for name in TABLES}
    with database.transaction() as session:
        for table in (NearRankRow, ShownPointRow, FieldChangeRow):
            session.execute(delete(table))
        for name in reversed(tuple(TABLES)):
            session.execute(delete(TABLES[name].table))
    start = time.perf_counter()
    with database.transaction() as session:
        for name, rows in kept.items():
            for at in range(0, len(rows), 2000):
                session.execute(insert(TABLES[name].table), rows[at : at + 2000])
    return time.perf_counter() - start, sum(map(len, kept.values()))


def measure(database: Database, folder: Path, rows: int) -> str:
    """One line of the table."""
    chance = random.Random(rows)  # noqa: S311  the same directory every time, on purpose
    Base.metadata.create_all(database.engine)
    fill(database, 0, VILLAGES, chance)
    with database.read() as session:
        places = Base.metadata.tables["directory_place"].columns
        wards = [(one, lat, lon) for one, lat, lon in session.execute(select(places.id, places.lat, places.lon)) if one.startswith("v")]
    assert all(SOUTH <= lat <= SOUTH + SPAN and WEST <= lon <= WEST + SPAN for _, lat, lon in wards)
    paths = write_files(folder, rows, wards, chance)
    read, first, outcome = take(database, paths, f"{database.dialect} {rows}")
    _, again, second = take(database, paths, f"{database.dialect} again")
    assert not second.counts.any
    assert not outcome.rejected
    floor, inserted = bare(database)
    held = outcome.counts.added
    cells = f"{held:>9,}{read:>7.1f}{first:>8.1f}{held / first:>9,.0f}{again:>8.1f}{floor:>8.1f}{inserted / floor:>9,.0f}{first / floor:>7.1f}x"
    return f"{database.dialect:11}{cells}"


def main() -> None:
    parser = argparse.ArgumentParser(description="How long it takes to take in a large directory.")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000])
    parser.add_argument("--engine", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    options = parser.parse_args()
    heads = ("rows", 9), ("read", 7), ("import", 8), ("rows/s", 9), ("again", 8), ("bare", 8), ("rows/s", 9), ("ratio", 8)
    sys.stdout.write("seconds. Import: read, check, write, record each row, hint at twins, rank the nearest. Bare: executemany of the same rows.\n")
    sys.stdout.write(f"{'':11}{''.join(f'{name:>{width}}' for name, width in heads)}\n")
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), options.engine) as make:
        for engine in options.engine:
            for rows in options.rows:
                database = make(engine, f"import{rows}")
                sys.stdout.write(measure(database, Path(folder), rows) + "\n")
                sys.stdout.flush()
                database.close()


if __name__ == "__main__":
    main()
