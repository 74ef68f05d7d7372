"""How long whoever asks will wait: a budget for a whole request, and a PostgreSQL connection that keeps to it when the server says nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

_USED, _IDLE = "used", 5.0
STANDS_STILL = 15.0
"""Seconds after which PostgreSQL ends a transaction that asks nothing more: its process is frozen, or its host lost, and holds locks that others
need. Ours never pause half so long between two statements, save where they say so (`unhurried`)."""
LOCK = 5.0
"""Seconds, at most, to wait for one row's lock on PostgreSQL: nobody who is alive holds one as long."""
_PROBES: Mapping[str, int] = MappingProxyType({"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3})
_UNANSWERED = 25_000
"""Of a connection on which nothing is said: seconds until it is asked whether the other end is there, between two questions, and how many of them.
Milliseconds for which anything that was said may go unanswered."""
ALIVE: Mapping[str, int] = MappingProxyType({"keepalives": 1, **_PROBES, "tcp_user_timeout": _UNANSWERED})
"""How our end of a connection finds out that the server's host is gone."""


def limits(seconds: float) -> str:
    """What a PostgreSQL session is begun with, for whoever waits `seconds` for a lock at most: all that ends it when our end is gone."""
    settings = {
        "lock_timeout": int(min(seconds, LOCK) * 1000),
        "statement_timeout": int(seconds * 2000),
        "idle_in_transaction_session_timeout": int(STANDS_STILL * 1000),
        **{f"tcp_{name}": value for name, value in _PROBES.items()},
        "tcp_user_timeout": _UNANSWERED,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def unhurried(connection: Connection) -> None:
    """For a transaction of a person's command that computes or reads files for long between two statements: it is not taken for one whose process is
    gone."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")


class Patience(threading.local):
    """Of the thread that asks. `usual` seconds for a statement; within a budget, what is left of it."""

    def __init__(self, usual: float) -> None:
        self._usual = usual
        self._until: float | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything inside together waits for the database no longer than this. An outer budget holds where it is shorter."""
        before, until = self._until, time.monotonic() + seconds
        self._until = until if before is None else min(before, until)
        try:
            yield
        finally:
            self._until = before

    @contextmanager
    def without_end(self) -> Iterator[None]:
        """For what takes as long as it takes: writing a whole file anew."""
        before, self._until = self._until, float("inf")
        try:
            yield
        finally:
            self._until = before

    def left(self, most: float | None = None) -> float:
        """Seconds, never below zero; `most` instead of the usual."""
        usual = self._usual if most is None else most
        if self._until is None:
            return usual
        left = max(0.0, self._until - time.monotonic())
        return left if self._until == float("inf") else min(usual, left)


class Impatient(psycopg.Connection[Any]):
    """Gives up, and hangs up, when no answer comes: the server's own time limits say nothing while the server itself is frozen or cut off."""

    left: Callable[[], float]

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        given = getattr(self, "left", None)
        seconds = given() if timeout is None and given is not None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=None if seconds == float("inf") else seconds)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # no answer, or half of one: whatever comes later must not be taken for the next statement's
                self.pgconn.finish()
            raise


def used(_connection: object, record: ConnectionPoolEntry) -> None:
    """Note when a connection was given back."""
    record.info[_USED] = time.monotonic()


def still_there(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that lay idle for a while whether its server is still there; the pool takes another where it is not.

    Not at every use: it is a way to the server and back, and with a slow network a caller waits for each of them.
    """
    last = record.info.get(_USED)
    if last is None or time.monotonic() - last < _IDLE:
        return
    try:
        before, connection.autocommit = connection.autocommit, True
        connection.execute("SELECT 1")
        connection.autocommit = before
    except psycopg.Error as error:
        raise DisconnectionError("the connection is gone") from error


def connected(patience: Patience, cargs: Any, cparams: Any) -> Impatient:
    """A connection that keeps to the patience of whoever uses it. Raises psycopg.OperationalError in time."""
    left = patience.left()
    if left < 0.1:
        raise psycopg.OperationalError("no time left to connect")
    limit = min(int(cparams.get("connect_timeout", 10)), max(2, int(left)) if left != float("inf") else 10)
    connection: Impatient = Impatient.connect(*cargs, **{**cparams, "connect_timeout": limit})
    connection.left = patience.left
    return connection
