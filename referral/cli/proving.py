"""Who types a command: an officer of the directory, by the PIN that they use on a phone. A name that is typed proves nobody."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import click

from referral.casework.pin_rules import pin_of
from referral.casework.pins import OPERATOR, Standing, Verdict
from referral.cli.telling import complain
from referral.service import Service

NOBODY = "by: say who you are: --by and your id in the directory; your PIN is asked for"


def prove(ready: Service, person: str) -> None:
    """Ask for this person's PIN, and stop the command unless it is right. Wrong ones count like those typed on a phone."""
    known, now = ready.roster().person(person), ready.clock()
    if not person:
        complain([NOBODY])
    if known is None or known.suspended:
        complain([f"{person}: no officer has this id, or they are suspended"])
    standing, _ = ready.pins.standing(person, now)
    if standing is not Standing.PIN:
        complain([f"{person}: no PIN, or locked; see `referral user invite`" if standing is not Standing.LOCKED else f"{person}: locked for an hour"])
    digits = pin_of(click.prompt(f"PIN of {person}", hide_input=True, default="", show_default=False))
    verdict = Verdict.WRONG if digits is None else ready.pins.attempt(person, digits, secrets.token_bytes(16), now).verdict
    if verdict is not Verdict.RIGHT:
        complain([f"{person}: the PIN is not right" if verdict is Verdict.WRONG else f"{person}: locked for an hour"])


def proven(ready: Service, by: str, *, needed: bool = True, besides: str = "") -> str:
    """Whose name stands in the record of what a command does: the officer who is named, once they have given their PIN.

    Where nobody is named it is OPERATOR: always where that is allowed (`needed` is False: a timer has no PIN, and what must never wait for
    one), otherwise only while no officer but `besides` has a PIN, as on the first day. Else the command ends here.
    """
    name = by.strip()
    if name:
        prove(ready, name)
        return name
    if needed and ready.pins.anybody(besides):
        complain([NOBODY])
    return OPERATOR


def listed(lines: Sequence[str], what: str) -> None:
    """Lines, and how many there are."""
    for line in lines:
        click.echo(line)
    click.echo(f"{len(lines)} {what}")
