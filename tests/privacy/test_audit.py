"""The record of who did what: any change of it is found and named, also by somebody who holds the whole database."""

from __future__ import annotations

import random
import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from referral.dispatch.heads import CustodiansError, custodians_problems, parse_custodians
from referral.privacy.audit import Action, Audit, AuditRecord, entries
from referral.privacy.chain import Chain, Waiting
from referral.privacy.keys import Keys
from referral.privacy.records import ChainRecord, HeadRecord
from referral.privacy.verifying import Bad, Fault, Told, Verdict, Verifier
from referral.store.base import new_id
from referral.store.database import Database
from referral.texts.gsm import septets
from tests.conftest import START
from tests.world import World

KEYS = Keys(bytes(range(32)))
"""Those of the county's database, which holds an entry of its load."""
OTHER = Keys(bytes(32))
AUDIT = Audit(KEYS.audit)
HOUR = timedelta(hours=1)
LATER = START + 12 * HOUR
ZONE = UTC
ENTRIES = 30


def in_order(_waiting: list[Waiting]) -> None:
    """No shuffling."""


def mixed(waiting: list[Waiting]) -> None:
    random.Random(3).shuffle(waiting)


def write(database: Database, count: int = ENTRIES, *, at: datetime = START, audit: Audit = AUDIT) -> None:
    with database.transaction() as session:
        for serial in range(count):
            moment = at + timedelta(minutes=7 * serial)
            audit.write(session, moment, f"co-kwale-{serial % 3}", Action.READ, f"{serial:032x}", office="co-kwale", why=f"nia njema {serial} é")


def chained(database: Database, *, batch: int = 2000) -> Chain:
    chain = Chain(KEYS.chain, batch=batch)
    chain.take_in(database, LATER, mixed)
    return chain


def walked(database: Database, told: Told | None = None, *, audit: Audit = AUDIT, keys: Keys = KEYS) -> Verdict:
    return Verifier(database, audit, Chain(keys.chain), ZONE).verify(told)


def fault(database: Database, told: Told | None = None) -> Fault | None:
    bad = walked(database, told).bad
    return None if bad is None else bad.fault


def links(database: Database) -> list[tuple[int, str]]:
    with database.read() as session:
        return [(position, entry) for position, entry in session.execute(select(ChainRecord.position, ChainRecord.entry).order_by(ChainRecord.position))]


class Intruder:
    """Somebody with every right in the database, and none of the keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sqlite = database.dialect == "sqlite"
        for table in ("audit", "audit_chain"):
            for what in ("update", "delete"):
                self.run(f"DROP TRIGGER {table}_no_{what}" + ("" if self.sqlite else f" ON {table}"))

    def run(self, statement: str, **values: object) -> None:
        with self._database.draft() as session:
            session.execute(text(statement), values)

    def value(self, table: str, column: str, where: str, key: object) -> object:
        with self._database.read() as session:
            return session.execute(text(f"SELECT {column} FROM {table} WHERE {where} = :key"), {"key": key}).scalar_one()

    def set(self, table: str, column: str, where: str, key: object, value: object) -> None:
        self.run(f"UPDATE {table} SET {column} = :value WHERE {where} = :key", value=value, key=key)

    @contextmanager
    def changed(self, table: str, column: str, where: str, key: object, value: object) -> Iterator[None]:
        """The value stands there for a while. Bytes are written into a text as they are, which SQLite allows."""
        before = self.value(table, column, where, key)
        raw = isinstance(before, str) and isinstance(value, bytes)
        self.run(f"UPDATE {table} SET {column} = {'CAST(:value AS TEXT)' if raw else ':value'} WHERE {where} = :key", value=value, key=key)
        moved = value if column == where else key
        yield
        if column == where:
            if raw:
                self.run(f"UPDATE {table} SET {column} = :old WHERE {column} = CAST(:value AS TEXT)", old=before, value=value)
            else:
                self.set(table, column, where, moved, before)
        else:
            self.set(table, column, where, key, before)


def spoilt(before: object, sqlite: bool, rng: random.Random) -> Iterator[object]:
    """`before` with each of its bytes changed in turn, as far as the database takes the outcome."""
    match before:
        case int():
            yield from (before ^ (rng.randrange(64, 128) << (8 * place)) for place in range(4))  # a place that is free
        case datetime():
            yield from (before + timedelta(microseconds=1 << (8 * place)) for place in range(6))
        case bytes() | memoryview():
            plain = bytes(before)
            yield from (plain[:at] + bytes([plain[at] ^ rng.randrange(1, 256)]) + plain[at + 1 :] for at in range(len(plain)))
        case str() if sqlite:
            plain = before.encode()
            yield from (plain[:at] + bytes([plain[at] ^ rng.randrange(1, 256)]) + plain[at + 1 :] for at in range(len(plain)))
        case str():
            yield from (before[:at] + rng.choice([c for c in 'abcdef0123456789 T"' if c != before[at]]) + before[at + 1 :] for at in range(len(before)))


COLUMNS = [("audit", name) for name in ("id", "hour", "actor", "action", "subject", "details", "mac")] + [
    ("audit_chain", name) for name in ("position", "entry", "mac")
]


class TestWhoeverHoldsTheDatabase:
    def test_cannot_change_one_byte_of_any_column(self, county_database: Database, record_property: Callable[[str, object], None]) -> None:
        write(county_database)
        chained(county_database)
        write(county_database, 3, at=LATER)  # not chained yet
        assert fault(county_database) is None
        intruder, rng, tried = Intruder(county_database), random.Random(11), 0
        chosen = rng.sample(links(county_database), 2)
        with county_database.read() as session:
            fresh = session.scalars(select(AuditRecord.id).where(AuditRecord.hour == LATER).limit(1)).one()
        for table, column in COLUMNS:
            where = "id" if table == "audit" else "position"
            keys = [entry if table == "audit" else position for position, entry in chosen] + ([fresh] if table == "audit" else [])
            for key in keys:
                for value in spoilt(intruder.value(table, column, where, key), intruder.sqlite, rng):
                    with intruder.changed(table, column, where, key, value):
                        bad = walked(county_database).bad
                        assert bad is not None, (table, column, value)
                        positions = {position for position, entry in chosen if key in (position, entry)}
                        assert key == fresh or column == "position" or bad.position in positions, (table, column, bad)
                    tried += 1
        assert fault(county_database) is None, "everything was put back"
        record_property("single bytes changed, each caught", tried)

    def test_cannot_delete(self, county_database: Database, record_property: Callable[[str, object], None]) -> None:
        write(county_database)
        chained(county_database)
        write(county_database, 2, at=LATER)
        intruder = Intruder(county_database)
        sample = random.Random(5).sample(links(county_database)[:-1], 8)
        for position, entry in sample:
            keep = {table: self._row(county_database, table, where, key) for table, where, key in self._both(position, entry)}
            for gone in (("audit",), ("audit_chain",), ("audit", "audit_chain")):
                for table, where, key in self._both(position, entry):
                    if table in gone:
                        intruder.run(f"DELETE FROM {table} WHERE {where} = :key", key=key)
                bad = walked(county_database).bad
                assert bad is not None
                assert bad.fault in (Fault.GONE, Fault.LINK_GONE)
                assert bad.position == position
                for table in gone:
                    self._put_back(intruder, table, keep[table])
        assert fault(county_database) is None
        record_property("deletions caught", 3 * len(sample))

    def test_cannot_reorder(self, county_database: Database, record_property: Callable[[str, object], None]) -> None:
        write(county_database)
        chained(county_database)
        intruder, rng = Intruder(county_database), random.Random(6)
        for _ in range(12):
            (first, one), (second, two) = sorted(rng.sample(links(county_database), 2))
            swaps: list[tuple[str, str, str, tuple[tuple[object, object], ...]]] = [
                ("audit_chain", "entry", "position", ((first, new_id()), (second, one), (first, two))),
                ("audit_chain", "position", "position", ((first, 10_000), (second, first), (10_000, second))),
            ]
            for table, column, where, steps in swaps:
                for key, value in steps:
                    intruder.set(table, column, where, key, value)
                bad = walked(county_database).bad
                assert bad is not None
                assert (bad.fault, bad.position) == (Fault.MOVED, first)
                for key, value in steps:  # the same once more puts it back
                    intruder.set(table, column, where, key, one if value == two else two if value == one else value)
            assert fault(county_database) is None
        record_property("reorderings caught", 24)

    @pytest.mark.parametrize("cut", [1, 7, ENTRIES])
    def test_cannot_cut_off_the_tail_of_what_a_custodian_was_told(self, county_database: Database, cut: int) -> None:
        write(county_database)
        whole = (chained(county_database), walked(county_database))[1]
        told = Told(whole.end.count, whole.head)
        assert fault(county_database, told) is None
        intruder = Intruder(county_database)
        tail = links(county_database)[-cut:]
        for position, entry in tail:
            intruder.run("DELETE FROM audit_chain WHERE position = :key", key=position)
            intruder.run("DELETE FROM audit WHERE id = :key", key=entry)
        assert fault(county_database) is None, "what remains holds together: only the head outside the machine tells"
        assert walked(county_database, told).bad == Bad(Fault.CUT, ENTRIES - cut, None)
        write(county_database, cut, at=START + HOUR)  # and something else put where it was
        chained(county_database)
        assert fault(county_database, told) is Fault.OTHER_HEAD

    def test_cannot_cut_off_what_our_own_note_of_the_head_covers(self, county_database: Database) -> None:
        write(county_database)
        whole = (chained(county_database), walked(county_database))[1]
        with county_database.transaction() as session:
            session.add(HeadRecord(day=LATER.date(), position=whole.end.position, head=whole.head, told_at=None))
        assert fault(county_database) is None
        intruder = Intruder(county_database)
        intruder.run("UPDATE audit_head SET head = 'ABCDEFGHIJKLMNOP'")
        assert fault(county_database) is Fault.OTHER_HEAD
        intruder.run("UPDATE audit_head SET head = :head", head=whole.head)
        intruder.run("DELETE FROM audit_chain WHERE position = :last", last=whole.end.position)
        assert fault(county_database) is Fault.CUT

    def test_cannot_write_an_entry(self, county_database: Database) -> None:
        write(county_database)
        chain = chained(county_database)
        write(county_database, 1, at=START + HOUR, audit=Audit(OTHER.audit))
        assert fault(county_database) is Fault.MADE_UP
        chain = Chain(KEYS.chain)
        chain.take_in(county_database, LATER, in_order)  # the worker chains what there is
        assert walked(county_database).bad == Bad(Fault.EDITED, ENTRIES, links(county_database)[-1][1])

    def test_cannot_write_the_chain_anew_without_its_key(self, county_database: Database) -> None:
        write(county_database)
        Chain(OTHER.chain).take_in(county_database, LATER, in_order)
        assert fault(county_database) is Fault.MOVED

    def test_with_every_key_can_write_all_anew_but_not_what_the_custodians_were_told(self, county_database: Database) -> None:
        write(county_database)
        whole = (chained(county_database), walked(county_database))[1]
        intruder = Intruder(county_database)
        intruder.run("DELETE FROM audit_chain")
        intruder.run("DELETE FROM audit WHERE subject = :key", key=f"{5:032x}")
        write(county_database, 1, at=START + 2 * HOUR)
        chained(county_database)
        assert fault(county_database) is None
        assert fault(county_database, Told(whole.end.count, whole.head)) is Fault.OTHER_HEAD

    def test_is_refused_by_the_database_itself_unless_they_remove_its_guard(self, county_database: Database) -> None:
        write(county_database, 3)
        chained(county_database)
        for statement in (
            "UPDATE audit SET actor = 'nobody'",
            "DELETE FROM audit",
            "UPDATE audit_chain SET entry = 'x' WHERE position = 0",
            "DELETE FROM audit_chain",
            *(() if county_database.dialect == "sqlite" else ("TRUNCATE audit", "TRUNCATE audit_chain")),
        ):
            with pytest.raises(DBAPIError, match="append-only"), county_database.transaction() as session:
                session.execute(text(statement))
        assert walked(county_database).walked == 3

    @staticmethod
    def _both(position: int, entry: str) -> tuple[tuple[str, str, object], ...]:
        return ("audit", "id", entry), ("audit_chain", "position", position)

    @staticmethod
    def _row(database: Database, table: str, where: str, key: object) -> dict[str, object]:
        with database.read() as session:
            return dict(session.execute(text(f"SELECT * FROM {table} WHERE {where} = :key"), {"key": key}).mappings().one())

    @staticmethod
    def _put_back(intruder: Intruder, table: str, row: dict[str, object]) -> None:
        intruder.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", **row)


class TestAClockThatWasSetBack:
    def test_is_seen_by_the_heads(self, county_database: Database) -> None:
        """Who holds the machine and its keys, and writes today what is to look like last week."""
        write(county_database)
        chain = chained(county_database)
        with county_database.transaction() as session:
            end = chain.end(session)
            session.add(HeadRecord(day=LATER.date(), position=end.position, head=chain.head(end), told_at=None))
        write(county_database, 1, at=START - timedelta(days=7))
        chained(county_database)
        assert walked(county_database).bad == Bad(Fault.CLOCK, ENTRIES, links(county_database)[-1][1])

    def test_forward_too(self, county_database: Database) -> None:
        write(county_database, 2, at=START + timedelta(days=9))
        chain = Chain(KEYS.chain)
        chain.take_in(county_database, START + timedelta(days=10), in_order)
        with county_database.transaction() as session:
            end = chain.end(session)
            session.add(HeadRecord(day=LATER.date(), position=end.position, head=chain.head(end), told_at=None))
        assert fault(county_database) is Fault.CLOCK


class TestWhatTellsItsDayOnly:
    @pytest.mark.parametrize("hours", [-5, 0, 3], ids=["west", "utc", "east"])
    def test_is_chained_when_its_day_is_over_and_the_walk_holds_beside_the_heads(self, county_database: Database, hours: int) -> None:
        chain, morning = Chain(KEYS.chain), datetime.combine(START.date(), datetime.min.time(), UTC) + 10 * HOUR
        zone = timezone(timedelta(hours=hours))
        for day in range(3):
            now = morning + timedelta(days=day)
            with county_database.transaction() as session:
                AUDIT.write(session, now, "reporter", Action.FILED, "a", channel="ussd")
                AUDIT.write(session, now + 2 * HOUR, "reporter", Action.REOPENED, "a")
                AUDIT.write(session, now + 2 * HOUR, "co-kwale-1", Action.READ, "a")
            assert chain.take_in(county_database, now + 4 * HOUR, mixed) >= 2, "the day's own waits"
            assert not Chain.waits(county_database, now + 4 * HOUR)
            with county_database.transaction() as session:
                end = chain.end(session)
                session.add(HeadRecord(day=now.astimezone(zone).date(), position=end.position, head=chain.head(end), told_at=None))
            assert walked(county_database).waiting == 2, "and the load of the county, which is of today"
            assert chain.take_in(county_database, now.replace(hour=0) + timedelta(days=1, minutes=1), mixed) == 1
        verdict = Verifier(county_database, AUDIT, chain, zone).verify()
        assert (verdict.bad, verdict.walked) == (None, 9)
        with county_database.read() as session:
            days = list(session.scalars(select(AuditRecord.hour).where(AuditRecord.action == Action.REOPENED).order_by(AuditRecord.hour)))
        assert [moment.hour for moment in days] == [0, 0, 0]
        shown = list(entries(county_database, actor="reporter", since=morning + timedelta(days=2, hours=5)))
        assert [one.action for one in shown] == [Action.REOPENED], "the whole day in which it begins"


class TestChaining:
    def test_says_no_more_than_the_hour_about_when_something_was_written(self, county_database: Database) -> None:
        write(county_database, 12)  # 84 minutes: nine in the first hour, three in the second
        chain = Chain(KEYS.chain)
        assert chain.take_in(county_database, START + timedelta(minutes=59), mixed) == 0, "the hour is not over"
        assert chain.take_in(county_database, START + timedelta(minutes=61), mixed) == 9
        assert chain.take_in(county_database, START + timedelta(minutes=61), mixed) == 0
        assert chain.take_in(county_database, START + timedelta(minutes=121), mixed) == 3
        with county_database.read() as session:
            joined = select(AuditRecord.subject).join(ChainRecord, ChainRecord.entry == AuditRecord.id).order_by(ChainRecord.position).limit(9)
            order = [int(subject, 16) for subject in session.scalars(joined)]
        assert sorted(order) == list(range(9))
        assert order != list(range(9))

    def test_by_many_workers_at_once_makes_one_chain(self, county_database: Database, record_property: Callable[[str, object], None]) -> None:
        write(county_database, 200)
        late = START + 48 * HOUR
        start, done = threading.Barrier(4), []

        def work(serial: int) -> None:
            chain = Chain(KEYS.chain, batch=10)
            start.wait()
            done.extend(chain.take_in(county_database, late, random.Random(serial).shuffle) for _ in range(30))

        workers = [threading.Thread(target=work, args=(serial,)) for serial in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        verdict = walked(county_database)
        assert (verdict.bad, verdict.walked, sum(done)) == (None, 200, 200)
        record_property("entries chained by four workers at once, each once", 200)

    def test_killed_midway_goes_on_where_it_was(self, county_database: Database) -> None:
        write(county_database)
        dying = Dying(county_database, after=3)
        with pytest.raises(KeyboardInterrupt):
            Chain(KEYS.chain, batch=4).take_in(dying, LATER, mixed)
        dying.close()
        assert walked(county_database).walked == 12
        chained(county_database, batch=4)
        verdict = walked(county_database)
        assert (verdict.bad, verdict.walked) == (None, ENTRIES)


class Dying(Database):
    """A database whose process dies in the middle of a transaction."""

    def __init__(self, database: Database, after: int) -> None:
        super().__init__(database.url)
        self._left = after

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with super().transaction() as session:
            yield session
            session.flush()
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt


class TestWhatWasKeptLongEnough:
    OLD = datetime(2019, 1, 5, 8, tzinfo=UTC)

    def _cut(self, database: Database, day: date) -> int:
        with database.transaction() as session:
            return Chain(KEYS.chain).cut_before(session, day)

    def test_goes_and_the_rest_still_holds(self, county_database: Database) -> None:
        write(county_database, 10, at=self.OLD)
        chained(county_database)
        write(county_database, 5)
        whole = (chained(county_database), walked(county_database))[1]
        assert self._cut(county_database, date(2019, 1, 1)) == 0
        assert self._cut(county_database, date(2020, 1, 1)) == 10
        assert self._cut(county_database, date(2020, 1, 1)) == 0
        verdict = walked(county_database, Told(whole.end.count, whole.head))
        assert (verdict.bad, verdict.walked, verdict.began, verdict.head) == (None, 5, 10, whole.head)
        assert self._cut(county_database, START.date() + timedelta(days=9)) == 5, "and if all is old"
        write(county_database, 2)
        chained(county_database)
        verdict = walked(county_database)
        assert (verdict.bad, verdict.walked, verdict.began, verdict.end.count) == (None, 2, 15, 17)

    def test_cannot_be_made_to_go_earlier(self, county_database: Database) -> None:
        write(county_database, 10)
        chained(county_database)
        intruder = Intruder(county_database)
        mac = intruder.value("audit_chain", "mac", "position", 4)
        intruder.run("INSERT INTO audit_anchor (position, mac, proof) VALUES (4, :mac, :mac)", mac=mac)
        intruder.run("DELETE FROM audit WHERE id IN (SELECT entry FROM audit_chain WHERE position <= 4)")
        intruder.run("DELETE FROM audit_chain WHERE position <= 4")
        assert fault(county_database) is Fault.FORGED_CUT


class TestTheDailyHead:
    def test_is_told_to_two_people_of_two_institutions_once_a_day(self, world: World) -> None:
        write(world.service.database, 5, at=START - 3 * HOUR)
        for _ in range(2):
            world.service.daily_head().run(world.clock.now)
        world.service.daily_head().run(world.clock.now + timedelta(minutes=5))
        world.work()
        said = [text for _, text in world.gateway.sent]
        assert len(said) == 2
        assert len({number for number, _ in world.gateway.sent}) == 2
        count, head = re.search(r": (\d+)[^,]*, ((?:[A-Z2-7]{4} ?){4})", said[0]).groups()  # type: ignore[union-attr]
        told = Told(int(count), head.replace(" ", ""))
        assert walked(world.service.database, told).bad is None
        assert told.count == 5
        with world.service.database.read() as session:
            assert session.scalar(select(func.count()).select_from(HeadRecord)) == 1

    def test_waits_for_the_morning_and_for_something_to_tell(self, world: World) -> None:
        assert world.service.daily_head().run(world.clock.now) == 0
        write(world.service.database, 1, at=START - 9 * HOUR)
        night = START - 6 * HOUR  # four in the morning
        assert world.service.daily_head().run(night) == 1, "chained, and nobody is woken"
        world.work()
        assert not world.gateway.sent

    def test_fits_one_text_with_a_long_count(self, world: World) -> None:
        for language in world.service.catalogue.languages:
            said = world.service.catalogue.say(language, "audit.head", day="22/11/2026", count="1000000000", head="ABCD EFGH IJKL MNOP")
            assert septets(said) <= 160

    @pytest.mark.parametrize("table", ["", "audit_head = []", 'audit_head = ["a"]', 'audit_head = ["a", "a"]', 'audit_head = ["a", "b"]\nother = 1'])
    def test_needs_two(self, table: str) -> None:
        with pytest.raises(CustodiansError, match=r"custodians"):
            parse_custodians(tomllib.loads(table))

    def test_needs_two_institutions_that_exist(self, world: World) -> None:
        roster, now = world.service.roster(), world.clock.now
        assert list(custodians_problems(world.service.custodians, roster, now)) == []
        assert len(list(custodians_problems(("co-kwale-1", "nobody-1"), roster, now))) == 1
        assert len(list(custodians_problems(("co-kwale-1", "co-kwale-2"), roster, now))) == 1


class TestReadingTheRecord:
    def test_is_paged_in_the_order_of_hours_and_chosen_by_who_what_and_when(self, county_database: Database) -> None:
        write(county_database, 1500, at=START - timedelta(days=30))
        early = list(entries(county_database, actor="co-kwale-1"))
        assert len(early) == 500
        found = list(entries(county_database))
        assert len(found) == len({one.id for one in found}) == 1501
        assert [one.hour for one in found] == sorted(one.hour for one in found)
        assert len(list(entries(county_database, subject=f"{7:032x}"))) == 1
        assert {one.actor for one in entries(county_database, since=datetime(2026, 11, 1, tzinfo=UTC))} == {"operator"}


def test_every_action_has_a_name_that_fits() -> None:
    assert all(len(action) <= 40 for action in Action)
