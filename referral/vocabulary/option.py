"""One line a caller may choose, or read, and the keys that choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LINE_OF_KEY: Mapping[str, int] = MappingProxyType({str(number): number - 1 for number in range(1, 9)})
"""Which line a key chooses, counted from 0. By look-up: `str.isdigit` would take digits of other scripts, which no keypad sends."""


@dataclass(frozen=True, slots=True)
class Option:
    """`value` is what is kept when the line is chosen. `text` is a catalogue key, or with `verbatim` a proper name shown as it is.

    `params` fill the text in: words as they are, or another line, which is said in the same language ("{name} {hours}").
    """

    value: str
    text: str
    verbatim: bool = False
    params: tuple[tuple[str, str | Option], ...] = ()
