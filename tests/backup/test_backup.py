"""A backup holds all that must not be lost, nothing that must be forgotten, and comes back whole or not at all, on either database."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, func, inspect, select, text

from referral.app import build
from referral.backup.making import Made, drop_old
from referral.backup.restoring import NotRestored, Restored, restore
from referral.backup.sealed import OpeningReader, SealingWriter
from referral.backup.tables import LEFT_OUT, LEFT_OUT_COLUMNS, LEFT_OUT_ROWS, NOT_OURS, written
from referral.privacy.verifying import Verifier
from referral.reports.records import ReportRecord
from referral.settings import Secrets
from referral.start import prepare
from referral.store.base import Base, new_id
from referral.store.database import Database
from tests.backup.conftest import backup_of
from tests.conftest import settings_for
from tests.world import World, on_sqlite, sent

AGREED = "+254700000061"
CONSENT = ("1", "7", "7", "7", "7", "2", "2", "3")
KEPT = [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def bring_back(world: World, made: Made, url: str) -> Restored:
    database = Database(url)
    try:
        return restore(database, world.service.keys.backups, world.service.sealer, made.path)
    finally:
        database.close()


def rows_of(url: str, table: Table, where: str = "true") -> list[tuple[object, ...]]:
    database = Database(url)
    with database.read() as session:
        found = [tuple(row) for row in session.execute(select(table).where(text(where)))]
    database.close()
    return sorted(found, key=repr)


def lines_of(made: Made, key: bytes) -> Iterator[object]:
    with made.path.open("rb") as file, gzip.GzipFile(fileobj=OpeningReader(file, key)) as lines:  # type: ignore[call-overload]
        yield from map(json.loads, lines)


def test_what_was_there_is_there_again_row_for_row(lived: World, made: Made, empty_place: str) -> None:
    """Also from one kind of database to the other: that is how a service on one machine becomes one on several."""
    restored = bring_back(lived, made, empty_place)
    assert restored.rows == made.rows
    assert made.rows["report"] == 3
    for table in KEPT:
        where = LEFT_OUT_ROWS.get(table.name, "true")
        before, after = (rows_of(url, table, where) for url in (lived.service.settings.database_url, empty_place))
        assert after == before, table.name


def test_the_service_goes_on_where_it_was(lived: World, made: Made, empty_place: str) -> None:
    bring_back(lived, made, empty_place)
    again = World(settings_for(empty_place), lived.clock)
    again.work()
    assert again.gateway.sent, "the third report's alerts were still to be sent"
    sent(again.phone("+254700000009"))
    again.work()
    verdict = Verifier(again.service.database, again.service.audit, again.service.chain, again.service.policy.timezone).verify()
    assert verdict.bad is None
    with again.rows() as session:
        for person in again.service.roster().people():
            assert again.service.contacts.find(session, person.id) is not None
    again.close()


def test_nothing_is_in_it_that_is_to_be_forgotten_soon(lived: World, made: Made) -> None:
    with lived.rows() as session:
        assert session.scalar(select(func.count()).select_from(Base.metadata.tables["inbound_text"])), "there is a text to be left out"
    lines = list(lines_of(made, lived.service.keys.backups))
    named = {line["table"] for line in lines if isinstance(line, dict) and "table" in line}
    assert named == {table.name for table in KEPT}
    at = next(number for number, line in enumerate(lines) if isinstance(line, dict) and line.get("table") == "alert")
    alerts = lines[at + 1 : at + 1 + made.rows["alert"]]
    assert alerts
    assert not any("reporter" in row for row in alerts if isinstance(row, list))


@on_sqlite
class TestANumberThatSomebodyAgreedTo:
    """They may say STOP, or erase it, an hour after a backup; the backup lies in a drawer for a month."""

    @pytest.fixture
    def agreed(self, lived: World) -> World:
        sent(lived.phone(AGREED)).keys(*CONSENT)
        lived.work()
        with lived.rows() as session:
            assert session.scalar(select(func.count()).select_from(ReportRecord).where(ReportRecord.contact.is_not(None))) == 1
        return lived

    def test_is_in_no_backup(self, agreed: World, tmp_path: Path) -> None:
        with agreed.rows() as session:
            [contact] = session.scalars(select(ReportRecord.contact).where(ReportRecord.contact.is_not(None)))
        made = backup_of(agreed.service, tmp_path / "backups", agreed)
        said = json.dumps(list(lines_of(made, agreed.service.keys.backups)))
        assert contact is not None
        assert base64.b64encode(contact).decode() not in said
        assert bring_back(agreed, made, f"sqlite:///{tmp_path / 'new.db'}").dropped == 0

    def test_does_not_come_back_from_an_older_one_and_nobody_is_texted(self, agreed: World, tmp_path: Path) -> None:
        made = backup_of(agreed.service, tmp_path / "backups", agreed)
        key, place = agreed.service.keys.backups, f"sqlite:///{tmp_path / 'new.db'}"
        _as_it_was_made_before(made, key, agreed)
        assert bring_back(agreed, made, place).dropped == 2
        again = World(settings_for(place), agreed.clock)
        again.wait(timedelta(hours=1))
        assert AGREED not in [to for to, _ in again.gateway.sent]
        with again.rows() as session:
            names = LEFT_OUT_COLUMNS["report"]
            assert not [row for row in session.scalars(select(ReportRecord)) for name in names if getattr(row, name) is not None]
        again.close()


def _as_it_was_made_before(made: Made, key: bytes, world: World) -> None:
    """A backup from before numbers were left out, with a text to one of them that still waits."""
    lines: list[object] = list(lines_of(made, key))
    with world.rows() as session:
        report = session.scalars(select(ReportRecord).where(ReportRecord.contact.is_not(None))).one()
    columns: dict[str, list[str]] = {line["table"]: line["columns"] for line in lines if isinstance(line, dict) and "table" in line}
    table, waiting = "", new_id()
    for line in list(lines):
        table = line.get("table", "") if isinstance(line, dict) else table
        if table == "report" and isinstance(line, list) and line[columns[table].index("id")] == report.id:
            for name in LEFT_OUT_COLUMNS["report"]:
                line[columns[table].index(name)] = written(getattr(report, name))
        if table == "alert" and isinstance(line, list):
            text_to = {name: line[at] for at, name in enumerate(columns[table])}
    text_to |= {"id": waiting, "purpose": "relay", "report": report.id, "due_at": written(world.clock.now), "sent_at": None, "failed_at": None}
    text_to |= {"key": "relay.message", "one_time": None, "gateway_tag": None}
    at = next(number for number, line in enumerate(lines) if isinstance(line, dict) and line.get("table") == "alert")
    lines.insert(at + 1, list(text_to.values()))
    counts = lines[-1]
    assert isinstance(counts, dict)
    counts["rows"]["alert"] += 1
    with made.path.open("wb") as file:
        writer = SealingWriter(file, key)
        with gzip.GzipFile(fileobj=writer, mode="wb", mtime=0) as packed:
            packed.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        writer.close()


@on_sqlite
def test_tables_of_callers_tags_and_of_minutes_are_left_out(database_url: str) -> None:
    """A table that a later shape adds must not slip into backups because nobody thought of it."""
    database = Database(database_url)
    names = set(inspect(database.engine).get_table_names()) - NOT_OURS
    database.close()
    fleeting = {table.name for table in Base.metadata.sorted_tables if "tag" in table.primary_key.columns or "expires_at" in table.columns}
    assert fleeting | {"day_key", "heartbeat", "sending_pause", "sending_rate"} == set(LEFT_OUT)
    assert set(LEFT_OUT) <= names


@on_sqlite
class TestTheFile:
    def test_says_nothing_to_whoever_finds_it(self, lived: World, made: Made) -> None:
        assert made.path.stat().st_mode & 0o777 == 0o600
        found = made.path.read_bytes()
        with lived.rows() as session:
            words = [
                str(value) for row in session.execute(select(Base.metadata.tables["report"])) for value in row if isinstance(value, str) and len(value) > 4
            ]
        assert words
        assert not [word for word in words if word.encode() in found]
        assert b"RED" not in gzip.compress(b"") + found[:64]

    @pytest.mark.parametrize("harm", ["bit", "cut", "longer", "swapped", "other"])
    def test_does_not_open_when_it_is_not_as_it_was_written(self, lived: World, made: Made, tmp_path: Path, harm: str) -> None:
        whole = made.path.read_bytes()
        half = len(whole) // 2
        spoilt = {
            "bit": whole[:half] + bytes((whole[half] ^ 1,)) + whole[half + 1 :],
            "cut": whole[:-70_000] if len(whole) > 140_000 else whole[:half],
            "longer": whole + b"\x00",
            "swapped": whole[:50] + whole[65_586:131_122] + whole[50:65_586] + whole[131_122:],
            "other": b"SQLite format 3\x00" + whole,
        }[harm]
        made.path.write_bytes(spoilt)
        place = f"sqlite:///{tmp_path / 'spoilt.db'}"
        with pytest.raises(NotRestored):
            bring_back(lived, made, place)
        database = Database(place)
        assert set(inspect(database.engine).get_table_names()) <= NOT_OURS, "nothing is left of the attempt"
        database.close()

    def test_opens_under_no_other_root_key(self, lived: World, made: Made, tmp_path: Path) -> None:
        other = build(settings_for(f"sqlite:///{tmp_path / 'x.db'}", secrets=Secrets(bytes(range(1, 33)), (), ())), clock=lived.clock)
        with pytest.raises(NotRestored, match="another root key"):
            restore(other.database, other.keys.backups, other.sealer, made.path)
        other.database.close()


@on_sqlite
def test_a_place_that_is_not_empty_is_left_as_it_is(lived: World, made: Made) -> None:
    before = rows_of(lived.service.settings.database_url, Base.metadata.tables["report"])
    with pytest.raises(NotRestored, match="not empty"):
        bring_back(lived, made, lived.service.settings.database_url)
    assert rows_of(lived.service.settings.database_url, Base.metadata.tables["report"]) == before


@on_sqlite
def test_old_backups_are_removed_by_their_names(lived: World, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    old = backup_of(lived.service, folder, lived)
    (folder / "something of somebody else").write_text("stays")
    (folder / f"{old.path.stem}.part").write_text("of one that was killed")
    lived.clock.turn(timedelta(days=31))
    assert [file.suffix for file in drop_old(folder, lived.clock.now, 30)] == [".part"], "the newest that is whole stays, however old"
    lived.clock.turn(-timedelta(days=31))
    lived.clock.turn(timedelta(days=31))
    new = backup_of(lived.service, folder, lived)
    assert drop_old(folder, lived.clock.now, 30) == [old.path]
    assert sorted(file.name for file in folder.iterdir()) == sorted((new.path.name, "something of somebody else"))


def test_a_place_that_was_only_migrated_is_empty(lived: World, made: Made, empty_place: str) -> None:
    """As when containers were started before the backup was brought back."""
    early = prepare(settings_for(empty_place, keyring=made.path.with_name("early.json")))
    World(early.settings, lived.clock).work()
    early.database.close()
    assert bring_back(lived, made, empty_place).rows == made.rows
