"""What people send back to a question: a number, a word, or both."""

from __future__ import annotations

import pytest

from referral.understanding.answers import read_answer
from referral.vocabulary.option import Option
from tests.understanding.conftest import Reader

DANGER = tuple(Option(value, f"danger.{value}") for value in ("now", "soon", "not_now", "unknown"))
PLACES = (Option("a", "Ukunda", verbatim=True), Option("b", "Gombato Bongwe", verbatim=True))
WHO = tuple(Option(value, f"who.{value}") for value in ("home", "relative", "chief", "police", "unknown"))
YES_NO = (Option("yes", "yes"), Option("no", "no"))


@pytest.mark.parametrize(
    ("question", "text", "options", "value"),
    [
        *(("danger", "1", DANGER, "now"), ("danger", "1.", DANGER, "now"), ("danger", "ndiyo", DANGER, "now"), ("danger", "Hapana!", DANGER, "not_now")),
        *(("danger", "si sasa", DANGER, "not_now"), ("danger", "sijui", DANGER, "unknown"), ("danger", "3 hapana", DANGER, "not_now")),
        *(
            ("danger", "hapana... ana kisu", DANGER, "now"),
            ("place", "1 ukunda", PLACES, "a"),
            ("place", "ukunda", PLACES, "a"),
            ("place", "ukuda", PLACES, "a"),
        ),
        *(("place", "bongwe", PLACES, "b"), ("place", "moja", PLACES, "a"), ("place", "namba 2", PLACES, "b"), ("who", "chifu", WHO, "chief")),
        *(
            ("who", "ni baba yake", WHO, "home"),
            ("who", "4 polisi", WHO, "police"),
            ("who", "sijui nani", WHO, "unknown"),
            ("who", "baba na polisi", WHO, "police"),
        ),
        *(("yes_no", "ndio", YES_NO, "yes"), ("yes_no", "2", YES_NO, "no"), ("yes_no", "la", YES_NO, "no")),
    ],
)
def test_an_answer_is_read(reader: Reader, question: str, text: str, options: tuple[Option, ...], value: str) -> None:
    assert read_answer(question, text, options, reader.words) == value


@pytest.mark.parametrize(
    ("question", "text", "options"),
    [
        ("place", "2 ukunda", PLACES),
        ("place", "3", PLACES),
        ("place", "sio 1", PLACES),
        ("place", "tiwi", PLACES),
        ("danger", "1 hapana", DANGER),
        ("danger", "", DANGER),
    ],
)
def test_what_disagrees_with_itself_or_was_not_offered_is_asked_again(reader: Reader, question: str, text: str, options: tuple[Option, ...]) -> None:
    assert read_answer(question, text, options, reader.words) is None
