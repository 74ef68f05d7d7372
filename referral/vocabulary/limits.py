"""How often is too often, and how far too far, as a county sets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """`[limits]` of policy.toml. All are for callers who share a tag but `wrong_codes_in_all`, which is for everybody together, in a day.

    `wrong_entries_a_day`: of so many entries of the directory a caller can say in a day that they are wrong.
    """

    reports_a_day: int
    sessions_an_hour: int
    wrong_codes_a_day: int
    wrong_codes_in_all: int
    wrong_entries_a_day: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Kilometres beyond which a point or the place it is said to be in is wrong: `near` in a ward or what is smaller, `wide` in a sub-county or the
    county. As they stand they fit the widest county there is; a smaller one finds more slips by smaller figures."""

    near: float = 100.0
    wide: float = 500.0


WIDEST = Spread()
