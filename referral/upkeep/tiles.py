"""A map of the wards as tiles, each where its ward lies: how many gaps each has, told by colour, pattern and words alike. An SVG that needs nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from referral.routing.reading import DataError
from referral.upkeep.coverage_words import Names, counted
from referral.upkeep.gaps import Proof, Site

Cell = tuple[int, int]
"""Column and row, from 0, from the north-west."""
Point = tuple[float, float]
SIDE, EDGE, WIDTH = 62, 5, 320
HEAD, LEGEND = 34, 112


@dataclass(frozen=True, slots=True)
class Tile:
    """One ward: `gaps` and `thin` are combinations, in the ward or in any finer place of it."""

    name: str
    cell: Cell
    gaps: int
    thin: int

    @property
    def state(self) -> str:
        return "gap" if self.gaps else "thin" if self.thin else "covered"

    @property
    def words(self) -> str:
        if self.gaps:
            return f"{counted(self.gaps)} {'gap' if self.gaps == 1 else 'gaps'}"
        return "thin" if self.thin else "covered"


def read_tiles(path: Path, wards: Sequence[str]) -> dict[str, Cell]:
    """The layout of a county: a CSV of ward, column, row. Raises DataError naming every line that is wrong and every ward that is missing."""
    problems: list[str] = []
    cells: dict[str, Cell] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(csv.DictReader(file), 2):
            ward, column, row = (str(line.get(name) or "").strip() for name in ("ward", "column", "row"))
            if ward not in wards:
                problems.append(f"{path.name}:{number}: ward: unknown")
            elif not (column.isdecimal() and row.isdecimal()):
                problems.append(f"{path.name}:{number}: column: column and row must be whole numbers from 0")
            elif ward in cells or (int(column), int(row)) in cells.values():
                problems.append(f"{path.name}:{number}: ward: stands twice, or two wards in one cell")
            else:
                cells[ward] = int(column), int(row)
    problems += [f"{path.name}:1: ward: {ward} is missing" for ward in wards if ward not in cells and not problems]
    if problems:
        raise DataError(problems)
    return cells


def lay_out(points: Mapping[str, Point], columns: int = 5) -> dict[str, Cell]:
    """A cell for each ward, near where it lies, for a county that has no layout of its own. `points` are latitude and longitude.

    The grid is as tall as the county is for its width, and a third larger than its wards are many, so that the coast keeps its shape.
    Every ward takes the free cell nearest to it; then wards move or change places while that brings them nearer to where they lie.
    """
    rows = max(-(-len(points) * 4 // (3 * columns)), 1)
    wanted = _scaled(points, columns, rows)
    free = {(column, row) for column in range(columns) for row in range(rows)}
    cells: dict[str, Cell] = {}
    for ward in sorted(points, key=lambda one: (-points[one][0], one)):
        cells[ward] = min(free, key=lambda cell: (_far(wanted[ward], cell), cell))
        free.remove(cells[ward])
    while _improved(cells, free, wanted):
        pass
    return cells


def _scaled(points: Mapping[str, Point], columns: int, rows: int) -> dict[str, Point]:
    """Where the wards would lie on the grid, as fractions of columns and rows."""
    north, south = max(lat for lat, _ in points.values()), min(lat for lat, _ in points.values())
    west, east = min(lon for _, lon in points.values()), max(lon for _, lon in points.values())
    high, wide = (north - south) or 1.0, (east - west) or 1.0
    return {ward: ((lon - west) / wide * (columns - 1), (north - lat) / high * (rows - 1)) for ward, (lat, lon) in points.items()}


def _far(wanted: Point, cell: Cell) -> float:
    return (wanted[0] - cell[0]) ** 2 + (wanted[1] - cell[1]) ** 2


def _improved(cells: dict[str, Cell], free: set[Cell], wanted: Mapping[str, Point]) -> bool:
    """One round of moves and changes of places. False where nothing came nearer."""
    better = False
    for one in sorted(cells):
        cell = min(free | {cells[one]}, key=lambda to: (_far(wanted[one], to), to))
        if _far(wanted[one], cell) < _far(wanted[one], cells[one]) - 1e-9:
            free.add(cells[one])
            free.remove(cell)
            cells[one], better = cell, True
        for other in sorted(cells):
            here, there = cells[one], cells[other]
            if _far(wanted[one], there) + _far(wanted[other], here) < _far(wanted[one], here) + _far(wanted[other], there) - 1e-9:
                cells[one], cells[other], better = there, here, True
    return better


def tiles(proof: Proof, names: Names, cells: Mapping[str, Cell]) -> list[Tile]:
    """One tile for each ward of the layout, from the north-west."""
    made = []
    for ward, cell in sorted(cells.items(), key=lambda one: (one[1][1], one[1][0])):
        found = [findings for site, findings in proof.sites.items() if site.ward == ward]
        gaps = len({combination for one in found for combination in one.gaps})
        thin = len({combination for one in found for combination in one.thin})
        made.append(Tile(names.name(Site(ward)), cell, gaps, thin))
    return made


_STYLE = """
text{font-family:system-ui,sans-serif;fill:#1a1a1a}
.title{font-size:13px;font-weight:600}.small{font-size:10.5px}.name{font-size:10px}
.tile{stroke:#1a1a1a;stroke-width:1}.covered{fill:#dcebf5}.thin{fill:url(#dots)}.gap{fill:url(#stripes)}
.plate{fill:#fff;stroke:#1a1a1a;stroke-width:.6}.gap-plate{fill:#1a1a1a}.gap-words{fill:#fff;font-weight:600}
"""
_PATTERNS = (
    '<pattern id="dots" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" fill="#fdf0cf"/><circle cx="2" cy="2" r="1.4" fill="#8a6100"/></pattern>'
    '<pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f9d3c4"/><rect width="3" height="8" fill="#b3371b"/></pattern>'
)
_LEGEND = (
    ("covered", "covered: two institutions and an end, in every case"),
    ("thin", "thin: only with entries no longer verified"),
    ("gap", "gap: a case without two institutions or an end"),
)


def svg(proof: Proof, names: Names, cells: Mapping[str, Cell], note: str = "") -> str:
    """The map, 320 units wide: at the width of a small telephone its letters are as large as the telephone's own. `note` stands below it."""
    made, county = tiles(proof, names, cells), names.county
    columns = max(column for column, _ in cells.values()) + 1
    rows = max(row for _, row in cells.values()) + 1
    left = max((WIDTH - columns * SIDE) // 2, EDGE)
    width, bottom = max(WIDTH, columns * SIDE + 2 * EDGE), HEAD + rows * SIDE
    head = f"Coverage of {county}: {counted(proof.count)} gaps in {counted(proof.combinations)} combinations"
    box, most = f'viewBox="0 0 {width} {bottom + LEGEND}"', f'style="max-width:{2 * width}px"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} width="100%" {most} role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(head)}</title>',
        f'<desc id="desc">{escape(_description(made, proof, note))}</desc>',
        f"<style>{_STYLE}</style><defs>{_PATTERNS}</defs>",
        f'<rect width="{width}" height="{bottom + LEGEND}" fill="#fff"/>',
        f'<text class="title" x="{EDGE}" y="15">{escape(county)}: {counted(proof.count)} gaps</text>',
        f'<text class="small" x="{EDGE}" y="28">in {counted(proof.combinations)} combinations; a tile is a ward, north is up</text>',
        *(line for tile in made for line in _tile(tile, left)),
        *_legend(bottom, proof, note),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _description(made: Sequence[Tile], proof: Proof, note: str) -> str:
    """The same in a sentence, for who cannot see the map."""
    said = [f"{tile.name}: {tile.words}" for tile in made if tile.state != "covered"]
    rest = sum(tile.state == "covered" for tile in made)
    return ". ".join([*said, f"{rest} {'other wards' if said else 'wards'} covered", *_elsewhere(proof), *([note] if note else [])]) + "."


def _elsewhere(proof: Proof) -> list[str]:
    unknown = proof.sites.get(Site(None))
    return [f"Place not known: {counted(len(unknown.gaps))} gaps" if unknown and unknown.gaps else "Place not known: covered"]


def _tile(tile: Tile, left: int) -> Iterator[str]:
    """On a pattern words would be lost: there they stand on plates."""
    x, y = left + tile.cell[0] * SIDE, HEAD + tile.cell[1] * SIDE
    middle, plain, dark = f"{x + SIDE / 2:g}", tile.state == "covered", tile.state == "gap"
    yield f"<g><title>{escape(tile.name)}: {tile.words}</title>"
    yield _box(f"tile {tile.state}", x + 1, y + 1, SIDE - 2, SIDE - 2)
    if not plain:
        yield _box("plate", x + 3, y + 6, SIDE - 6, 30)
        yield _box("gap-plate" if dark else "plate", x + 3, y + 40, SIDE - 6, 16)
    words = _broken(tile.name)
    for number, word in enumerate(words):
        line = y + (25 if len(words) == 1 else 18 + 13 * number)
        yield f'<text class="name" text-anchor="middle" x="{middle}" y="{line}"{_fitted(word)}>{escape(word)}</text>'
    yield f'<text class="small{" gap-words" if dark else ""}" text-anchor="middle" x="{middle}" y="{y + 52}"{_fitted(tile.words)}>{tile.words}</text></g>'


def _fitted(words: str) -> str:
    """Telephones' letters differ in width: long words are told how wide they may be."""
    return f' textLength="{SIDE - 10}" lengthAdjust="spacingAndGlyphs"' if len(words) > 7 else ""


def _box(kind: str, x: int, y: int, wide: int, high: int) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{wide}" height="{high}" rx="2"/>'


def _broken(name: str) -> list[str]:
    """A name on one line or two, broken at a space or after a stroke."""
    if len(name) <= 9:
        return [name]
    parts = name.replace("/", "/ ").split()
    return [name] if len(parts) == 1 else [parts[0], " ".join(parts[1:])]


def _legend(top: int, proof: Proof, note: str) -> Iterator[str]:
    for number, (state, words) in enumerate(_LEGEND):
        y = top + 10 + number * 21
        yield _box(f"tile {state}", EDGE, y, 16, 16) + f'<text class="small" x="{EDGE + 22}" y="{y + 12}">{words}</text>'
    yield f'<text class="small" x="{EDGE}" y="{top + 86}">{"; ".join(_elsewhere(proof))}</text>'
    if note:
        yield f'<text class="small" x="{EDGE}" y="{top + 102}">{escape(note)}</text>'
