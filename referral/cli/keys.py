"""Commands on the keys: how they stand, changing them, and the backup that two custodians open together."""

from __future__ import annotations

import errno
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from referral import start
from referral.app import WORKER_PATIENCE
from referral.cli.asking import by_option, day
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.privacy.audit import Action
from referral.privacy.custodians import CustodyError, new_custodian, open_custodian, restore_backup, write_backup
from referral.privacy.keyring import Keyring, KeyringError
from referral.privacy.keystate import key_state
from referral.privacy.ring import BadRing
from referral.privacy.rotation import KeyInUse, Rotation, Turned
from referral.service import Service

CARRIED = timedelta(hours=24)
"""How long there is to carry a new key to every other machine: what one seals that another cannot open reaches nobody through that other."""
NEW = click.Path(exists=False, dir_okay=False, path_type=Path)
THERE = click.Path(exists=True, dir_okay=False, path_type=Path)
_passphrase = click.option("--passphrase-file", "passphrases", multiple=True, type=THERE, help="Read it from a file's first line rather than ask.")


@click.group()
def keys() -> None:
    """The keys that everything sealed needs."""


@contextmanager
def _said() -> Iterator[None]:
    """What keys refuse is told in one line."""
    try:
        yield
    except (CustodyError, KeyInUse, KeyringError, BadRing) as error:
        complain([str(error)])
    except FileExistsError as error:
        complain([f"{error.filename}: there already, and was left as it is"])
    except LookupError as error:
        complain([f"{error.args[0]}: no key of this name: see referral keys status"])


def _service() -> Service:
    ready = start.service(patience=WORKER_PATIENCE)
    start.have_keys(ready)
    return ready


def _ready(by: str) -> tuple[Service, str]:
    """The service, and who stands in the record: asked before anything is done."""
    ready = _service()
    return ready, proven(ready, by)


def _note(ready: Service, by: str, action: Action, subject: str, **details: object) -> None:
    with ready.database.transaction() as session:
        ready.audit.write(session, ready.clock(), by, action, subject, **details)


@keys.command("status")
@told
def status() -> None:
    """Every key with its age and how many values need it, custodians, the last backup, and what is wrong. Exit code 1 where something is."""
    ready = _service()
    with _said():
        state = key_state(ready.database, ready.keyring, ready.clock())
    for held in state.held:
        half = "" if held.key.secret else "  public half only"
        aside = f"  set aside {day(ready, held.key.aside)}" if held.key.aside else ""
        aside += f"  used from {held.key.used_from:%Y-%m-%d %H:%M} UTC" if held.key.waits(ready.clock()) and held.key.used_from else ""
        click.echo(f"{held.key.kind:8} {held.key.id:16} made {day(ready, held.key.made)}  {held.rows:>8} values{half}{aside}")
    click.echo(f"{'root':8} {'k1':16} in the secrets file  {state.from_root:>8} values")
    click.echo("Codes, tags and the record's chain are derived from the root: they cannot be changed without losing what they find")
    click.echo(f"{state.months_ahead} months ahead, custodians: {', '.join(state.custodians) or 'none'}, last backup: {day(ready, state.backed_up)}")
    if state.problems:
        complain(state.problems)


@keys.command("rotate")
@click.argument("what", type=click.Choice(["all", "fields", "relay", "month"]), default="all")
@click.argument("month", required=False)
@click.option("--now", "at_once", is_flag=True, help="Seal with the new key at once: there is no other machine, or a key got out.")
@by_option
@told
def rotate(what: str, month: str | None, at_once: bool, by: str) -> None:
    """Change keys under the running service: WHAT is fields, relay, month YYYY-MM, or all. Stopped anywhere, run it again: it goes on.

    On PostgreSQL, where there may be other machines, a new key waits for a day before anything is sealed with it: merge it there, then run this again.
    """
    if (what == "month") != (month is not None):
        complain(["say the month after it: referral keys rotate month 2026-11"])
    ready, by = _ready(by)
    rotation = Rotation(ready.database, ready.keyring)
    scopes = rotation.scopes() if what == "all" else (month or what,)
    carried = None if at_once or ready.database.dialect == "sqlite" else CARRIED  # one file of SQLite has one machine
    undone = []
    for scope in scopes:
        known = {key.id for key in ready.keyring.ring().keys}
        with _said():
            done = rotation.rotate(scope, ready.clock(), carried)
        if done.waits is not None:
            _waits(ready, done, by, fresh=done.key not in known)
            continue
        _note(ready, by, Action.KEY_ROTATED, done.key, values=done.values, left=done.left)
        click.echo(f"{done.scope}: {done.values} values sealed anew with {done.key}, {done.left} left on older keys")
        undone += list(_undone(done))
    ready.database.forget_residue()
    if undone:
        complain(undone)


def _waits(ready: Service, done: Turned, by: str, *, fresh: bool) -> None:
    if fresh:
        _note(ready, by, Action.KEY_MADE, done.key)
    click.echo(
        f"{done.scope}: {done.key} is used from {done.waits:%Y-%m-%d %H:%M} UTC on: `referral keys merge` it into every other machine's keyring before, "
        "and run this again after; where there is no other machine, run it again with --now"
    )


def _undone(done: Turned) -> Iterator[str]:
    if done.left:
        yield f"{done.scope}: {done.left} values were being written: run it again"
    if done.unreadable:
        yield f"{done.scope}: {done.unreadable} values do not open with any key, and were left as they are"


@keys.command("retire")
@click.argument("key")
@by_option
@told
def retire(key: str, by: str) -> None:
    """Remove a key that was replaced. Refused while a value needs it."""
    ready, by = _ready(by)
    with _said():
        Rotation(ready.database, ready.keyring).retire(key, ready.clock())
    _note(ready, by, Action.KEY_RETIRED, key)
    click.echo(f"{key} is gone")


@keys.command("merge")
@click.argument("file", type=THERE)
@by_option
@told
def merge(file: Path, by: str) -> None:
    """Take in the keyring of another host under the same root. What either has destroyed stays destroyed."""
    ready, by = _ready(by)
    with _said():
        other = Keyring(file, ready.keys, ready.clock).ring()
        before = {one.id for one in ready.keyring.ring().keys}
        after = ready.keyring.change(lambda ring: ring.merged(other))
    fresh = sorted(one.id for one in after.keys if one.id not in before)
    for id_ in fresh:
        _note(ready, by, Action.KEY_MADE, id_, merged=True)
    click.echo(f"{len(fresh)} keys taken in{': ' if fresh else ''}{', '.join(fresh)}")


@keys.command("export-web")
@click.option("--out", required=True, type=NEW, help="Where to write it.")
@by_option
@told
def export_web(out: Path, by: str) -> None:
    """Write a keyring for a host that only answers callers: it can seal a reporter's number and not open it. It holds no custodians' data."""
    ready, by = _ready(by)
    with _said():
        ring = ready.keyring.ring().for_web()
        if out.exists():
            raise FileExistsError(errno.EEXIST, "there already", str(out))
        _note(ready, by, Action.EXPORTED, "keyring", of="web")  # kept before there is a file: none gets out without a record
        ready.keyring.export(ring, out)
    click.echo(f"wrote {out}: put it where REFERRAL_KEYRING of the other host says, then remove it here")


@keys.command("custodian")
@click.argument("name")
@click.option("--out", required=True, type=NEW, help="Where to write the key file: a stick that the custodian takes along.")
@_passphrase
@by_option
@told
def custodian(name: str, out: Path, passphrases: tuple[Path, ...], by: str) -> None:
    """Make a custodian's key, which only their passphrase opens. They type it themselves, and nobody else learns it."""
    ready, by = _ready(by)
    with _said():
        if name in ready.keyring.ring().custodians:
            raise CustodyError(f"{name}: a custodian has this name already")
        public = new_custodian(name, _asked(passphrases, 0, f"passphrase of {name}", confirm=True), out)
        ready.keyring.change(lambda ring: ring.with_custodian(name, public))
    _note(ready, by, Action.KEY_MADE, "custodian", name=name)
    click.echo(f"wrote {out}: {name} keeps it, apart from this machine and from the other custodian")


@keys.command("backup")
@click.option("--out", required=True, type=NEW, help="Where to write it: not where the database's backups go.")
@click.option("--to", "names", multiple=True, help="Which two custodians; all, if there are two.")
@by_option
@told
def backup(out: Path, names: tuple[str, ...], by: str) -> None:
    """Seal secrets file and keyring for two custodians. It takes both of them to open it."""
    ready, by = _ready(by)
    with _said():
        to = names or tuple(sorted(ready.keyring.ring().custodians))
        count = write_backup(ready.keyring, ready.settings.secrets_file, to, out, ready.clock())
    _note(ready, by, Action.KEYS_BACKED_UP, "keyring", to=" ".join(to), keys=count)
    click.echo(f"wrote {out}: {count} keys, opened by {to[0]} and {to[1]} together. Rehearse it: referral keys restore")


@keys.command("restore")
@click.argument("file", type=THERE)
@click.option("--key", "files", multiple=True, required=True, type=THERE, help="A custodian's key file; give both.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder with no keys in it.")
@_passphrase
@told
def restore(file: Path, files: tuple[Path, ...], folder: Path, passphrases: tuple[Path, ...]) -> None:
    """Bring secrets file and keyring back, proven to open what they sealed. Needs no database: rehearse it on a machine without a network."""
    with _said():
        opened = [open_custodian(path, _asked(passphrases, at, f"passphrase for {path}")) for at, path in enumerate(files)]
        done = restore_backup(file, opened, folder, _root)
    click.echo(f"{done.keys} keys, {done.months} of them of months, as they were on {done.made:%Y-%m-%d %H:%M} UTC; the canary opens")
    click.echo(f"in {folder}: REFERRAL_SECRETS={folder / 'secrets.toml'} REFERRAL_KEYRING={folder / 'keyring.json'}")
    click.echo("Purge before you serve (the service does it by itself), and write down who opened this: it is in no record yet")


def _root(text: str) -> bytes:
    return b64decode(tomllib.loads(text)["root_key"])


def _asked(files: tuple[Path, ...], at: int, what: str, *, confirm: bool = False) -> str:
    if files:
        return files[min(at, len(files) - 1)].read_text().partition("\n")[0]
    words: str = click.prompt(what, hide_input=True, confirmation_prompt=confirm)
    return words
