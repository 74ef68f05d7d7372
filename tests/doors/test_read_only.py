"""What callers, the gateway and readers of the directory get while nothing can be written, and that it ends by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from referral.store.database import Database
from referral.store.faults import trouble_of
from referral.store.health import NotNow, Trouble
from tests.world import World, on_sqlite, sent


@contextmanager
def nothing_can_be_written(world: World, trouble: Trouble = Trouble.FULL) -> Iterator[None]:
    """As if a write had just failed, and every look at whether it is over did too."""
    health = world.service.database.health
    well, health._well = health._well, lambda: False
    health.note(trouble)
    try:
        yield
    finally:
        health._well = well
        assert health.wait(5)


@on_sqlite
class TestACaller:
    def test_hears_the_first_screen_as_ever(self, world: World) -> None:
        whole = world.phone().dial()
        with nothing_can_be_written(world, Trouble.AWAY):
            assert world.phone().dial() == whole

    @pytest.mark.parametrize(
        ("keys", "language"), [("1", "sw"), ("6*1", "en"), ("6*6*1", "sw"), ("2", "sw"), ("6*2", "en"), ("4", "sw"), ("3*0*1", "sw"), ("77", "sw")]
    )
    @pytest.mark.parametrize("trouble", list(Trouble))
    def test_who_would_report_hears_whom_to_call_in_the_language_chosen(self, world: World, keys: str, language: str, trouble: Trouble) -> None:
        with nothing_can_be_written(world, trouble):
            screen = world.phone().dial(keys)
        assert screen == f"END {world.service.catalogue.say(language, 'fault.broken')}"
        assert "116" in screen

    def test_who_is_in_the_middle_of_a_report_hears_it_at_the_next_key_and_no_code(self, world: World) -> None:
        phone = world.phone()
        phone.dial()
        phone.keys("6", "1", "1", "1", "1", "2", "4")
        with nothing_can_be_written(world):
            assert phone.key("1") == f"END {world.service.catalogue.say('en', 'fault.broken')}"

    def test_finds_help_near_the_same_as_ever(self, world: World) -> None:
        def found() -> list[str]:
            phone = world.phone()
            phone.dial()
            return [phone.key(key) for key in ("6", "3", "1", "1", "1", "1", "1", "0", "8", "9")]

        well = found()
        assert "km" in well[5]
        with nothing_can_be_written(world):
            assert found() == well

    def test_hears_the_national_lines_where_the_directory_cannot_be_read(self, world: World) -> None:
        world.phone().dial("3*1*1")  # the places have been read once
        with nothing_can_be_written(world, Trouble.AWAY):
            screen = world.phone().dial("6*3*1*1*1*1")
        assert "116" in screen
        assert "1195" in screen

    def test_is_not_sent_a_text_that_could_not_be_queued(self, world: World) -> None:
        with nothing_can_be_written(world):
            assert world.phone().dial("6*3*1*1*1*1*1*1*1").startswith("END Sorry")

    def test_is_served_again_without_a_restart(self, world: World) -> None:
        with nothing_can_be_written(world):
            world.phone().dial("1")
        sent(world.phone())


@on_sqlite
class TestTheGateway:
    @pytest.mark.parametrize("what", ["inbound", "delivery", "opt-out"])
    def test_is_asked_to_come_again(self, world: World, what: str) -> None:
        form = {"from": "+254700000001", "to": "22384", "text": "mtoto anapigwa", "date": "2026-03-04 07:00:00", "id": "a", "status": "Success"}
        with nothing_can_be_written(world):
            answer = world.web.post(f"/sms/{world.sms_token}/{what}", data={**form, "phoneNumber": "+254700000150"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert world.web.post(f"/sms/{world.sms_token}/{what}", data=form).status_code == 200

    def test_is_told_that_the_end_of_a_call_was_heard(self, world: World) -> None:
        with nothing_can_be_written(world):
            assert world.web.post(f"/ussd/{world.ussd_token}/ended", data={"sessionId": "a"}).status_code == 200


@on_sqlite
def test_the_worker_says_nothing_for_each_thing_it_cannot_do_and_goes_on_afterwards(world: World) -> None:
    sent(world.phone())
    with nothing_can_be_written(world), capture_logs() as lines:
        for _ in range(20):
            world._worker.round()
    assert lines == []
    assert world.gateway.sent == []
    world.work()
    assert len(world.gateway.sent) == 2


@on_sqlite
def test_the_directory_is_shown_for_ten_minutes_and_then_asked_for_again(world: World) -> None:
    shown = world.web.get("/directory/services").get_data()
    with nothing_can_be_written(world, Trouble.AWAY):
        assert world.web.get("/directory/services").get_data() == shown
        world.clock.turn(timedelta(minutes=11))
        late = world.web.get("/directory/services")
        assert late.status_code == 503
        assert 55 <= int(late.headers["Retry-After"]) <= 60  # the limiter turns the minute into an hour of day and back again
        assert late.get_json()["code"] == 503


def test_a_database_that_is_slow_is_given_up_in_time(database_url: str) -> None:
    """Many statements, each slow or waiting: together they have the seconds of the one who asks."""
    holder, asking = Database(database_url), Database(database_url, busy_seconds=30)
    began = time.monotonic()
    with holder.transaction() as session:
        session.execute(text("UPDATE directory_version SET version = version + 1"))
        with pytest.raises(NotNow), asking.within(1.0), asking.transaction() as late:  # noqa: PT012  what is looked at is all of them together
            if holder.dialect == "postgresql":
                late.execute(text("SELECT pg_sleep(0.7)"))
            late.execute(text("UPDATE directory_version SET version = version + 1"))
    assert 0.9 < time.monotonic() - began < 4
    assert asking.health.wait(5)  # and it is well again by itself
    with asking.transaction() as session:
        session.execute(text("UPDATE directory_version SET version = version + 1"))
    holder.close()
    asking.close()


def test_a_server_that_takes_no_writes_is_told_from_one_that_does(database_url: str) -> None:
    database = Database(database_url, busy_seconds=0.2)
    assert database.look() is None
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        if database.dialect == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
            assert database.look() is Trouble.LOCKED
            other.exec_driver_sql("ROLLBACK")
        else:
            other.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" SET default_transaction_read_only = on')
            database.close()
            assert database.look() is Trouble.READ_ONLY
            with pytest.raises(NotNow), database.transaction() as session:
                session.execute(text("UPDATE directory_version SET version = version + 1"))
            with database.read() as session:
                assert session.scalar(text("SELECT version FROM directory_version")) is not None
    engine.dispose()
    database.close()


class _Said(sqlite3.OperationalError):
    def __init__(self, code: int) -> None:
        super().__init__("said")
        self.sqlite_errorcode = code


class _State(psycopg.Error):
    def __init__(self, state: str | None) -> None:
        super().__init__("said")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("cause", "trouble"),
    [
        (_Said(13), Trouble.FULL), (_Said(778), Trouble.FULL), (_Said(8), Trouble.READ_ONLY), (_Said(5), Trouble.LOCKED),
        (_Said(14), Trouble.AWAY), (_Said(1), None),
        (_State("53100"), Trouble.FULL), (_State("53200"), Trouble.FULL), (_State("25006"), Trouble.READ_ONLY), (_State("57P01"), Trouble.AWAY),
        (_State("08006"), Trouble.AWAY), (_State("25P03"), Trouble.AWAY), (_State("55P03"), None), (_State("23505"), None),
        (psycopg.OperationalError("gone"), Trouble.AWAY),
    ],
)  # fmt: skip
def test_what_the_machine_does_wrong_is_told_from_what_a_statement_does(cause: Exception, trouble: Trouble | None) -> None:
    assert trouble_of(DBAPIError("a statement", None, cause)) is trouble
