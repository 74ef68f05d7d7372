"""What routing sees from a place at a moment: the offices that could be told of something there, and whether two places look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from functools import reduce
from operator import attrgetter, or_
from types import MappingProxyType

from referral.directory.snapshot import Roster
from referral.routing.exclusions import LOCAL, Exclusion
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.upkeep.gaps import HourKind, Site
from referral.vocabulary.duty import A_PART, DutyBearer, Office, Role
from referral.vocabulary.place import Ground, PlaceKind
from referral.vocabulary.report import Concern

_WORKDAYS = frozenset(range(5))
HOURS = (
    (HourKind.DAY, _WORKDAYS, time(10)),
    (HourKind.NIGHT, _WORKDAYS, time(2)),
    (HourKind.WEEKEND, frozenset({5}), time(13)),
    (HourKind.WEEKEND, frozenset({6}), time(2)),
)
"""The moments looked at: of each line the next that comes, on these weekdays (0 Monday) at this time of the county's day."""
ROUTED_BY = frozenset({PlaceKind.WARD, PlaceKind.SUBCOUNTY, PlaceKind.CONSTITUENCY, PlaceKind.COUNTY})


def moments(now: datetime, zone: tzinfo) -> list[tuple[HourKind, datetime]]:
    """The next moment of each kind of hour, from `now` (aware) on."""
    local = now.astimezone(zone)
    found = []
    for kind, weekdays, clock in HOURS:
        days = (datetime.combine(local.date() + timedelta(days=ahead), clock, zone) for ahead in range(9))
        found.append((kind, next(day for day in days if day >= local and day.weekday() in weekdays)))
    return found


def sites(roster: Roster) -> list[Site]:
    """Every place of the directory, and the place nobody knows. A finer place is a spot of its ward, or of each of its wards."""
    places = roster.places()
    wards = {place.id for place in places if place.kind is PlaceKind.WARD}
    found = [Site(None)]
    for place in places:
        above = [] if place.kind in ROUTED_BY else sorted(wards & roster.ground(place.id).above)
        found += [Site(ward, place.id) for ward in above] or [Site(place.id)]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Who could be told of something at a site at one moment, nearest first. `masks`: which rules take each one out, one bit a rule.

    `counted`: the minutes of HIGH run at that moment. `key` is the same for whatever no plan can tell apart.
    """

    hours: HourKind
    ground: Ground
    bearers: tuple[DutyBearer, ...]
    masks: tuple[int, ...]
    counted: bool
    key: int


def pattern(bearers: Iterable[DutyBearer], known: Mapping[str, int] = MappingProxyType({})) -> tuple[object, ...]:
    """What a plan sees of people: posts, doubts, and who is the same office or person as another. Who they are it does not see,
    save those in `known`, who stand in several patterns."""
    offices: dict[str, int] = {}
    people: dict[str, int] = {}
    return tuple(
        (
            offices.setdefault(one.office.id, len(offices)),
            known[one.person] if one.person in known else people.setdefault(one.person, len(people)),
            one.office.role,
            one.neighbour,
            one.distance == A_PART,
            one.doubts,
        )
        for one in bearers
    )


class Sights:
    """Looks over one roster. `keys` is kept by the caller, so that two rosters can be compared."""

    def __init__(self, roster: Roster, table: Table, policy: Policy, rules: Sequence[Exclusion], keys: dict[object, int], *, share: bool) -> None:
        self._roster = roster
        self._table = table
        self._policy = policy
        self._rules = rules
        self._keys = keys
        self._share = share
        ladders = (*table.plans.values(), *(one.steps for one in table.accused), table.partial, table.ward_unknown)
        self._most = max(len(steps) for steps in ladders) + 1
        self._near: dict[tuple[str | None, datetime], list[DutyBearer]] = {}
        self._masks: dict[tuple[str | None, str], int] = {}

    def sight(self, site: Site, hours: HourKind, at: datetime) -> Sight:
        ground = self._roster.ground(site.ward)
        bearers = sorted(self._bearers(site, at), key=attrgetter("distance"))
        if self._share:
            bearers = self._enough(bearers, ground)
        masks = tuple(self._masked(one, ground) for one in bearers)
        window = self._policy.counted_hours
        counted = window.opens <= at.astimezone(self._policy.timezone).time() < window.closes
        seen = (ground.place is None, counted, pattern(bearers), masks, tuple(one.office.concerns for one in bearers)) if self._share else object()
        return Sight(hours, ground, tuple(bearers), masks, counted, self._keys.setdefault(seen, len(self._keys)))

    def _bearers(self, site: Site, at: datetime) -> list[DutyBearer]:
        """As the planner asks: by the ward, and for the local posts, whose areas are parts of it, by the spot itself."""
        whole = self._around(site.ward, at)
        if site.spot is None:
            return whole
        local = [bearer for bearer in self._around(site.spot, at) if bearer.office.role in LOCAL]
        return [bearer for bearer in whole if bearer.office.role not in LOCAL] + local

    def _around(self, place: str | None, at: datetime) -> list[DutyBearer]:
        found = self._near.get((place, at))
        if found is None:
            everybody = self._roster.bearers(place, at, self._policy.timezone)
            found = self._near[place, at] = [one for one in everybody if not one.neighbour or one.office.role in self._table.neighbours]
        return found

    def _enough(self, bearers: list[DutyBearer], ground: Ground) -> list[DutyBearer]:
        """Without the further ones of offices that are alike in everything: a plan takes one office of an institution at each step, and one at the end.

        Most of the offices of a county are neighbours' to a place. Those whose people stand elsewhere too are all kept.
        """
        posts_of = Counter(one.person for one in bearers)
        crews: dict[str, list[DutyBearer]] = {}
        for one in bearers:
            crews.setdefault(one.office.id, []).append(one)
        alike: Counter[object] = Counter()
        kept = set()
        for office, crew in crews.items():
            first = crew[0]
            if all(posts_of[one.person] == 1 for one in crew):
                doubts = tuple(one.doubts for one in crew)
                masks = tuple(self._masked(one, ground) for one in crew)
                kind = (first.office.role, first.neighbour, first.distance == A_PART, first.office.concerns, masks, doubts)
                alike[kind] += 1
                if alike[kind] > self._most:
                    continue
            kept.add(office)
        return [one for one in bearers if one.office.id in kept]

    def _masked(self, bearer: DutyBearer, ground: Ground) -> int:
        """A rule that takes out one of somebody's posts takes them out of all."""
        return reduce(or_, (self._mask(office, ground) for office in bearer.posts))

    def _mask(self, office: Office, ground: Ground) -> int:
        key = (ground.place, office.id)
        mask = self._masks.get(key)
        if mask is None:
            mask = self._masks[key] = sum(1 << bit for bit, rule in enumerate(self._rules) if rule.takes_out(office, ground))
        return mask


class Posts:
    """The people of one sight by post, as a plan meets them: `number` is the same wherever the people left for a case stand in the same pattern."""

    def __init__(self, sight: Sight, numbers: dict[object, int]) -> None:
        self._numbers = numbers
        self._held: dict[tuple[Role, bool], list[tuple[DutyBearer, int]]] = {}
        for bearer, mask in zip(sight.bearers, sight.masks, strict=True):
            self._held.setdefault((bearer.office.role, bearer.neighbour), []).append((bearer, mask))
        posts_of = Counter(person for held in self._held.values() for person in {bearer.person for bearer, _ in held})
        self._shared = {person: -1 - serial for serial, person in enumerate(one for one, count in posts_of.items() if count > 1)}
        self._touched = {post: reduce(or_, (mask for _, mask in held)) for post, held in self._held.items()}
        self._choosy = {post for post, held in self._held.items() if any(bearer.office.concerns for bearer, _ in held)}
        self._found: dict[object, int] = {}

    def number(self, seeks: Sequence[tuple[Role, bool]], bits: int, concern: Concern) -> int:
        """A number for whoever of these posts is left by the rules in `bits`."""
        left = tuple([self._left(post, bits, concern) for post in seeks if post in self._held])
        return self._numbers.setdefault(left, len(self._numbers))

    def _left(self, post: tuple[Role, bool], bits: int, concern: Concern) -> int:
        key = (post, bits & self._touched[post], concern if post in self._choosy else None)
        found = self._found.get(key)
        if found is None:
            left = [one for one, mask in self._held[post] if not mask & bits and (not one.office.concerns or concern in one.office.concerns)]
            found = self._found[key] = self._numbers.setdefault((post, pattern(left, self._shared)), len(self._numbers))
        return found
