"""A county's folder, read and checked: figures, routing, words, keywords. The directory itself is in the database."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

from referral.directory.nearest import Weights, parse_weights
from referral.dispatch.heads import parse_custodians
from referral.privacy.retention import Retention, RetentionError, parse_retention
from referral.routing.policy import Policy, parse_policy
from referral.routing.reading import DataError
from referral.routing.table import Table, parse_table
from referral.understanding.keywords import Keywords, parse_keywords
from referral.understanding.words import Words, parse_words


@dataclass(frozen=True)
class County:
    """Everything about a county that is not in the database."""

    policy: Policy
    table: Table
    words: Words
    keywords: Keywords
    nearest: Weights
    custodians: tuple[str, ...]
    retention: Retention


def read_county(folder: Path) -> County:
    """Raises what the parts raise, each naming every problem of its file at once."""
    with (folder / "keywords.csv").open(encoding="utf-8-sig", newline="") as file:
        keywords = parse_keywords(csv.DictReader(file))
    figures = _toml(folder / "policy.toml")
    nearest = figures.get("nearest", {})
    return County(
        policy=parse_policy(figures),
        table=parse_table(_toml(folder / "routing.toml")),
        words=parse_words(_toml(folder / "words.toml")),
        keywords=keywords,
        nearest=parse_weights(nearest if isinstance(nearest, dict) else {"nearest": nearest}),
        custodians=parse_custodians(figures.get("custodians", {})),
        retention=_retention(figures.get("retention", {})),
    )


def _retention(data: object) -> Retention:
    try:
        return parse_retention(data)
    except RetentionError as error:
        raise DataError(error.problems) from None


def _toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text("utf-8"))
