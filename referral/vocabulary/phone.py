"""A phone number that cannot be printed by accident, and the block that samples are taken from."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

REGION, COUNTRY = "KE", 254
SAMPLE_BLOCK = "+254700000"
"""Numbers of samples begin so; nobody else's may. They are dialable in real life, so a live service neither shows nor calls nor texts one."""
_WRITTEN = re.compile(r"[+\d\s().-]+")


class NotAPhoneNumber(ValueError):
    """The text is no mobile number of this country. The message never holds the text."""


def parsed(text: str) -> phonenumbers.PhoneNumber:
    """Any number written in digits, with or without the country's code. Raises NotAPhoneNumber. Whether it is in use is for the caller to ask."""
    if _WRITTEN.fullmatch(text) is None:  # the library reads letters as the digits of their keys, and would make a number of a name
        raise NotAPhoneNumber("not a phone number")
    try:
        return phonenumbers.parse(text, REGION)
    except NumberParseException:
        raise NotAPhoneNumber("not a phone number") from None


class PhoneNumber:
    """A Kenyan mobile number. Its `str`, `repr` and `format` never show it; only `reveal()` does, where it must go out.

    One object carries the number from a door to whatever may seal or send it, so that no log line, traceback or template
    that is handed the object can carry the number: libraries quote numbers in their exceptions.
    """

    __slots__ = ("_e164",)

    def __init__(self, text: str) -> None:
        """Parse `text`: +2547…, 2547…, 07…, 7…, 002547… Raises NotAPhoneNumber for anything but a mobile of this country."""
        digits = text.strip()
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        elif digits.startswith(str(COUNTRY)):
            digits = "+" + digits
        number = parsed(digits)
        kind = phonenumbers.number_type(number)
        mobile = kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
        if number.country_code != COUNTRY or not mobile or not phonenumbers.is_valid_number(number):
            raise NotAPhoneNumber("not a mobile number of this country")
        self._e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def reveal(self) -> str:
        """The number as E.164. Call it only where the number is sealed, keyed, or handed to the gateway."""
        return self._e164

    @property
    def sample(self) -> bool:
        """True for +254700000xxx, the block that sample data uses: never in a live service."""
        return self._e164.startswith(SAMPLE_BLOCK)

    def __repr__(self) -> str:
        return "<phone number>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<phone number>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhoneNumber) and other._e164 == self._e164

    def __hash__(self) -> int:
        return hash(self._e164)

    def __reduce__(self) -> str:
        raise TypeError("a phone number is not pickled: it is sealed or it is forgotten")
