"""Places where help is given: a county's list, and the nearest of a kind. Read at start, held in memory, never with a number nobody checked."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ServiceKind(StrEnum):
    HOSPITAL = "hospital"
    HEALTH_CENTRE = "health_centre"
    DISPENSARY = "dispensary"
    POLICE = "police"
    CHILDREN = "children"
    COURT = "court"


class ServicesError(ValueError):
    """services.csv cannot be used; `problems` names every bad line with its reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Service:
    """One place where help is given. `point` is latitude and longitude; `exact` whether it is the building's own."""

    name: str
    kind: ServiceKind
    ward: str
    point: tuple[float, float]
    exact: bool


def read_services(path: Path) -> tuple[Service, ...]:
    """The services of a county's folder. Raises ServicesError naming every bad line."""
    found: list[Service] = []
    problems: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            at = f"{path.name}:{len(found) + len(problems) + 2}"
            try:
                point = (float(row["lat"]), float(row["lon"]))
                kind = ServiceKind(row["kind"])
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"{at}: {error}")
                continue
            if not row["name"].strip() or not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
                problems.append(f"{at}: a name, and a point on the earth")
            found.append(Service(row["name"].strip(), kind, row["ward"], point, row["precision"] == "gps"))
    if problems:
        raise ServicesError(problems)
    return tuple(found)


def of_kinds(services: Sequence[Service], kinds: frozenset[ServiceKind]) -> list[Service]:
    return [service for service in services if service.kind in kinds]
