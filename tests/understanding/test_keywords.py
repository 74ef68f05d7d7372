"""Which messages are keywords, and which only hold a word that is one."""

from __future__ import annotations

import pytest

from referral.understanding.keywords import KeywordsError, parse_keywords, read_service
from tests.understanding.conftest import Reader


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Polisi wamenipiga",
            "Ali anampiga mtoto",
            "Chifu amembaka mtoto",
            "daktari alinishika",
            "hospitali hawana dawa",
            "klabu yetu ina shida",
            "aki amenipiga",
        ),
        *("acha kunipiga", "stop hitting me", "wacha kunishika", "hali ya mtoto ni mbaya", "english teacher anatupiga", "haki ananipiga", "bad man", "BAD BOY"),
    ],
)
def test_a_sentence_that_begins_with_a_keyword_is_a_sentence(reader: Reader, text: str) -> None:
    assert reader.keyword(text) is None


@pytest.mark.parametrize("text", ["achaa", "ach", "stopp", "wacha!! mtoto", "acha acha", "Acha kabisa"])
def test_nothing_but_the_very_word_stops_texts(reader: Reader, text: str) -> None:
    assert reader.kind(text) != "stop"


@pytest.mark.parametrize(
    ("text", "about", "rest"), [("polisi", "police", ""), ("Hospitali Ukunda", "hospital", "ukunda"), ("chifu", "chief", ""), ("HUDUMA Tiwi", "", "tiwi")]
)
def test_a_person_or_a_place_alone_or_with_a_place_asks_for_a_service(reader: Reader, text: str, about: str, rest: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert (found.kind.value, found.about, found.rest) == ("service", about, rest)


@pytest.mark.parametrize("text", ["HUDUMA msaada", "hali 4821 9037 5516 nisaidie", "RIPOTI nisaidie"])
def test_help_after_another_keyword_asks_whether_there_is_danger(reader: Reader, text: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert found.kind.value in {"service", "status", "report"}
    assert found.asks_danger


@pytest.mark.parametrize("text", ["HALI 482190375516", "status 4821 9037 5516", "4821-9037-5516", "ali 4821 90375516"])
def test_the_state_of_a_report_is_asked_by_its_code(reader: Reader, text: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert (found.kind.value, found.code) == ("status", "482190375516")


def test_a_state_without_its_code_is_known_as_such(reader: Reader) -> None:
    found = reader.keyword("HALI")
    assert found is not None
    assert found.code is None


def test_a_club_is_credited_beside_whatever_else_the_message_is(reader: Reader) -> None:
    plain, cry, glued = reader.keyword("CRC K12 Polisi wamenipiga"), reader.keyword("crc m4 nisaidie"), reader.keyword("CRC12 mtoto anapigwa")
    assert plain is not None
    assert (plain.kind.value, plain.club, plain.rest) == ("club", "K12", "polisi wamenipiga")
    assert cry is not None
    assert (cry.kind.value, cry.club) == ("help", "M4")
    assert glued is not None
    assert glued.club == "12"


def test_a_wrong_entry_is_reported_by_its_code(reader: Reader) -> None:
    found = reader.keyword("BAD 4f2k")
    assert found is not None
    assert (found.kind.value, found.code) == ("wrong", "4F2K")


@pytest.mark.parametrize("text", ["BAD C93V", "bad 682h", "Bad: 444C.", "MBAYA w85c", "bad C9 3V", "BAD 2222", "Bad C93V they moved"])
def test_a_code_of_digits_and_letters_stays_whole(reader: Reader, text: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert found.kind.value == "wrong"
    assert found.code in {"C93V", "682H", "444C", "W85C", "2222"}


@pytest.mark.parametrize("text", ["bad man touched me", "bad guys", "mbaya saa 2", "mbaya sana", "bad man 4F2K", "bad 9yr girl", "bad C93V help me", "4F2K"])
def test_a_sentence_with_the_word_bad_is_a_sentence(reader: Reader, text: str) -> None:
    assert reader.kind(text) != "wrong"


@pytest.mark.parametrize(
    ("text", "code", "rest"), [("BAD", None, ""), ("mbaya", None, ""), ("BAD 0000", "0000", ""), ("Bad 9yrs girl hurt", "9YRS", "girl hurt")]
)
def test_what_may_be_a_correction_says_its_code_and_what_stands_behind(reader: Reader, text: str, code: str | None, rest: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert (found.kind.value, found.code, found.rest) == ("wrong", code, rest)


@pytest.mark.parametrize(
    ("rest", "about", "place"),
    [
        ("watoto Tiwi", "children", "tiwi"),
        ("kurudi shule Ukunda", "school", "ukunda"),
        ("shule", "school", ""),
        ("mahali salama", "safe", ""),
        ("ya ushauri Kinango", "talk", "ya kinango"),
        ("msaada wa kisheria Kwale", "legal", "kwale"),
        ("hosptali Ukunda", "hospital", "ukunda"),
        ("Ukunda", "", "Ukunda"),
    ],
)
def test_what_stands_behind_huduma_says_which_service_and_where(reader: Reader, rest: str, about: str, place: str) -> None:
    assert read_service(rest, reader.keywords) == (about, place)


@pytest.mark.parametrize("text", ["shule", "school", "watoto", "children", "salama", "safe"])
def test_a_word_that_tells_of_a_worry_asks_for_a_service_only_behind_huduma(reader: Reader, text: str) -> None:
    assert reader.kind(text) == ""
    assert reader.kind(f"HUDUMA {text}") == "service"


@pytest.mark.parametrize(("text", "about"), [("lugha english", "en"), ("Kiswahili", "sw"), ("lang", "")])
def test_a_language_is_chosen(reader: Reader, text: str, about: str) -> None:
    found = reader.keyword(text)
    assert found is not None
    assert (found.kind.value, found.about) == ("language", about)


@pytest.mark.parametrize("text", ["ripoti", "REPOTI.", "ripoti:", "riporti", "ripo", "rpt", "Nataka kuripoti"])
def test_a_report_is_begun_in_any_spelling(reader: Reader, text: str) -> None:
    assert reader.kind(text) == "report"


@pytest.mark.parametrize("text", ["", "   ", "😭😭", "...", "\x00", "a" * 5000, "9" * 500, "\u0627 \u0628 \u062a", "1"])
def test_any_bytes_are_read_without_failing(reader: Reader, text: str) -> None:
    assert reader.keyword(text) is None
    assert not reader.sentence(text).danger


def test_every_bad_line_of_the_table_is_named() -> None:
    with pytest.raises(KeywordsError) as raised:
        parse_keywords([{"keyword": "nothing", "where": "first", "form": "x"}, {"keyword": "help", "where": "somewhere", "form": "x"}])
    assert len(raised.value.problems) == 2
