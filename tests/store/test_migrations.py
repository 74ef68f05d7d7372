"""The migrations make exactly the tables that the records describe, and can be undone, on both databases."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect

from referral.store.base import Base
from referral.store.database import Database
from referral.store.migrate import _config, pending, upgrade


def test_a_migrated_database_is_what_the_records_say(county_database: Database) -> None:
    config = _config()
    with county_database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)  # raises where autogenerate would still change something
    assert set(inspect(county_database.engine).get_table_names()) >= set(Base.metadata.tables)
    assert not pending(county_database.engine)


def test_the_checks_of_the_records_are_in_the_database(county_database: Database) -> None:
    """Autogenerate does not compare CHECKs: a lost one would let through what it is there to stop."""
    looked = inspect(county_database.engine)
    for table in Base.metadata.sorted_tables:
        wanted = {str(one.name) for one in table.constraints if one.__visit_name__ == "check_constraint" and one.name}
        there = {one["name"] for one in looked.get_check_constraints(table.name)}
        assert wanted <= there, table.name


def test_everything_can_be_undone_and_made_again(county_database: Database) -> None:
    config = _config()
    with county_database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert pending(county_database.engine)
    upgrade(county_database.engine)
    assert not pending(county_database.engine)
