"""The published directory in memory, ready to be listed, searched and opened; read anew when the directory's version or the county's day has changed.

Whatever is searched or filtered by is taken from what is published, never from the rows: a word or a place that is not shown cannot be
found out by asking for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from threading import Lock

from referral.directory.hsds_entries import Flat
from referral.directory.hsds_nest import Nest
from referral.directory.hsds_tables import Published, publish
from referral.directory.people import current_version
from referral.store.database import Database
from referral.store.health import NotNow

PATIENCE = 4.0
"""Seconds that a reader waits for the database."""
KEPT = timedelta(minutes=10)
"""How long what was true when the database last answered is shown while it does not. Nobody can hide an entry meanwhile either."""


class Collection(StrEnum):
    SERVICES = "services"
    ORGANIZATIONS = "organizations"
    SERVICE_AT_LOCATIONS = "service_at_locations"
    TAXONOMIES = "taxonomies"
    TAXONOMY_TERMS = "taxonomy_terms"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; what is None or empty leaves it whole, the rest must all hold.

    `search`: every word somewhere in the entry, whatever its case and accents. `place`: an id of ours; what lies in it, serves it or a part of
    it, or can be called from anywhere. `modified_after`: aware, changed then or later.
    """

    search: str = ""
    taxonomy_term_id: str | None = None
    taxonomy_id: str | None = None
    organization_id: str | None = None
    modified_after: datetime | None = None
    place: str | None = None
    parent_id: str | None = None
    top_only: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list, with what it can be found by. `lies` and `serves` hold ids of places; `anywhere`: it has neither, as a helpline."""

    listed: Flat
    words: str
    terms: frozenset[str] = frozenset()
    taxonomies: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    lies: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()
    anywhere: bool = False
    modified: datetime | None = None

    @property
    def id(self) -> str:
        return str(self.listed["id"])


class Catalogue:
    """One version of the published directory, on one day: what is past by then is not in it."""

    def __init__(self, version: int, day: date, published: Published) -> None:
        self.edition = version, day
        self._grounds = published.grounds
        self._nest = nest = Nest(published.tables)
        tables = published.tables
        points = {one["id"]: _point(nest, one["id"], published.modified[one["id"]]) for one in tables["service_at_location"]}
        services = {one["id"]: _service(nest, one["id"], points, published.modified[one["id"]]) for one in tables["services"]}
        self._entries: dict[Collection, dict[str, Entry]] = {
            Collection.SERVICES: services,
            Collection.SERVICE_AT_LOCATIONS: points,
            Collection.ORGANIZATIONS: {one["id"]: _organization(nest, one, services) for one in tables["organizations"]},
            Collection.TAXONOMIES: {one["id"]: Entry(one, _words(one)) for one in tables["taxonomies"]},
            Collection.TAXONOMY_TERMS: {one["id"]: Entry(one, _words(one), taxonomies=frozenset({one["taxonomy_id"]})) for one in tables["taxonomy_terms"]},
        }
        self._open: dict[Collection, Callable[[str], Flat]] = {
            Collection.SERVICES: nest.full_service,
            Collection.SERVICE_AT_LOCATIONS: nest.full_point,
            Collection.ORGANIZATIONS: nest.full_organization,
            Collection.TAXONOMY_TERMS: nest.full_term,
        }

    def knows_place(self, place: str) -> bool:
        return place in self._grounds.places

    def find(self, collection: Collection, wanted: Wanted) -> list[Entry]:
        """The entries for which everything asked for holds, in the order of their ids' rows."""
        entries: Iterable[Entry] = self._entries[collection].values()
        for test in self._tests(wanted):
            entries = filter(test, entries)
        return list(entries)

    def full(self, collection: Collection, one: str, *, full_service: bool = False) -> Flat | None:
        """An entry with everything that hangs on it; None for one not published."""
        entry = self._entries[collection].get(one)
        if entry is None or collection is Collection.TAXONOMIES:
            return entry.listed if entry else None
        if collection is Collection.ORGANIZATIONS:
            return self._nest.full_organization(one, full_service=full_service)
        return self._open[collection](one)

    def _tests(self, wanted: Wanted) -> list[Callable[[Entry], bool]]:
        words, after = plain(wanted.search).split(), wanted.modified_after
        tests: tuple[tuple[object, Callable[[Entry], bool]], ...] = (
            (words, lambda entry: all(word in entry.words for word in words)),
            (wanted.taxonomy_term_id, lambda entry: wanted.taxonomy_term_id in entry.terms),
            (wanted.taxonomy_id, lambda entry: wanted.taxonomy_id in entry.taxonomies),
            (wanted.organization_id, lambda entry: wanted.organization_id in entry.organizations),
            (after, lambda entry: after is not None and entry.modified is not None and entry.modified >= after),
            (wanted.parent_id, lambda entry: entry.listed.get("parent_id") == wanted.parent_id),
            (wanted.top_only, lambda entry: "parent_id" not in entry.listed),
            (wanted.place, self._near(wanted.place or "")),
        )
        return [test for asked, test in tests if asked]

    def _near(self, place: str) -> Callable[[Entry], bool]:
        inside = frozenset(one for one, above in self._grounds.heights.items() if place in above) | {place}
        around = inside | self._grounds.heights.get(place, {}).keys()
        return lambda entry: entry.anywhere or not entry.lies.isdisjoint(inside) or not entry.serves.isdisjoint(around)


class CatalogueCache:
    """The catalogue of a process: one small query a look, built anew only after a change and at midnight. `tz` is the county's."""

    def __init__(self, database: Database, tz: tzinfo, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._tz = tz
        self._clock = clock
        self._lock = Lock()
        self._kept: Catalogue | None = None
        self._true_at: datetime | None = None

    def catalogue(self) -> Catalogue:
        """Never an older one than the directory's version: what was hidden a moment ago is not shown again. While the database does not answer,
        for a few minutes the one that was true when it last did; then raises NotNow."""
        try:
            with self._database.within(PATIENCE), self._database.read() as session:
                version, now = current_version(session), self._clock().astimezone(self._tz)
                with self._lock:
                    if self._kept is None or self._kept.edition != (version, now.date()):
                        self._kept = Catalogue(version, now.date(), publish(session, now))
                    self._true_at = self._clock()
                    return self._kept
        except NotNow:
            kept, since = self._kept, self._true_at
            if kept is None or since is None or not timedelta(0) <= self._clock() - since <= KEPT:
                raise
            return kept


def plain(text: str) -> str:
    """As words are compared: lower case, no accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))


def _words(*parts: Flat) -> str:
    fields = ("name", "alternate_name", "description", "code", "eligibility_description", "transportation")
    return plain("\n".join(str(part[field]) for part in parts for field in fields if field in part))


def _attributes(*parts: Flat) -> tuple[frozenset[str], frozenset[str], list[Flat]]:
    terms = [one["taxonomy_term"] for part in parts for one in part.get("attributes", ())]
    return frozenset(one["id"] for one in terms), frozenset(one["taxonomy_id"] for one in terms), terms


def _point(nest: Nest, one: str, modified: datetime) -> Entry:
    listed, full = nest.listed_point(one), nest.full_point(one)
    location, service = full["location"], full["service"]
    terms, taxonomies, words = _attributes(full, service)
    areas = [*full.get("service_areas", ()), *service.get("service_areas", ())]
    return Entry(
        listed=listed,
        words=_words(full, location, service, service["organization"], *areas, *words),
        terms=terms,
        taxonomies=taxonomies,
        organizations=frozenset({service["organization_id"]}),
        lies=frozenset({location["place"]} if "place" in location else ()),
        serves=frozenset(area["uri"] for area in areas),
        anywhere=not areas and location["location_type"] == "virtual",
        modified=modified,
    )


def _service(nest: Nest, one: str, points: Mapping[str, Entry], modified: datetime) -> Entry:
    full = nest.full_service(one)
    mine = [points[point["id"]] for point in full.get("service_at_locations", ())]
    terms, taxonomies, words = _attributes(full)
    areas = full.get("service_areas", [])
    return Entry(
        listed=nest.listed_service(one),
        words="\n".join((_words(full, full["organization"], *areas, *words), *(point.words for point in mine))),
        terms=_union(terms, *(point.terms for point in mine)),
        taxonomies=_union(taxonomies, *(point.taxonomies for point in mine)),
        organizations=frozenset({full["organization_id"]}),
        lies=_union(*(point.lies for point in mine)),
        serves=_union(frozenset(area["uri"] for area in areas), *(point.serves for point in mine)),
        anywhere=any(point.anywhere for point in mine),
        modified=modified,
    )


def _organization(nest: Nest, flat: Flat, services: Mapping[str, Entry]) -> Entry:
    full = nest.full_organization(flat["id"])
    mine = [services[service["id"]] for service in full.get("services", ())]
    terms, taxonomies, words = _attributes(full)
    return Entry(
        listed=flat,
        words=_words(flat, *words, *full.get("services", ())),
        terms=_union(terms, *(service.terms for service in mine)),
        taxonomies=_union(taxonomies, *(service.taxonomies for service in mine)),
        organizations=frozenset({flat["id"]}),
        lies=_union(*(service.lies for service in mine)),
        serves=_union(*(service.serves for service in mine)),
        anywhere=any(service.anywhere for service in mine),
    )


def _union(*sets: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
