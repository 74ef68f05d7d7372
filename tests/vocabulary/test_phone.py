"""A phone number is read in every way people write it, refused where it is none, and never shown by accident."""

from __future__ import annotations

import pickle

import pytest

from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

E164 = "+254700000123"


@pytest.mark.parametrize(
    "written", ["+254700000123", "254700000123", "0700000123", "700000123", "00254700000123", "+254 (0)700 000 123", " 0700-000-123 ", "0700.000.123"]
)
def test_the_ways_people_write_it(written: str) -> None:
    assert PhoneNumber(written).reveal() == E164


@pytest.mark.parametrize(
    "written",
    [
        "",
        "116",
        "22384",
        "SAFARICOM",
        "0700ABCDEF",
        "0700000123;ext=5",
        "tel",
        "+255712000000",
        "+1 202 555 0100",
        "070000012",
        "07000001234",
        "*384*96#",
        "020 2000000",
    ],
)
def test_what_is_no_mobile_of_the_country(written: str) -> None:
    with pytest.raises(NotAPhoneNumber) as refused:
        PhoneNumber(written)
    assert not written or written not in str(refused.value)


def test_it_is_never_shown_by_accident() -> None:
    number = PhoneNumber(E164)
    shown = [str(number), repr(number), f"{number}", f"{number!r:>20}", "%s" % number, str([number]), str({"caller": number})]  # noqa: UP031  all the ways
    assert not any(digits in text for text in shown for digits in ("700000123", "0123"))
    with pytest.raises(TypeError):
        pickle.dumps(number)


def test_two_ways_of_writing_are_one_number() -> None:
    assert len({PhoneNumber("0700000123"), PhoneNumber(E164)}) == 1
    assert PhoneNumber(E164).sample
