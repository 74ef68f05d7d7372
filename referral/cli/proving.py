"""Who an officer at the console script is: the PIN that they use on a phone. A name that is typed proves nobody."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import click

from referral.casework.pin_rules import pin_of
from referral.casework.pins import Standing, Verdict
from referral.cli.telling import complain
from referral.service import Service


def prove(ready: Service, person: str) -> None:
    """Ask for this person's PIN, and stop the command unless it is right. Wrong ones count like those typed on a phone."""
    now = ready.clock()
    standing, _ = ready.pins.standing(person, now)
    if standing is not Standing.PIN:
        complain([f"{person}: no PIN, or locked; see `referral user invite`" if standing is not Standing.LOCKED else f"{person}: locked for an hour"])
    digits = pin_of(click.prompt(f"PIN of {person}", hide_input=True, default="", show_default=False))
    verdict = Verdict.WRONG if digits is None else ready.pins.attempt(person, digits, secrets.token_bytes(16), now).verdict
    if verdict is not Verdict.RIGHT:
        complain([f"{person}: the PIN is not right" if verdict is Verdict.WRONG else f"{person}: locked for an hour"])


def listed(lines: Sequence[str], what: str) -> None:
    """Lines, and how many there are."""
    for line in lines:
        click.echo(line)
    click.echo(f"{len(lines)} {what}")
