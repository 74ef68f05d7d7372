"""Every migration leaves the code before it working: it may run beside the code after it, and be gone back to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Inspector, inspect
from sqlalchemy.engine import Connection

from referral.store.base import new_id
from referral.store.database import Database
from referral.store.migrate import _config
from tests.conftest import Kept

REVISIONS = [one.revision for one in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]


@dataclass(frozen=True)
class Shape:
    """Tables as the code before sees them: columns by name with type, whether empty is allowed, and whether the database fills it in."""

    columns: dict[tuple[str, str], tuple[str, bool, bool]]
    rules: dict[tuple[str, str], str]
    """What a row must satisfy, by table and name: keys, unique indexes, checks, and references."""
    indexes: frozenset[str]


def shape_of(connection: Connection) -> Shape:
    looked = inspect(connection)
    columns: dict[tuple[str, str], tuple[str, bool, bool]] = {}
    rules: dict[tuple[str, str], str] = {}
    indexes: set[str] = set()
    for table in sorted(set(looked.get_table_names()) - {"alembic_version"}):
        for column in looked.get_columns(table):
            columns[table, column["name"]] = str(column["type"]), bool(column["nullable"]), column.get("default") is not None
        rules |= {(table, name): rule for name, rule in _rules(looked, table)}
        indexes |= {str(one["name"]) for one in looked.get_indexes(table)}
    return Shape(columns, rules, frozenset(indexes))


def _rules(looked: Inspector, table: str) -> Iterator[tuple[str, str]]:
    yield "primary key", str(looked.get_pk_constraint(table)["constrained_columns"])
    for key in looked.get_foreign_keys(table):
        yield str(key["name"]), f"{key['constrained_columns']} in {key['referred_table']} {key.get('options')}"
    for check in looked.get_check_constraints(table):
        yield str(check["name"]), str(check["sqltext"])
    for unique in looked.get_unique_constraints(table):
        yield str(unique["name"]), str(unique["column_names"])
    for index in looked.get_indexes(table):
        if index["unique"]:
            yield str(index["name"]), str(index["column_names"])


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with nothing in it, not even tables."""
    county: Kept = request.getfixturevalue("sqlite_county" if request.param == "sqlite" else "postgres_county")
    name = f"t{new_id()[:16]}"
    database = Database(county.fresh(name))
    _go(database, "downgrade", "base")
    yield database
    database.close()
    county.drop(name)


def test_each_migration_only_adds_what_the_code_before_need_not_know(empty: Database) -> None:
    _go(empty, "upgrade", REVISIONS[0])
    for revision in REVISIONS[1:]:
        before = _shape(empty)
        _go(empty, "upgrade", revision)
        after = _shape(empty)
        tables = {table for table, _ in before.columns}
        assert before.columns.items() <= after.columns.items(), f"{revision} takes away or changes a column"
        new = {key: column for key, column in after.columns.items() if key not in before.columns and key[0] in tables}
        assert all(nullable or default for _, nullable, default in new.values()), f"{revision}: the code before cannot write a row: {new}"
        stricter = {key for key, rule in after.rules.items() if key[0] in tables and before.rules.get(key) != rule}
        assert not stricter, f"{revision} asks more of a row than the code before knows"


def test_each_migration_can_be_undone_to_what_was_before(empty: Database) -> None:
    shapes = []
    for revision in REVISIONS:
        _go(empty, "upgrade", revision)
        shapes.append(_shape(empty))
    for revision, shape in zip(reversed(REVISIONS[:-1]), reversed(shapes[:-1]), strict=True):
        _go(empty, "downgrade", revision)
        assert _shape(empty) == shape, revision


def _go(database: Database, way: str, to: str) -> None:
    config = _config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, way)(config, to)


def _shape(database: Database) -> Shape:
    with database.engine.connect() as connection:
        return shape_of(connection)
