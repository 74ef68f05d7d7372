"""Commands for the directory: load, and whatever keeps it true."""

from __future__ import annotations

from pathlib import Path

import click

from referral import start
from referral.cli.coverage import override
from referral.cli.telling import loaded_line, told


@click.group()
def directory() -> None:
    """Offices, people on duty and places."""


@directory.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@override
@told
def directory_load(folder: Path, override: str | None) -> None:
    """Load a county's folder: all rows or none. Refused where it would leave a place alone."""
    click.echo(loaded_line(start.load_directory(start.service(), folder, override)))
