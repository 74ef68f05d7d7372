"""Bringing a database to the newest shape, and telling whether it is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

_FOLDER = Path(__file__).parent / "migrations"


_IN_USE = frozenset({"55P03", "40P01"})
"""PostgreSQL's words for a table that others hold, or hold while they wait for us."""
TRIES = 60


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every pending migration, up to `revision`: all or none. Safe to call on a database that is up to date, and on one that is in use."""
    _run(engine, command.upgrade, revision)


def undo(engine: Engine, revision: str = "base") -> None:
    """Take back what came after `revision`, with what is in it; everything, unless told otherwise."""
    _run(engine, command.downgrade, revision)


def _run(engine: Engine, migrate: Callable[[Config, str], None], revision: str) -> None:
    """PostgreSQL lets everybody wait behind whoever wants to change a table, and breaks off one of two that wait for each other. So a migration never
    waits for long: it gives way, as a whole, and comes back, and it is never the text in some worker's hand that is broken off."""
    for tried in range(1, TRIES + 1):
        config = _config()
        try:
            with engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
                config.attributes["connection"] = connection
                migrate(config, revision)
        except DBAPIError as error:
            if tried == TRIES or getattr(error.orig, "sqlstate", None) not in _IN_USE:
                raise
            time.sleep(0.5)
        else:
            return


def known(revision: str) -> bool:
    """Whether this code has a migration of that name."""
    return revision in {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}


def pending(engine: Engine) -> bool:
    """Whether the database is behind this code. A database of newer code, in the middle of a rolling deploy, is not behind."""
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    return current is None or (current in known and current != script.get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
