"""The search finds what it is to find, wherever it lies: without that its nought means nothing."""

from __future__ import annotations

import gzip
import hashlib
import random
from datetime import datetime
from pathlib import Path

import pytest

from referral.privacy.daykeys import DayKeys
from referral.privacy.keys import tag
from tests.canary.calls import numbers
from tests.canary.search import CHUNK, Needles, Search
from tests.canary.spellings import forms, spellings

NUMBER = "+254700000123"


def test_a_number_has_as_many_spellings_as_were_promised() -> None:
    spelt = spellings(NUMBER)
    assert len(spelt) == len(set(spelt.values())) >= 150


@pytest.mark.parametrize("begin", range(8))
def test_every_spelling_is_found_at_every_byte_a_word_may_begin_at(begin: int) -> None:
    spelt = spellings(NUMBER)
    needles = Needles({raw: name for name, raw in spelt.items()})
    for name, raw in spelt.items():
        for around in (b"\x00", b"\xff", b"0"):
            assert (raw, begin) in set(needles.within(around * begin + raw + around * 5)), name


def test_what_lies_across_two_pieces_of_a_file_is_found_once(tmp_path: Path) -> None:
    file = tmp_path / "hay"
    needles = Needles({NUMBER.encode(): "number"})
    for at in range(CHUNK - len(NUMBER) - 1, CHUNK + 2):
        file.write_bytes(b"\x01" * at + NUMBER.encode() + b"\x01" * 1000)
        search = Search(needles)
        search.file("file", file)
        assert [hit.at for hit in search.hits] == [at]


def test_in_noise_nothing_is_found_and_among_it_everything(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(3 * CHUNK)
    found = {raw: f"{number} {name}" for number in numbers()[:50] for name, raw in spellings(number).items()}
    search = Search(Needles(found))
    search.bytes("noise", noise)
    assert search.hits == []
    file = tmp_path / "noise.gz"
    with gzip.open(file, "wb") as packed:
        packed.write(noise[:1000].join(spellings(numbers()[7]).values()))
    search.file("packed", file)
    assert {hit.needle for hit in search.hits} >= {found[raw] for raw in spellings(numbers()[7]).values()}


def test_too_short_a_needle_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Needles({b"12345": "five"})


def unkeyed(number: str) -> set[int]:
    """Twenty bits of a number that anybody could make."""
    made = [getattr(hashlib, method)(form.encode()).digest() for method in ("md5", "sha1", "sha256", "sha512", "blake2b") for form in forms(number).values()]
    return {int.from_bytes(one[:3], "big") >> 4 for one in made} | {int.from_bytes(one[-3:], "big") & 0xFFFFF for one in made}


def test_twenty_bits_are_of_a_keyed_tag(sqlite_days: tuple[DayKeys, datetime]) -> None:
    """So few bits are too few to be searched for. Were they made without the day's key, each number's would be among these; by chance one in thousands is."""
    days, now = sqlite_days
    assert sum(days.few_bits(number, now) in unkeyed(number) for number in numbers()[:300]) < 3


def test_what_knows_a_text_again_is_made_of_twenty_bits_of_its_sender(sqlite_days: tuple[DayKeys, datetime]) -> None:
    days, now = sqlite_days
    key = days._alive(now)[0]
    made = days.likeness(NUMBER, "words", now)[0]
    assert made == tag(key, f"{days.few_bits(NUMBER, now)} words")
    assert made not in {tag(key, f"{form} words") for form in forms(NUMBER).values()}
