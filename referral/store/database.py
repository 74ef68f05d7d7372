"""Engines and transactions: `transaction()` is the one way to write what is promised, `draft()` what may be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, Engine, Insert, Table, UpdateBase, bindparam, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from referral.store.faults import trouble_of
from referral.store.health import Health, NotNow, Trouble
from referral.store.patience import ALIVE, Patience, connected, limits, still_there, used
from referral.store.private import make_private

LOOK = 2.0
"""Seconds that a look at the database may take."""


class Database:
    """One database, SQLite or PostgreSQL, seen through three engines that differ in what a commit promises.

    - `transaction()`: durable when it returns (SQLite `synchronous=FULL`, PostgreSQL `synchronous_commit=on`).
    - `draft()`: survives a killed process, not a power cut: half-answered dialogues, which are nobody's promise.
    - `read()`: a consistent look, never a lock.

    On SQLite a writer takes the write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first and writes later would
    fail with "database is locked" whatever the timeout. `secure_delete` overwrites what is deleted.
    `busy_seconds` is how long to wait for a lock before the error: a caller on the phone waits less than a worker. Of PostgreSQL's rows nobody waits
    longer than a few seconds, and the server ends a transaction that stands still (`patience`).

    Where the machine is at fault (the disk is full, the server away, the file locked for too long) each of them raises `health.NotNow`, and
    from then on at once, until the database takes writes again. `within` bounds how long a whole request may wait for all of them together.
    """

    def __init__(self, url: str | URL, *, busy_seconds: float = 5.0) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite" and self.url.database in (None, "", ":memory:"):
            raise ValueError("SQLite needs a file: two processes cannot share a database in memory")
        self._patience = Patience(busy_seconds * 2 + 5)
        self.health = Health(self._takes_writes)
        self.within = self._patience.within
        build = self._sqlite if self.dialect == "sqlite" else self._postgresql
        self._promise = build("FULL", busy_seconds)
        self._draft = build("NORMAL", busy_seconds)
        self._jot = self._draft if self.dialect == "sqlite" else self._draft.execution_options(isolation_level="AUTOCOMMIT")
        self._read = build("READ", busy_seconds)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self._judged(writes=True), Session(self._promise, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def draft(self) -> Iterator[Session]:
        with self._judged(writes=True), Session(self._draft, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._judged(writes=False), Session(self._read, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """`read()` for the few statements that every caller waits for: no objects, a quarter of the processor time."""
        with self._judged(writes=False), self._read.connect() as connection:
            yield connection

    @contextmanager
    def jot(self) -> Iterator[Connection]:
        """`draft()` in the same way, for one statement: on PostgreSQL it is its own transaction, which saves two ways to the server and back."""
        with self._judged(writes=True), self._jot.begin() as connection:
            yield connection

    @contextmanager
    def count(self) -> Iterator[Session]:
        """`jot()` for who takes a session."""
        with self._judged(writes=True), Session(self._jot, expire_on_commit=False) as session, session.begin():
            yield session

    def look(self) -> Trouble | None:
        """Ask the database now whether a write would last: what is wrong, or None. Takes two seconds or so at most."""
        try:
            with self._patience.within(LOOK), self._promise.begin() as connection:
                self._write_nothing(connection)
        except NotNow as error:
            return error.trouble
        except DBAPIError as error:
            return trouble_of(error) or Trouble.AWAY
        return None

    @property
    def engine(self) -> Engine:
        """The engine that keeps its promises, for migrations and checks."""
        return self._promise

    def close(self) -> None:
        """Let go of every connection. What is asked afterwards opens new ones."""
        self.health.over()
        for engine in (self._promise, self._draft, self._read):
            engine.dispose()

    def forget_residue(self) -> None:
        """Empty the write-ahead log of SQLite, where deleted rows would otherwise stay readable. Nothing to do on PostgreSQL."""
        if self.dialect == "sqlite":
            connection = self._promise.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def compact(self) -> None:
        """Write the files anew without what was deleted, as far as the database can: SQLite's whole file and log, PostgreSQL's dead rows.

        SQLite keeps everybody else waiting meanwhile, a second or so for a county. Raises an OperationalError, SQLAlchemy's or
        SQLite's own, where somebody holds a lock too long.
        """
        if self.dialect == "sqlite":
            connection = self._promise.raw_connection()
            try:
                connection.cursor().execute("VACUUM")
            finally:
                connection.close()
        else:
            with self._patience.without_end(), self._promise.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
                server.exec_driver_sql("SET statement_timeout = 0")
                server.exec_driver_sql("VACUUM")
                server.invalidate()  # its settings are not the pool's
        self.forget_residue()

    @contextmanager
    def _judged(self, *, writes: bool) -> Iterator[None]:
        """Tell the machine's faults from the statement's, and remember them. Raises NotNow for the former."""
        self.health.check(writes=writes)
        try:
            yield
        except DBAPIError as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            raise self.health.note(trouble) from error

    def _takes_writes(self) -> bool:
        return self.look() is None

    def _write_nothing(self, connection: Connection) -> None:
        """A commit that has to reach the disk and changes nothing: SQLite's own version number set to what it is, PostgreSQL's next transaction number."""
        if self.dialect == "sqlite":
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version={int(version)}")
        else:
            if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
                raise NotNow(Trouble.READ_ONLY)
            connection.exec_driver_sql("SELECT pg_current_xact_id()")

    def _sqlite(self, mode: str, busy_seconds: float) -> Engine:
        path = Path(str(self.url.database))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(self.url, hide_parameters=True, connect_args={"timeout": busy_seconds, "check_same_thread": False})
        synchronous = "FULL" if mode == "FULL" else "NORMAL"
        begin = "BEGIN" if mode == "READ" else "BEGIN IMMEDIATE"

        event.listen(engine, "do_connect", lambda *_: make_private(path))

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # the driver must not open transactions of its own
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={synchronous}")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout={int(self._patience.left(busy_seconds) * 1000)}")
            connection.exec_driver_sql(begin)

        return engine

    def _postgresql(self, mode: str, busy_seconds: float) -> Engine:
        options = limits(busy_seconds)
        if mode == "NORMAL":
            options += " -c synchronous_commit=off"
        level = "AUTOCOMMIT" if mode == "READ" else "READ COMMITTED"
        engine = create_engine(
            self.url,
            hide_parameters=True,
            isolation_level=level,
            connect_args={**ALIVE, "options": options, "connect_timeout": max(2, int(busy_seconds))},
        )
        event.listen(engine, "do_connect", lambda _dialect, _record, cargs, cparams: connected(self._patience, cargs, cparams))
        event.listen(engine, "checkin", used)
        event.listen(engine, "checkout", still_there)
        return engine


def count_up(session: Session, record: type[Any], key: Mapping[str, object], amounts: Mapping[str, int], *, also: Mapping[str, object] | None = None) -> None:
    """Add amounts to the row of a key, or begin it with them and with what is in `also`: one statement, so that two processes that begin it
    at the same moment both count."""
    statement = _counting(record.__table__, tuple(key), tuple(amounts), tuple(also or ()), session.get_bind().dialect.name)
    session.execute(statement, {**key, **amounts, **(also or {})})


def put(session: Session, record: type[Any], *rows: Mapping[str, object]) -> None:
    """Add rows of one record, all with the same columns, in one statement and at once: for what a caller waits for, a quarter of the time that
    objects take. Whoever needs the row as an object reads it."""
    session.connection().execute(_adding(record.__table__, tuple(rows[0])), list(rows))


@cache
def _adding(table: Table, columns: tuple[str, ...]) -> Insert:
    return table.insert().values({name: bindparam(name) for name in columns})


@cache
def _counting(table: Table, key: tuple[str, ...], amounts: tuple[str, ...], also: tuple[str, ...], dialect: str) -> Insert:
    """The statement for a table and its columns, put together once: callers wait for it."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).values({name: bindparam(name) for name in (*key, *amounts, *also)})
    sums = {name: table.c[name] + statement.excluded[name] for name in amounts}
    return statement.on_conflict_do_update(index_elements=list(key), set_=sums)


def changed(session: Session, statement: UpdateBase) -> int:
    """Run an UPDATE or DELETE; how many rows it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)  # what every statement that returns no rows gives
    return int(result.rowcount)
