"""No table of SQLite keeps the order in which reports came in: what is numbered as it comes is listed here, with the reason why it may be."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from referral.privacy.limits import REPORTS
from referral.privacy.records import LimitTallyRecord
from referral.reports.records import ReportRecord
from referral.store.base import Base
from referral.store.database import Database
from referral.store.migrate import _config
from tests.world import NOT_NOW, PHYSICAL, World, on_sqlite, sent

NUMBERED = {
    "alembic_version": "one row",
    "audit_chain": "numbered on purpose: entries enter it when their hour is over, shuffled",
    "audit_anchor": "one row",
    "audit_head": "one a day",
    "club_tally": "one a club and month: which club wrote first in a month, and nothing of what",
    "counter": "one a name and day, of what should not happen",
    "early_receipt": "a keyed tag of the gateway's id and its time, for minutes",
    "heartbeat": "one a worker",
    "inbox_cursor": "one row",
    "purge_run": "one a day, with its time",
    "sending_pause": "one a kind of trouble",
    "sending_rate": "counts by the second, which they tell themselves, for a minute",
    "sms_ledger": "one a month and purpose",
}
"""Beside these only the directory, which holds nothing of a report. A question about an entry bears twenty bits of its day: no report has those."""


@on_sqlite
def test_what_keeps_the_order_of_its_rows_holds_nothing_of_a_report_or_a_caller(database_url: str) -> None:
    database = Database(database_url)
    with database.read() as session:
        made = dict(tuple(row) for row in session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")))
    numbered = {name for name, sql in made.items() if not re.search(r"WITHOUT ROWID\s*$", sql)}
    assert {name for name in numbered if not name.startswith("directory_")} == set(NUMBERED)
    hanging = {table.name for table in Base.metadata.sorted_tables for key in table.foreign_keys if key.column.table.name == ReportRecord.__tablename__}
    assert not numbered & {"report", "alert", "audit", "day_key", *hanging}
    assert {table for table in numbered if "tag" in {one["name"] for one in inspect(database.engine).get_columns(table)}} <= {
        "early_receipt",
        "directory_entry_flag",
    }
    database.close()


@on_sqlite
def test_the_counts_of_callers_tags_lie_in_the_order_of_their_tags(world: World) -> None:
    for serial in range(6):
        sent(world.phone(f"+2547000000{serial:02}"), danger=NOT_NOW, concern=PHYSICAL)
        world.clock.turn(timedelta(minutes=61))
    with world.rows() as session:
        as_they_lie = [tag for kind, tag in session.execute(text("SELECT kind, tag FROM limit_tally")) if kind == REPORTS]
        assert as_they_lie == sorted(as_they_lie)
        assert len(as_they_lie) == 6
        with pytest.raises(Exception, match="no such column: rowid"):
            session.execute(text("SELECT rowid FROM limit_tally"))


def test_the_change_of_shape_keeps_the_counts(county_database: Database) -> None:
    when = "2026-03-04 10:00:00.000000"
    with county_database.transaction() as session:
        for tag in (7, 3, 5):
            session.execute(text("INSERT INTO limit_tally (hour, kind, tag, count) VALUES (:hour, 'code', :tag, :tag)"), {"hour": when, "tag": tag})
            session.execute(text("INSERT INTO reply_tally (day, tag, count, last_at) VALUES ('2026-03-04', :tag, 1, :hour)"), {"hour": when, "tag": tag})
    config = _config()
    for way, to in (("downgrade", "0006"), ("upgrade", "head")):
        with county_database.engine.begin() as connection:
            config.attributes["connection"] = connection
            getattr(command, way)(config, to)
    with county_database.read() as session:
        assert sorted(tuple(row) for row in session.execute(select(LimitTallyRecord.tag, LimitTallyRecord.count))) == [(3, 3), (5, 5), (7, 7)]
        assert sorted(session.scalars(text("SELECT tag FROM reply_tally"))) == [3, 5, 7]
