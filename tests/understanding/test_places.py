"""A ward is taken only when it is surely named; what is nearly named is offered; ordinary words are no places."""

from __future__ import annotations

import pytest

from tests.understanding.conftest import Reader


@pytest.mark.parametrize(
    ("text", "ward"),
    [
        *(
            ("mtoto anapigwa Ukunda", "Ukunda"),
            ("huku lungalunga", "Vanga"),
            ("LUNGA LUNGA", "Vanga"),
            ("Mazeras", "Kasemeni"),
            ("Diani Beach", "Gombato Bongwe"),
        ),
        *(
            ("Maji ya Chumvi", "Chengoni/Samburu"),
            ("Kasemeni, Samburu", "Kasemeni"),
            ("Shimba Hills", "Kubo South"),
            ("ukundaaa", "Ukunda"),
            ("huko Waa", "Waa"),
        ),
        *(("kata ya Mtaa", "Kasemeni"), ("Diani Ukunda", "Ukunda"), ("Kombani, Waa", "Waa"), ("kikoneni", "Pongwe/Kikoneni")),
    ],
)
def test_a_place_that_is_surely_named_is_taken(reader: Reader, text: str, ward: str) -> None:
    settled = reader.places.find(text).settled
    assert settled is not None
    assert reader.names[settled.ward] == ward


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("Kasemeni", {"Kasemeni (Samburu)", "Kasemeni (Lunga Lunga)"}),
        ("niko Diani", {"Ukunda", "Gombato Bongwe"}),
        ("Shimoni na Vanga", {"Shimoni", "Vanga"}),
        ("Kwale", {"Kwale (Matuga)"}),
        ("huku Kinagoo", {"Kinango", "Kinagoni"}),
    ],
)
def test_a_name_in_two_wards_or_with_a_slip_is_asked(reader: Reader, text: str, offered: set[str]) -> None:
    found = reader.places.find(text)
    assert found.settled is None
    assert {option.text for option in found.choices} == offered
    assert all(reader.places.settle(option.value) for option in found.choices)


@pytest.mark.parametrize(
    "text", ["mtoto wa mtaa", "ana panga", "anafanya kazi", "mahali pabaya", "gari nyekundu", "msaada", "habari za leo", "mama wa kambo", "tope na matope"]
)
def test_ordinary_words_are_no_places(reader: Reader, text: str) -> None:
    found = reader.places.find(text)
    assert found.settled is None
    assert not found.choices


def test_a_sub_county_is_not_the_town_of_its_name(reader: Reader) -> None:
    found = reader.places.find("Msambweni sub county")
    assert found.settled is None
    assert found.area is not None


def test_a_town_or_sub_location_is_kept_as_the_spot(reader: Reader) -> None:
    told = reader.sentence("mtoto anapigwa huku Mazeras").told
    assert told.place is not None
    assert told.spot is not None
    assert (reader.names[told.place], reader.names[told.spot]) == ("Kasemeni", "Mazeras")


def test_every_ward_and_every_spot_is_found_by_its_own_name(reader: Reader) -> None:
    for place, name in reader.names.items():
        if "-W" in place or "-B" in place or "-T" in place:
            found = reader.places.read(name)
            assert found.settled or found.choices, name


def test_an_answer_may_hold_more_slips_and_is_still_only_offered(reader: Reader) -> None:
    found = reader.places.read("kinanggoo")
    assert found.settled or any(option.text == "Kinango" for option in found.choices)
    assert any(option.text == "Msambweni" for option in reader.places.read("msambueni").choices)
    assert len(reader.places.read("mwa").choices) <= 3
