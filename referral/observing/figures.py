"""Figures read from the database at the moment somebody asks: whichever process answers, they are the same.

A figure has few, fixed labels: lanes, urgencies, kinds of our own naming. None has a place: "one report, RED, in this ward" is a child.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from referral.privacy.logs import describe
from referral.store.database import Database
from referral.store.health import NotNow, Trouble

log = structlog.get_logger()
Values = Mapping[tuple[str, ...], float]
"""Values by label values; the empty tuple where a figure has no labels. What is not known is not there."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`read(session, now)` gives its values. Seconds and counts only."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[Session, datetime], Values]


class Figures(Collector):
    """All of them, as Prometheus asks for them. One that cannot be read takes no other with it, and is counted."""

    def __init__(self, database: Database, clock: Callable[[], datetime], figures: tuple[Figure, ...]) -> None:
        self._database = database
        self._clock = clock
        self._figures = figures

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing, so that registering does not read the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        trouble = self._database.look()
        if trouble is Trouble.AWAY:  # not to be waited for figure by figure
            self._database.health.note(trouble)
        yield GaugeMetricFamily("referral_database_writable", "Whether the database takes a write just now, 1 if so", value=float(trouble is None))
        failures: dict[str, Exception] = {}
        for figure in self._figures:
            family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            try:
                with self._database.read() as session:
                    values = figure.read(session, self._clock())
            except Exception as error:
                failures[figure.name] = error
                continue
            for labels, value in sorted(values.items()):
                family.add_metric(labels, value)
            yield family
        told = [(name, why) for name, why in failures.items() if not isinstance(why, NotNow)]  # what is away is told by who found it out
        for name, why in told[:1]:
            log.error("figures cannot be read", kind=name, count=len(failures), **describe(why))
        yield GaugeMetricFamily(
            "referral_figures_unread", "Figures that could not be read just now: all of them where the database is away", value=len(failures)
        )


def alone(value: float | None) -> Values:
    """One value without labels; none at all where it is not known."""
    return {} if value is None else {(): value}


def age(since: datetime | None, now: datetime) -> float | None:
    """Seconds since then, 0 where that is still to come: clocks of several machines differ a little."""
    return None if since is None else max(timedelta(0), now - since).total_seconds()
