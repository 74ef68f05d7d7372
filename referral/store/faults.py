"""Which errors of a database are the machine's, by the codes that databases give: a table each."""

from __future__ import annotations

import sqlite3
from types import MappingProxyType

import psycopg
from sqlalchemy.exc import DBAPIError

from referral.store.health import Trouble

_SQLITE = MappingProxyType(
    {
        5: Trouble.LOCKED,  # SQLITE_BUSY: somebody held the write lock for longer than we wait
        8: Trouble.READ_ONLY,
        10: Trouble.FULL,  # SQLITE_IOERR: a limit on the size of files, a quota, a dying disk
        13: Trouble.FULL,
        14: Trouble.AWAY,  # SQLITE_CANTOPEN
    }
)
"""By the lowest eight bits of the result code, https://www.sqlite.org/rescode.html."""
_POSTGRESQL = MappingProxyType(
    {
        "25006": Trouble.READ_ONLY,
        "25P03": Trouble.AWAY,  # a transaction that stood still for too long was ended, and its connection with it
        "53100": Trouble.FULL,
        "53200": Trouble.FULL,  # out of memory
        "53300": Trouble.AWAY,  # too many connections
        "57P01": Trouble.AWAY,  # stopped by its administrator, crashed, starting, dropped
        "57P02": Trouble.AWAY,
        "57P03": Trouble.AWAY,
        "57P04": Trouble.AWAY,
        "57P05": Trouble.AWAY,
        "58000": Trouble.FULL,
        "58030": Trouble.FULL,  # input or output failed
    }
)
"""By SQLSTATE; class 08, and an error of the connection without any, are AWAY. A lock on a row (55P03) is one row's, not the database's."""

_CONTENDED = frozenset({"55P03", "40P01", "40001", "57014"})
"""By SQLSTATE: a lock that came too late, two that waited for each other, two that changed the same, a statement that took too long."""


def contended(error: BaseException) -> bool:
    """Whether somebody else was in the way: nothing was written, and the same may succeed in a moment."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CONTENDED


def trouble_of(error: DBAPIError) -> Trouble | None:
    """What is wrong with the machine, None where the statement itself was at fault."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate
        if state is None:
            return Trouble.AWAY if isinstance(cause, psycopg.OperationalError) or error.connection_invalidated else None
        return Trouble.AWAY if state.startswith("08") else _POSTGRESQL.get(state)
    return None
