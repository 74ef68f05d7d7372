"""Bringing a database to the newest shape, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every pending migration, up to `revision`. Safe to call on a database that is up to date."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def undo(engine: Engine) -> None:
    """Take everything back: what is in the database is gone."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


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
