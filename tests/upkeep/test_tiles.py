"""The map of gaps can be read on a small telephone, without colours, and by who cannot see it."""

from __future__ import annotations

import csv
import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from referral.routing.reading import DataError
from referral.upkeep.coverage_words import Names
from referral.upkeep.gaps import Circumstance, Combination, Findings, HourKind, Missing, Proof, Site
from referral.upkeep.tiles import Cell, lay_out, read_tiles, svg, tiles
from referral.vocabulary.report import Accused, Concern
from tests.conftest import ROOT
from tests.upkeep.counties import small

KWALE = ROOT / "config" / "kwale"
SVG = "{http://www.w3.org/2000/svg}"
CELLS: dict[str, Cell] = {"W1": (1, 0), "W2": (0, 1)}
CASE = Combination(Concern.PHYSICAL, None, HourKind.DAY, Circumstance.NOW)
MANY = [Combination(one, who, HourKind.NIGHT, Circumstance.NOW) for one in Concern for who in Accused]


def wards() -> dict[str, tuple[float, float]]:
    with (KWALE / "places.csv").open(encoding="utf-8", newline="") as file:
        return {line["id"]: (float(line["lat"]), float(line["lon"])) for line in csv.DictReader(file) if line["kind"] == "ward"}


def proof(gaps: int = 0, thin: int = 0) -> Proof:
    lacks = {one: frozenset({Missing.SECOND}) for one in MANY[:gaps]}
    clear = Findings({}, frozenset())
    return Proof(3825, {Site(None): clear, Site("W1"): Findings(lacks, frozenset()), Site("W1", "B1"): clear, Site("W2"): Findings({}, frozenset(MANY[:thin]))})


@pytest.fixture
def names() -> Names:
    return Names(small().roster())


class TestTheLayout:
    def test_of_the_county_has_every_ward_once_and_keeps_directions(self) -> None:
        points = wards()
        cells = read_tiles(KWALE / "tiles.csv", list(points))
        assert set(cells) == set(points)
        assert len(set(cells.values())) == len(cells)
        assert max(column for column, _ in cells.values()) <= 4  # five tiles are as wide as a small telephone
        for one, other in itertools.permutations(points, 2):
            if points[one][0] - points[other][0] > 0.2:
                assert cells[one][1] <= cells[other][1], (one, other, "north")
            if points[other][1] - points[one][1] > 0.2:
                assert cells[one][0] <= cells[other][0], (one, other, "west")

    def test_of_a_county_without_one_is_made_from_where_the_wards_lie(self) -> None:
        cells = lay_out({"north-west": (1, 0), "north-east": (1, 1), "south-west": (0, 0), "south-east": (0, 1)}, columns=2)
        assert cells["north-west"][0] < cells["north-east"][0]
        assert cells["north-west"][1] < cells["south-west"][1]
        assert len(set(lay_out(dict.fromkeys("abcdefghij", (0.0, 0.0))).values())) == 10
        assert lay_out({"only": (0, 0)}) == {"only": (0, 0)}

    @pytest.mark.parametrize(
        ("lines", "problem"),
        [
            (["W1,0,0", "W9,1,0", "W2,2,0"], "tiles.csv:3: ward: unknown"),
            (["W1,0,0", "W2,0,0"], "tiles.csv:3: ward: stands twice, or two wards in one cell"),
            (["W1,0,0", "W2,-1,0"], "tiles.csv:3: column: column and row must be whole numbers from 0"),
            (["W1,0,0"], "tiles.csv:1: ward: W2 is missing"),
        ],
    )
    def test_with_a_mistake_is_named_by_its_line(self, lines: list[str], problem: str, tmp_path: Path) -> None:
        file = tmp_path / "tiles.csv"
        file.write_text("\n".join(["ward,column,row", *lines]) + "\n")
        with pytest.raises(DataError) as wrong:
            read_tiles(file, ["W1", "W2"])
        assert wrong.value.problems == (problem,)


class TestTheMap:
    def test_says_every_ward_with_its_number_in_words(self, names: Names) -> None:
        drawn = ET.fromstring(svg(proof(gaps=1, thin=1), names, CELLS))
        said = [" ".join(part.text or "" for part in group.iter(f"{SVG}text")) for group in drawn.iter(f"{SVG}g")]
        assert said == ["Bandari 1 gap", "Mpakani thin"]
        assert [tile.words for tile in tiles(proof(gaps=200), names, CELLS)] == ["200 gaps", "covered"]

    def test_is_told_to_who_cannot_see_it(self, names: Names) -> None:
        drawn = ET.fromstring(svg(proof(gaps=3), names, CELLS))
        title, description = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
        assert drawn.get("role") == "img"
        assert title is not None
        assert description is not None
        assert drawn.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert "3 gaps" in (title.text or "")
        assert "Bandari: 3 gaps" in (description.text or "")
        assert "1 other wards covered" in (description.text or "")

    def test_tells_states_apart_by_pattern_too_and_explains_them(self, names: Names) -> None:
        drawn = svg(proof(gaps=1, thin=1), names, CELLS)
        assert "url(#dots)" in drawn
        assert "url(#stripes)" in drawn
        legend = drawn[drawn.rindex("</g>") :]
        for state in ("covered", "thin", "gap"):
            assert f'class="tile {state}"' in legend

    def test_stays_within_the_width_of_a_small_telephone(self, names: Names) -> None:
        cells = {"W1": (0, 0), "W2": (4, 5)}
        drawn = ET.fromstring(svg(proof(gaps=1), names, cells))
        width, height = (int(part) for part in (drawn.get("viewBox") or "").split()[2:])
        assert width == 320
        for box in drawn.findall(f"{SVG}g/{SVG}rect"):
            assert 0 <= float(box.get("x", -1)) <= width - float(box.get("width", 999))
            assert 0 <= float(box.get("y", -1)) <= height - float(box.get("height", 999))

    def test_needs_nothing_else_and_runs_nothing(self, names: Names) -> None:
        drawn = svg(proof(gaps=1), names, CELLS).replace("http://www.w3.org/2000/svg", "")
        assert "http" not in drawn
        assert "<script" not in drawn

    def test_counts_a_finer_place_into_its_ward_once(self, names: Names) -> None:
        lacks = {CASE: frozenset({Missing.SECOND})}
        both = Proof(3825, {Site("W1"): Findings(lacks, frozenset()), Site("W1", "B1"): Findings(lacks, frozenset())})
        assert [tile.gaps for tile in tiles(both, names, {"W1": (0, 0)})] == [1]

    def test_in_the_documents_is_of_the_wards_of_the_county(self) -> None:
        drawn = (ROOT / "docs" / "pictures" / "coverage.svg").read_text("utf-8")
        assert drawn.count("<g>") == len(wards())
