"""What the mobile operators of Kenya do to a screen and a session, as far as it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import gsm0338  # noqa: F401  # importing it registers the codec used below

_CODEC = "gsm03.38"


@dataclass(frozen=True, slots=True)
class Operator:
    """`screen` in septets, counting `CON ` too (nobody says whether operators do, so the stricter reading); `keys` in characters;
    `idle` and `session` in seconds. Where an operator has published nothing, the smallest published figure stands."""

    code: str
    name: str
    screen: int = 160
    keys: int = 80
    idle: float = 30.0
    session: float = 180.0


OPERATORS = {
    operator.code: operator
    for operator in (
        Operator("63902", "Safaricom"),
        Operator("63903", "Airtel", screen=184, keys=90, idle=60.0),
        Operator("63907", "Telkom"),
        Operator("63999", "Equitel"),
    )
}
DEFAULT = OPERATORS["63902"]
_SCREEN_OCTETS = 160
"""What a screen carries on the wire. Text outside the phones' alphabet takes two octets a character."""


def is_gsm(text: str) -> bool:
    """True if every character is of the phones' 7-bit alphabet."""
    try:
        text.encode(_CODEC)
    except UnicodeError:
        return False
    return True


def used(answer: str) -> int:
    """How much room of a screen a whole answer takes: septets, or octets where a character outside the phones' alphabet makes two of each."""
    return len(answer.encode(_CODEC)) if is_gsm(answer) else len(answer.encode("utf-16-be"))


def room(answer: str, operator: Operator) -> int:
    """How much room this operator's phones have for such an answer, in the measure of `used`."""
    return operator.screen if is_gsm(answer) else _SCREEN_OCTETS


def cut_off(answer: str, operator: Operator) -> str:
    """The tail of a whole answer (with `CON ` or `END `) that this operator's phones would not show; empty if all of it fits."""
    seven_bit = is_gsm(answer)
    left = room(answer, operator)
    for index, character in enumerate(answer):
        left -= len(character.encode(_CODEC)) if seven_bit else len(character.encode("utf-16-be"))
        if left < 0:
            return answer[index:]
    return ""


def foreign(text: str) -> list[str]:
    """The characters outside the phones' alphabet, each once, in order."""
    return list(dict.fromkeys(character for character in text if not is_gsm(character)))


def parts(text: str) -> int:
    """How many SMS a text is billed as."""
    if is_gsm(text):
        length, single, joined = len(text.encode(_CODEC)), 160, 153
    else:
        length, single, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else math.ceil(length / joined)
