"""Screens and texts in plain characters, so that they read the same in a terminal, a pipe and a page of documentation."""

from __future__ import annotations

import textwrap

WIDTH = 34


def framed(text: str, title: str = "") -> str:
    """Text in a box as wide as a small phone; long lines are wrapped, none is shortened."""
    head = f"+-- {title} " if title else "+"
    lines = [head.ljust(WIDTH + 3, "-") + "+"]
    for line in text.split("\n"):
        lines += [f"| {part.ljust(WIDTH)} |" for part in textwrap.wrap(line, WIDTH, replace_whitespace=False, drop_whitespace=False) or [""]]
    return "\n".join([*lines, "+" + "-" * (WIDTH + 2) + "+"])
