"""A number planted in every spelling on every surface: a search that does not find all of it has proven nothing."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text

from tests.canary.search import Needles, Search
from tests.canary.spellings import spellings
from tests.canary.surfaces import MEMORY, PLANT, Surfaces


def planted_and_found(number: str, surfaces: Surfaces) -> tuple[int, list[str]]:
    """How many plants there were, and those that were not found, as "spelling on surface"."""
    spelt = spellings(number)
    with _in_the_database(surfaces, spelt), _in_memory(spelt):
        _in_files(surfaces, spelt)
        for surface in ("pages", "answers", "texts"):
            surfaces.show(surface, "\n".join(raw.decode("utf-8", "surrogateescape") for raw in spelt.values()))
        search = Search(Needles({raw: name for name, raw in spelt.items()}))
        surfaces.search(search)
    found = {(hit.surface, hit.needle) for hit in search.hits}
    every = [(surface, name) for surface in surfaces.names for name in spelt]
    return len(every), [f"{name} on {surface}" for surface, name in every if (surface, name) not in found]


def _in_files(surfaces: Surfaces, spelt: dict[str, bytes]) -> None:
    everything = b" ".join(spelt.values())
    with (surfaces.folder / "log").open("ab") as log:
        log.write(everything)
    (surfaces.temporary / "left").write_bytes(b"." + everything)
    (surfaces.folder / "left").write_bytes(b".." + everything)
    with gzip.open(surfaces.exports / "left.gz", "wb") as packed:
        packed.write(b"..." + everything)


@contextmanager
def _in_memory(spelt: dict[str, bytes]) -> Iterator[None]:
    left = MEMORY / f"{PLANT}{os.getpid()}" if MEMORY.is_dir() else None
    if left is not None:
        left.write_bytes(b"\n".join(spelt.values()))
    yield
    if left is not None:
        left.unlink()


@contextmanager
def _in_the_database(surfaces: Surfaces, spelt: dict[str, bytes]) -> Iterator[None]:
    """In a table of its own, written twice: what lies across two pages of PostgreSQL's journal is cut in two by their heads."""
    engine = create_engine(surfaces.url)
    postgres = surfaces.cluster is not None
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TABLE planted (value {'bytea' if postgres else 'BLOB'})"))
        for _ in range(2):
            for raw in spelt.values():
                connection.execute(text("INSERT INTO planted VALUES (:value)"), {"value": raw})
            connection.commit()
            connection.execute(text("CHECKPOINT" if postgres else "PRAGMA wal_checkpoint(PASSIVE)"))
        connection.commit()
        yield
    engine.dispose()
