"""What is sealed opens in its own place only, unchanged, with its own key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from referral.privacy.audit import Action, Audit, AuditRecord
from referral.privacy.codes import issue_code, read_code, show_code
from referral.privacy.daykeys import DayKeyRecord, DayKeys, forget_old_days
from referral.privacy.keys import Keys
from referral.privacy.logs import describe, redact
from referral.privacy.seal import Cell, Sealer, Unreadable
from referral.privacy.tokens import tokens_match
from referral.store.database import Database
from tests.conftest import START

KEY, OLD = bytes(range(32)), bytes(range(1, 33))
CELL = Cell("report", "story", "a" * 32)
sealer = Sealer({"k2": KEY, "k1": OLD}, "k2")
texts = st.text(max_size=300)


class TestASealedField:
    @settings(max_examples=80, deadline=None)
    @given(texts, st.sampled_from([32, 64, 256]))
    def test_opens_to_the_same_words(self, words: str, pad: int) -> None:
        assert sealer.open(sealer.seal(words, CELL, pad=pad), CELL) == words

    @pytest.mark.parametrize(
        "cell",
        [
            Cell("report", "story", "b" * 32),
            Cell("report", "landmark", "a" * 32),
            Cell("alert", "story", "a" * 32),
            Cell("report|story", "", "a" * 32),
            Cell("", "", ""),
        ],
    )
    def test_moved_to_another_row_column_or_table_does_not_open(self, cell: Cell) -> None:
        with pytest.raises(Unreadable):
            sealer.open(sealer.seal("words", CELL), cell)

    def test_names_that_run_together_are_different_places(self) -> None:
        sealed = sealer.seal("words", Cell("ab", "c", "d"))
        for cell in (Cell("a", "bc", "d"), Cell("ab", "", "c|d"), Cell("ab|c", "d", "")):
            with pytest.raises(Unreadable):
                sealer.open(sealed, cell)

    def test_with_any_bit_turned_does_not_open(self) -> None:
        sealed = sealer.seal("Nyumba ya bluu", CELL)
        for at in range(len(sealed) * 8):
            turned = bytearray(sealed)
            turned[at // 8] ^= 1 << at % 8
            with pytest.raises(Unreadable):
                sealer.open(bytes(turned), CELL)

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=120))
    def test_made_up_does_not_open(self, made_up: bytes) -> None:
        with pytest.raises(Unreadable):
            sealer.open(made_up, CELL)

    def test_cut_short_does_not_open(self) -> None:
        sealed = sealer.seal("words", CELL)
        for length in range(len(sealed)):
            with pytest.raises(Unreadable):
                sealer.open(sealed[:length], CELL)

    def test_carries_the_id_of_its_key_and_needs_that_very_key(self) -> None:
        before = Sealer({"k1": OLD}, "k1").seal("words", CELL)
        assert b"k1" in before[:6]
        assert b"k2" in sealer.seal("words", CELL)[:6]
        assert sealer.open(before, CELL) == "words"
        for other in (Sealer({"k2": KEY}, "k2"), Sealer({"k1": KEY}, "k1")):
            with pytest.raises(Unreadable):
                other.open(before, CELL)

    def test_is_different_each_time_and_as_long_for_a_word_as_for_a_sentence(self) -> None:
        assert sealer.seal("x", CELL) != sealer.seal("x", CELL)
        assert len({len(sealer.seal("x" * length, CELL, pad=256)) for length in (0, 1, 80, 200)}) == 1

    def test_shows_nothing_of_its_keys(self) -> None:
        assert repr(sealer) == "<sealer>"
        assert repr(Keys(KEY)) == "<keys>"


class TestACode:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 10))
    def test_has_a_check_digit_that_notices_a_slip(self, at: int) -> None:
        code = issue_code()
        assert re.fullmatch(r"\d{12}", code)
        assert read_code(show_code(code)) == read_code(code.replace("", "-")[1:-1]) == code
        wrong = code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1 :]
        assert read_code(wrong) is None
        if code[at] != code[at + 1]:
            assert read_code(code[:at] + code[at + 1] + code[at] + code[at + 2 :]) is None

    @pytest.mark.parametrize(
        "typed",
        ["", "1", "48219037551", "4821903755167", "4821 9037 551a", "\u0664\u0668\u0662\u0661\u0669\u0660\u0663\u0667\u0665\u0665\u0661\u0666", "1" * 9999],
    )
    def test_is_twelve_digits_or_none(self, typed: str) -> None:
        assert read_code(typed) is None

    def test_of_every_report_is_another(self) -> None:
        assert len({issue_code() for _ in range(2000)}) == 2000

    def test_digest_needs_the_root(self) -> None:
        assert Keys(KEY).code_digest("482190375516") != Keys(OLD).code_digest("482190375516")
        keys = Keys(KEY)
        assert len({keys.code_digest("1"), keys.number_tag("1"), keys.message_tag("1")}) == 3


class TestTheDaysKey:
    def test_is_one_for_all_processes_and_another_each_day(self, county_database: Database) -> None:
        one, other = DayKeys(county_database, KEY), DayKeys(county_database, KEY)
        assert one.tags("s", START) == other.tags("s", START)
        tomorrow = START + timedelta(days=1)
        today_tag, yesterday_tag = other.tags("s", tomorrow)
        assert yesterday_tag == one.tags("s", START)[0]
        assert today_tag != yesterday_tag

    def test_made_by_two_at_once_is_one(self, county_database: Database) -> None:
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        start = Barrier(4)

        def make(_: int) -> bytes:
            keys = DayKeys(county_database, KEY)
            start.wait()
            return keys.tags("s", START)[0]

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(make, range(4)))) == 1

    def test_once_deleted_brings_no_tag_back(self, county_database: Database) -> None:
        before = DayKeys(county_database, KEY).tags("s", START)[0]
        with county_database.transaction() as session:
            forget_old_days(session, START + timedelta(days=2))
            assert session.scalar(select(func.count()).select_from(DayKeyRecord)) == 0
        assert DayKeys(county_database, KEY).tags("s", START)[0] != before

    def test_moved_to_another_day_does_not_open(self, county_database: Database) -> None:
        DayKeys(county_database, KEY).tags("s", START)
        with county_database.transaction() as session:
            session.execute(update(DayKeyRecord).values(day=date(2026, 3, 9)))
        with pytest.raises(Unreadable):
            DayKeys(county_database, KEY).tags("s", START + timedelta(days=5))

    def test_what_knows_a_text_again_leaves_whoever_tries_every_number_with_dozens(self, county_database: Database) -> None:
        """Whoever has the words, the database and the day's key can try numbers; more than one must fit."""
        keys = DayKeys(county_database, KEY)
        senders = [f"+2547{number:08d}" for number in range(3 * 2**10)]
        one, other = next(_pairs(senders, lambda sender: keys.few_bits(sender, START)))  # of three thousand, four pairs are to be expected
        assert keys.likeness(one, "a child is beaten", START) == keys.likeness(other, "a child is beaten", START)
        assert keys.likeness(one, "a child is beaten", START) != keys.likeness(one, "a child is hungry", START)
        assert set(keys.likeness(one, "x", START)) & set(DayKeys(county_database, KEY).likeness(one, "x", START + timedelta(days=1)))


def _pairs(values: Sequence[str], mark: Callable[[str], int]) -> Iterator[tuple[str, str]]:
    """Values that share a mark."""
    seen: dict[int, str] = {}
    for value in values:
        if mark(value) in seen:
            yield seen[mark(value)], value
        seen[mark(value)] = value


class TestTheAudit:
    @pytest.mark.parametrize(
        ("column", "value"), [("actor", "somebody"), ("action", Action.DECLINED), ("subject", "f" * 32), ("details", "{}"), ("hour", START)]
    )
    def test_an_entry_that_was_edited_is_not_genuine(self, county_database: Database, column: str, value: object) -> None:
        audit = Audit(KEY)
        with county_database.transaction() as session:
            audit.write(session, START + timedelta(hours=3, minutes=17), "co-kwale-1", Action.ACKNOWLEDGED, "e" * 32, office="co-kwale")
        with county_database.transaction() as session:
            record = session.scalars(select(AuditRecord).where(AuditRecord.subject == "e" * 32)).one()
            assert audit.genuine(record)
            assert not Audit(OLD).genuine(record)
            assert (record.hour.minute, record.hour.second) == (0, 0)
            session.expunge(record)  # the database itself takes no change of an entry
            setattr(record, column, value)
            assert not audit.genuine(record)


class TestLogs:
    @pytest.mark.parametrize(
        "number", ["+254700000123", "254700000123", "0700000123", "0700 000 123", "+254-700-000-123", "(0700) 000123", "00254700000123", "4821 9037 5516"]
    )
    def test_say_no_number_in_any_spelling(self, number: str) -> None:
        assert not re.search(r"\d{3}", redact(f"to {number} failed"))

    def test_say_of_an_error_its_type_and_place_only(self) -> None:
        said = str(describe(ValueError("+254700000123 said: nataka kufa")))
        assert "ValueError" in said
        assert "254" not in said
        assert "kufa" not in said


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=50))
def test_no_made_up_token_matches(given_token: str) -> None:
    tokens = ("u" * 40, "v" * 40)
    assert tokens_match(given_token, tokens) == (given_token in tokens)
