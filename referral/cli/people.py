"""Commands for officers: who they are, and how they sign in."""

from __future__ import annotations

from pathlib import Path

import click

from referral import start
from referral.app import officers_code
from referral.cli.telling import complain, loaded_line, told
from referral.directory.people import UnknownPerson


@click.group()
def people() -> None:
    """Officers."""


@people.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@told
def people_load(file: Path) -> None:
    """Load real officers from a file outside the checkout: all rows or none."""
    click.echo(loaded_line(start.load_officers(start.service(), file)))


@click.group()
def user() -> None:
    """How officers sign in."""


@user.command("invite")
@click.argument("person")
@told
def user_invite(person: str) -> None:
    """Print a one-time invitation to choose a PIN, good for 48 hours. It ends the PIN and the lock of before. Say it to them; never text it."""
    ready = start.service()
    try:
        with ready.database.transaction() as session:
            code = ready.pins.invite(session, person, ready.clock())
    except UnknownPerson:
        complain([f"{person}: no officer has this id, or they are suspended"])
    else:
        click.echo(f"{person} dials {officers_code(ready.settings.at_ussd_code)} within 48 hours and gives {code[:4]} {code[4:]}")
