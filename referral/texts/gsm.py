"""How much room a text takes on a GSM network (3GPP TS 23.038: 7-bit alphabet, extension table through escape)."""

from __future__ import annotations

import gsm0338  # noqa: F401  # importing it registers the codec

_CODEC = "gsm03.38"
_ESCAPE = "\x1b"
_ONE_PART = 160
_MANY_PARTS = 153
"""Each part of a longer text gives seven septets to the header that joins them."""


class NotGsm(ValueError):
    """A character outside the GSM-7 alphabet: one of it would more than halve what a message holds. `character` is that character."""

    def __init__(self, character: str) -> None:
        super().__init__(f"not a GSM-7 character: {character!r} (U+{ord(character):04X})")
        self.character = character


def septets(text: str) -> int:
    """The length in septets; characters of the extension table count 2. Raises NotGsm for the first character outside."""
    return len(_encoded(text))


def parts(text: str) -> int:
    """How many SMS the text takes: one up to 160 septets, else parts of 153 in which no extension pair is cut in two. Raises NotGsm."""
    encoded = _encoded(text)
    if len(encoded) <= _ONE_PART:
        return 1
    count, start = 0, 0
    while start < len(encoded):
        end = min(start + _MANY_PARTS, len(encoded))
        if end < len(encoded) and encoded[end - 1 : end] == _ESCAPE.encode("ascii"):
            end -= 1
        count, start = count + 1, end
    return count


def is_gsm(text: str) -> bool:
    """Whether every character is in the alphabet."""
    try:
        _encoded(text)
    except NotGsm:
        return False
    return True


def _encoded(text: str) -> bytes:
    if _ESCAPE in text:  # the codec lets it through, but alone it swallows the character after it
        raise NotGsm(_ESCAPE)
    try:
        return text.encode(_CODEC)
    except UnicodeEncodeError as problem:
        character = text[problem.start]
    raise NotGsm(character)
