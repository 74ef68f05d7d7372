"""The county's help files: nothing invented, everything credited, and every line one that the directory takes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from referral.directory.help_tables import OFFICES, PLACES, TABLES
from referral.directory.lines import read_lines
from referral.directory.service_records import SHORT_NAME
from referral.texts.gsm import is_gsm
from referral.understanding.keywords import parse_keywords, read_keyword
from referral.vocabulary.help import HelpKind
from referral.vocabulary.report import Concern

ROOT = Path(__file__).parents[2]
KWALE = ROOT / "config" / "kwale"
SOURCES = (ROOT / "docs" / "data-sources.md").read_text("utf-8")
HELPLINES = {"116", "1195", "1190", "999", "112"}
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    path = KWALE / name
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def both(table: str) -> list[Row]:
    return rows(f"{table}.csv") + rows(f"{table}.sample.csv")


def by_id(table: str) -> dict[str, Row]:
    return {row["id"]: row for row in both(table)}


def health() -> list[Row]:
    return [row for row in rows("services.csv") if row["kind"] == "medical"]


def files() -> list[Path]:
    extra = [KWALE / "schools.csv", KWALE / "clubs.sample.csv"]
    return [path for name in TABLES for path in (KWALE / f"{name}.csv", KWALE / f"{name}.sample.csv") if path.is_file()] + extra


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_file_with_the_agreed_columns_and_no_line_is_refused(name: str) -> None:
    assert (KWALE / f"{name}.csv").is_file()
    problems: list[str] = []
    for path in (KWALE / f"{name}.csv", KWALE / f"{name}.sample.csv"):
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                assert next(csv.reader(file)) == list(TABLES[name].columns), path.name
            read_lines(path, TABLES[name].line(), problems, set())
    assert problems == []


@pytest.mark.parametrize("name", TABLES)
def test_every_id_stands_once_and_whatever_an_entry_names_is_there(name: str) -> None:
    found = both(name)
    assert len({row["id"] for row in found}) == len(found)
    outside = {PLACES: rows("places.csv"), OFFICES: rows("offices.csv")}
    for column, target in TABLES[name].refers.items():
        known = {row["id"] for row in (outside[target] if target in outside else both(target))}
        assert {row[column] for row in found if row[column]} <= known, column


def test_what_a_real_entry_names_is_real() -> None:
    for name, table in TABLES.items():
        for column, target in table.refers.items():
            if target in TABLES:
                known = {row["id"] for row in rows(f"{target}.csv")}
                assert {row[column] for row in rows(f"{name}.csv") if row[column]} <= known, (name, column)


def test_every_term_of_a_service_is_in_the_taxonomy_below_the_service_s_kind() -> None:
    terms = {row["code"]: row for row in rows("terms.csv") if row["taxonomy"] == "help"}
    for row in both("services"):
        for term in row["terms"].split():
            assert terms[term]["parent"] == f"help-{row['kind']}", (row["id"], term)


def test_the_taxonomies_are_the_kinds_a_caller_chooses_from_and_the_concerns() -> None:
    terms = rows("terms.csv")
    tops = {row["code"] for row in terms if row["taxonomy"] == "help" and not row["parent"]}
    assert tops == {kind.value for kind in HelpKind} - {"pep"}
    assert {row["code"] for row in terms if row["taxonomy"] == "concern"} == {one.value for one in Concern}
    assert all(row["name_en"] and row["name_sw"] and row["description"] for row in terms)


def test_short_names_fit_a_line_and_differ_within_a_ward() -> None:
    where, seen = by_id("locations"), Counter[tuple[str, str]]()
    for row in both("service_at_locations"):
        assert 0 < len(row["short_name"]) <= SHORT_NAME
        seen[where[row["location"]]["place"], row["short_name"]] += 1
    assert not [one for one, times in seen.items() if times > 1]


def test_codes_survive_being_typed_and_are_no_words() -> None:
    codes = [row["code"] for row in both("service_at_locations")]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[2-9A-HJKMNP-Z]{4}", code) and re.search(r"\d", code) and re.search("[A-Z]", code) for code in codes)


def test_codes_that_callers_have_written_down_stay() -> None:
    codes = {row["id"]: row["code"] for row in rows("service_at_locations.csv")}
    known = {"kwale-hospital": "4QDU", "msambweni-county-referral-hospital": "C72M", "diani-police-station": "ZZ2A", "line-116": "AH5N"}
    assert {one: codes[one] for one in known} == known


def test_no_phone_but_national_short_numbers_and_numbers_of_nobody() -> None:
    real = rows("phones.csv")
    assert {row["short_number"] for row in real} == HELPLINES
    assert not any(row["e164"] for row in real)
    assert all(re.fullmatch(r"\+254700000\d{3}", row["e164"]) and row["sample"] == "yes" for row in rows("phones.sample.csv"))
    for path in files():
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w.+])(?:\+?254|0)\d{8,9}(?!\d)", text.replace("+254700000", "")), path.name


def test_no_hours_for_a_real_place_that_no_source_gives() -> None:
    always = {row["service_at_location"] or row["phone"] for row in rows("hours.csv")}
    assert always == {"line-116", "line-116-phone", "line-1195", "line-1195-phone"}
    samples = {row["id"] for table in ("service_at_locations", "phones") for row in rows(f"{table}.sample.csv")}
    assert {row["service_at_location"] or row["phone"] for row in rows("hours.sample.csv")} <= samples
    assert {row["service_at_location"] for row in rows("day_exceptions.sample.csv")} <= samples


def test_nobody_is_said_to_have_checked_anything() -> None:
    assert not any(row["verified_on"] or row["verified_by"] for name, table in TABLES.items() if table.listed for row in both(name))


def test_samples_stand_apart_say_so_and_are_called_so() -> None:
    for name, table in TABLES.items():
        if table.listed:
            assert {row["sample"] for row in rows(f"{name}.csv")} == {"no"}
            assert {(row["sample"], row["source"]) for row in rows(f"{name}.sample.csv")} <= {("yes", "sample")}
            assert all(row["source"] not in ("", "sample") for row in rows(f"{name}.csv"))
    assert all(row["name"].startswith("Sample ") for row in rows("services.sample.csv") + rows("locations.sample.csv"))


@pytest.mark.parametrize("name", ["places", "offices", "schools", *(name for name, table in TABLES.items() if table.listed)])
def test_every_source_is_credited_with_its_licence(name: str) -> None:
    credited = set(re.findall("`([^`]+)`", SOURCES))
    endings = {text for text in credited if text.startswith(", ")}
    for row in both(name):
        for part in row["source"].split("; "):
            assert part in credited or any(part.removesuffix(end) in credited for end in endings if part.endswith(end)), (name, row["id"], part)


def test_the_page_on_sources_has_the_figures_of_the_files() -> None:
    where = by_id("locations")
    count = Counter(where[row["location"]]["precision"] for row in rows("service_at_locations.csv"))
    assert f"| **together** | **{count.total()}** | **{count['gps']}** | **{count['approx']}** | **{count['town']}** | **{count['']}** |" in SOURCES
    coded = sum(bool(row["source_id"]) for row in health())
    assert f"{coded} of the {len(health())} health facilities" in SOURCES
    samples = sum(row["sample"] == "yes" for row in rows("offices.csv"))
    assert f"({samples} of {len(rows('offices.csv'))})" in SOURCES


def test_everything_fits_a_plain_text_message() -> None:
    for path in files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert line.isascii(), (path.name, number)
            assert is_gsm(line), (path.name, number)


def test_medicine_after_rape_is_looked_for_in_public_hospitals_and_health_centres_only() -> None:
    pep = {row["id"] for row in rows("services.csv") if "pep" in row["terms"].split()}
    assert pep == {row["id"] for row in rows("services.csv") if {"hospital", "health_centre"} & set(row["terms"].split())}
    assert len(pep) == 15
    assert all(by_id("services")[one]["organization"] == "kwale-health" for one in pep)


def test_whatever_is_not_the_building_s_own_point_says_call_first() -> None:
    where = by_id("locations")
    for row in rows("service_at_locations.csv"):
        if where[row["location"]]["precision"] in ("approx", "town"):
            assert "call first" in row["description"], row["id"]


def test_a_safe_place_is_a_sample_without_an_address() -> None:
    safe = [row for row in both("services") if row["kind"] == "safe"]
    assert [row["id"] for row in safe] == ["sample-safe-place"]
    assert safe[0]["visibility"] == "confidential"
    (hidden,) = [row for row in both("locations") if row["visibility"] == "confidential"]
    assert hidden["id"] == "sample-safe-place"
    assert not any(hidden[column] for column in ("lat", "lon", "precision", "directions", "transport"))
    assert not [row for row in both("phones") if "safe" in "".join(row.values())]


def test_stations_serve_wards_by_sample_only_and_children_s_offices_their_sub_county() -> None:
    services, places = by_id("services"), by_id("places")
    real = rows("service_areas.csv")
    assert {services[row["service_at_location"]]["kind"] for row in real} == {"children"}
    assert all(places[row["place"]]["name"] in services[row["service_at_location"]]["name"] for row in real)
    covered = {row["place"] for row in rows("service_areas.sample.csv") if services[row["service_at_location"]]["kind"] == "police"}
    assert {row["id"] for row in places.values() if row["kind"] == "ward"} <= covered


def _easter(year: int) -> date:
    """Butcher's rule for the Gregorian calendar."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + k - 7 * ((a + 11 * h + 22 * k) // 451) + 114, 31)
    return date(year, month, day + 1)


def test_public_holidays_are_those_fixed_by_law_moved_from_a_sunday() -> None:
    fixed = ((1, 1), (5, 1), (6, 1), (10, 10), (10, 20), (12, 12), (12, 25), (12, 26))
    wanted: set[date] = set()
    for year in (2026, 2027):
        days = [date(year, *one) for one in fixed] + [_easter(year) - timedelta(2), _easter(year) + timedelta(1)]
        wanted |= {day + timedelta(1) if day.weekday() == 6 else day for day in days}
    found = rows("day_exceptions.csv")
    assert {date.fromisoformat(row["day"]) for row in found} == wanted
    assert len(found) == len(wanted) == 20
    assert all(row["closed"] == "yes" and row["label"] and not row["service_at_location"] for row in found)


def test_names_of_places_are_in_languages_somebody_wrote_them_in_and_differ_from_the_official_one() -> None:
    official = {row["id"]: row["name"].lower() for row in rows("places.csv")}
    names = rows("place_names.csv")
    assert {row["language"] for row in names} <= {"swa", "eng"}
    assert all(row["name"].lower() != official[row["place"]] for row in names)


def test_the_two_kasemenis_have_no_name_in_common_but_the_bare_one() -> None:
    def called(place: str) -> set[str]:
        return {row["name"] for row in rows("place_names.csv") if row["place"] == place}

    assert called("KE002-B4658") == {"Kasemeni Lunga Lunga", "Kasemeni Mwereni"}
    assert called("KE002-W0050") >= {"Kasemeni Samburu", "Kasemeni Kinango"}
    assert not called("KE002-B4658") & called("KE002-W0050")


def test_463_schools_each_in_a_ward_and_in_the_county() -> None:
    schools, wards = rows("schools.csv"), {row["id"] for row in rows("places.csv") if row["kind"] == "ward"}
    assert list(schools[0]) == ["id", "name", "level", "status", "ward", "lat", "lon", "source"]
    assert len({row["id"] for row in schools}) == len(schools) == 463
    assert Counter(row["level"] for row in schools) == {"primary": 382, "secondary": 81}
    assert {row["ward"] for row in schools} == wards
    assert all(-4.8 < float(row["lat"]) < -3.5 and 38.4 < float(row["lon"]) < 39.8 for row in schools)


def test_31_clubs_whose_codes_can_be_texted_and_survive_one_slip() -> None:
    clubs, schools = rows("clubs.sample.csv"), {row["id"]: row for row in rows("schools.csv")}
    assert len(clubs) == len({row["school"] for row in clubs}) == 31
    assert all(row["sample"] == "yes" and row["school"] in schools for row in clubs)
    assert len({schools[row["school"]]["ward"] for row in clubs}) == 20
    codes = [row["code"] for row in clubs]
    assert min(sum(a != b for a, b in zip(one, other, strict=True)) for one in codes for other in codes if one is not other) >= 2
    table = parse_keywords(rows("keywords.csv"))
    for code in codes:
        message = read_keyword(f"crc {code.lower()} mtoto anapigwa", table)
        assert message is not None
        assert message.club == code
