"""The keyring's file: whole or not at all, for its owner only, one for all processes; and what becomes of rows when it is not there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select, update
from structlog.testing import capture_logs

from referral.app import build
from referral.privacy.audit import Action, AuditRecord
from referral.privacy.boxes import close_box, new_pair, open_box
from referral.privacy.keyring import ROOT_FIELDS, Keyring, KeyringError
from referral.privacy.keys import Keys
from referral.privacy.keystate import keep_keys, key_state
from referral.privacy.relay import Relay
from referral.privacy.ring import BadRing, Key, Kind, Ring, month, month_ends, read_ring, write_ring
from referral.privacy.seal import Cell, Sealer, Unreadable, key_of
from referral.privacy.sealed import ROOT, sealed_columns
from referral.reports.records import ReportRecord
from referral.reports.register import Register
from referral.settings import GatewayKind, SettingsError, create_secrets, read_settings
from referral.start import have_keys, prepare
from referral.store.base import Base
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Hours, Told
from tests.conftest import ROOT as TREE
from tests.conftest import START, Kept, settings_for
from tests.fakes import FixedClock
from tests.officers.conftest import has_pin, signed_in
from tests.reports.test_register import new
from tests.world import World, sent

KEYS = Keys(bytes(range(32)))
CELL = Cell("report", "story", "a" * 32)
TAGS = {
    "alert.gateway_tag", "alert.one_time_tag", "audit.mac", "audit_anchor.mac", "audit_anchor.proof", "audit_chain.mac",
    "directory_person.number_tag", "early_receipt.tag",
    "inbound_text.content", "inbound_text.same", "inbound_text.tag", "officer_pin.last_try", "officer_session.tag", "report.code_digest",
    "report.contact_tag", "sms_dialogue.tag", "ussd_session.tag",
}  # fmt: skip
"""Columns of bytes that hold a keyed digest or tag: nothing can be opened in them."""


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    made = Keyring(tmp_path / "keyring.json", KEYS, lambda: START)
    assert made.create()
    return made


def again(ring: Keyring, clock: Callable[[], datetime] = lambda: START) -> Keyring:
    """As another process sees it."""
    return Keyring(ring.path, KEYS, clock)


class TestTheFile:
    def test_is_for_its_owner_and_shows_no_key(self, ring: Keyring) -> None:
        assert ring.path.stat().st_mode & 0o777 == 0o600
        held = ring.path.read_text()
        for key in ring.ring().keys:
            assert key.id not in held
            assert repr(key) == f"<key {key.id}>"
        assert not ring.create()

    def test_begins_with_this_month_and_three_to_come(self, ring: Keyring) -> None:
        assert [key.scope for key in ring.ring().keys] == ["fields", "relay", "2026-03", "2026-04", "2026-05", "2026-06"]
        assert all(re.fullmatch(r"(fields|relay|\d{4}-\d\d)-[0-9a-f]{4}", key.id) for key in ring.ring().keys)
        assert ring.ring().months_ahead(START) == 3

    def test_opens_with_its_own_root_only(self, ring: Keyring) -> None:
        with pytest.raises(KeyringError, match=r"REFERRAL_KEYRING.*root"):
            Keyring(ring.path, Keys(bytes(range(1, 33))), lambda: START).ring()

    def test_with_any_letter_changed_is_refused(self, ring: Keyring) -> None:
        whole = ring.path.read_text()
        for at in range(14, len(whole) - 4, 97):
            ring.path.write_text(whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :])
            with pytest.raises(KeyringError, match="REFERRAL_KEYRING"):
                again(ring).ring()

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"sealed": 3}', '{"sealed": "AAAA"}'])
    def test_of_another_shape_is_refused(self, ring: Keyring, text: str) -> None:
        ring.path.write_text(text)
        with pytest.raises(KeyringError):
            again(ring).ring()

    def test_that_becomes_unreadable_under_a_running_service_keeps_it_answering(self, ring: Keyring) -> None:
        sealed = ring.sealer.seal("words", CELL)
        ring.path.write_text("{")
        assert ring.sealer.open(sealed, CELL) == "words"
        ring.path.unlink()
        assert ring.sealer.open(ring.sealer.seal("more", CELL), CELL) == "more"

    def test_that_cannot_be_read_any_more_is_not_written_over(self, ring: Keyring) -> None:
        assert ring.ring().keys
        ring.path.write_text("somebody's only copy")
        with pytest.raises(KeyringError, match="not written over"):
            ring.change(lambda held: held.adding("2027-01", START))
        assert ring.path.read_text() == "somebody's only copy"

    def test_leaves_nothing_of_who_was_killed_while_writing(self, ring: Keyring) -> None:
        (ring.path.parent / ".keyring.json.0123").write_text("an older keyring")
        ring.change(lambda held: held.adding("2027-01", START))
        assert sorted(file.name for file in ring.path.parent.iterdir()) == ["keyring.json", "keyring.json.lock"]

    def test_that_vanished_is_written_back_whole_when_a_key_is_made(self, ring: Keyring) -> None:
        before = ring.ring().keys
        ring.path.unlink()
        ring.change(lambda held: held.adding("2027-01", START))
        assert again(ring).ring().keys[:-1] == before

    def test_once_missing_is_not_replaced_by_sealing(self, tmp_path: Path) -> None:
        empty = Keyring(tmp_path / "none.json", KEYS, lambda: START)
        with pytest.raises(KeyringError, match="missing"):
            empty.sealer.seal("words", CELL)
        assert not empty.there

    def test_with_a_key_that_nobody_drew_is_refused(self) -> None:
        for secret in (bytes(32), b"a" * 32, b"short"):
            with pytest.raises(BadRing):
                read_ring(write_ring(Ring((Key("fields-0000", Kind.FIELDS, START, secret),))))


class TestAtOnce:
    def test_many_make_the_months_key_once(self, tmp_path: Path) -> None:
        Keyring(tmp_path / "keyring.json", KEYS, lambda: START).create()
        later = START + timedelta(days=200)

        def write(_: int) -> str:
            return key_of(Keyring(tmp_path / "keyring.json", KEYS, lambda: later).sealer.of_month(later).seal("words", CELL))

        with ThreadPoolExecutor(6) as pool:
            assert len(set(pool.map(write, range(6)))) == 1

    def test_nobodys_change_is_lost(self, ring: Keyring) -> None:
        def add(serial: int) -> None:
            again(ring).change(lambda held: held.adding(f"2030-{serial:02}", START))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(add, range(1, 13)))
        assert {f"2030-{serial:02}" for serial in range(1, 13)} <= {key.scope for key in ring.ring().keys}

    def test_another_process_sees_a_new_key_without_a_restart(self, ring: Keyring) -> None:
        other = again(ring)
        before = other.sealer.seal("words", CELL)
        ring.change(lambda held: held.adding(Kind.FIELDS, START))
        after = other.sealer.seal("words", CELL)
        assert key_of(before) != key_of(after)
        assert [other.sealer.open(one, CELL) for one in (before, after)] == ["words", "words"]


class TestSealing:
    def test_is_under_the_month_the_report_was_filed_in(self, ring: Keyring) -> None:
        filed = datetime(2026, 4, 30, 23, 59, tzinfo=UTC)
        assert key_of(ring.sealer.of_month(filed).seal("words", CELL)).startswith("2026-04-")
        assert key_of(ring.sealer.seal("words", CELL)).startswith("fields-")

    def test_for_a_month_whose_key_is_gone_or_set_aside_is_under_this_months(self, ring: Keyring) -> None:
        long_ago = START - timedelta(days=400)
        assert key_of(ring.sealer.of_month(long_ago).seal("words", CELL)).startswith("2026-03-")
        april = ring.ring().newest("2026-04", START)
        assert april
        ring.change(lambda held: held.setting_aside(april.id, START))
        assert key_of(ring.sealer.of_month(datetime(2026, 4, 2, tzinfo=UTC)).seal("words", CELL)).startswith("2026-03-")

    def test_what_was_sealed_before_there_was_a_keyring_opens(self, ring: Keyring) -> None:
        assert ring.sealer.open(Sealer({ROOT_FIELDS: KEYS.fields}, ROOT_FIELDS).seal("words", CELL), CELL) == "words"

    def test_with_a_months_key_destroyed_no_copy_opens_any_more(self, ring: Keyring) -> None:
        sealed = ring.sealer.of_month(START).seal("words", CELL)
        ring.change(lambda held: held.without(key_of(sealed), START))
        with pytest.raises(Unreadable):
            again(ring).sealer.open(sealed, CELL)


class TestABox:
    def test_opens_with_the_private_half_as_what_it_is_only(self) -> None:
        pair, other = new_pair(), new_pair()
        box = close_box(pair.public, b"words", b"about")
        assert open_box(pair.private, box, b"about") == b"words"
        assert close_box(pair.public, b"words", b"about") != box
        assert repr(pair) == "<key pair>"
        for private, what, about in (
            (other.private, box, b"about"),
            (pair.private, box, b"other"),
            (pair.private, box[:-1], b"about"),
            (pair.private, b"", b""),
        ):
            with pytest.raises(Unreadable):
                open_box(private, what, about)

    def test_with_any_bit_turned_does_not_open(self) -> None:
        pair = new_pair()
        box = close_box(pair.public, b"words", b"about")
        for at in range(len(box) * 8):
            turned = bytearray(box)
            turned[at // 8] ^= 1 << at % 8
            with pytest.raises(Unreadable):
                open_box(pair.private, bytes(turned), b"about")

    def test_a_host_that_only_answers_callers_closes_numbers_and_opens_none(self, ring: Keyring, tmp_path: Path) -> None:
        ring.change(lambda held: held.with_custodian("amina", new_pair().public))
        ring.export(ring.ring().for_web(), tmp_path / "web.json")
        web = Keyring(tmp_path / "web.json", KEYS, lambda: START)
        assert not web.ring().custodians
        box = Relay(web).close("+254700000001", CELL)
        with pytest.raises(Unreadable):
            Relay(web).open(box, CELL)
        assert Relay(ring).open(box, CELL) == "+254700000001"
        with pytest.raises(Unreadable):
            Relay(ring).open(box, Cell("report", "contact", "b" * 32))
        with pytest.raises(FileExistsError):
            ring.export(ring.ring(), tmp_path / "web.json")


class TestTwoHosts:
    def test_merged_hold_the_keys_of_both_and_nothing_that_either_destroyed(self, ring: Keyring, tmp_path: Path) -> None:
        ring.export(ring.ring().for_web(), tmp_path / "web.json")
        web = Keyring(tmp_path / "web.json", KEYS, lambda: START + timedelta(days=130))
        sealed = web.sealer.of_month(START + timedelta(days=130)).seal("words", CELL)
        gone = ring.ring().keys[2].id
        ring.change(lambda held: held.without(gone, START))
        ring.change(lambda held: held.merged(web.ring()))
        assert ring.sealer.open(sealed, CELL) == "words"
        assert ring.ring().key(gone) is None
        assert all(key.secret for key in ring.ring().keys)  # the private half was not lost to the host that has none
        web.change(lambda held: held.merged(ring.ring()))
        assert web.ring().key(gone) is None

    def test_of_which_one_follows_never_come_apart_even_where_its_copy_is_old(self, ring: Keyring, tmp_path: Path) -> None:
        late = START + timedelta(days=200)
        ring.export(ring.ring(), tmp_path / "copy.json")
        follower = Keyring(tmp_path / "copy.json", KEYS, lambda: late, follows=True)
        known = {key.id for key in follower.ring().keys}
        assert follower.make_ahead() == 0
        sealed = follower.sealer.of_month(late).seal("words", CELL)
        assert {key.id for key in follower.ring().keys} == known
        assert key_of(sealed) == ring.ring().latest_month(late).id  # type: ignore[union-attr]  # it has months
        assert ring.sealer.open(sealed, CELL) == "words"

    def test_change_over_to_a_new_key_at_the_same_moment(self, ring: Keyring, tmp_path: Path) -> None:
        """What one seals before the other has the key could not be opened there."""
        clock = FixedClock(START)
        maker = Keyring(ring.path, KEYS, clock)
        before = key_of(maker.sealer.seal("words", CELL))
        new = maker.change(lambda held: held.turned(Kind.FIELDS, START + timedelta(minutes=1), START + timedelta(hours=24))).turning[Kind.FIELDS]
        maker.export(maker.ring(), tmp_path / "copy.json")
        follower = Keyring(tmp_path / "copy.json", KEYS, clock, follows=True)
        assert {key_of(one.sealer.seal("words", CELL)) for one in (maker, follower)} == {before}
        clock.turn(timedelta(hours=25))
        assert {key_of(one.sealer.seal("words", CELL)) for one in (maker, follower)} == {new}

    def test_hears_of_a_key_that_is_wanted_at_once_and_not_of_the_one_that_waited(self, ring: Keyring) -> None:
        waiting = ring.ring().turned(Kind.FIELDS, START, START + timedelta(hours=24))
        at_once = waiting.turned(Kind.FIELDS, START + timedelta(minutes=2))
        for now in (START + timedelta(minutes=2), START + timedelta(hours=25)):
            assert waiting.merged(at_once).newest(Kind.FIELDS, now) == at_once.keys[-1]

    def test_with_two_keys_of_one_name_are_not_merged(self, ring: Keyring) -> None:
        held = ring.ring()
        other = replace(held.keys[0], secret=bytes(range(32)))
        with pytest.raises(BadRing, match=other.id):
            held.merged(Ring((other,)))


def test_a_keyring_is_read_as_it_was_written(ring: Keyring) -> None:
    held = replace(ring.ring().with_custodian("amina", b"x" * 32), turning={"fields": "fields-0000"}, backed_up=START)
    held = held.adding(Kind.FIELDS, START, START + timedelta(days=1)).without(held.keys[-1].id, START).setting_aside(held.keys[2].id, START)
    assert read_ring(write_ring(held)) == held


def test_months_follow_each_other_over_the_year() -> None:
    december = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert [month(december, later) for later in (0, 1, 13)] == ["2026-12", "2027-01", "2028-01"]
    assert month_ends(Key("2026-12-0000", Kind.MONTH, START, b"")) == datetime(2027, 1, 1, tzinfo=UTC)


def test_every_column_of_bytes_is_sealed_or_a_known_tag() -> None:
    columns = [column for table in Base.metadata.tables.values() for column in table.columns if isinstance(column.type, LargeBinary)]
    sealed = {one.name for one in sealed_columns()} | {f"{c.table.name}.{c.name}" for c in columns if c.info.get("sealed") == ROOT}
    assert {f"{column.table.name}.{column.name}" for column in columns} == sealed | TAGS
    assert not sealed & TAGS


class TestStarting:
    def test_without_a_keyring_is_refused_where_rows_need_one_and_else_makes_it(self, sqlite_county: Kept, tmp_path: Path) -> None:
        ready = build(settings_for(sqlite_county.fresh("no-keyring"), keyring=tmp_path / "keyring.json"))
        with pytest.raises(SettingsError, match=r"REFERRAL_KEYRING: .* is missing and \d+ sealed values"):
            have_keys(ready)
        assert not ready.keyring.there
        ready.database.close()
        empty = prepare(settings_for(f"sqlite:///{tmp_path / 'empty.db'}", keyring=tmp_path / "keyring.json"))
        assert empty.keyring.there
        empty.database.close()

    def test_with_another_roots_keyring_is_refused(self, sqlite_county: Kept, tmp_path: Path) -> None:
        Keyring(tmp_path / "keyring.json", Keys(bytes(range(5, 37))), lambda: START).create()
        ready = build(settings_for(sqlite_county.fresh("other-keyring"), keyring=tmp_path / "keyring.json"))
        with pytest.raises(SettingsError, match="root key"):
            have_keys(ready)
        ready.database.close()

    def test_live_is_refused_where_others_can_read_the_keyring(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in list(os.environ):
            if name.startswith(("REFERRAL_", "AT_")):
                monkeypatch.delenv(name)
        create_secrets(tmp_path / "secrets.toml")
        monkeypatch.setenv("REFERRAL_SECRETS", str(tmp_path / "secrets.toml"))
        monkeypatch.setenv("REFERRAL_CONFIG", str(TREE / "config" / "kwale"))
        settings = read_settings()
        assert settings.keyring == tmp_path / "keyring.json"
        Keyring(settings.keyring, Keys(settings.secrets.root), lambda: START).create()
        live = replace(settings, gateway=GatewayKind.AFRICASTALKING)
        assert not any("KEYRING" in one for one in live.reasons_not_to_go_live())
        settings.keyring.chmod(0o640)
        assert any("REFERRAL_KEYRING" in one and "chmod 600" in one for one in live.reasons_not_to_go_live())


class TestTheService:
    def test_seals_what_is_told_under_the_month_and_the_number_in_a_box(self, world: World, tmp_path: Path) -> None:
        register, report = world.service.register, new(Told(story="Nyumba ya bluu", landmark="Shule"))
        number = PhoneNumber("+254700000123")
        with world.service.database.transaction() as session:
            register.add(session, report, START)
            session.flush()
            register.give_contact(session, report.id, number, b"t" * 16, Hours.ANY, by_call=False, now=START)
        with world.rows() as session:
            assert register.contact_number(session, report.id, START) == number
        state = key_state(world.service.database, world.service.keyring, START)
        rows = {held.key.id: held.rows for held in state.held}
        assert rows[world.service.keyring.writes_with("2026-03")] >= 2
        assert rows[world.service.keyring.writes_with(Kind.RELAY)] == 1
        assert not state.lost
        web = web_keyring(world, tmp_path)
        with world.rows() as session, pytest.raises(Unreadable):
            Register(web.sealer, Relay(web)).contact_number(session, report.id, START)

    def test_shows_an_officer_that_a_part_is_unreadable_and_still_all_the_rest(self, world: World) -> None:
        has_pin(world)
        sent(world.phone())
        world.work()
        with world.service.database.transaction() as session:
            session.execute(update(ReportRecord).values(story=world.service.sealer.seal("another's", CELL), spot=b"\x01\x02k9"))
        with capture_logs() as logs:
            phone = signed_in(world)
            phone.keys("1", "1")
        assert "cannot be read any more" in phone.screen
        assert "RED" in phone.screen
        assert {(one["column"], one["key"]) for one in logs if one["event"] == "a field does not open"} >= {("spot", "k9")}
        assert all("another" not in str(one) for one in logs)

    def test_does_not_write_over_what_does_not_open_when_its_reporter_adds_to_it(self, world: World) -> None:
        register, report = world.service.register, new(Told(story="Nyumba ya bluu"))
        with world.service.database.transaction() as session:
            register.add(session, report, START)
            session.flush()
            session.execute(update(ReportRecord).where(ReportRecord.id == report.id).values(story=b"\x01\x02k9 broken"))
        with world.service.database.transaction() as session:
            read = register.read(session, report.id)
            assert read is not None
            register.amend(session, report.id, read.told.adding(landmark="Shule"), read.urgency, 1, (), None)
        with world.rows() as session:
            assert session.scalars(select(ReportRecord.story).where(ReportRecord.id == report.id)).one() == b"\x01\x02k9 broken"

    def test_purges_a_month_until_its_key_is_gone(self, world: World, clock: FixedClock) -> None:
        ring = world.service.keyring
        key = ring.writes_with("2026-03")
        clock.turn(timedelta(days=130))
        assert world.service.purging.at_once(clock.now, trusted=True).removed["month keys"] == 0
        held = ring.ring().key(key)
        assert held is not None
        assert held.aside == clock.now
        clock.turn(timedelta(days=8))
        assert world.service.purging.at_once(clock.now, trusted=True).removed["month keys"] >= 1
        assert key in ring.ring().gone
        with world.rows() as session:
            assert key in session.scalars(select(AuditRecord.subject).where(AuditRecord.action == Action.KEY_DESTROYED)).all()

    def test_makes_the_coming_months_keys(self, world: World, clock: FixedClock) -> None:
        clock.turn(timedelta(days=62))
        service = world.service
        assert keep_keys(service.keyring, service.database, service.audit, clock.now) >= 0
        assert service.keyring.ring().months_ahead(clock.now) >= 3  # one keyring for all tests: others may have looked further
        assert keep_keys(service.keyring, service.database, service.audit, clock.now) == 0


def web_keyring(world: World, folder: Path) -> Keyring:
    """The keyring of a host that only answers callers."""
    world.service.keyring.export(world.service.keyring.ring().for_web(), folder / "web.json")
    return Keyring(folder / "web.json", KEYS, lambda: START)
