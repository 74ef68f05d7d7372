"""Commands that take the directory in from files, and give it out as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from referral import start
from referral.app import WORKER_PATIENCE
from referral.cli.asking import by_option, local
from referral.cli.coverage import answered_for, override
from referral.cli.proving import proven
from referral.cli.telling import told
from referral.directory.help_state import read_state
from referral.directory.hsds_package import write_package
from referral.directory.hsds_tables import publish
from referral.privacy.audit import Action
from referral.service import Service
from referral.store.patience import unhurried
from referral.upkeep.exporting import export
from referral.upkeep.help_gate import listed
from referral.upkeep.importing import Importer, Outcome, Wishes
from referral.upkeep.incoming import Incoming, Mode, columns_of, digest_of, read_file, read_folder
from referral.upkeep.package import incoming_of, is_package, open_package
from referral.upkeep.rejected import refuse_target, write_rejected

LONG = 2000
"""Rows from which on a bar shows how far it is."""
_FILE = click.Path(exists=True, path_type=Path)


def _table(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and columns_of(value) is None:
        raise click.BadParameter("is no table")
    return value


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--table", callback=_table, help="What the file holds, where its name does not say.")
@click.option("--mode", type=click.Choice([one.value for one in Mode]), default=Mode.UPDATE.value, show_default=True, help="What a row may do.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and write nothing.")
@click.option("--all-or-nothing", is_flag=True, help="One bad row, and nothing is taken.")
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), help="Where rejected rows go, with the line, the column and the reason.")
@override
@by_option
@told
def directory_import(
    files: Sequence[Path], table: str | None, mode: str, dry_run: bool, all_or_nothing: bool, rejected: Path | None, override: str | None, by: str
) -> None:
    """Take in CSV files, one table each, folders or zips of them, or an HSDS 3.1 tabular package. A blank cell keeps what stands, - clears it.

    add: new ids only. update: new and changed rows. replace: as update, and what came from the same source and is missing now goes, or
    becomes inactive where something hangs on it. A file with no bad row that comes again changes nothing. The exit code is 1 where
    a row was rejected, though the others are taken.
    """
    answered_for(override, by)
    ready = start.service(patience=WORKER_PATIENCE)
    wishes = Wishes(Mode(mode), dry_run, all_or_nothing, proven(ready, by), override)
    now = ready.clock()
    with closing(ready.database), ready.database.transaction() as session:
        unhurried(session.connection())  # files take as long to read as they take
        incoming = [one for path in files for one in _read(session, path, table, ready, now)]
        if rejected is not None:
            refuse_target(rejected, incoming, files)
        with _bar(sum(map(len, incoming))) as progress:
            outcome = Importer(ready.sealer, ready.policy.timezone, ready.policy.upkeep.spread).run(
                session,
                incoming,
                wishes,
                now,
                digest=ready.keys.file_tag(digest_of(files, wishes.mode)).hex(),
                watch=ready.gate.watch(session, now, wishes.by, override),
                progress=progress,
            )
        if outcome.written:
            ready.audit.write(session, now, wishes.by, Action.DIRECTORY_LOADED, "directory", changed=_changed(outcome))
        given_back = write_rejected(rejected, incoming, outcome.rejected) if rejected is not None else []  # before the rest is kept: it may fail
    _tell(outcome, ready, dry_run)
    for path in given_back:
        click.echo(f"rejected rows: {path}")
    if outcome.rejected:
        raise SystemExit(1)


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--hsds", is_flag=True, help="As an HSDS 3.1 tabular package: what anyone may read, and nothing else.")
@by_option
@told
def directory_export(folder: Path, hsds: bool, by: str) -> None:
    """Write the directory as one CSV file a table: no people, no officer's number, nothing confidential."""
    ready = start.service()
    who = proven(ready, by)
    folder.mkdir(parents=True, exist_ok=True)
    now = ready.clock()
    with closing(ready.database):
        with ready.database.transaction() as session:  # kept before there is a file: none gets out without a record
            ready.audit.write(session, now, who, Action.EXPORTED, "directory", hsds=hsds)
        with ready.database.read() as session:
            written = write_package(session, folder, now.astimezone(ready.policy.timezone)) if hsds else export(session, folder)
    for table, rows in written.items():
        click.echo(f"{rows:>7} {table}")


def _read(session: Session, path: Path, table: str | None, ready: Service, now: datetime) -> list[Incoming]:
    if not is_package(path):
        return [read_file(path, table)] if path.is_file() and path.suffix != ".zip" else read_folder(path)
    here = now.astimezone(ready.policy.timezone)
    return incoming_of(open_package(path), read_state(session), publish(session, here).tables, here)


@contextmanager
def _bar(rows: int) -> Iterator[Callable[[int], object]]:
    """Every row is read, and most are written."""
    if rows <= LONG:
        yield lambda _: None
        return
    with click.progressbar(length=2 * rows, label=f"{rows} rows") as bar:
        yield bar.update
        bar.update(2 * rows - bar.pos)


def _changed(outcome: Outcome) -> int:
    return outcome.counts.added + outcome.counts.updated + outcome.counts.removed


def _tell(outcome: Outcome, ready: Service, dry_run: bool) -> None:
    for rejected in outcome.rejected:
        click.echo(rejected.text, err=True)
    for hint in outcome.hints:
        click.echo(f"twice? {hint.location} and {hint.other}: {hint.why}")
    for one in outcome.left:
        click.echo(f"changed by hand, left: {one}")
    if outcome.gone:
        click.echo(f"goes or becomes inactive: {listed(outcome.gone)}")
    for one in outcome.kept:
        click.echo(f"kept: {one} is missing from the file, but something hangs on it")
    counts = outcome.counts
    said = f"{counts.added} added, {counts.updated} updated, {counts.removed} removed or inactive, {outcome.unchanged} unchanged"
    by_hand = f", {outcome.by_hand} changed by hand before and left" if outcome.by_hand else ""
    click.echo(f"{said}{by_hand}, {len(outcome.rejected)} rejected")
    if outcome.seen is not None:
        click.echo(f"these very files came in before, on {local(ready, outcome.seen)}")
    if not outcome.written:
        click.echo("a dry run: nothing was written" if dry_run else "nothing was written")
