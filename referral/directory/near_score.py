"""What counts for and against a service point at a moment, in kilometres, and why, in words staff can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from referral.vocabulary.help import Open, Opening
from referral.vocabulary.problems import Unusable


class WeightsError(Unusable):
    """The weights cannot be used; `problems` names every one that is wrong."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How many kilometres farther each circumstance makes a place, or (own area) nearer. Minutes and days where the name says so.

    Defaults: what a caller on foot would rather do. A closed place is never hidden, only later; one that opens within `soon_minutes` can be waited for.
    """

    closed: float = 25.0
    soon: float = 8.0
    soon_minutes: float = 120.0
    unknown_hours: float = 10.0
    own_area: float = 15.0
    unverified: float = 10.0
    unverified_days: float = 365.0
    unconfirmed: float = 20.0


def parse_weights(data: Mapping[str, object]) -> Weights:
    """Weights from a table of the county's policy; what it does not name keeps its default. Raises WeightsError naming every problem."""
    known = {field.name for field in fields(Weights)}
    problems = [f"{name}: unknown" for name in data if name not in known]
    figures: dict[str, float] = {}
    for name in known & data.keys():
        value = data[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            problems.append(f"{name}: must be a number of at least 0")
        else:
            figures[name] = float(value)
    if problems:
        raise WeightsError(sorted(problems))
    return Weights(**figures)


def circumstances(
    weights: Weights, local: datetime, kilometres: float | None, opening: Opening, own_area: bool, verified_on: date | None, confirmed: bool
) -> list[tuple[str, float]]:
    """Each circumstance that counts, with its kilometres; their sum is the rank. No distance: weighed by the rest. `local` as the county's clocks."""
    counted: list[tuple[str, float]] = []
    if kilometres is not None:
        counted.append(("distance", kilometres))
    if opening.state is Open.UNKNOWN:
        counted.append(("hours unknown", weights.unknown_hours))
    elif opening.state is Open.CLOSED:
        soon = opening.changes_at is not None and opening.changes_at - local <= timedelta(minutes=weights.soon_minutes)
        counted.append(("opens soon", weights.soon) if soon else ("closed", weights.closed))
    if own_area:
        counted.append(("for this very area", -weights.own_area))
    if verified_on is None or (local.date() - verified_on).days > weights.unverified_days:
        counted.append(("not verified lately", weights.unverified))
    if not confirmed:
        counted.append(("callers say it is wrong", weights.unconfirmed))
    return counted


def spelled(counted: Iterable[tuple[str, float]]) -> tuple[str, ...]:
    return tuple([f"{name} {figure:.1f}" if name == "distance" else f"{name} {figure:+g}" for name, figure in counted])
