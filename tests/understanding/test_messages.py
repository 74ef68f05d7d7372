"""How much of what people write is understood: two sets of labelled messages, rules made on one, figures taken on the other.

Both sets were written before the tables by the same hand, so the figures say how the rules hold together, not how well they will
do with texts from real senders. `place` "?" means: must be asked, never taken. `danger` now includes a cry for help (keyword).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from referral.understanding.keywords import KeywordKind
from referral.understanding.sentence import Question
from tests.understanding.conftest import Reader

FIELDS = ("keyword", "concern", "danger", "accused", "place", "age", "sex", "happened")
FLOORS = {
    "tune": dict.fromkeys(FIELDS, (0.95, 0.95)) | {"danger": (0.93, 1.0)},
    "measure": dict.fromkeys(FIELDS, (0.9, 0.85)) | {"danger": (0.90, 0.99), "keyword": (0.97, 0.97), "place": (0.95, 0.95)},
}
"""Precision and recall, at least. The recall of danger is the highest of all: it is the error that counts most."""


def messages(part: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / f"messages_{part}.csv").open() as file:
        return list(csv.DictReader(file))


def read(reader: Reader, text: str) -> dict[str, set[str]]:
    """What comes out of a message, field by field, in the words of the labels."""
    keyword = reader.keyword(text)
    kind = keyword.kind if keyword else None
    got: dict[str, set[str]] = {field: set() for field in FIELDS} | {"keyword": {kind.value} if kind else set()}
    if keyword is None or kind in (KeywordKind.HELP, KeywordKind.REPORT, KeywordKind.CLUB):
        found = reader.sentence(keyword.rest if keyword else text)
        told = found.told
        danger = "now" if keyword and (kind is KeywordKind.HELP or keyword.asks_danger) else told.danger
        got["place"] = {reader.names[told.place]} if told.place else {"?"} if found.place_choices else set()
        got["accused"] = {one.value for one in told.accused}
        single = {"concern": told.concern, "danger": danger, "age": told.age, "sex": told.sex, "happened": told.happened}
        got |= {field: {str(value)} if value else set() for field, value in single.items()}
    return got


def test_there_are_enough_messages_and_none_is_in_both_parts() -> None:
    tune, measure = ({one["text"] for one in messages(part)} for part in ("tune", "measure"))
    assert len(tune) + len(measure) >= 320
    assert not tune & measure


@pytest.mark.parametrize("part", ["tune", "measure"])
def test_precision_and_recall_of_every_field(reader: Reader, part: str, record_property: Callable[[str, object], None]) -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for message in messages(part):
        got = read(reader, message["text"])
        for field in FIELDS:
            expected = set(message[field].split()) if field == "accused" else {message[field]} - {""}
            right[field] += len(expected & got[field])
            wrong[field] += len(got[field] - expected)
            missed[field] += len(expected - got[field])
    below = []
    for field in FIELDS:
        precision, recall = right[field] / (right[field] + wrong[field]), right[field] / (right[field] + missed[field])
        record_property(f"{part} {field}", f"precision {precision:.3f} recall {recall:.3f} of {right[field] + missed[field]}")
        if precision < FLOORS[part][field][0] or recall < FLOORS[part][field][1]:
            below.append((field, precision, recall))
    assert not below


@pytest.mark.parametrize("part", ["tune", "measure"])
def test_no_message_ends_without_a_report_a_service_a_keyword_or_a_question(reader: Reader, part: str) -> None:
    for message in messages(part):
        keyword, found = reader.keyword(message["text"]), reader.sentence(message["text"])
        assert keyword or found.greeting or found.told.story == message["text"], message["text"]
        assert keyword or found.asks or found.told.place, message["text"]


@pytest.mark.parametrize("part", ["tune", "measure"])
def test_somebody_in_authority_who_is_labelled_is_never_left_out(reader: Reader, part: str) -> None:
    authority = {"chief", "police", "teacher", "religious", "childrens_officer", "health_worker", "ngo_worker", "official"}
    for message in messages(part):
        assert set(message["accused"].split()) & authority <= read(reader, message["text"])["accused"], message["text"]


def test_somebody_who_tells_nothing_is_asked_what_happened_first_and_never_more_than_the_known_questions(reader: Reader) -> None:
    assert reader.sentence("nataka kuongea na mtu").asks == (Question.WHAT, Question.DANGER, Question.PLACE, Question.WHO)
    assert reader.sentence("Polisi wamenipiga Ukunda").asks == (Question.DANGER,)
