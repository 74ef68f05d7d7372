"""The number of an anonymous caller is nowhere, in no spelling, after any call."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from referral.intake.records import SessionRecord, TextRecord
from referral.privacy.daykeys import DayKeyRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Hours
from tests.conftest import START
from tests.world import CHIEF, NOT_NOW, Phone, World, as_far_as_ward, on_sqlite, sent

CALLER = "+254700000777"
"""Nobody in the directory has it."""


def spellings(number: str) -> Iterator[bytes]:
    """Every way in which a number could have been kept."""
    national = "0" + number[4:]
    for one in (number, number[1:], national, national[1:]):
        for spelt in (one, one[::-1]):
            raw = spelt.encode()
            yield raw
            yield base64.b64encode(raw)[:-3]
            yield raw.hex().encode()
            for digest in (hashlib.sha256(raw), hashlib.sha1(raw), hashlib.md5(raw)):
                yield digest.digest()[:12]
                yield digest.hexdigest()[:24].encode()


def keyed(world: World, number: str) -> Iterator[bytes]:
    """And the tags that the service itself could make of it."""
    keys = world.service.keys
    for one in (number, number[1:], "0" + number[4:]):
        yield from (keys.number_tag(one), keys.code_digest(one), keys.message_tag(one))
        yield from (hmac.digest(key, one.encode(), "sha256")[:16] for key in (keys.fields, keys.audit, keys.days))
        for tag in world.service.daykeys.tags(one, world.clock.now):
            if tag:
                yield tag


def held(world: World) -> bytes:
    """Every value of every column of every table, and the bytes of the file where there is one."""
    parts: list[bytes] = []
    with world.service.database.engine.connect() as connection:
        postgres = world.service.database.dialect == "postgresql"
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" if postgres else "SELECT name FROM sqlite_master WHERE type = 'table'"
        for name in connection.scalars(text(names)).all():
            for row in connection.execute(text(f'SELECT * FROM "{name}"')):
                for value in row:
                    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    parts += [raw, raw.hex().encode()]
    if not postgres:
        file = Path(str(world.service.database.url.database))
        parts += [path.read_bytes() for path in file.parent.glob(f"{file.name}*")]
    return b"\x00".join(parts)


def assert_nowhere(world: World, number: str = CALLER) -> None:
    everything = held(world)
    found = [spelt for spelt in (*spellings(number), *keyed(world, number)) if spelt in everything]
    assert found == []


def sent_and_finished(phone: Phone) -> None:
    sent(phone, who=CHIEF).key("2")


def sent_and_told_all(phone: Phone) -> None:
    sent(phone).keys("1", "1", "1", "1", "1", "1", "1", "1", "Kuna watoto wengine huko")


def sent_and_dropped(phone: Phone) -> None:
    sent(phone).key("1")
    phone.hang_up()


def only_dialled(phone: Phone) -> None:
    phone.dial()
    phone.hang_up()


def dropped_before_the_ward(phone: Phone) -> None:
    phone.dial()
    phone.keys("1", "1", "1")


def dropped_after_the_ward(phone: Phone) -> None:
    as_far_as_ward(phone).hang_up()


def fell_silent(phone: Phone) -> None:
    as_far_as_ward(phone, danger=NOT_NOW)


def asked_for_help(phone: Phone) -> None:
    phone.dial()
    phone.keys("2", "1", "2", "1", "2")


def backed_out(phone: Phone) -> None:
    as_far_as_ward(phone).keys("0", "0", "0")


CALLS = [
    sent_and_finished,
    sent_and_told_all,
    sent_and_dropped,
    only_dialled,
    dropped_before_the_ward,
    dropped_after_the_ward,
    fell_silent,
    asked_for_help,
    backed_out,
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_after_a_call_the_number_is_nowhere(world: World, call: object, capfd: pytest.CaptureFixture[str]) -> None:
    call(world.phone(CALLER))  # type: ignore[operator]
    assert_nowhere(world)
    world.wait(timedelta(minutes=4), step=timedelta(minutes=2))
    assert_nowhere(world)
    logged = "".join(capfd.readouterr())
    assert not [spelt for spelt in spellings(CALLER) if spelt.decode("latin-1") in logged]


def test_the_search_would_find_it(world: World) -> None:
    with world.service.database.transaction() as session:
        session.execute(text("UPDATE directory_office SET note = :note WHERE id = 'triage-desk'"), {"note": CALLER[::-1]})
    with pytest.raises(AssertionError):
        assert_nowhere(world)


def test_a_quarter_of_an_hour_later_the_session_is_gone(world: World) -> None:
    sent(world.phone(CALLER))
    as_far_as_ward(world.phone("+254700000778"))
    with world.rows() as session:
        assert session.scalar(select(func.count()).select_from(SessionRecord)) == 2
    world.wait(timedelta(minutes=20), step=timedelta(minutes=5))
    with world.rows() as session:
        assert session.scalar(select(func.count()).select_from(SessionRecord)) == 0
    assert_nowhere(world)


def test_the_key_that_tags_a_session_is_gone_after_the_next_day(world: World) -> None:
    for day in range(4):
        world.clock.now = START + timedelta(days=day)
        as_far_as_ward(world.phone(CALLER))
        world.work()
        with world.rows() as session:
            days = set(session.scalars(select(DayKeyRecord.day)))
        assert days == {START.date() + timedelta(days=back) for back in range(max(0, day - 1), day + 1)}
    assert all(day >= (START + timedelta(days=2)).date() for day in world.service.daykeys._known)


def test_a_process_that_only_reads_keys_forgets_them_too(world: World, database_url: str) -> None:
    from referral.privacy.daykeys import DayKeys

    reader = DayKeys(world.service.database, world.service.keys.days)
    for day in range(5):
        now = START + timedelta(days=day)
        world.service.daykeys.tags("x", now)
        assert reader.tags("x", now) == world.service.daykeys.tags("x", now)
    assert len(reader._known) <= 2


@on_sqlite
class TestContact:
    def test_only_a_yes_to_all_three_keeps_the_number_and_only_sealed(self, world: World) -> None:
        phone = sent(world.phone(CALLER))
        phone.keys("1", "7", "7", "7", "7", "2", "2")
        assert_nowhere(world)
        phone.key("3")
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
            number = world.service.register.contact_number(session, report.id, world.clock.now)
        assert report.contact_hours is Hours.EVENING
        assert number is not None
        assert number.reveal() == CALLER
        assert_nowhere(world)
        assert report.contact_until == (START + timedelta(days=30)).replace(minute=0)

    @pytest.mark.parametrize("keys", [("1",), ("7",), ("2", "1"), ("2", "7"), ("2", "2"), ("2", "2", "7")], ids=" ".join)
    def test_anything_else_keeps_none(self, world: World, keys: tuple[str, ...]) -> None:
        sent(world.phone(CALLER)).keys("1", "7", "7", "7", "7", *keys)
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
        assert (report.contact, report.contact_hours, report.contact_until) == (None, None, None)

    def test_going_back_behind_the_yes_takes_it_away(self, world: World) -> None:
        phone = sent(world.phone(CALLER))
        phone.keys("1", "7", "7", "7", "7", "2", "2", "3")
        phone.key("0")
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
        assert (report.contact, report.contact_hours, report.contact_until, report.contact_by_call) == (None, None, None, None)

    def test_help_now_with_yes_may_be_called(self, world: World) -> None:
        phone = world.phone(CALLER)
        phone.dial()
        phone.keys("2", "1", "2", "2")
        with world.rows() as session:
            report = session.scalars(select(ReportRecord)).one()
        assert (report.contact is not None, report.contact_by_call) == (True, True)
        assert_nowhere(world)

    def test_no_number_and_no_story_goes_out_in_a_text(self, world: World) -> None:
        phone = sent(world.phone(CALLER))
        phone.keys("1", "7", "7", "7", "7", "2", "2", "3")
        world.wait(timedelta(minutes=90))
        assert not [words for _, words in world.gateway.sent if CALLER[4:] in words]


class TestTexts:
    def test_the_sender_of_a_text_is_nowhere_once_it_is_filed(self, world: World) -> None:
        world.text(CALLER, "Mtoto anapigwa kila siku hapa Ukunda")
        assert_nowhere(world)
        world.work()
        with world.rows() as session:
            assert session.scalars(select(TextRecord.sealed)).all() == [None]
        world.wait(timedelta(minutes=60))  # the dialogue is over, and its hour too
        with world.rows() as session:
            assert session.scalar(select(func.count()).select_from(ReportRecord)) == 1
        assert_nowhere(world)
