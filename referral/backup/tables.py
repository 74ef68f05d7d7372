"""The tables as a database has them, whatever this code's records say: a backup is of the shape it was made in."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, inspect

Row = Sequence[object]
NOT_OURS = frozenset({"alembic_version"})
LEFT_OUT: Mapping[str, str] = {
    "ussd_session": "half-told calls, gone in a quarter of an hour",
    "officer_session": "officers' calls, gone in minutes",
    "sms_dialogue": "half-told reports by text, gone within the hour",
    "inbound_text": "texts with their senders, gone within the hour",
    "day_key": "the keys of callers' tags, which live two days and must not live longer in a drawer",
    "limit_tally": "counts under callers' tags",
    "reply_tally": "counts under callers' tags",
    "early_receipt": "receipts that wait for minutes",
    "heartbeat": "who is alive now",
    "sending_pause": "what is wrong with the gateway now",
    "sending_rate": "what was sent in the last minute",
}
"""What is meant to be gone soon is in no backup, by table: a backup would keep it for a month. A restored service begins without it."""
LEFT_OUT_ROWS: Mapping[str, str] = {"alert": "purpose not in ('reporter', 'relay')"}
"""Rows that are kept, where not all are: an answer to somebody who texted holds their number until it is sent, and a text to somebody who agreed
to it stands on a consent that is not here either."""
LEFT_OUT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "report": ("contact", "contact_hours", "contact_by_call", "contact_until", "contact_first_hour", "contact_tag", "relayed_hour", "consent"),
}
"""Empty in every backup: a number that somebody agreed to. They may have said STOP since, and a drawer would keep it for longer than they allowed."""


def tables(connection: Connection) -> Iterator[Table]:
    """Every table to be kept, those that others point to first, with its columns and its key."""
    looked = inspect(connection)
    for name, _ in looked.get_sorted_table_and_fkc_names():
        if name is None or name in NOT_OURS or name in LEFT_OUT:
            continue
        key = set(looked.get_pk_constraint(name)["constrained_columns"])
        columns = (Column(one["name"], one["type"], primary_key=one["name"] in key, autoincrement=False) for one in looked.get_columns(name))
        yield Table(name, MetaData(), *columns)


def own_parent(connection: Connection, table: str) -> tuple[str, str] | None:
    """(column, column it points to) where rows of a table point to rows of the same table."""
    for key in inspect(connection).get_foreign_keys(table):
        if key["referred_table"] == table:
            return key["constrained_columns"][0], key["referred_columns"][0]
    return None


def parents_first(rows: Sequence[Mapping[str, object]], child: str, parent: str) -> Iterator[Mapping[str, object]]:
    """Rows in an order in which each comes after the one it points to."""
    waiting, there = list(rows), set[object]({None})
    while waiting:
        ready = [row for row in waiting if row[child] in there or row[child] == row[parent]]
        if not ready:  # what points to nothing is for the restoring database to refuse, by name
            yield from waiting
            return
        yield from ready
        there |= {row[parent] for row in ready}
        waiting = [row for row in waiting if row[parent] not in there]


def written(value: object) -> object:
    """A value as JSON can hold it, its kind with it. Moments are UTC."""
    if isinstance(value, (bytes, memoryview)):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return {"t": (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value


def read(value: Any, *, aware: bool) -> object:
    """The value again; `aware`: the database keeps moments with their zone."""
    if not isinstance(value, dict):
        return value
    kind, text = next(iter(value.items()))
    if kind == "b":
        return base64.b64decode(text)
    if kind == "d":
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment if aware else moment.replace(tzinfo=None)
