"""Commands that copy the database into a sealed file, and bring it back into an empty place."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from referral import start
from referral.app import WORKER_PATIENCE, build
from referral.backup.making import SUFFIX, drop_old, make
from referral.backup.marks import note_made
from referral.backup.restoring import NotRestored, Restored, restore
from referral.casework.pins import OPERATOR
from referral.cli.asking import by_option
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.forgetting.purging import ClockDoubted
from referral.privacy.audit import Action
from referral.privacy.keyring import KeyringError
from referral.privacy.keystate import key_state
from referral.privacy.logs import configure
from referral.privacy.seal import Unreadable
from referral.privacy.verifying import Verifier
from referral.service import Service
from referral.settings import read_settings

DATABASE = "database"
"""The subject of entries about backups."""
KEPT_DAYS = 30


@click.command("backup")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder it goes to.")
@click.option("--keep-days", type=click.IntRange(min=1, max=90), default=KEPT_DAYS, show_default=True, help="Older backups in the folder are removed.")
@by_option
@told
def backup(folder: Path, keep_days: int, by: str) -> None:
    """Write the database into one sealed file, while callers are served. The secrets and the keyring are not in it: `referral keys backup`.

    A timer runs it, which has no PIN: --by may be left out.
    """
    ready = start.service(patience=WORKER_PATIENCE)
    who, now = proven(ready, by, needed=False), ready.clock()
    try:
        _drop(folder, now, keep_days)  # first: what is over must go also from a disk that is too full for another
        made = make(ready.database, ready.keys.backups, ready.sealer, folder, now)
    except OSError as error:
        complain([f"{folder}: {error.strerror}"])
    with ready.database.transaction() as session:
        note_made(session, now)
        ready.audit.write(session, now, who, Action.BACKED_UP, DATABASE, rows=sum(made.rows.values()))
    click.echo(f"{made.path}: {sum(made.rows.values())} rows of {len(made.rows)} tables, {made.size} bytes")
    _drop(folder, now, keep_days)  # the one that was the newest until now


def _drop(folder: Path, now: datetime, keep_days: int) -> None:
    for old in drop_old(folder, now, keep_days):
        click.echo(f"removed {old.name}: {f'older than {keep_days} days' if old.suffix == SUFFIX else 'never ended'}")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rehearse", is_flag=True, help="Into a temporary place that is removed again; the service's own database is not touched.")
@click.option("--clock-checked", is_flag=True, help="You have looked: this machine's clock is right.")
@told
def restore_(file: Path, rehearse: bool, clock_checked: bool) -> None:
    """Fill the empty database of the settings from a backup, look whether all of it is there, and forget what is over by now.

    Empty is also one that was migrated and never used. The keys of that time must be here: the secrets file and the keyring.
    """
    with _place(rehearse=rehearse) as ready:
        if not ready.keyring.there:  # a new one would open nothing, and stand in the way of the old
            complain([f"REFERRAL_KEYRING: {ready.settings.keyring} is missing: `referral keys restore` brings it back with the secrets file"])
        try:
            restored = restore(ready.database, ready.keys.backups, ready.sealer, file)
        except (NotRestored, KeyringError) as reason:
            complain([str(reason)])
        _show(restored)
        problems = list(_problems(ready))
        gone = _would_go(ready) if rehearse else _purge(ready, trusted=clock_checked)
        with ready.database.transaction() as session:
            ready.audit.write(session, ready.clock(), OPERATOR, Action.RESTORED, DATABASE, rows=sum(restored.rows.values()))
    if problems:
        complain(problems)
    click.echo(f"{'would be ' if rehearse else ''}purged before anybody is served: {gone}")
    click.echo(
        "rehearsed: all is there, and the copy is removed"
        if rehearse
        else "restored: start the service, then compare `referral audit verify` with a custodian's text"
    )


@contextmanager
def _place(*, rehearse: bool) -> Iterator[Service]:
    settings = read_settings()
    configure(settings.log_level)
    with tempfile.TemporaryDirectory(prefix="referral-rehearsal-") as folder:
        if rehearse:
            settings = dataclasses.replace(settings, database_url=f"sqlite:///{folder}/rehearsal.db")
        ready = build(settings, patience=WORKER_PATIENCE)
        try:
            yield ready
        finally:
            ready.database.close()


def _show(restored: Restored) -> None:
    click.echo(f"a backup of {restored.made:%Y-%m-%d %H}h UTC, shape {restored.revision}")
    for name, count in restored.rows.items():
        if count:
            click.echo(f"{name:32} {count:>9} rows, as many as there were")
    click.echo("the canary opens")
    click.echo(f"reporters' numbers and texts to them are not brought back ({restored.dropped} were in it): nobody is texted on the word of an old copy")
    click.echo("words that reporters have erased since are there again, and gone only when they are erased again")


def _problems(ready: Service) -> Iterator[str]:
    """What is not as it was: the audit's chain, values whose key is not here, officers who can no longer be told anything."""
    verdict = Verifier(ready.database, ready.audit, ready.chain, ready.policy.timezone).verify()
    if verdict.bad is not None:
        yield f"audit: {verdict.bad.fault}"
    click.echo(f"audit: {verdict.walked} entries as they were written, {verdict.waiting} not chained yet")
    state = key_state(ready.database, ready.keyring, ready.clock())
    for key, count in sorted(state.lost.items()):
        yield f"{count} values were sealed with {key}, which is not here: restore a younger backup of the keys"
    click.echo(f"sealed values whose key is here: {state.from_root + sum(held.rows for held in state.held)}")
    people, unread = ready.roster().people(), 0
    with ready.database.read() as session:
        for person in people:
            try:
                ready.contacts.find(session, person.id)
            except Unreadable:
                unread += 1
    if unread:
        yield f"{unread} of {len(people)} officers' numbers do not open: restore the keyring of that time"
    click.echo(f"officers' numbers that open: {len(people) - unread} of {len(people)}")


def _would_go(ready: Service) -> str:
    """A rehearsal purges nothing: the last step of a purge destroys keys, and those are the living service's."""
    outcome = ready.purging.would_remove(ready.clock())
    return ", ".join(f"{name} {count}" for name, count in outcome.removed.items() if count) or "nothing is over"


def _purge(ready: Service, *, trusted: bool) -> str:
    try:
        outcome = ready.purging.at_once(ready.clock(), trusted=trusted)
    except ClockDoubted as doubt:
        complain([f"clock: {doubt}: what is over was not forgotten. If it is right, run `referral purge --clock-checked` before the service starts"])
    if outcome.failed:
        complain(f"purge: {name} failed ({why})" for name, why in outcome.failed.items())
    return ", ".join(f"{name} {count}" for name, count in outcome.removed.items() if count) or "nothing was over"
