"""The county's real tables, read once: what is tested is what is served."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from referral.understanding.keywords import Keyword, KeywordKind, Keywords, parse_keywords, read_keyword
from referral.understanding.places import Gazetteer
from referral.understanding.sentence import Understood, understand
from referral.understanding.words import Words, parse_words
from referral.vocabulary.place import Place, PlaceKind

COUNTY = Path(__file__).parent.parent.parent / "config" / "kwale"


@dataclass(frozen=True)
class Reader:
    """The tables, and a message read by them as the SMS door will."""

    words: Words
    places: Gazetteer
    keywords: Keywords
    names: dict[str, str]

    def keyword(self, text: str) -> Keyword | None:
        return read_keyword(text, self.keywords, self.places)

    def sentence(self, text: str) -> Understood:
        return understand(text, self.words, self.places)

    def kind(self, text: str) -> str:
        found = self.keyword(text)
        return found.kind.value if found else ""

    def urgent(self, text: str) -> bool:
        return self.kind(text) == KeywordKind.HELP or self.sentence(text).danger


@pytest.fixture(scope="session")
def reader() -> Reader:
    with (COUNTY / "places.csv").open() as file:
        places = [Place(row["id"], PlaceKind(row["kind"]), row["name"], tuple(row["parents"].split())) for row in csv.DictReader(file)]
    words = parse_words(tomllib.loads((COUNTY / "words.toml").read_text()))
    with (COUNTY / "keywords.csv").open() as file:
        keywords = parse_keywords(csv.DictReader(file))
    return Reader(words, Gazetteer(places, words), keywords, {place.id: place.name for place in places})
