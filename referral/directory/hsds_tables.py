"""The published directory as HSDS's own flat tables. The package of CSV files writes them as they are, the API nests them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from referral.directory import hsds_entries as entries
from referral.directory.ground import Grounds
from referral.directory.hsds_entries import Flat
from referral.directory.hsds_hours import Hours
from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_read import Open, read_open
from referral.directory.hsds_terms import Terms
from referral.directory.hsds_words import CONTACT_FIRST, HELP, IS_SAMPLE, IS_UNCONFIRMED, MARKS
from referral.directory.point_records import LanguageRow, PhoneRow
from referral.directory.service_records import ServiceAreaRow, ServiceAtLocationRow, ServiceRow
from referral.vocabulary.help import HelpKind

Row = TypeVar("Row")
TABLES = (
    "organizations", "organization_identifiers", "services", "locations", "service_at_location", "phones", "schedules", "service_areas",
    "languages", "accessibility", "attributes", "taxonomies", "taxonomy_terms",
)  # fmt: skip
"""HSDS's own names of the files."""


@dataclass(frozen=True, slots=True)
class Published:
    """`tables` by HSDS's name; `modified` by the published id of a service or a service point: the latest change of anything shown with it."""

    grounds: Grounds
    tables: Mapping[str, list[Flat]]
    modified: Mapping[str, datetime]


def publish(session: Session, now: datetime) -> Published:
    """Read and shape all that may be published. `now` is in the county's time zone, which opening hours are in."""
    rows = read_open(session)
    publisher = _Publisher(rows, Hours(now))
    publisher.run()
    return Published(rows.grounds, publisher.tables, publisher.modified)


class _Publisher:
    def __init__(self, rows: Open, hours: Hours) -> None:
        self._rows = rows
        self._hours = hours
        self._terms = Terms(rows.terms)
        self._hours_of = _grouped(rows.hours, lambda row: (row.service_at_location, row.phone))
        self._access_of = _grouped(rows.access, lambda row: row.location)
        self._languages_of = _grouped(rows.languages, lambda row: (row.service, row.location, row.phone))
        self._areas_of = _grouped(rows.areas, lambda row: (row.service, row.service_at_location))
        self._points_of = _grouped(rows.points, lambda row: row.service)
        self._phones_of = _grouped(rows.phones, lambda row: (row.organization, row.service, row.location, row.service_at_location))
        self._exceptions_of = _grouped(rows.exceptions, lambda row: row.service_at_location)
        self.tables: dict[str, list[Flat]] = {name: [] for name in TABLES}
        self.modified: dict[str, datetime] = {}

    def run(self) -> None:
        self.tables["taxonomies"] += self._terms.taxonomies
        self.tables["taxonomy_terms"] += self._terms.terms
        for organization in self._rows.organizations:
            self._organization(organization)
        if any(row.kind is HelpKind.SAFE for row in self._rows.services.values()):
            self.tables["organizations"].append(entries.hidden_organization())
        for location in self._rows.locations:
            self._location(location)
        for row in self._rows.services.values():
            if row.kind is HelpKind.SAFE:
                self._hidden_service(row)
            else:
                self._service(row)
            if row.id in self._rows.hidden:
                self._hidden_point(row)

    def _organization(self, one: str) -> None:
        row = self._rows.organizations[one]
        flat = entries.organization(row, parent=row.parent in self._rows.organizations)
        self.tables["organizations"].append(flat)
        self._mark("organization", flat["id"], {IS_SAMPLE: row.sample})
        if row.source and row.source_id:
            self.tables["organization_identifiers"].append(entries.identifier(row, flat["id"]))
        self._phones("organization", flat["id"], self._phones_of[one, None, None, None], sample=row.sample)

    def _location(self, one: str) -> None:
        row = self._rows.locations[one]
        owner = self._rows.organizations.get(row.organization)
        sample = row.sample or (owner is not None and owner.sample)
        flat = entries.location(row, owner=owner is not None, sample=sample)
        self.tables["locations"].append(flat)
        self._mark("location", flat["id"], {IS_SAMPLE: sample})
        self._phones("location", flat["id"], self._phones_of[None, None, one, None], sample=sample)
        self._languages("location", flat["id"], self._languages_of[None, one, None])
        self.tables["accessibility"] += [entries.accessibility(access, flat["id"]) for access in self._access_of[one]]

    def _service(self, row: ServiceRow) -> None:
        changed = max(self._service_changed(row), row.updated_at, *(self._point_changed(point) for point in self._points_of[row.id]))
        organization = self._rows.organizations[row.organization]
        sample = row.sample or organization.sample
        flat = entries.service(row, organization, changed)
        self.tables["services"].append(flat)
        self.modified[flat["id"]] = changed
        self._mark("service", flat["id"], {IS_SAMPLE: sample})
        self.tables["attributes"] += self._terms.attributes("service", flat["id"], HELP, (row.kind.value, *row.terms.split()))
        self._phones("service", flat["id"], self._phones_of[None, row.id, None, None], sample=sample)
        self._languages("service", flat["id"], self._languages_of[row.id, None, None])
        if row.id in self._rows.hidden:
            self._counties("service", flat["id"], row.id)
        self._areas("service", flat["id"], self._areas_of[row.id, None])
        for point in self._points_of[row.id]:
            self._point(point, sample=sample)

    def _point(self, row: ServiceAtLocationRow, *, sample: bool) -> None:
        location = self._rows.locations[row.location]
        owner = self._rows.organizations.get(location.organization)
        sample = sample or row.sample or location.sample or (owner is not None and owner.sample)
        flat = entries.point(row, sample=sample)
        self.tables["service_at_location"].append(flat)
        self.modified[flat["id"]] = max(self._point_changed(row), self._service_changed(self._rows.services[row.service]))
        self._mark("service_at_location", flat["id"], {IS_SAMPLE: sample, IS_UNCONFIRMED: row.unconfirmed})
        self._phones("service_at_location", flat["id"], self._phones_of[None, None, None, row.id], sample=sample)
        self._areas("service_at_location", flat["id"], self._areas_of[None, row.id])
        days = {one.day: one for one in (*self._exceptions_of[None], *self._exceptions_of[row.id])}  # its own day comes before the county's
        schedules = self._hours.schedules(flat["id"], self._hours_of[row.id, None], [days[day] for day in sorted(days)])
        self.tables["schedules"] += [entries.kept(**one) for one in schedules]

    def _hidden_service(self, row: ServiceRow) -> None:
        flat = entries.hidden_service(row, row.updated_at)
        self.tables["services"].append(flat)
        self.modified[flat["id"]] = row.updated_at
        self._mark("service", flat["id"], {CONTACT_FIRST: True, IS_SAMPLE: row.sample})
        self.tables["attributes"] += self._terms.attributes("service", flat["id"], HELP, (row.kind.value,))
        self._counties("service", flat["id"], row.id)

    def _hidden_point(self, row: ServiceRow) -> None:
        self.tables["locations"].append(entries.hidden_location(row.id))
        flat = entries.hidden_point(row.id)
        self.tables["service_at_location"].append(flat)
        self.modified[flat["id"]] = row.updated_at
        self._mark("service_at_location", flat["id"], {CONTACT_FIRST: True})
        self._counties("service_at_location", flat["id"], row.id)

    def _counties(self, owner: str, owner_id: str, service: str) -> None:
        places = self._rows.grounds.places
        self.tables["service_areas"] += [entries.hidden_area(owner, owner_id, one, places[one].name) for one in self._rows.hidden[service]]

    def _areas(self, owner: str, owner_id: str, rows: Iterable[ServiceAreaRow]) -> None:
        self.tables["service_areas"] += [entries.area(row, owner, owner_id, self._rows.grounds.places[row.place].name) for row in rows]

    def _languages(self, owner: str, owner_id: str, rows: Iterable[LanguageRow]) -> None:
        self.tables["languages"] += [entries.language(row, owner, owner_id) for row in rows]

    def _phones(self, owner: str, owner_id: str, rows: Iterable[PhoneRow], *, sample: bool) -> None:
        """A sample has none: somebody who never asked for it would be called about a child."""
        for row in rows:
            if not sample and not entries.is_sample_number(row.e164):
                self.tables["phones"].append(entries.phone(row, owner, owner_id, self._hours.words(self._hours_of[None, row.id])))
                self._languages("phone", hsds_id("phone", row.id), self._languages_of[None, None, row.id])

    def _mark(self, entity: str, link: str, marks: Mapping[str, bool]) -> None:
        self.tables["attributes"] += self._terms.attributes(entity, link, MARKS, [code for code, holds in marks.items() if holds])

    def _service_changed(self, row: ServiceRow) -> datetime:
        phones = (*self._phones_of[None, row.id, None, None], *self._phones_of[row.organization, None, None, None])
        return max(row.updated_at, self._rows.organizations[row.organization].updated_at, *(phone.updated_at for phone in phones), row.updated_at)

    def _point_changed(self, row: ServiceAtLocationRow) -> datetime:
        phones = (*self._phones_of[None, None, None, row.id], *self._phones_of[None, None, row.location, None])
        return max(row.updated_at, self._rows.locations[row.location].updated_at, *(phone.updated_at for phone in phones))


def _grouped(rows: Iterable[Row], key: Callable[[Row], object]) -> defaultdict[object, list[Row]]:
    found: defaultdict[object, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
