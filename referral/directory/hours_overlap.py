"""Whether two rows of weekly hours say something twice: the commonest slip is 12 pm for 12 am, which makes a place open when it is shut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from referral.directory.records import MINUTES_A_DAY
from referral.directory.weeks import WEEK


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether there is a minute of a week that both rows cover, in a time in which both are valid."""
    if not _together(one, other):
        return False
    return any(a < d and c < b for a, b in _spans(one) for c, d in _spans(other))


def _together(one: dict[str, Any], other: dict[str, Any]) -> bool:
    starts = max(one["valid_from"] or date.min, other["valid_from"] or date.min)
    return bool(starts <= min(one["valid_to"] or date.max, other["valid_to"] or date.max))


def _spans(row: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Minutes of the week from and to; what runs past Sunday goes on on Monday."""
    length = (row["closes"] - row["opens"]) % MINUTES_A_DAY or MINUTES_A_DAY
    for day in range(7):
        if row["days"] >> day & 1:
            start = day * MINUTES_A_DAY + row["opens"]
            yield start, min(start + length, WEEK)
            if start + length > WEEK:
                yield 0, start + length - WEEK
