"""The only numbers the stand-in knows."""

from __future__ import annotations

from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber


class NotASample(ValueError):
    """The number is not of the sample block. The message never holds it: it may be somebody's."""


def sample_number(text: str) -> str:
    """A sample number (+254700000xxx) as E.164. Raises NotASample for any other: that phone is somebody's, and is not ours to play with."""
    try:
        number = PhoneNumber(text)
    except NotAPhoneNumber:
        raise NotASample("only the sample numbers +254700000xxx can be used here") from None
    if not number.sample:
        raise NotASample("only the sample numbers +254700000xxx can be used here")
    return number.reveal()


def is_sample(text: str) -> bool:
    """True for a sample number written as E.164."""
    try:
        return sample_number(text) == text
    except NotASample:
        return False
