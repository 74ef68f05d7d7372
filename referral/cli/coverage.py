"""The coverage proof for an operator: a table of gaps, a map, a file, and an exit code."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from referral import start
from referral.cli.telling import complain, told
from referral.directory.reading import read_grounds
from referral.service import Service
from referral.upkeep.coverage import prove
from referral.upkeep.coverage_words import Names, sample_words, table
from referral.upkeep.gaps import Missing, Proof
from referral.upkeep.tiles import Cell, lay_out, read_tiles, svg

override = click.option("--override", metavar="REASON", help="Make the change even if it leaves a place alone. The reason is recorded.")
_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_COLUMNS = ("place", "name", "ward", "concern", "accused", "hours", "circumstance", "missing")


def answered_for(override: str | None, by: str) -> None:
    """End the command where a place would be left alone for no reason, or by nobody: an override is somebody's decision, and stands in the record."""
    if override is None:
        return
    if not override.strip():
        complain(["override: say why"])
    if not by.strip():
        complain(["by: an override is somebody's decision: --by and your id in the directory; your PIN is asked for"])


@click.command()
@click.option("--map", "map_file", type=_FILE, help="Write the wards as tiles, an SVG.")
@click.option("--csv", "csv_file", type=_FILE, help="Write every gap, one a line.")
@click.option("--all", "whole", is_flag=True, help="Show every group of gaps, and what is thin by finer places too.")
@click.option("--without-samples", "real", is_flag=True, help="Prove it with real offices and people only.")
@told
def coverage(map_file: Path | None, csv_file: Path | None, whole: bool, real: bool) -> None:
    """Prove that no child is left alone: two institutions that can be reached and an end to the ladder, for every place and everything a
    report may be. What is a sample is counted below. The exit code is 1 where there is a gap."""
    ready = start.service()
    roster, note = ready.roster(), sample_words(ready.roster())
    if real:
        roster, note = roster.without_samples(), f"{note}, left out here" if note else ""
    proof, names = prove(roster, ready.planner.table, ready.policy, ready.clock()), Names(roster)
    click.echo("\n".join(table(proof, names, whole=whole, note=note)))
    if map_file is not None:
        map_file.write_text(svg(proof, names, _cells(ready, roster.ward_ids()), note), "utf-8")
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
