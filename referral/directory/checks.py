"""What the lines of the directory say about each other: every reference known, nothing in a circle, one holder to an office."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from referral.directory.lines import ON_LOADING, Line
from referral.directory.place_points import Spot, far_off
from referral.directory.records import AppointmentKind
from referral.vocabulary.limits import WIDEST, Spread
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.place import PlaceKind

TagNumber = Callable[[PhoneNumber], bytes]
AHEAD = "lies ahead: nobody has verified it yet"


@dataclass
class Batch:
    """The good lines of one load, by kind. `unread`: ids of bad lines, so that one mistake is not named again wherever it is referred to."""

    places: list[Line] = field(default_factory=list)
    offices: list[Line] = field(default_factory=list)
    people: list[Line] = field(default_factory=list)
    leave: list[Line] = field(default_factory=list)
    shifts: list[Line] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def all(self) -> Iterable[Sequence[Line]]:
        return (self.places, self.offices, self.people, self.leave, self.shifts)


@dataclass(frozen=True)
class Known:
    """What the database holds already: ids, who supervises whom, whose number is whose, who holds what; and the county's day and width."""

    places: frozenset[str]
    counties: frozenset[str]
    offices: Mapping[str, str | None]
    people: Mapping[str, frozenset[str]]
    tags: Mapping[bytes, str]
    holders: Mapping[str, str]
    hand_edited: frozenset[str]
    today: date
    spots: Mapping[str, Spot]
    spread: Spread = WIDEST


def check(batch: Batch, known: Known, tag_number: TagNumber, problems: list[str]) -> None:
    """Add a problem for everything the lines must not say. Reads only."""
    for lines in batch.all():
        problems += _twice(lines)
    problems += _places(batch, known)
    problems += _offices(batch, known)
    problems += _people(batch, known)
    problems += _numbers(batch, known, tag_number)
    problems += _holders(batch, known)
    problems += _times(batch, known)


def _twice(lines: Sequence[Line]) -> Iterable[str]:
    seen: set[str] = set()
    for line in lines:
        if line["id"] in seen:
            yield line.problem("id", "stands twice")
        seen.add(line["id"])


def _circles(lines: Sequence[Line], up: Mapping[str, Iterable[str]], column: str) -> Iterable[str]:
    """Every line from which going up comes back to the line itself."""
    for line in lines:
        seen: set[str] = set()
        ahead = list(up.get(line["id"], ()))
        while ahead:
            here = ahead.pop()
            if here not in seen:
                seen.add(here)
                ahead.extend(up.get(here, ()))
        if line["id"] in seen:
            yield line.problem(column, "leads back to itself")


def _places(batch: Batch, known: Known) -> Iterable[str]:
    ids = {line["id"] for line in batch.places} | known.places | batch.unread
    counties = {line["id"] for line in batch.places if line["kind"] is PlaceKind.COUNTY} | known.counties
    for line in batch.places:
        if not set(line["parents"]) <= ids:
            yield line.problem("parents", "names an unknown place")
        if line["kind"] is not PlaceKind.COUNTY and not line["parents"]:
            yield line.problem("parents", "missing: only the county has nothing above it")
        if (line["lat"] is None) != (line["lon"] is None):
            yield line.problem("lat", "a point needs both lat and lon")
        if line["kind"] is PlaceKind.COUNTY and len(counties) > 1:
            yield line.problem("kind", "there is one county only")
    yield from far_off(batch.places, known.spots, known.spread)
    yield from _circles(batch.places, {line["id"]: line["parents"] for line in batch.places}, "parents")


def _offices(batch: Batch, known: Known) -> Iterable[str]:
    places = {line["id"] for line in batch.places} | known.places | batch.unread
    parents = {**known.offices, **{line["id"]: line["parent"] for line in batch.offices}}
    for line in batch.offices:
        if not set(line["covers"]) <= places:
            yield line.problem("covers", "names an unknown place")
        if line["parent"] is not None and line["parent"] not in parents.keys() | batch.unread:
            yield line.problem("parent", "names an unknown office")
    yield from _circles(batch.offices, {one: (parent,) if parent else () for one, parent in parents.items()}, "parent")


def _people(batch: Batch, known: Known) -> Iterable[str]:
    offices = {line["id"] for line in batch.offices} | set(known.offices) | batch.unread
    for line in batch.people:
        if line["office"] not in offices:
            yield line.problem("office", "names an unknown office")
        if line["number"].sample and not line["sample"]:
            yield line.problem("number", "a sample number on a line that is not marked as a sample")
        if line["sample"] and not line["number"].sample:
            yield line.problem("number", "a sample must have a sample number, never one that may be somebody's")
        if line["verified_on"] == ON_LOADING and not line["sample"]:
            yield line.problem("verified_on", "only a sample counts as verified by being loaded")
        if isinstance(line["verified_on"], date) and line["verified_on"] > known.today:
            yield line.problem("verified_on", AHEAD)


def _numbers(batch: Batch, known: Known, tag_number: TagNumber) -> Iterable[str]:
    """Two people with one number could answer for each other."""
    moving = {line["id"] for line in batch.people} - known.hand_edited
    owners = {tag: person for tag, person in known.tags.items() if person not in moving}
    for line in batch.people:
        if line["id"] not in known.hand_edited and owners.setdefault(tag_number(line["number"]), line["id"]) != line["id"]:
            yield line.problem("number", "is another person's already")


def _holders(batch: Batch, known: Known) -> Iterable[str]:
    moving = {line["id"] for line in batch.people} - known.hand_edited
    holders = {office: person for office, person in known.holders.items() if person not in moving}
    for line in batch.people:
        counts = line["kind"] is AppointmentKind.HOLDER and line["id"] not in known.hand_edited
        if counts and holders.setdefault(line["office"], line["id"]) != line["id"]:
            yield line.problem("office", "has another holder already")


def _times(batch: Batch, known: Known) -> Iterable[str]:
    posts = {**known.people, **{line["id"]: frozenset({line["office"]}) for line in batch.people if line["id"] not in known.hand_edited}}
    for line in (*batch.leave, *batch.shifts):
        if line["person"] not in posts.keys() | batch.unread:
            yield line.problem("person", "names an unknown person")
        if line["starts"] is not None and line["ends"] is not None and line["ends"] <= line["starts"]:
            yield line.problem("ends", "must be after starts")
    for line in batch.shifts:
        if line["person"] in posts and line["office"] not in posts[line["person"]]:
            yield line.problem("office", "is not where this person is appointed")
        weekly = [line[column] is not None for column in ("days", "opens", "closes")]
        once = [line[column] is not None for column in ("starts", "ends")]
        if not (all(weekly) and not any(once)) and not (all(once) and not any(weekly)):
            yield line.problem("days", "give either days, opens and closes, or starts and ends")
