"""Commands for officers: who they are, and how they sign in."""

from __future__ import annotations

from pathlib import Path

import click

from referral import start
from referral.cli.coverage import override
from referral.cli.telling import complain, loaded_line, told
from referral.directory.people import UnknownPerson
from referral.service import officers_code


def beside_the_code(file: Path) -> bool:
    """Whether a file lies in the checkout this program runs from. An installed package has none."""
    checkout = Path(__file__).resolve().parent.parent.parent
    return (checkout / "pyproject.toml").is_file() and file.resolve().is_relative_to(checkout)


@click.group()
def people() -> None:
    """Officers."""


@people.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@override
@told
def people_load(file: Path, override: str | None) -> None:
    """Load real officers from a file outside the checkout: all rows or none. Refused where it would leave a place alone."""
    if beside_the_code(file):
        complain([f"{file}: lies beside the code, where it could be given away with it: keep real people's numbers somewhere else"])
    loaded = start.load_officers(start.service(), file, override)
    for line in loaded.left_alone:
        click.echo(f"{line}: left as it is, since somebody changed or removed it by hand")
    click.echo(loaded_line(loaded))


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
