"""The reporter's code: twelve digits, the last a Damm check digit, written like an airtime voucher."""

from __future__ import annotations

import secrets

from stdnum import damm

LENGTH = 12


def issue_code() -> str:
    """A new code from the system's randomness: 11 random digits and the check digit."""
    body = "".join(secrets.choice("0123456789") for _ in range(LENGTH - 1))
    return body + str(damm.calc_check_digit(body))


def read_code(typed: str) -> str | None:
    """The code in what was typed (blanks and hyphens allowed), or None if it cannot be one: a digit too few, or two swapped."""
    digits = "".join(typed.replace("-", " ").split())
    if len(digits) != LENGTH or not digits.isascii() or not digits.isdigit():
        return None
    return digits if damm.is_valid(digits) else None


def show_code(code: str) -> str:
    """In groups of four, as it is read out and written down: 4821 9037 5516."""
    return " ".join(code[i : i + 4] for i in range(0, LENGTH, 4))
