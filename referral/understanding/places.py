"""Names of places in a message: surely one ward, or up to three choices to confirm. Nothing is routed on a name that was guessed.

Source of the scorer and the need to ask: typed names of one county with one to three slips, measured; one confident guess in eighty is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from referral.understanding.spelling import Line, fold, split
from referral.understanding.words import Words
from referral.vocabulary.option import Option
from referral.vocabulary.place import Place, PlaceKind

CHOICES = 3
AFTER_PREPOSITION = 0.86
"""Likeness from which a word after "in", "huko", "near" is offered as a place."""
ANYWHERE = 0.92
AS_ANSWER = 0.75
_SHORTEST = 5
_EXACT = 3
_LONGEST_NAME = 3
_FINE = (PlaceKind.SUBLOCATION, PlaceKind.TOWN)


@dataclass(frozen=True, slots=True)
class Settled:
    """A ward for certain; `spot` is the sub-location or town in it that was named, if one was."""

    ward: str
    spot: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a message says of a place: `settled`, or `choices` (at most three; each value is for `Gazetteer.settle`), or neither.

    `area` is a sub-county or the county, where nothing finer is named. `where` are the places of the words used.
    """

    settled: Settled | None = None
    choices: tuple[Option, ...] = ()
    area: str | None = None
    where: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Named:
    """A name found in a message: the places that bear it and the words it took."""

    ids: tuple[str, ...]
    first: int
    last: int


class Gazetteer:
    """The county's names, folded as messages are. Built once for a version of the directory; frozen after that."""

    def __init__(self, places: Iterable[Place], words: Words) -> None:
        """`words.aliases` maps what people say to the id of a place; ids that the county does not have are passed over."""
        self._places = {place.id: place for place in places}
        self._words = words
        self._wards = {place.id: self._wards_of(place) for place in self._places.values()}
        names: dict[str, dict[str, None]] = {}
        for place in self._places.values():
            for part in {place.name, *place.name.split("/")}:
                names.setdefault(_key(split(part)), {})[place.id] = None
        for name, one in words.aliases.items():
            if one in self._places:
                names.setdefault(_key(split(name)), {})[one] = None
        self._names: Mapping[str, tuple[str, ...]] = {name: tuple(ids) for name, ids in names.items()}
        self._likely = [name for name in names if len(name) > _EXACT]

    def settle(self, place_id: str) -> Settled | None:
        """The ward of a choice's value, and the spot if the value is one. None for what is no ward and in none, or in several."""
        wards = self._wards.get(place_id, frozenset())
        if len(wards) != 1:
            return None
        (ward,) = wards
        return Settled(ward, place_id if self._places[place_id].kind in _FINE else None)

    def find(self, text: str) -> Sought:
        """The place a sentence speaks of."""
        return self.find_in(Line.of(text, self._words.spellings))

    def find_in(self, line: Line) -> Sought:
        named = [self._widened(line, one) for one in self._exact(line) if not self._shy(line, one)]
        return self._judge(named) if named else self._alike(line)

    def read(self, text: str) -> Sought:
        """The place in an answer to "where?": names that are ordinary words count too, and more slips are forgiven."""
        line = Line.of(text, self._words.spellings)
        named = self._exact(line)
        if named:
            return self._judge(named)
        content = [word for word in line.words if not self._is_filler(word)]
        return self._offer(_key(content), AS_ANSWER, frozenset()) if content else Sought()

    def is_place(self, text: str) -> bool:
        """Whether the text is a place and nothing else, prepositions and words like "ward" aside. Slips do not count."""
        line = Line.of(text, self._words.spellings)
        used = {place for one in self._exact(line) for place in range(one.first, one.last + 1)}
        return bool(used) and all(place in used or self._is_filler(word) for place, word in enumerate(line.words))

    def option(self, place_id: str) -> Option | None:
        """The place as something to choose by its name."""
        place = self._places.get(place_id)
        return Option(place.id, place.name, verbatim=True) if place else None

    def _wards_of(self, place: Place) -> frozenset[str]:
        if place.kind is PlaceKind.WARD:
            return frozenset({place.id})
        parents = [self._places[one] for one in place.parents if one in self._places]
        direct = frozenset(one.id for one in parents if one.kind is PlaceKind.WARD)
        return direct or frozenset().union(*(self._wards_of(one) for one in parents if one.kind is PlaceKind.LOCATION))

    def _is_filler(self, word: str) -> bool:
        return fold(word) in self._words.lists["prepositions"] | self._words.lists["place_kinds"]

    def _exact(self, line: Line) -> list[_Named]:
        """Names in the message, longest first, none within another."""
        found: list[_Named] = []
        taken: set[int] = set()
        for length in range(_LONGEST_NAME, 0, -1):
            for first in range(len(line.words) - length + 1):
                span = range(first, first + length)
                ids = self._names.get(_key(line.words[first : first + length])) if taken.isdisjoint(span) else None
                if ids:
                    taken.update(span)
                    found.append(_Named(ids, first, first + length - 1))
        return sorted(found, key=lambda one: one.first)

    def _shy(self, line: Line, one: _Named) -> bool:
        """Names that are ordinary words ("mtaa", a street) count in a sentence only beside a word like "ward" or "village"."""
        if one.first != one.last or fold(line.words[one.first]) not in self._words.lists["shy_places"]:
            return False
        beside = line.words[max(one.first - 2, 0) : one.first] + line.words[one.last + 1 : one.last + 2]
        return not any(fold(word) in self._words.lists["place_kinds"] for word in beside)

    def _widened(self, line: Line, one: _Named) -> _Named:
        """ "Msambweni sub-county" is not the town of that name."""
        after = tuple(word for word in line.words[one.last + 1 : one.last + 3] if word != "sub")
        beside = line.words[max(one.first - 3, 0) : one.first] + after[:1]
        broad = tuple(place for place in one.ids if not self._wards[place])
        return _Named(broad, one.first, one.last) if broad and any(fold(word) in self._words.lists["broad_places"] for word in beside) else one

    def _judge(self, named: Sequence[_Named]) -> Sought:
        """All names together: what they have in common if anything, each narrowed by an area that is named as well; else a question."""
        where = frozenset(place for one in named for place in range(one.first, one.last + 1))
        areas = [one for name in named for one in name.ids if not self._wards[one]]
        groups = self._narrowed([[one for one in name.ids if self._wards[one]] for name in named], [self._within(name) for name in named])
        if not groups:
            return Sought(area=areas[0], where=where)
        common = frozenset.intersection(*(self._common(group) for group in groups))
        only_county = any(self._places[area].kind is PlaceKind.COUNTY for area in areas) and len(named) == 1
        if len(common) == 1 and not only_county:
            (ward,) = common
            return Sought(Settled(ward, self._spot(groups, ward)), where=where)
        wards = common if common and not only_county else frozenset().union(*(self._wards[one] for group in groups for one in group))
        return Sought(choices=self._choices([self._one_in(groups, ward) for ward in self._in_order(wards)], bracket=only_county), where=where)

    def _within(self, name: _Named) -> frozenset[str]:
        """The wards of the sub-counties and constituencies of a name; the county narrows nothing."""
        areas = {one for one in name.ids if not self._wards[one]}
        return frozenset(place.id for place in self._places.values() if place.kind is PlaceKind.WARD and areas.intersection(place.parents))

    def _narrowed(self, groups: list[list[str]], areas: Sequence[frozenset[str]]) -> list[list[str]]:
        """In "Kasemeni, Samburu" the name that also says an area is left out where another lies in that area, and picks among the other's."""
        for number, area in enumerate(areas):
            inside = [[one for one in group if self._wards[one] & area] for group in groups]
            others = any(group for place, group in enumerate(inside) if place != number and area != areas[place])
            if others:
                groups = [[] if place == number else inside[place] or group for place, group in enumerate(groups)]
        return [group for group in groups if group]

    def _common(self, group: Sequence[str]) -> frozenset[str]:
        """A ward, a town and a sub-location of one name are one place if they share a ward, and two or more if they do not."""
        return frozenset.intersection(*(self._wards[one] for one in group)) or frozenset().union(*(self._wards[one] for one in group))

    def _spot(self, groups: Sequence[Sequence[str]], ward: str) -> str | None:
        """The finest place named in the ward; the sub-location where a town bears its name, as it is listed to callers."""
        fine = [one for group in groups for one in group if self._places[one].kind in _FINE and ward in self._wards[one]]
        return min(fine, key=lambda one: _FINE.index(self._places[one].kind), default=None)

    def _one_in(self, groups: Sequence[Sequence[str]], ward: str) -> str:
        """What to offer for a ward: the place itself where it lies in this ward only, else the ward."""
        inside = [one for group in groups for one in group if self._wards[one] == {ward} and self._places[one].kind in _FINE]
        return inside[0] if inside else ward

    def _in_order(self, wards: Iterable[str]) -> list[str]:
        wanted = frozenset(wards)
        return [one for one in self._places if one in wanted]

    def _choices(self, ids: Iterable[str], *, bracket: bool = False) -> tuple[Option, ...]:
        """Options by name; two of one name, or one that is also the county's name, say which sub-county they lie in."""
        chosen = [self._places[one] for one in dict.fromkeys(ids)][:CHOICES]
        names = [place.name for place in chosen]
        return tuple(
            Option(place.id, f"{place.name} ({self._above(place.id)})" if bracket or names.count(place.name) > 1 else place.name, verbatim=True)
            for place in chosen
        )

    def _above(self, place_id: str) -> str:
        (ward, *_) = self._in_order(self._wards[place_id])
        return self._places[self._places[ward].parents[0]].name

    def _alike(self, line: Line) -> Sought:
        """Words that look like a name. Ordinary words never do: "panga" is no Vanga."""
        for first, word in enumerate(line.words):
            before = first > 0 and fold(line.words[first - 1]) in self._words.lists["locators"]
            floor = AFTER_PREPOSITION if before else ANYWHERE
            for last in (first + 1, first):
                words = line.words[first : last + 1]
                if len(words) == last - first + 1 and len(word) >= _SHORTEST - before and not any(self._ordinary(one) for one in words):
                    offer = self._offer(_key(words), floor, frozenset(range(first, last + 1)))
                    if offer.choices:
                        return offer
        return Sought()

    def _ordinary(self, word: str) -> bool:
        return word == "_" or word.isdigit() or fold(word) in self._words.known

    def _offer(self, key: str, floor: float, where: frozenset[int]) -> Sought:
        near = process.extract(key, self._likely, scorer=JaroWinkler.normalized_similarity, score_cutoff=floor, limit=CHOICES)
        judged = [self._judge([_Named(self._names[name], 0, 0)]) for name, _, _ in near]
        ids = [option for one in judged for option in self._values(one)]
        return Sought(choices=self._choices(ids), where=where)

    def _values(self, sought: Sought) -> list[str]:
        if sought.settled:
            return [sought.settled.spot or sought.settled.ward]
        return [option.value for option in sought.choices]


def _key(words: Iterable[str]) -> str:
    """A name without blanks: Lunga Lunga and Lungalunga are one. Short names stay as they are: Waa is not "wa", of."""
    return "".join(fold(word) if len(word) > _EXACT else word for word in words)
