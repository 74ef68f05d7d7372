"""One line a caller may choose, or read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """`value` is what is kept when the line is chosen. `text` is a catalogue key, or with `verbatim` a proper name shown as it is.

    `params` fill the text in: words as they are, or another line, which is said in the same language ("{name} {hours}").
    """

    value: str
    text: str
    verbatim: bool = False
    params: tuple[tuple[str, str | Option], ...] = ()
