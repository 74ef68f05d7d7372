"""The flat tables, nested as the API shows them: listed (what there is one of) and full (with everything that hangs on it)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from referral.directory.hsds_entries import Flat

_CHILDREN = {
    "organization": (("phones", "organization_id"), ("organization_identifiers", "organization_id"), ("attributes", "link_id")),
    "service": (("phones", "service_id"), ("service_areas", "service_id"), ("languages", "service_id"), ("attributes", "link_id")),
    "location": (("languages", "location_id"), ("phones", "location_id"), ("accessibility", "location_id"), ("attributes", "link_id")),
    "point": (
        ("service_areas", "service_at_location_id"), ("phones", "service_at_location_id"), ("schedules", "service_at_location_id"), ("attributes", "link_id"),
    ),
    "phone": (("languages", "phone_id"),),
}  # fmt: skip
"""What hangs on what, as (table, the column that names the owner). HSDS nests each under its table's name."""


class Nest:
    """Entries by id, as they are asked for. The parts are shared, not copied: a catalogue of thousands fits in memory, and nobody writes to it."""

    def __init__(self, tables: Mapping[str, Sequence[Flat]]) -> None:
        self._owned: dict[tuple[str, str], defaultdict[str, list[Flat]]] = {}
        self._terms = _by_id(tables["taxonomy_terms"])
        self._taxonomies = _by_id(tables["taxonomies"])
        shaped = {**tables, "attributes": [self._attribute(one) for one in tables["attributes"]]}
        self._group("languages", "phone_id", tables)
        shaped["phones"] = [one | self._children("phone", one["id"]) for one in tables["phones"]]
        for table, column in {pair for pairs in _CHILDREN.values() for pair in pairs}:
            self._group(table, column, shaped)
        self._organizations, self._services = _by_id(tables["organizations"]), _by_id(tables["services"])
        self._locations, self._points = _by_id(tables["locations"]), _by_id(tables["service_at_location"])
        self._group("locations", "organization_id", tables)
        self._group("services", "organization_id", tables)
        self._group("service_at_location", "service_id", tables)
        self._full_locations = {one: flat | self._children("location", one) for one, flat in self._locations.items()}

    def points_of(self, service: str) -> list[Flat]:
        """The flat service points of a service."""
        return self._of("service_at_location", "service_id", service)

    def services_of(self, organization: str) -> list[Flat]:
        return self._of("services", "organization_id", organization)

    def location(self, one: str) -> Flat:
        """A location, full."""
        return self._full_locations[one]

    def listed_service(self, one: str) -> Flat:
        flat = self._services[one]
        return flat | {"organization": self._organizations[flat["organization_id"]]}

    def full_service(self, one: str) -> Flat:
        points = [self._point(point) for point in self.points_of(one)]
        whole = self._whole_service(one)
        return whole | ({"service_at_locations": points} if points else {})

    def listed_point(self, one: str) -> Flat:
        flat = self._points[one]
        return flat | {"location": self._locations[flat["location_id"]], "service": self.listed_service(flat["service_id"])}

    def full_point(self, one: str) -> Flat:
        """A service point with its service, which does not list its points again."""
        flat = self._points[one]
        return self._point(flat) | {"service": self._whole_service(flat["service_id"])}

    def full_organization(self, one: str, *, full_service: bool = False) -> Flat:
        """With its services by name, or whole."""
        locations = [self._full_locations[row["id"]] for row in self._of("locations", "organization_id", one)]
        services = [self.full_service(row["id"]) if full_service else row for row in self.services_of(one)]
        lists = {"locations": locations, "services": services}
        return self._organizations[one] | self._children("organization", one) | {name: rows for name, rows in lists.items() if rows}

    def full_term(self, one: str) -> Flat:
        flat = self._terms[one]
        return flat | {"taxonomy_detail": self._taxonomies[flat["taxonomy_id"]]}

    def _whole_service(self, one: str) -> Flat:
        flat = self._services[one]
        owner = flat["organization_id"]
        return flat | self._children("service", one) | {"organization": self._organizations[owner] | self._children("organization", owner)}

    def _point(self, flat: Flat) -> Flat:
        return flat | self._children("point", flat["id"]) | {"location": self._full_locations[flat["location_id"]]}

    def _attribute(self, flat: Flat) -> Flat:
        return flat | {"taxonomy_term": self._terms[flat["taxonomy_term_id"]]}

    def _children(self, owner: str, one: str) -> Flat:
        found = {table: self._of(table, column, one) for table, column in _CHILDREN[owner]}
        return {table: rows for table, rows in found.items() if rows}

    def _of(self, table: str, column: str, one: str) -> list[Flat]:
        return self._owned[table, column].get(one, [])

    def _group(self, table: str, column: str, tables: Mapping[str, Sequence[Flat]]) -> None:
        groups: defaultdict[str, list[Flat]] = defaultdict(list)
        for row in tables[table]:
            if column in row:
                groups[row[column]].append(row)
        self._owned[table, column] = groups


def _by_id(rows: Sequence[Flat]) -> dict[str, Flat]:
    return {row["id"]: row for row in rows}
