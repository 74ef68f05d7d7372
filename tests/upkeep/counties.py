"""Counties made up in memory: one small and whole, and any number at random, with every kind of hole."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from referral.directory.ground import Grounds
from referral.directory.posts import Filling, Period, PersonView, Post, Turn
from referral.directory.records import AppointmentKind
from referral.directory.snapshot import Roster
from referral.vocabulary.duty import Office, Role
from referral.vocabulary.place import Place, PlaceKind

NOW = datetime(2026, 11, 4, 6, 0, tzinfo=UTC)
"""A Wednesday morning."""
ALWAYS = Period(datetime(2000, 1, 1, tzinfo=UTC), None)
EVERY_DAY = 127
DAYS = Turn(EVERY_DAY, 7 * 60, 19 * 60)
NIGHTS = Turn(EVERY_DAY, 19 * 60, 7 * 60)


@dataclass
class Builder:
    """Puts a roster together: places first, then offices with the people on them."""

    places: list[Place]
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    people: dict[str, PersonView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grounds = Grounds(self.places, self.points)

    def person(self, name: str, *, unreachable: bool = False, verified: date | None = date(2026, 11, 4), suspended: bool = False) -> PersonView:
        one = PersonView(name, name, "en", suspended, unreachable, True, verified, ())
        return self.people.setdefault(name, one)

    def office(self, name: str, role: Role, covers: Iterable[str], *fillings: Filling, shifts: bool = False, concerns: Iterable[str] = ()) -> None:
        areas = frozenset(covers)
        within = frozenset(one for place in areas for one in self.grounds.ground(place).subcounties)
        office = Office(name, role, name, areas, within, self.grounds.county in areas, frozenset(concerns))
        self.posts.append(Post(office, tuple(sorted(fillings, key=lambda one: one.order)), shifts))

    def fill(self, person: PersonView, *, deputy: int = 0, away: Sequence[Period] = (), weekly: Sequence[Turn] = ()) -> Filling:
        kind = AppointmentKind.DEPUTY if deputy else AppointmentKind.HOLDER
        return Filling(person, kind, deputy, ALWAYS, tuple(away), (), tuple(weekly))

    def roster(self) -> Roster:
        return Roster(1, self.grounds, self.posts, self.people, 180)


PLACES = [
    Place("K", PlaceKind.COUNTY, "Kaunti"),
    Place("S1", PlaceKind.SUBCOUNTY, "Pwani", ("K",)),
    Place("S2", PlaceKind.SUBCOUNTY, "Bara", ("K",)),
    Place("W1", PlaceKind.WARD, "Bandari", ("S1",)),
    Place("W2", PlaceKind.WARD, "Mpakani", ("S2", "S1")),
    Place("L1", PlaceKind.LOCATION, "Bandari Kuu", ("S1", "W1")),
    Place("B1", PlaceKind.SUBLOCATION, "Soko", ("L1", "W1")),
    Place("B2", PlaceKind.SUBLOCATION, "Njia", ("W1", "W2")),
]


def small() -> Builder:
    """A county in which everything is covered: each post with a holder."""
    made = Builder(PLACES, {"W1": (-4.3, 39.5), "W2": (-4.0, 39.4)})
    for name, role, covers in (
        ("co", Role.CHILDRENS_COUNTY_OFFICE, "K"),
        ("duty", Role.COUNTY_DUTY_DESK, "K"),
        ("triage", Role.TRIAGE_DESK, "K"),
        ("ngo", Role.NGO_DESK, "K"),
        ("commander", Role.POLICE_COUNTY_COMMANDER, "K"),
        ("commissioner", Role.COUNTY_COMMISSIONER, "K"),
        ("desk1", Role.POLICE_GENDER_DESK, "W1"),
        ("desk2", Role.POLICE_GENDER_DESK, "W2"),
    ):
        made.office(name, role, [covers], made.fill(made.person(f"p-{name}")))
    return made


def without(made: Builder, *offices: str) -> Builder:
    made.posts = [post for post in made.posts if post.office.id not in offices]
    return made


def at_random(seed: int) -> Roster:
    """A county with holes of every kind: posts without anybody, leave, turns, phones that do not work, entries nobody verified, people on two posts."""
    chance = random.Random(seed)
    places = chance.sample(PLACES[3:], 3)
    kept = PLACES[:3] + [place for place in PLACES[3:] if place in places or place.id == "W1"]
    made = Builder(kept, {place.id: (-4 - chance.random(), 39 + chance.random()) for place in kept})
    everybody = [
        made.person(f"p{serial}", unreachable=chance.random() < 0.2, verified=NOW.date() - timedelta(days=chance.choice((1, 1, 1, 400))))
        for serial in range(24)
    ]
    for serial in range(chance.randint(6, 14)):
        shifts = chance.random() < 0.3
        crew = chance.sample(everybody, chance.choice((0, 1, 1, 2, 3)))
        fillings = [_at_random(made, person, order, shifts, chance) for order, person in enumerate(crew)]
        covers = chance.sample([place.id for place in kept], chance.choice((1, 1, 2)))
        concerns = chance.choice(((), (), ("PREGNANT", "LABOUR")))
        made.office(f"o{serial}", chance.choice(list(Role)), covers, *fillings, shifts=shifts, concerns=concerns)
    return made.roster()


def _at_random(made: Builder, person: PersonView, order: int, shifts: bool, chance: random.Random) -> Filling:
    away = [Period(NOW, NOW + timedelta(days=chance.randint(1, 6)))] if chance.random() < 0.15 else []
    return made.fill(person, deputy=order, away=away, weekly=[chance.choice((DAYS, NIGHTS))] if shifts and chance.random() < 0.8 else [])
