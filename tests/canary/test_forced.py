"""An error on every line that holds a caller's number, and errors of the database and of the gateway that quote it: nothing of it is said anywhere."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from referral.store.database import Database
from referral.store.health import NotNow
from tests.canary import calls
from tests.canary.calls import Script
from tests.canary.conftest import Said
from tests.canary.forcing import Forcing, Line, Seen, files, tracing
from tests.canary.run import needles
from tests.canary.search import Search
from tests.canary.stage import Stage
from tests.canary.surfaces import Surfaces
from tests.world import on_sqlite

PART = int(os.environ.get("REFERRAL_CANARY_PART", "6"))
"""One in so many lines is tried by `make test`, others at each run; `make canary` tries all."""


def lines_of(stage: Stage) -> list[tuple[Script, int, Line]]:
    """Every line that holds the number in any of the calls, and where it is reached first."""
    found: list[tuple[Script, int, Line]] = []
    known: set[Line] = set()
    for script in stage.scripts:
        caller = stage.caller()
        seen = Seen(caller.number[-9:])
        for at, step in enumerate(list(script(caller))):
            with tracing(seen.trace):
                step()
            found += [(script, at, line) for line in seen.lines if line not in known]
            known |= seen.lines.keys()
    return found


def forced(stage: Stage, script: Script, at: int, line: Line) -> bool:
    """Play the call up to there, and let the line fail. False if it was not reached."""
    caller = stage.caller()
    forcing = Forcing(line, caller.number)
    *before, step = list(script(caller))[: at + 1]
    for one in before:
        one()
    with tracing(forcing.trace):
        step()
    return forcing.done


def nowhere(stage: Stage, place: Surfaces, said: str) -> Search:
    for number, answer in stage.heard.answers:
        place.show("answers", answer, number)
    place.show("pages", said)
    search = Search(needles(sorted(set(stage.used))))
    for surface, _, words in place.shown:
        search.bytes(surface, words.encode(errors="surrogateescape"))
    if place.cluster is None:
        place.database(search)
    place.rows(search)
    assert search.hits == [], (search.surfaces_of(search.hits), [hit.needle.split(" ", 1)[1] for hit in search.hits[:9]])
    return search


def test_wherever_it_fails_with_the_number_at_hand_nothing_of_it_is_said(
    stage: Stage, database_url: str, tmp_path: Path, debug_logging: Said, record_property: Callable[[str, object], None]
) -> None:
    every = lines_of(stage)
    assert len(every) > 150
    choice = random.Random()
    tried = every if PART == 1 else choice.sample(every, len(every) // PART)
    place = Surfaces(database_url, tmp_path, None if database_url.startswith("sqlite") else tmp_path)
    missed = [line for script, at, line in tried if not forced(stage, script, at, line) and not forced(stage, script, at, line)]
    statuses = Counter(answer.partition("\n")[0] for _, answer in stage.heard.answers)
    said = debug_logging.read()
    assert "Forced" in said
    nowhere(stage, place, said)
    assert len(missed) <= len(tried) // 20, missed
    record_property("lines that hold the number", f"{len(every)} in {files({line: None for _, _, line in every})} files")
    record_property("failed there", len(tried) - len(missed))
    record_property("not reached again", len(missed))
    record_property("answers", dict(statuses))


def quoting(number: str) -> list[Exception]:
    """What a database can say."""
    detail = f"Key (number)=({number}) already exists. 0{number[4:]}"
    return [
        sqlite3.IntegrityError(f"UNIQUE constraint failed: {detail}"),
        sqlite3.OperationalError(f"database or disk is full: {number}"),
        psycopg.errors.UniqueViolation(f"duplicate key value violates unique constraint\nDETAIL:  {detail}"),
        psycopg.errors.DiskFull(f"could not extend file: No space left on device {number}"),
        psycopg.OperationalError(f"server closed the connection unexpectedly while sending {number}"),
    ]


@on_sqlite
@pytest.mark.parametrize("verb", ["INSERT", "UPDATE", "SELECT", "DELETE"])
def test_errors_of_the_database_that_quote_it_say_nothing(stage: Stage, database_url: str, tmp_path: Path, debug_logging: Said, verb: str) -> None:
    saying: list[Exception] = []

    def fail(_cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(verb):
            raise saying[0]

    database = stage.world.service.database
    for engine in (database._promise, database._draft, database._read):
        event.listen(engine, "do_execute", fail)
    for which in range(len(quoting("+"))):
        caller = stage.caller()
        saying[:] = [quoting(caller.number)[which]]
        for script in (calls.agreed, calls.told_by_text):
            for step in script(caller):
                step()
        stage.world._worker.round()
    for engine in (database._promise, database._draft, database._read):
        event.remove(engine, "do_execute", fail)
    said = debug_logging.read()
    assert said
    nowhere(stage, Surfaces(database_url, tmp_path, None), said)


def fill(database: Database) -> None:
    while True:
        with database.transaction() as session:
            session.execute(text("INSERT INTO filler VALUES (zeroblob(3000))"))


@on_sqlite
def test_a_full_disk_says_nothing_either(stage: Stage, database_url: str, tmp_path: Path, debug_logging: Said) -> None:
    """The file may grow no more, as SQLite finds it where no place is left."""
    database = stage.world.service.database
    with database.transaction() as session:
        session.execute(text("CREATE TABLE filler (value BLOB)"))
    for engine in (database._promise, database._draft, database._read):
        event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA max_page_count = 1"))
    with pytest.raises((OperationalError, NotNow)):
        fill(database)
    caller = stage.caller()
    for script in (calls.agreed, calls.told_by_text):
        for step in script(caller):
            step()
    said = debug_logging.read()
    assert "takes nothing" in said
    nowhere(stage, Surfaces(database_url, tmp_path, None), said)
