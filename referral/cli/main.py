"""The operator's commands."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

import referral
from referral import start
from referral.app import utc_now
from referral.cli import proposing, upkeep
from referral.cli.audit import audit
from referral.cli.backup import backup, restore_
from referral.cli.checking import problems as problems_of
from referral.cli.checking import remarks, settings_problems
from referral.cli.coverage import coverage
from referral.cli.directory import directory
from referral.cli.hidden_places import reveal_place
from referral.cli.importing import directory_export, directory_import
from referral.cli.keys import keys
from referral.cli.people import people, user
from referral.cli.purge import purge
from referral.cli.report import report
from referral.cli.telling import complain, loaded_line, told
from referral.cli.tokens import tokens
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.review import menu_tree, proof
from referral.settings import Settings, SettingsError, create_secrets, keyring_file, read_secrets, read_settings
from referral.simulator.terminal import dial as dial_phone
from referral.supervise import Supervisor
from referral.upkeep.gate import OpensGap, TakesHelp

CHECKOUT = Path(referral.__file__).resolve().parent.parent
"""Where wsgi.py and config/ lie, wherever a command is typed."""


@click.group()
def main() -> None:
    """Reports about children by USSD and SMS, routed to the duty bearer who answers them."""


for group in (audit, backup, restore_, directory, people, user, report, purge, keys, tokens, upkeep.drill):
    main.add_command(group)
for command in (coverage, directory_import, directory_export, reveal_place, *upkeep.DIRECTORY, *proposing.DIRECTORY):
    directory.add_command(command)


@main.command()
@told
def serve() -> None:
    """Serve the web processes with gunicorn."""
    read_settings()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--pythonpath", str(CHECKOUT), "-c", str(CHECKOUT / "config/gunicorn.py"), "wsgi:application"])  # noqa: S606  our own argv


@main.command()
@told
def work() -> None:
    """Run a worker: sends alerts, reads texts, escalates."""
    stop = threading.Event()
    _on_stop(stop.set)
    start.work(stop)


@main.command()
@told
def run() -> None:
    """Everything on this machine, from nothing: secrets, database, directory, then web, worker and stand-in gateway."""
    path = Path(os.environ.get("REFERRAL_SECRETS", "var/secrets.toml"))
    if create_secrets(path):
        click.echo(f"wrote new secrets to {path}")
    settings = read_settings()
    ready = start.prepare(settings)
    try:
        loaded = start.load_directory(ready)
    except (OpensGap, TakesHelp) as refused:
        past = f"referral directory load {settings.config} --override REASON --by PERSON"
        complain([*refused.problems, f"the reason is given there: `{past}`, then `referral run` again"])
    click.echo(f"directory of {settings.config}: {loaded_line(loaded)}")
    ready.database.close()
    supervisor = Supervisor(("gateway", "standin"), ("web", "serve"), ("worker", "work"))
    _on_stop(supervisor.stop)
    supervisor.start(settings.standin_port)
    click.echo(_welcome(settings))
    sys.exit(supervisor.wait())


@main.command()
@told
def standin() -> None:
    """Run the stand-in gateway: Africa's Talking's protocol on loopback, for development and training."""
    stop = threading.Event()
    _on_stop(stop.set)
    start.stand_in(stop)


@main.command()
@click.option("--phone", help="The first phone's number; +254700000xxx only.")
@click.option("--gateway", "address", help="The stand-in's address; the one of the settings if left out.")
@told
def dial(phone: str | None, address: str | None) -> None:
    """A phone in the terminal: dial, text, receive; several numbers, officers' too."""
    port = os.environ.get("REFERRAL_STANDIN_PORT", "8001")
    dial_phone(address or f"http://127.0.0.1:{port}", phone=phone)


@main.command()
@told
def callbacks() -> None:
    """Print the addresses to paste into the gateway's dashboard. They hold the tokens: show them to nobody else."""
    settings = read_settings()
    for name, address in start.callback_addresses(settings):
        click.echo(f"{name:16} {address}")


@main.group(invoke_without_command=True)
@click.pass_context
@told
def check(context: click.Context) -> None:
    """Settings, county data, texts, dialogue and directory: every problem and every missing step named, in the order to mend them, or one line that
    all is well."""
    if context.invoked_subcommand is not None:
        return
    try:
        ready = start.service()
    except SettingsError as error:
        complain(settings_problems(error, Path(os.environ.get("REFERRAL_SECRETS", "var/secrets.toml"))))
    problems = list(problems_of(ready))
    for remark in remarks(ready):
        click.echo(remark)
    if problems:
        complain(problems)
    click.echo("settings, county data, texts, dialogue and directory: all well")


@check.command("menus")
@told
def check_menus() -> None:
    """The dialogue as a graph: reachable, ending, complete, fitting, and quick enough; with the times to Sent as a table."""
    talk = start.service().conversations
    shown, problems = proof(talk.script, talk.guide, talk.surface)
    click.echo("\n".join(shown))
    if problems:
        complain(problems)


@main.command()
@told
def menus() -> None:
    """Print every screen of the dialogue in both languages, for reviewers."""
    talk = start.service().conversations
    for line in menu_tree(talk.script, talk.guide, talk.surface):
        click.echo(line)


@main.group()
def db() -> None:
    """The database."""


@db.command()
@told
def upgrade() -> None:
    """Bring the database to the newest shape."""
    start.prepare(read_settings()).database.close()
    click.echo("the database is up to date")


@main.group()
def secrets() -> None:
    """The secrets file."""


@secrets.command()
@told
def create() -> None:
    """Write a new secrets file and its keyring where the settings say, unless there is one."""
    path = Path(os.environ.get("REFERRAL_SECRETS", "var/secrets.toml"))
    if not create_secrets(path):
        click.echo(f"{path} is there already and was left as it is")
        return
    click.echo(f"wrote {path}")
    if Keyring(keyring_file(), Keys(read_secrets(path).root), utc_now).create():
        click.echo(f"wrote {keyring_file()}")


def _on_stop(stop: Callable[[], None]) -> None:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _welcome(settings: Settings) -> str:
    return "\n".join(
        (
            "",
            *([f"phones    http://127.0.0.1:{settings.port}/simulator/ (in the browser: callers' and officers', side by side)"] if settings.simulator else []),
            f"web       http://127.0.0.1:{settings.port}/readyz",
            f"directory http://127.0.0.1:{settings.port}/directory/ (open data, HSDS 3.1)",
            f"gateway   http://127.0.0.1:{settings.standin_port} (stand-in)",
            f"callers   dial {settings.at_ussd_code}, practise with {settings.at_ussd_practice_code}",
            "",
            "In another terminal:  .venv/bin/referral dial",
            "Ctrl-C ends all of it; what was reported stays in var/.",
        )
    )
