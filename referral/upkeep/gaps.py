"""What the coverage proof finds: gaps as values, and gaps gathered into lines that people can read. Knows no directory and no rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeVar

from referral.routing.plan import CONCERN_WORDS
from referral.vocabulary.report import Accused, Concern

T = TypeVar("T")


class HourKind(StrEnum):
    DAY = "day"
    NIGHT = "night"
    WEEKEND = "weekend"


class Circumstance(StrEnum):
    """What makes one report of a kind more urgent than another, or its ladder a different one."""

    NOW = "in danger now"
    NOT_NOW = "not in danger now"
    GRAVER = "not now, but graver by what is told"
    YOUNG = "not now, a child of 10 to 14"
    BROKE_OFF = "the call broke off"


class Missing(StrEnum):
    """NOBODY always comes with SECOND, so that a gap that grows can be told from one that stays."""

    NOBODY = "nobody"
    SECOND = "second"
    END = "end"


class Combination(NamedTuple):
    """What a report may be, but for its place. `accused` None: not asked."""

    concern: Concern
    accused: Accused | None
    hours: HourKind
    circumstance: Circumstance


Lacks = Mapping[Combination, frozenset[Missing]]


class Site(NamedTuple):
    """A place as routing meets it: `ward` is what a report is routed by (any place, or None where none is known), `spot` a finer place in it."""

    ward: str | None
    spot: str | None = None

    @property
    def place(self) -> str | None:
        return self.spot or self.ward


@dataclass(frozen=True, slots=True)
class Findings:
    """What holds at a site: the gaps, and what is thin: covered only by people whose entries are no longer verified."""

    gaps: Lacks
    thin: frozenset[Combination]


@dataclass(frozen=True, slots=True)
class Gap:
    """A child somewhere, in some case, whom fewer than two institutions would hear of, or whose ladder has no end."""

    site: Site
    combination: Combination
    missing: frozenset[Missing]

    @property
    def place(self) -> str | None:
        return self.site.place


@dataclass(frozen=True)
class Proof:
    """What was looked at and what was found. Sites that are alike share one Findings."""

    each: int
    sites: Mapping[Site, Findings]

    @property
    def combinations(self) -> int:
        return self.each * len(self.sites)

    @property
    def count(self) -> int:
        """How many combinations have a gap."""
        return sum(len(found.gaps) for found in self.sites.values())

    @property
    def thin(self) -> int:
        return sum(len(found.thin) for found in self.sites.values())

    def gaps(self) -> Iterator[Gap]:
        for site, found in self.sites.items():
            for combination, missing in found.gaps.items():
                yield Gap(site, combination, missing)


@dataclass(frozen=True, slots=True)
class Block:
    """Combinations that lack the same, as a product of sets: every concern here with every accused here, and so on."""

    missing: frozenset[Missing]
    concerns: frozenset[Concern]
    accused: frozenset[Accused | None]
    hours: frozenset[HourKind]
    circumstances: frozenset[Circumstance]

    @property
    def count(self) -> int:
        return len(self.concerns) * len(self.accused) * len(self.hours) * len(self.circumstances)


@dataclass(frozen=True, slots=True)
class Section:
    """Places with the very same gaps, and those gaps. `each`: gaps at each of the places."""

    sites: tuple[Site, ...]
    blocks: tuple[Block, ...]
    each: int


def sections(proof: Proof) -> list[Section]:
    """The gaps by place, most gaps first. A finer place stands in the list only where it differs from its ward."""
    alike: dict[frozenset[tuple[Combination, frozenset[Missing]]], list[Site]] = {}
    shared: dict[int, frozenset[tuple[Combination, frozenset[Missing]]]] = {}
    for site, found in proof.sites.items():
        whole = proof.sites.get(Site(site.ward))
        if not found.gaps or (site.spot and whole is not None and whole.gaps == found.gaps):
            continue
        key = shared.setdefault(id(found), frozenset(found.gaps.items()))
        alike.setdefault(key, []).append(site)
    made = [Section(tuple(sites), tuple(blocks(dict(gaps))), len(gaps)) for gaps, sites in alike.items()]
    return sorted(made, key=lambda one: -one.each * len(one.sites))


def blocks(gaps: Lacks) -> list[Block]:
    """Gaps gathered into as few blocks as one pass over each dimension gives, the largest first."""
    cells = [(missing, frozenset({c.concern}), frozenset({c.accused}), frozenset({c.hours}), frozenset({c.circumstance})) for c, missing in gaps.items()]
    for dimension in (1, 2, 4, 3):
        merged: dict[tuple[object, ...], list[tuple[frozenset[object], ...]]] = {}
        for cell in cells:
            merged.setdefault((*cell[:dimension], *cell[dimension + 1 :]), []).append(cell)
        cells = [
            (*group[0][:dimension], frozenset(chain.from_iterable(one[dimension] for one in group)), *group[0][dimension + 1 :])  # type: ignore[misc]  # the dimension keeps its kind
            for group in merged.values()
        ]
    return sorted((Block(*cell) for cell in cells), key=lambda one: -one.count)


def opened(before: Lacks, after: Lacks) -> dict[Combination, frozenset[Missing]]:
    """Gaps of `after` that lack something more than `before` did."""
    return {one: missing for one, missing in after.items() if missing - before.get(one, frozenset())}


MISSING_WORDS = {Missing.NOBODY: "nobody can be reached", Missing.SECOND: "no second institution can be reached", Missing.END: "no end to the ladder"}
ACCUSED_WORDS: Mapping[Accused | None, str] = {
    None: "not asked who",
    Accused.HOME: "somebody at home",
    Accused.RELATIVE: "a relative or neighbour",
    Accused.DRIVER: "a driver or trader",
    Accused.TOURIST: "a tourist",
    Accused.EMPLOYER: "an employer",
    Accused.ONLINE: "somebody online",
    Accused.CHILD: "another child",
    Accused.CHIEF: "a chief or elder",
    Accused.POLICE: "the police",
    Accused.TEACHER: "a teacher",
    Accused.RELIGIOUS: "a religious leader",
    Accused.CHILDRENS_OFFICER: "a children's officer",
    Accused.HEALTH_WORKER: "a health worker",
    Accused.NGO_WORKER: "an NGO worker",
    Accused.OFFICIAL: "another official",
    Accused.UNKNOWN: "not known who",
}


def missing_words(missing: Collection[Missing]) -> str:
    told = [one for one in Missing if one in missing and not (one is Missing.SECOND and Missing.NOBODY in missing)]
    return " and ".join(MISSING_WORDS[one] for one in told)


def block_words(block: Block) -> tuple[str, str, str, str]:
    """Concerns, accused, hours and circumstances of a block, in plain words."""
    return (
        _few(block.concerns, Concern, lambda one: CONCERN_WORDS[one], "any concern"),
        _few(block.accused, ACCUSED_WORDS, lambda one: ACCUSED_WORDS[one], "whoever is accused"),
        _few(block.hours, HourKind, str, "at any hour"),
        _few(block.circumstances, Circumstance, str, "in danger or not"),
    )


def block_line(block: Block) -> str:
    concerns, accused, hours, circumstances = block_words(block)
    said = f"accused: {accused}" if len(block.accused) < len(ACCUSED_WORDS) else accused
    return f"{missing_words(block.missing)}: {concerns}; {said}; {hours}; {circumstances}"


def _few(held: Collection[T], every: Iterable[T], word: Callable[[T], str], whole: str) -> str:
    """A set in words: all of it, all but a few, or one by one."""
    order = list(every)
    absent = [one for one in order if one not in held]
    if not absent:
        return whole
    if len(absent) <= 3 < len(order) - len(absent):
        return f"{whole} but {', '.join(word(one) for one in absent)}"
    return ", ".join(word(one) for one in order if one in held)
