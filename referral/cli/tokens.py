"""Commands on the callback tokens: which are alive, a new one beside the old, and the old one gone."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

from referral import start
from referral.cli.asking import by_option
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.privacy.audit import Action
from referral.secrets_file import Tokens, change_tokens, new_token
from referral.settings import read_settings

SUBJECT = "tokens"
DOORS = ("ussd", "sms")
SHOWN = 6
"""Letters of a token that are shown: enough to know it again at the gateway, far too few to guess the rest."""


@click.group()
def tokens() -> None:
    """The callback tokens: they stand in the addresses that the gateway calls."""


@tokens.command("show")
@told
def show() -> None:
    """Which tokens are alive, the newest first, by their first letters; and where they come from. `referral callbacks` prints the addresses."""
    settings = read_settings()
    for door, alive in (("ussd", settings.ussd_tokens), ("sms", settings.sms_tokens)):
        source = _from_environment(door) or str(settings.secrets_file)
        click.echo(f"{door:5} {len(alive)} alive: {', '.join(f'{token[:SHOWN]}...' for token in alive)}  from {source}")


@tokens.command("rotate")
@click.argument("door", type=click.Choice(DOORS))
@click.option("--drop-old", is_flag=True, help="Make none: end the old one, once the gateway uses the new.")
@by_option
@told
def rotate(door: str, drop_old: bool, by: str) -> None:
    """Make a new token beside the old one and print the addresses to enter at the gateway; later, with --drop-old, end the old one."""
    ready = start.service()
    if source := _from_environment(door):
        complain([f"{source}: the tokens come from the environment: turn them there, the new one before the old, and restart"])
    who = proven(ready, by)
    alter = _without_old(door) if drop_old else _with_new(door)
    change_tokens(ready.settings.secrets_file, f"{door}_tokens", alter, dry_run=True)
    with ready.database.transaction() as session:  # kept before anything is changed: a token that was turned without a record could not be taken back
        ready.audit.write(session, ready.clock(), who, Action.TOKENS_TURNED, SUBJECT, door=door, what="old one ended" if drop_old else "new one made")
    alive = change_tokens(ready.settings.secrets_file, f"{door}_tokens", alter)
    click.echo(f"{door}: {len(alive)} alive, {alive[0][:SHOWN]}... is the one to use")
    if drop_old:
        click.echo("Restart the web processes: until then the old one still opens")
        return
    click.echo("Restart the web processes first: until then the new one opens nothing. Then enter at the gateway:")
    for name, address in start.callback_addresses(read_settings()):
        if name.startswith(door):
            click.echo(f"{name:16} {address}")
    click.echo(f"When calls come in by the new one: referral tokens rotate {door} --drop-old, and restart again")


def _with_new(door: str) -> Callable[[Tokens], Tokens]:
    def alter(alive: Tokens) -> Tokens:
        if len(alive) > 1:
            complain([f"{door}: two are alive already: end the old one first, referral tokens rotate {door} --drop-old"])
        return (new_token(), *alive)

    return alter


def _without_old(door: str) -> Callable[[Tokens], Tokens]:
    def alter(alive: Tokens) -> Tokens:
        if len(alive) < 2:
            complain([f"{door}: only one is alive: make a new one first, referral tokens rotate {door}"])
        return alive[:1]

    return alter


def _from_environment(door: str) -> str | None:
    """The setting that overrules the secrets file, if there is one."""
    names = (f"REFERRAL_{door.upper()}_TOKENS", f"REFERRAL_{door.upper()}_TOKENS_FILE")
    return next((name for name in names if os.environ.get(name)), None)
