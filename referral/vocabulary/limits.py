"""How often is too often, as a county sets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """`[limits]` of policy.toml. All but the last are for callers who share a tag; `wrong_codes_in_all` is for everybody together, in a day."""

    reports_a_day: int
    sessions_an_hour: int
    wrong_codes_a_day: int
    wrong_codes_in_all: int
