"""One line a caller may choose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """`value` is what is kept when the line is chosen. `text` is a catalogue key, or with `verbatim` a proper name shown as it is."""

    value: str
    text: str
    verbatim: bool = False
