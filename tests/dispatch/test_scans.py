"""However many alerts there have been: what a worker asks round after round never reads them all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from referral.alerts.records import AlertRecord
from referral.dispatch.worker import Worker
from tests.conftest import minutes
from tests.world import Never, World, sent

MANY = 4000
_OLD = {"due_at": "NULL", "claim": "NULL", "gateway_tag": "NULL", "one_time_tag": "NULL", "remind_at": "NULL", "person": "'somebody' || g", "lane": "g % 4"}
_BY_DIALECT = {
    "sqlite": (
        f"(WITH RECURSIVE c(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM c WHERE g < {MANY}) SELECT g FROM c)",
        {"id": "lower(hex(randomblob(16)))", "sent_at": "strftime('%Y-%m-%d %H:%M:%f000', '2025-03-04', '+' || (g * 120) || ' minutes')"},
    ),
    "postgresql": (
        f"generate_series(1, {MANY}) g",
        {"id": "md5(g::text || 'x')", "sent_at": "timestamptz '2025-03-04' + g * interval '120 minutes'", "lane": "g % 4"},
    ),
}


def test_no_round_of_a_worker_reads_every_alert(world: World) -> None:
    sent(world.phone())
    world.work()
    fill(world)
    world.wait(minutes(3))  # queues are as they are in a quiet hour
    asked = dict[str, Any]()
    for moment in (timedelta(0), minutes(11), minutes(20)):  # nothing is due, then steps, reminders and a late receipt
        world.receipts = False
        world.clock.turn(moment)
        with watched(world, asked):
            sent(world.phone("+254700000002"))
            for _ in range(6):
                Worker(world.service.jobs(world.gateway), world.clock, Never(), pause=0).round()
    found = {statement: plan for statement, parameters in asked.items() if reads_all(plan := explain(world, statement, parameters))}
    assert len(asked) > 20
    assert json.dumps(found, indent=1) == "{}"


def fill(world: World) -> None:
    """As many alerts as some years bring: sent, and long dealt with."""
    series, own = _BY_DIALECT[world.service.database.dialect]
    columns = [column.name for column in AlertRecord.__table__.columns]
    wanted = ", ".join({**_OLD, **own}.get(name, f"one.{name}") for name in columns)
    with world.service.database.transaction() as session:
        one = session.execute(text("SELECT id FROM alert WHERE purpose = 'alert' AND sent_at IS NOT NULL LIMIT 1")).scalar_one()
        session.execute(text(f"INSERT INTO alert ({', '.join(columns)}) SELECT {wanted} FROM alert one, {series} WHERE one.id = :one"), {"one": one})
    if world.service.database.dialect == "postgresql":
        with world.service.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


@contextmanager
def watched(world: World, asked: dict[str, Any]) -> Iterator[None]:
    """What is asked of the table of alerts meanwhile, with the parameters of one time."""

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if "alert" in statement.split() and not statement.startswith("INSERT"):
            asked[statement] = parameters[0] if many else parameters

    engines = [getattr(world.service.database, name) for name in ("_promise", "_draft", "_read")]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def explain(world: World, statement: str, parameters: Any) -> list[str]:
    how = "EXPLAIN QUERY PLAN" if world.service.database.dialect == "sqlite" else "EXPLAIN"
    with world.service.database.engine.connect() as connection:
        return [str(row[-1]) for row in connection.exec_driver_sql(f"{how} {statement}", parameters)]


def reads_all(plan: list[str]) -> bool:
    """Row by row, or by an index of no more than a word that most rows have. Indexes of what is due, and of what is no alert, hold nothing else."""
    wide = [line for line in plan if re.search(r"Seq Scan on alert|^SCAN alert|^SEARCH alert .*\((purpose|lane)=\?\)", line)]
    return any(not re.search(r"\bix_alert_(due|remind|passing)\b", line) for line in wide)
