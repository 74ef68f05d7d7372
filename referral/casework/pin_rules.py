"""Which PINs are too easy. Pure."""

from __future__ import annotations

from itertools import pairwise

PIN_LENGTH = 6
INVITATION_LENGTH = 8

_ROUND = "01234567890"
_COMMON = frozenset({"112233", "332211", "102030", "010203", "142536", "147258", "159753", "258000", "369258", "741852", "789456", "147852", "254254"})
"""Patterns of the keypad, and the country's own prefix twice, which the rules below do not catch."""


def weak(pin: str) -> bool:
    """Whether a PIN is among the first a thief of the phone would try: few different digits, a run up or down, halves or thirds that repeat."""
    run = pin in _ROUND or pin in _ROUND[::-1]
    even = len({(int(b) - int(a)) % 10 for a, b in pairwise(pin)}) == 1
    repeats = pin == pin[:3] * 2 or pin == pin[:2] * 3
    return len(set(pin)) <= 2 or run or even or repeats or pin in _COMMON


def pin_of(typed: str) -> str | None:
    """The six digits of a PIN, or None for anything else."""
    return _digits(typed, PIN_LENGTH)


def invitation_of(typed: str) -> str | None:
    """The eight digits of an invitation, blanks allowed, or None for anything else."""
    return _digits("".join(typed.split()), INVITATION_LENGTH)


def _digits(typed: str, length: int) -> str | None:
    return typed if len(typed) == length and typed.isascii() and typed.isdigit() else None
