"""What a commit promises, on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from referral.dispatch.worker import HeartbeatRecord
from referral.store.base import Base, new_id
from referral.store.database import Database, changed
from referral.store.health import NotNow
from referral.store.migrate import pending, upgrade
from referral.store.patience import unhurried
from tests.conftest import START, Kept


def beats(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(HeartbeatRecord)) or 0


class TestATransaction:
    def test_is_all_or_nothing(self, county_database: Database) -> None:
        with pytest.raises(ZeroDivisionError), county_database.transaction() as session:  # noqa: PT012  what fails is the block, half-way
            session.add(HeartbeatRecord(worker="a", at=START))
            session.flush()
            raise ZeroDivisionError
        assert beats(county_database) == 0

    def test_is_seen_by_others_once_it_is_over_and_not_before(self, county_database: Database) -> None:
        with county_database.transaction() as session:
            session.add(HeartbeatRecord(worker="a", at=START))
            session.flush()
            assert beats(county_database) == 0
        assert beats(county_database) == 1

    def test_reading_and_then_writing_never_fails_because_of_another_writer(self, county_database: Database) -> None:
        """The classic fault of SQLite: a transaction that read before it wrote is refused while another writes."""
        errors: list[Exception] = []

        def count(name: str) -> None:
            try:
                for turn in range(15):
                    with county_database.transaction() as session:
                        before = session.scalar(select(func.count()).select_from(HeartbeatRecord)) or 0
                        session.add(HeartbeatRecord(worker=f"{name} {turn} {before}", at=START))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=count, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert beats(county_database) == 60

    def test_who_waits_too_long_for_a_lock_gets_an_error_and_not_a_hang(self, database_url: str) -> None:
        from sqlalchemy.exc import OperationalError

        one, other = Database(database_url), Database(database_url, busy_seconds=0.2)
        with one.transaction() as session:
            session.execute(text("UPDATE directory_version SET version = version + 1"))
            with pytest.raises((OperationalError, NotNow)), other.transaction() as late:  # PostgreSQL's is one row's, SQLite's the whole file's
                late.execute(text("UPDATE directory_version SET version = version + 1"))
        one.close()
        other.close()

    def test_errors_do_not_quote_values(self, county_database: Database) -> None:
        with pytest.raises(IntegrityError) as error, county_database.transaction() as session:
            session.execute(HeartbeatRecord.__table__.insert(), [{"worker": "+254700000123", "at": START}, {"worker": "+254700000123", "at": START}])
        if county_database.dialect == "sqlite":
            assert "254700000123" not in str(error.value)

    def test_counts_what_it_changed(self, county_database: Database) -> None:
        from sqlalchemy import delete

        with county_database.transaction() as session:
            session.add_all(HeartbeatRecord(worker=name, at=START) for name in "abc")
        with county_database.transaction() as session:
            assert changed(session, delete(HeartbeatRecord).where(HeartbeatRecord.worker != "a")) == 2


class TestATransactionThatStandsStill:
    """Its process is frozen, or its host lost, with locks that others need. Only PostgreSQL has other hosts."""

    @pytest.fixture
    def server(self, postgres_county: Kept) -> Iterator[Database]:
        name = f"t{new_id()[:16]}"
        database = Database(postgres_county.fresh(name))
        yield database
        database.close()
        postgres_county.drop(name)

    def test_is_ended_by_the_server_and_nothing_of_it_is_written(self, server: Database) -> None:
        with pytest.raises(NotNow), server.transaction() as session:  # noqa: PT012  what fails is the block, half-way
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            session.add(HeartbeatRecord(worker="frozen", at=START))
            session.flush()
            time.sleep(0.3)
            session.add(HeartbeatRecord(worker="awake", at=START))
        assert server.health.wait(5)
        assert beats(server) == 0
        with server.transaction() as session:
            session.add(HeartbeatRecord(worker="again", at=START))
        assert beats(server) == 1

    def test_is_known_by_every_connection_and_so_is_a_host_that_is_gone(self, server: Database) -> None:
        with server.transaction() as promised, server.draft() as drafted, server.read() as read:
            for session in (promised, drafted, read):
                assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "15s"
                assert session.scalar(text("SHOW lock_timeout")) == "5s"
                driver: Any = session.connection().connection.driver_connection
                ours = driver.info.get_parameters()
                assert (ours["keepalives"], ours["keepalives_idle"], ours["tcp_user_timeout"]) == ("1", "10", "25000")
            unhurried(promised.connection())
            assert promised.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10min"
        with server.transaction() as session:
            assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "15s"


class TestMoments:
    def test_come_back_as_they_were_whatever_their_zone(self, county_database: Database) -> None:
        there = datetime(2026, 3, 4, 1, 30, 15, 123456, tzinfo=timezone(timedelta(hours=3)))
        with county_database.transaction() as session:
            session.add(HeartbeatRecord(worker="a", at=there))
        with county_database.read() as session:
            back = session.scalars(select(HeartbeatRecord.at)).one()
        assert back == there
        assert back.utcoffset() == timedelta(0)

    def test_without_a_zone_are_refused(self, county_database: Database) -> None:
        with pytest.raises(StatementError), county_database.transaction() as session:
            session.add(HeartbeatRecord(worker="a", at=START.replace(tzinfo=None)))


class TestTheTables:
    def test_the_migrations_make_what_the_records_say(self, county_database: Database) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        assert not pending(county_database.engine)
        with county_database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            assert compare_metadata(context, Base.metadata) == []

    def test_upgrading_twice_changes_nothing(self, county_database: Database) -> None:
        upgrade(county_database.engine)
        assert not pending(county_database.engine)

    def test_an_empty_database_is_behind(self, tmp_path: Path) -> None:
        database = Database(f"sqlite:///{tmp_path / 'new' / 'empty.db'}")
        assert pending(database.engine)
        database.close()

    def test_no_table_keeps_the_order_of_reports(self) -> None:
        """A counting key or SQLite's hidden row number would say which report came before which."""
        for name in ("report", "alert", "audit", "ladder", "plan_step", "ussd_session", "inbound_text"):
            table = Base.metadata.tables[name]
            assert table.dialect_options["sqlite"]["with_rowid"] is False, name
            assert not [column for column in table.primary_key if column.autoincrement is True], name

    def test_ids_are_random(self) -> None:
        ids = [new_id() for _ in range(200)]
        assert len(set(ids)) == 200
        assert ids != sorted(ids)


class TestWhatIsDeleted:
    def test_is_not_in_the_file_any_more(self, tmp_path: Path) -> None:
        database = Database(f"sqlite:///{tmp_path / 'kept.db'}")
        upgrade(database.engine)
        with database.transaction() as session:
            session.add(HeartbeatRecord(worker="a-very-findable-name", at=START))
        with database.transaction() as session:
            session.execute(text("DELETE FROM heartbeat"))
        database.forget_residue()
        assert not [path for path in tmp_path.iterdir() if b"a-very-findable-name" in path.read_bytes()]
        database.close()

    def test_a_database_in_memory_is_refused(self) -> None:
        for url in ("sqlite://", "sqlite:///:memory:"):
            with pytest.raises(ValueError):
                Database(url)
