"""Commands for the directory: load, and whatever keeps it true."""

from __future__ import annotations

from pathlib import Path

import click

from referral import start
from referral.cli.asking import by_option
from referral.cli.coverage import answered_for, override
from referral.cli.proving import proven
from referral.cli.telling import loaded_line, pointless_lines, told


@click.group()
def directory() -> None:
    """Offices, people on duty and places."""


@directory.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@override
@by_option
@told
def directory_load(folder: Path, override: str | None, by: str) -> None:
    """Load a county's folder: all rows or none. Refused where it would leave a place alone."""
    answered_for(override, by)
    ready = start.service()
    who = proven(ready, by)
    loaded = start.load_directory(ready, folder, override, who)
    for line in loaded.left_alone:
        click.echo(f"{line}: changed by hand, left as it is")
    with ready.database.read() as session:
        for line in pointless_lines(session):
            click.echo(line)
    click.echo(loaded_line(loaded))
