"""The coverage proof for an operator: a table of gaps, a map, a file, and an exit code."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from referral import start
from referral.cli.telling import told
from referral.directory.reading import read_grounds
from referral.service import Service
from referral.upkeep.coverage_words import Names, table
from referral.upkeep.gaps import Missing, Proof
from referral.upkeep.tiles import Cell, lay_out, read_tiles, svg

override = click.option("--override", metavar="REASON", help="Make the change even if it leaves a place alone. The reason is recorded.")
_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_COLUMNS = ("place", "name", "ward", "concern", "accused", "hours", "circumstance", "missing")


@click.command()
@click.option("--map", "map_file", type=_FILE, help="Write the wards as tiles, an SVG.")
@click.option("--csv", "csv_file", type=_FILE, help="Write every gap, one a line.")
@click.option("--all", "whole", is_flag=True, help="Show every group of gaps, and what is thin by finer places too.")
@told
def coverage(map_file: Path | None, csv_file: Path | None, whole: bool) -> None:
    """Prove that no child is left alone: two institutions that can be reached and an end to the ladder, for every place and everything a
    report may be. The exit code is 1 where there is a gap."""
    ready = start.service()
    proof, roster = start.coverage(ready), ready.roster()
    names = Names(roster)
    click.echo("\n".join(table(proof, names, whole=whole)))
    if map_file is not None:
        map_file.write_text(svg(proof, names, _cells(ready, roster.ward_ids())), "utf-8")
    if csv_file is not None:
        _write(csv_file, proof, names)
    if proof.count:
        sys.exit(1)


def _cells(ready: Service, wards: Sequence[str]) -> dict[str, Cell]:
    """The county's own layout; where it has none, one by where the wards lie. A ward without a point is put at the county's."""
    file = ready.settings.config / "tiles.csv"
    if file.is_file():
        return read_tiles(file, wards)
    with ready.database.read() as session:
        grounds = read_grounds(session)
    middle = grounds.point(grounds.county) or (0.0, 0.0)
    return lay_out({ward: grounds.point(ward) or middle for ward in wards})


def _write(file: Path, proof: Proof, names: Names) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(_COLUMNS)
        for gap in proof.gaps():
            one = gap.combination
            missing = " ".join(each for each in Missing if each in gap.missing)
            rows.writerow((gap.place, names.name(gap.site), gap.site.ward, one.concern, one.accused, one.hours, one.circumstance, missing))
