"""What one sentence tells: direction, denial, ages, and what is left to a question."""

from __future__ import annotations

import pytest

from referral.understanding.sentence import Language
from referral.understanding.words import WordsError, parse_words
from referral.vocabulary.report import Accused, AgeBand, Concern, Happened, Reporter, Sex
from tests.understanding.conftest import Reader


def test_several_facts_in_one_message(reader: Reader) -> None:
    told = reader.sentence("Mjomba alimbaka msichana wa miaka 12 jana huku Tiwi").told
    assert (told.concern, told.age, told.sex, told.happened) == (Concern.SEXABUSE, AgeBand.FROM_10, Sex.GIRL, Happened.THREE_DAYS)
    assert told.accused == {Accused.RELATIVE}
    assert told.place is not None
    assert reader.names[told.place] == "Tiwi"


@pytest.mark.parametrize("text", ["hakunipiga", "hajampiga mtoto", "baba hakunipiga", "hawajambaka", "she was not raped", "he did not beat her"])
def test_what_is_denied_is_not_reported(reader: Reader, text: str) -> None:
    assert reader.sentence(text).told.concern is None


@pytest.mark.parametrize(
    ("text", "accused"),
    [
        *(("Polisi wamenipiga", "police"), ("nilipigwa na polisi", "police"), ("chifu hakufanya kitu", "chief"), ("nesi aliniambia nisiseme", "health_worker")),
        *(
            ("nimeripoti kwa afisa wa watoto", "childrens_officer"),
            ("mwl ananigusa", "teacher"),
            ("sheikh amemlawiti", "religious"),
            ("MCA anajua", "official"),
        ),
    ],
)
def test_whoever_in_authority_is_named_is_kept_from_it(reader: Reader, text: str, accused: str) -> None:
    assert Accused(accused) in reader.sentence(text).told.accused


def test_a_teacher_who_tells_is_not_accused(reader: Reader) -> None:
    told = reader.sentence("Mimi ni mwalimu, mwanafunzi wangu anapigwa na baba yake").told
    assert told.accused == {Accused.HOME}
    assert told.reporter is Reporter.TEACHER


def test_family_is_accused_only_beside_a_harm_that_somebody_does(reader: Reader) -> None:
    assert not reader.sentence("mama yangu ni mgonjwa").told.accused
    missing = reader.sentence("mtoto wa kaka yangu amepotea, mama analia")
    assert not missing.told.accused
    assert any(guess.field == "accused" for guess in missing.guesses)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        *(
            ("ana miaka 9", AgeBand.UNDER_10),
            ("12yrs", AgeBand.FROM_10),
            ("12-year-old", AgeBand.FROM_10),
            ("miaka kumi na mbili", AgeBand.FROM_10),
            ("class 6", AgeBand.FROM_10),
        ),
        *(
            ("form 3", AgeBand.FROM_15),
            ("darasa la pili ana miaka saba", AgeBand.UNDER_10),
            ("mtoto wa miezi 6", AgeBand.UNDER_10),
            ("nina miaka 19", AgeBand.ADULT),
        ),
        *(("mzee wa miaka 60 na mtoto wa miaka 9", AgeBand.UNDER_10), ("girl of about 16", AgeBand.FROM_15)),
        *(
            ("miaka 2 iliyopita", None),
            ("mwanaume wa miaka 40", None),
            ("for 3 years", None),
            ("mimba ya miezi 6", None),
            ("2000 bob", None),
            ("watoto 3", None),
            ("class 4", None),
        ),
    ],
)
def test_an_age_is_the_childs_and_not_a_time(reader: Reader, text: str, band: AgeBand | None) -> None:
    assert reader.sentence(text).told.age is band


@pytest.mark.parametrize(
    ("text", "language", "reply"),
    [
        ("My father beats me every day", Language.ENGLISH, "en"),
        ("Baba ananipiga kila siku", Language.KISWAHILI, "sw"),
        ("baba ananibeat every day please help mtoto", Language.MIXED, "sw"),
        ("", Language.KISWAHILI, "sw"),
    ],
)
def test_the_answer_comes_in_the_language_of_the_question(reader: Reader, text: str, language: Language, reply: str) -> None:
    found = reader.sentence(text)
    assert (found.language, found.reply_in) == (language, reply)


def test_the_whole_message_stays_the_story(reader: Reader) -> None:
    assert reader.sentence(" Kitu kibaya sana ").told.story == "Kitu kibaya sana"


def test_every_mistake_in_the_tables_is_named() -> None:
    data = {"concern": [{"is": "NOTHING", "words": ["@nobody"]}], "spelings": {}, "danger": [{"is": "now", "words": "help"}]}
    with pytest.raises(WordsError) as raised:
        parse_words(data)
    text = str(raised.value)
    assert all(
        part in text
        for part in ("concern NOTHING", "@nobody", "spelings: unknown", "danger now: must be a list", "accused: missing", "lists.negations: missing")
    )
