"""How long each kind of thing is kept: the county's figures, checked all at once. What is over goes in referral.forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from referral.vocabulary.problems import Unusable

_UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "years": timedelta(days=365)}


class RetentionError(Unusable):
    """The figures cannot be used. `problems` holds one line for each mistake."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Spans after which something goes. What each is counted from stands in policy.toml, table [retention].

    `idle` deletes nothing: a report that nobody closed for so long is named in an alarm.
    """

    unsent: timedelta
    exact_times: timedelta
    contact_longest: timedelta
    letters_read: timedelta
    words: timedelta
    skeleton: timedelta
    audit: timedelta
    tests: timedelta
    flags: timedelta
    counts: timedelta
    idle: timedelta


_KEYS = {
    "unsent_hours": "unsent",
    "exact_times_hours": "exact_times",
    "contact_longest_days": "contact_longest",
    "letters_read_days": "letters_read",
    "words_after_closing_days": "words",
    "skeleton_years": "skeleton",
    "audit_years": "audit",
    "office_tests_days": "tests",
    "settled_flags_days": "flags",
    "counts_days": "counts",
    "never_closed_days": "idle",
}
"""Each key of the table, its unit as its last word, and the span it gives."""


def parse_retention(data: object) -> Retention:
    """The spans of policy.toml's table [retention]: every one must be there. Raises RetentionError naming every problem."""
    table = data if isinstance(data, Mapping) else {}
    problems = [f"retention.{name}: unknown" for name in table if name not in _KEYS]
    spans: dict[str, timedelta] = {}
    for key, name in _KEYS.items():
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 40_000:
            problems.append(f"retention.{key}: must be a number above 0")
        else:
            spans[name] = value * _UNITS[key.rpartition("_")[2]]
    if problems:
        raise RetentionError(problems)
    return Retention(**spans)
