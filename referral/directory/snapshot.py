"""The directory as one frozen read model, and a cache that reads it anew only when it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from referral.directory.ground import Grounds
from referral.directory.people import current_version
from referral.directory.posts import Moment, Period, PersonView, Post, Rota
from referral.directory.reading import read_grounds, read_people, read_posts
from referral.store.database import Database
from referral.vocabulary.duty import DutyBearer, Office
from referral.vocabulary.option import Option
from referral.vocabulary.place import Ground, Place

UNVERIFIED_DAYS = 180
COUNTY_WIDE = 50
NEIGHBOURING = 100


class Roster:
    """Places, offices and people as they were at `version`. Everything handed out is frozen; times are arguments.

    Distances: 0 answers for the very place, 1 for a part of it, 2 and more for what lies around it, 50 for the county,
    100 and more (kilometres added) for offices that do not answer for it, neighbours.
    """

    def __init__(self, version: int, grounds: Grounds, posts: Iterable[Post], people: Mapping[str, PersonView], unverified_days: int) -> None:
        self.version = version
        self._grounds = grounds
        self._posts = {post.office.id: post for post in posts}
        self._people = people
        self._stale = timedelta(days=unverified_days)
        self._reach: dict[str | None, tuple[Rota, ...]] = {}
        self._fills: dict[str, list[tuple[Period, Office]]] = {}
        for post in self._posts.values():
            for one in post.fillings:
                if not one.person.suspended:
                    self._fills.setdefault(one.person.id, []).append((one.period, post.office))
        self._several = {person for person, fills in self._fills.items() if len(fills) > 1}

    def without_samples(self) -> Roster:
        """The same without the offices and people that are samples: nobody real would hear of a report through them."""
        real = {one: person for one, person in self._people.items() if not person.sample}
        kept = (post for post in self._posts.values() if not post.office.sample)
        posts = [replace(post, fillings=tuple(one for one in post.fillings if one.person.id in real)) for post in kept]
        return Roster(self.version, self._grounds, posts, real, self._stale.days)

    def ground(self, place_id: str | None) -> Ground:
        """Where a report lies; None, or a place no longer known, may be anywhere in the county."""
        return self._grounds.ground(place_id)

    def bearers(self, place_id: str | None, now: datetime, tz: tzinfo) -> list[DutyBearer]:
        """Everybody who could be told of something at a place now: offices that answer for it by distance, then county-wide ones, then neighbours.

        For each office on shift comes before off shift, then holder, acting, deputy. `now` aware; `tz` is the county's, for weekly shifts.
        """
        moment = Moment.of(now, tz)
        reach = self._reach.get(place_id)
        if reach is None:  # two threads may both work it out; they find the same
            reach = self._reach[place_id] = self._reaching(self._grounds.ground(place_id))
        return self._with_others([bearer for rota in reach for bearer in rota.bearers(moment)], now)

    def on_duty(self, office_id: str, now: datetime, tz: tzinfo) -> list[DutyBearer]:
        """Who answers for one office now, first choice first; empty for nobody or an unknown office."""
        post = self._posts.get(office_id)
        return self._with_others(post.seen(0, False, self._stale).bearers(Moment.of(now, tz)), now) if post else []

    def _with_others(self, bearers: list[DutyBearer], now: datetime) -> list[DutyBearer]:
        """With their other posts of the moment, which few people have."""
        if not self._several:
            return bearers
        return [replace(one, others=self._others(one, now)) if one.person in self._several else one for one in bearers]

    def _others(self, bearer: DutyBearer, now: datetime) -> tuple[Office, ...]:
        return tuple(office for office in self.offices_of(bearer.person, now) if office.id != bearer.office.id)

    def subcounties(self) -> tuple[Option, ...]:
        return self._grounds.subcounty_options

    def wards(self, subcounty: str) -> tuple[Option, ...]:
        return self._grounds.wards(subcounty)

    def spots(self, ward: str) -> tuple[Option, ...]:
        """Sub-locations and towns of a ward, by name."""
        return self._grounds.spots(ward)

    def ward_ids(self) -> tuple[str, ...]:
        """Every ward once, in the order of the county's list."""
        return tuple(dict.fromkeys(ward.value for one in self.subcounties() for ward in self.wards(one.value)))

    def place_name(self, place_id: str) -> str | None:
        place = self._grounds.places.get(place_id)
        return place.name if place else None

    def places(self) -> tuple[Place, ...]:
        return tuple(self._grounds.places.values())

    def kilometres_to(self, place_id: str, point: tuple[float, float]) -> float | None:
        """As the crow flies from a place to a point (latitude, longitude); None where the place has no point."""
        return self._grounds.kilometres_to(place_id, point)

    def office(self, office_id: str) -> Office | None:
        post = self._posts.get(office_id)
        return post.office if post else None

    def office_name(self, office_id: str) -> str | None:
        office = self.office(office_id)
        return office.name if office else None

    def offices(self) -> tuple[Office, ...]:
        return tuple(post.office for post in self._posts.values())

    def person(self, person_id: str) -> PersonView | None:
        """An officer, suspended ones too; None for one unknown or removed."""
        return self._people.get(person_id)

    def people(self) -> tuple[PersonView, ...]:
        return tuple(self._people.values())

    def offices_of(self, person_id: str, at: datetime) -> tuple[Office, ...]:
        """The posts somebody fills at a moment, on leave or not; empty while suspended."""
        held = {office.id: office for period, office in self._fills.get(person_id, ()) if period.holds(at)}
        return tuple(held.values())

    def _reaching(self, ground: Ground) -> tuple[Rota, ...]:
        found = []
        for post in self._posts.values():
            kilometres = min((self._grounds.kilometres(place, ground.place) for place in post.office.covers), default=0.0) if ground.place else 0.0
            distance, neighbour = self._distance(post.office, ground)
            if neighbour:
                distance += int(kilometres)
            found.append((distance, kilometres, post.office.id, post, neighbour))
        return tuple(post.seen(distance, neighbour, self._stale) for distance, _, _, post, neighbour in sorted(found, key=lambda one: one[:3]))

    def _distance(self, office: Office, ground: Ground) -> tuple[int, bool]:
        if office.county_wide:
            return COUNTY_WIDE, False
        if ground.place is None:
            return NEIGHBOURING, True
        if ground.place in office.covers:
            return 0, False
        heights = self._grounds.heights
        if any(ground.place in heights.get(place, ()) for place in office.covers):
            return 1, False
        around = [height + 1 for place, height in heights[ground.place].items() if place in office.covers]
        return (min(around), False) if around else (NEIGHBOURING, True)


def read_roster(session: Session, *, unverified_days: int = UNVERIFIED_DAYS) -> Roster:
    """Read the whole directory. The version is read first: a change in between is then noticed at the next look, never missed."""
    version = current_version(session)
    grounds = read_grounds(session)
    people = read_people(session)
    return Roster(version, grounds, read_posts(session, grounds, people), people, unverified_days)


class RosterCache:
    """The roster of a process: one small query a look, a full read only after a change."""

    def __init__(self, database: Database, *, unverified_days: int = UNVERIFIED_DAYS) -> None:
        self._database = database
        self._unverified_days = unverified_days
        self._roster: Roster | None = None

    def last(self) -> Roster | None:
        """The roster as it was last read, however long ago, without a look at the database: for showing places, never for telling anybody."""
        return self._roster

    def roster(self) -> Roster:
        roster = self._roster
        with self._database.glance() as connection:
            version = current_version(connection)
        if roster is None or roster.version != version:
            with self._database.read() as session:
                roster = self._roster = read_roster(session, unverified_days=self._unverified_days)
        return roster
