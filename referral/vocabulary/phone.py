"""A phone number that cannot be printed by accident."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_WRITTEN = re.compile(r"[+\d\s().-]+")


class NotAPhoneNumber(ValueError):
    """The text is no mobile number of this country. The message never holds the text."""


class PhoneNumber:
    """A Kenyan mobile number. Its `str`, `repr` and `format` never show it; only `reveal()` does, where it must go out.

    One object carries the number from a door to whatever may seal or send it, so that no log line, traceback or template
    that is handed the object can carry the number (threat model, finding 8: libraries quote numbers in exceptions).
    """

    __slots__ = ("_e164",)

    def __init__(self, text: str, *, region: str = "KE", country_code: int = 254) -> None:
        """Parse `text`: +2547…, 2547…, 07…, 7…, 002547… Raises NotAPhoneNumber for anything but a mobile of that country."""
        digits = text.strip()
        if _WRITTEN.fullmatch(digits) is None:  # the library reads letters as the digits of their keys, and would make a number of a name
            raise NotAPhoneNumber("not a phone number")
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        elif digits.startswith(str(country_code)):
            digits = "+" + digits
        try:
            parsed = phonenumbers.parse(digits, region)
        except NumberParseException:
            raise NotAPhoneNumber("not a phone number") from None
        kind = phonenumbers.number_type(parsed)
        mobile = kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
        if parsed.country_code != country_code or not mobile or not phonenumbers.is_valid_number(parsed):
            raise NotAPhoneNumber("not a mobile number of this country")
        self._e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)

    def reveal(self) -> str:
        """The number as E.164. Call it only where the number is sealed, keyed, or handed to the gateway."""
        return self._e164

    @property
    def sample(self) -> bool:
        """True for +254700000xxx, the block that sample data uses. Such numbers are dialable in real life: never in a live service."""
        return self._e164.startswith("+254700000")

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
