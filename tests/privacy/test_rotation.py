"""Keys change under a running service: every value opens at every moment, whoever is killed; and a month's end is the end of its backups."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from referral.privacy.audit import Audit
from referral.privacy.keyring import ROOT_FIELDS, Keyring
from referral.privacy.keys import Keys
from referral.privacy.keystate import key_state
from referral.privacy.relay import Relay
from referral.privacy.ring import Kind, Ring
from referral.privacy.rotation import KeyInUse, Rotation
from referral.privacy.seal import Cell, Sealer, key_of
from referral.privacy.sealed import rows_by_key, rows_on, sealed_columns
from referral.privacy.spent import SpentKeys
from referral.reports.letters import Letters
from referral.reports.records import ReportRecord
from referral.reports.register import Register
from referral.store.database import Database
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Hours, Told
from tests.conftest import ROOT, START
from tests.fakes import FixedClock
from tests.reports.test_register import new

KEYS = Keys(bytes(range(32)))
REPORTS = 60
NUMBER = PhoneNumber("+254700000123")
LONGEST = timedelta(days=90)


class Sealed:
    """A database with reports in it, and a keyring of its own."""

    def __init__(self, url: str, folder: Path, clock: FixedClock) -> None:
        self.database, self.clock = Database(url), clock
        self.ring = Keyring(folder / "keyring.json", KEYS, clock)
        self.ring.create()
        self.register = Register(self.ring.sealer, Relay(self.ring))
        self.rotation = Rotation(self.database, self.ring, batch=7)
        self.ids: list[str] = []
        with self.database.transaction() as session:  # the officers of the county were sealed with another keyring
            for one in sealed_columns():
                if one.table.name == "directory_person":
                    session.execute(update(one.table).values(sealed_number=None, number_tag=None))
                elif one.table.name == "directory_location_secret":
                    session.execute(one.table.delete())

    def fill(self, count: int, *, sealer: Sealer | None = None) -> None:
        register = self.register if sealer is None else Register(sealer, Relay(self.ring))
        with self.database.transaction() as session:
            for serial in range(len(self.ids), len(self.ids) + count):
                report = new(Told(story=f"words {serial}", landmark="Shule ya msingi"), f"{100_000 + serial}")
                register.add(session, report, self.clock.now)
                session.flush()
                if serial % 3 == 0:
                    register.give_contact(session, report.id, NUMBER, b"t" * 16, Hours.ANY, by_call=False, now=self.clock.now)
                self.ids.append(report.id)

    def all_open(self) -> bool:
        """Read as a web process does, every report."""
        with self.database.read() as session:
            for serial, report in enumerate(self.ids):
                read = self.register.read(session, report)
                if read is None or read.unreadable or read.told.story != f"words {serial}":
                    return False
                if serial % 3 == 0 and self.register.contact_number(session, report, self.clock.now) != NUMBER:
                    return False
        return True

    def keys_of(self, column: str) -> set[str]:
        with self.database.read() as session:
            return {key for (name, key) in rows_by_key(session) if name == f"report.{column}"}


@pytest.fixture
def sealed(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Sealed]:
    made = Sealed(database_url, tmp_path, clock)
    yield made
    made.database.close()


class TestRotating:
    def test_a_month_moves_every_value_to_its_new_key(self, sealed: Sealed) -> None:
        sealed.fill(REPORTS)
        [old] = sealed.keys_of("story")
        done = sealed.rotation.rotate("2026-03", START)
        assert (done.values, done.left, done.unreadable) == (REPORTS * 2 + REPORTS // 3, 0, 0)
        assert sealed.keys_of("story") == sealed.keys_of("contact") == {done.key} != {old}
        assert sealed.all_open()
        assert sealed.rotation.in_use(old) == 0
        assert not sealed.ring.ring().turning

    def test_what_was_sealed_under_the_root_moves_to_this_month(self, sealed: Sealed) -> None:
        sealed.fill(9, sealer=Sealer({ROOT_FIELDS: KEYS.fields}, ROOT_FIELDS))
        assert sealed.keys_of("story") == {ROOT_FIELDS}
        assert sealed.all_open()
        for scope in sealed.rotation.scopes():
            assert sealed.rotation.rotate(scope, START).left == 0
        assert sealed.rotation.rows().get(ROOT_FIELDS, 0) == 0
        assert sealed.all_open()

    def test_the_relays_numbers_move_to_boxes_of_the_new_pair(self, sealed: Sealed) -> None:
        sealed.fill(9)
        old = sealed.ring.writes_with(Kind.RELAY)
        assert sealed.rotation.in_use(old) == 3
        done = sealed.rotation.rotate(Kind.RELAY, START)
        assert (done.values, done.left, sealed.rotation.in_use(old), sealed.rotation.in_use(done.key)) == (3, 0, 0, 3)
        assert sealed.all_open()

    def test_one_that_was_begun_gets_no_second_new_key(self, sealed: Sealed) -> None:
        sealed.fill(3)
        begun = sealed.ring.change(lambda ring: _begun(ring.adding("2026-03", START)))
        assert sealed.rotation.rotate("2026-03", START).key == begun.turning["2026-03"]

    def test_can_wait_until_its_key_was_carried_to_every_host(self, sealed: Sealed, clock: FixedClock) -> None:
        sealed.fill(6)
        old, day = key_in_use(sealed), timedelta(hours=24)
        begun = sealed.rotation.rotate("2026-03", clock.now, day)
        assert (begun.values, begun.waits) == (0, clock.now + day)
        assert key_in_use(sealed) == old
        assert not [problem for problem in key_state(sealed.database, sealed.ring, clock.now).problems if "rotation" in problem]
        with pytest.raises(KeyInUse, match="other hosts may have it"):
            sealed.rotation.retire(begun.key, clock.now)
        clock.turn(day)
        assert any("rotation" in problem for problem in key_state(sealed.database, sealed.ring, clock.now).problems)
        done = sealed.rotation.rotate("2026-03", clock.now, day)
        assert (done.key, done.waits, key_in_use(sealed)) == (begun.key, None, begun.key)
        assert sealed.all_open()

    def test_at_once_does_not_wait_for_a_key_that_may_have_got_out_with_the_others(self, sealed: Sealed, clock: FixedClock) -> None:
        sealed.fill(6)
        old, begun = key_in_use(sealed), sealed.rotation.rotate("2026-03", clock.now, timedelta(hours=24))
        clock.turn(timedelta(hours=20))
        done = sealed.rotation.rotate("2026-03", clock.now)
        assert done.key == key_in_use(sealed) not in (old, begun.key)
        assert sealed.all_open()
        with pytest.raises(KeyInUse, match="minutes ago"):  # a worker may be sealing with it this very moment
            sealed.rotation.retire(old, clock.now)
        clock.turn(timedelta(days=1))
        assert key_in_use(sealed) == done.key  # the one that waited comes too late
        sealed.rotation.retire(begun.key, clock.now)

    def test_is_for_the_host_that_makes_the_keys(self, sealed: Sealed, clock: FixedClock) -> None:
        follower = Keyring(sealed.ring.path, KEYS, clock, follows=True)
        with pytest.raises(KeyInUse, match="follows"):
            Rotation(sealed.database, follower).rotate(Kind.FIELDS, clock.now)

    def test_what_does_not_open_is_counted_and_left_as_it_is(self, sealed: Sealed) -> None:
        sealed.fill(3)
        with sealed.database.transaction() as session:
            story = session.scalars(select(ReportRecord.story).where(ReportRecord.id == sealed.ids[0])).one()
            assert story
            broken = story[:-1] + bytes([story[-1] ^ 1])
            session.execute(update(ReportRecord).where(ReportRecord.id == sealed.ids[0]).values(story=broken))
        done = sealed.rotation.rotate("2026-03", START)
        assert (done.left, done.unreadable) == (0, 1)
        with sealed.database.read() as session:
            assert session.scalars(select(ReportRecord.story).where(ReportRecord.id == sealed.ids[0])).one() == broken
        with pytest.raises(KeyInUse):
            sealed.rotation.retire(key_of(broken), START + timedelta(days=1))

    def test_a_month_without_a_key_is_none(self, sealed: Sealed) -> None:
        with pytest.raises(LookupError):
            sealed.rotation.rotate("2019-01", START)


class TestRetiring:
    def test_is_refused_while_a_value_needs_the_key(self, sealed: Sealed) -> None:
        sealed.fill(3)
        old = sealed.ring.writes_with("2026-03")
        sealed.ring.change(lambda ring: ring.adding("2026-03", START))
        later = START + timedelta(hours=1)
        with pytest.raises(KeyInUse, match="needed by 7"):
            sealed.rotation.retire(old, later)
        done = sealed.rotation.rotate("2026-03", START)
        with pytest.raises(KeyInUse, match="minutes ago"):
            sealed.rotation.retire(old, START + timedelta(minutes=5))
        with pytest.raises(KeyInUse, match="newest"):
            sealed.rotation.retire(done.key, later)
        sealed.rotation.retire(old, later)
        assert sealed.ring.ring().key(old) is None
        assert sealed.all_open()
        with pytest.raises(LookupError):
            sealed.rotation.retire(old, later)


class TestTheEndOfAMonth:
    def test_destroys_a_key_that_nothing_needs_after_a_week_and_with_it_every_backup(self, sealed: Sealed, clock: FixedClock) -> None:
        sealed.fill(3)
        key, spent = sealed.ring.writes_with("2026-03"), SpentKeys(sealed.database, sealed.ring, Audit(KEYS.audit))
        with sealed.database.read() as session:
            backup = session.scalars(select(ReportRecord.story).where(ReportRecord.id == sealed.ids[0])).one()
        clock.turn(timedelta(days=150))
        assert spent.forget(LONGEST, (), clock.now) == 0
        assert sealed.ring.ring().key(key).aside is None  # type: ignore[union-attr]
        with sealed.database.transaction() as session:
            session.execute(update(ReportRecord).values(story=None, landmark=None, contact=None, contact_hours=None))
        assert spent.forget(LONGEST, (), clock.now) == 0  # set aside
        with pytest.raises(KeyInUse):
            sealed.rotation.destroy(sealed.ring.writes_with("2026-06"), clock.now)
        clock.turn(timedelta(days=6))
        assert spent.forget(LONGEST, (), clock.now) == 0
        clock.turn(timedelta(days=1))
        assert spent.forget(LONGEST, (), clock.now) == 2  # of March, and of April, in which nobody reported
        assert sealed.ring.ring().key(key) is None
        with sealed.database.transaction() as session:  # the backup comes back
            session.execute(update(ReportRecord).where(ReportRecord.id == sealed.ids[0]).values(story=backup))
        with sealed.database.read() as session:
            read = sealed.register.read(session, sealed.ids[0])
        assert read is not None
        assert (read.told.story, read.unreadable) == (None, ("story",))

    def test_leaves_a_month_that_is_not_over_long_enough(self, sealed: Sealed, clock: FixedClock) -> None:
        spent, now = SpentKeys(sealed.database, sealed.ring, Audit(KEYS.audit)), START + timedelta(days=100)
        assert spent.forget(LONGEST, (), now) == 0
        assert all(key.aside is None for key in sealed.ring.ring().keys)

    def test_seals_what_is_held_anew_so_that_the_months_key_can_go(self, sealed: Sealed, clock: FixedClock) -> None:
        sealed.fill(2)
        letters = Letters(sealed.ring.sealer)
        with sealed.database.transaction() as session:
            letters.from_reporter(session, sealed.ids[0], "Asante", clock.now)
        key, spent = sealed.ring.writes_with("2026-03"), SpentKeys(sealed.database, sealed.ring, Audit(KEYS.audit))
        clock.turn(timedelta(days=150))
        with sealed.database.transaction() as session:
            gone = update(ReportRecord).values(story=None, landmark=None, contact=None, contact_hours=None)
            session.execute(gone.where(ReportRecord.id == sealed.ids[1]))
        spent.forget(LONGEST, sealed.ids[:1], clock.now)
        clock.turn(timedelta(days=7))
        assert spent.forget(LONGEST, sealed.ids[:1], clock.now) == 2  # of March, and of April, in which nobody reported
        assert sealed.ring.ring().key(key) is None
        with sealed.database.read() as session:
            read = sealed.register.read(session, sealed.ids[0])
            assert read is not None
            assert (read.told.story, read.unreadable) == ("words 0", ())
            assert [letter.words for letter in letters.of(session, sealed.ids[0])] == ["Asante"]


ROTATING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from referral import app
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.rotation import Rotation
from referral.store.database import Database
now = datetime(2026, 3, 4, 8, tzinfo=UTC)
rotation = Rotation(Database(sys.argv[1]), Keyring(Path(sys.argv[2]), Keys(bytes(range(32))), lambda: now), batch=1)
print("begins", flush=True)
for scope in ("2026-03", "relay", "fields"):
    rotation.rotate(scope, now)
"""


def test_killed_anywhere_and_run_again_every_value_opens_at_every_moment_and_none_is_left(
    sealed: Sealed, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sealed.fill(REPORTS)
    old = [sealed.ring.writes_with(scope) for scope in ("2026-03", Kind.RELAY)]
    url = sealed.database.url.render_as_string(hide_password=False)
    kills, looks, ended = 0, 0, False
    while not ended:
        script = [sys.executable, "-c", ROTATING, url, str(sealed.ring.path)]
        with subprocess.Popen(script, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout
            process.stdout.readline()
            until = time.monotonic() + 0.03 + 0.05 * kills if kills < 4 else None
            while process.poll() is None:
                assert sealed.all_open()
                looks += 1
                if until is not None and time.monotonic() > until:
                    process.send_signal(signal.SIGKILL)
                    break
            ended = process.wait() == 0
            kills += not ended
        assert sealed.all_open()
        assert kills < 9
    assert [sealed.rotation.in_use(key) for key in old] == [0, 0]
    with sealed.database.read() as session:
        assert rows_on(session, old[0]) == 0
    assert not sealed.ring.ring().turning
    assert len([key for key in sealed.ring.ring().keys if key.scope == "2026-03"]) <= 3
    record_property("kills", kills)
    record_property("looks at all rows meanwhile", looks)
    record_property("values", REPORTS * 2 + REPORTS // 3)
    record_property("unreadable", 0)


def test_a_field_of_an_older_copy_of_the_database_opens_with_the_keys_of_its_time(sealed: Sealed, tmp_path: Path) -> None:
    """A backup of a database needs a backup of the keys that is no older than it."""
    sealed.fill(1)
    shutil.copy(sealed.ring.path, tmp_path / "copy.json")
    with sealed.database.read() as session:
        before = session.scalars(select(ReportRecord.story).where(ReportRecord.id == sealed.ids[0])).one()
    done = sealed.rotation.rotate("2026-03", START)
    sealed.rotation.retire(key_of(before or b""), START + timedelta(hours=1))
    kept = Keyring(tmp_path / "copy.json", KEYS, sealed.clock)
    cell = Cell("report", "story", sealed.ids[0])
    assert kept.sealer.open(before or b"", cell) == "words 0"
    assert kept.ring().key(done.key) is None


def key_in_use(sealed: Sealed) -> str:
    """The one key under which every story lies."""
    with sealed.database.read() as session:
        [key] = {key_of(story) for story in session.scalars(select(ReportRecord.story)) if story}
    return key


def _begun(ring: Ring) -> Ring:
    return replace(ring, turning={"2026-03": ring.keys[-1].id})
