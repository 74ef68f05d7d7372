"""Commands for officers: who they are, how they sign in, and taking them off duty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from referral import start
from referral.cli.asking import by_option, named, said
from referral.cli.coverage import override
from referral.cli.proving import proven
from referral.cli.telling import complain, loaded_line, told
from referral.directory.people import UnknownPerson
from referral.officers.converse import officers_code
from referral.service import Service
from referral.upkeep import suspending

_GAP = "If this leaves a place without two institutions that can be reached, the daily coverage proof makes an alarm of it."
_reason = click.option("--reason", required=True, callback=said, help="Why; kept in the audit only. No child's story.")
Decision = Callable[[Service, Session, str, datetime], bool]
"""What is decided about somebody: the service, the session, who decides, now. Whether it changed anything."""


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
@by_option
@told
def people_load(file: Path, override: str | None, by: str) -> None:
    """Load real officers from a file outside the checkout: all rows or none. Refused where it would leave a place alone.

    Each post and each number that changed is recorded, and told to the desks; the old number hears of its own.
    """
    if beside_the_code(file):
        complain([f"{file}: lies beside the code, where it could be given away with it: keep real people's numbers somewhere else"])
    ready = start.service()
    loaded = start.load_officers(ready, file, override, proven(ready, by))
    for line in loaded.left_alone:
        click.echo(f"{line}: left as it is, since somebody changed or removed it by hand")
    click.echo(loaded_line(loaded))


@people.command("suspend")
@click.argument("person")
@_reason
@by_option
@told
def people_suspend(person: str, reason: str, by: str) -> None:
    """Take an officer off duty at once: no alert goes to them, no answer of theirs counts. It waits for nobody: --by may be left out."""
    decided = _decide(by, lambda ready, session, who, now: suspending.suspend(session, ready.audit, person, who, reason, now), needed=False)
    click.echo(f"{person} is suspended. {_GAP}" if decided else f"{person} was suspended already")


@people.command("restore")
@click.argument("person")
@by_option
@told
def people_restore(person: str, by: str) -> None:
    """Let a suspended officer back."""
    decided = _decide(by, lambda ready, session, who, now: suspending.restore(session, ready.audit, person, who, now))
    click.echo(f"{person} is on duty again" if decided else f"{person} was not suspended")


@people.command("remove")
@click.argument("person")
@_reason
@by_option
@told
def people_remove(person: str, reason: str, by: str) -> None:
    """Take an officer who has left out of the directory: their number and PIN are erased, their posts end. It cannot be taken back."""

    def erased(ready: Service, session: Session, who: str, now: datetime) -> bool:
        changed = suspending.remove(session, ready.audit, person, who, reason, now)
        ready.pins.forget(session, person)
        return changed

    click.echo(f"{person} is removed. {_GAP}" if _decide(by, erased) else f"{person} was removed already")


def _decide(by: str, decision: Decision, *, needed: bool = True) -> bool:
    ready = start.service()
    who = proven(ready, by, needed=needed)
    with named(), ready.database.transaction() as session:
        return decision(ready, session, who, ready.clock())


@click.group()
def user() -> None:
    """How officers sign in."""


@user.command("invite")
@click.argument("person")
@by_option
@told
def user_invite(person: str, by: str) -> None:
    """Print a one-time invitation to choose a PIN, good for 48 hours. It ends the PIN and the lock of before. Say it to them; never text it.

    The officer and whoever is over them are told of it. --by may be left out while no other officer has a PIN.
    """
    ready = start.service()
    who = proven(ready, by, besides=person)
    try:
        with ready.database.transaction() as session:
            code = ready.pins.invite(session, person, ready.clock(), who)
    except UnknownPerson:
        complain([f"{person}: no officer has this id, or they are suspended"])
    else:
        click.echo(f"{person} dials {officers_code(ready.settings.at_ussd_code)} within 48 hours and gives {code[:4]} {code[4:]}")
