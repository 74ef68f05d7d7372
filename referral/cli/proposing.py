"""Commands for changing the directory: proposed by one person, accepted by another; and what has changed. Ids of proposals may be shortened."""

from __future__ import annotations

from collections.abc import Sequence

import click

from referral import start
from referral.cli.asking import SHORT, by_option, local, named, whole
from referral.cli.telling import complain, told
from referral.directory.upkeep_records import ProposalStatus
from referral.upkeep.entries import ENTITIES, ChangeProblems, history
from referral.upkeep.proposals import UnknownProposal


@click.command("propose")
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("entry")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--note", default="", help="Why, and where it is known from.")
@by_option
@told
def propose(entity: str, entry: str, changes: tuple[str, ...], note: str, by: str) -> None:
    """Propose a change, as the fields stand in the entry's file; a second person accepts it. FIELD= empties a field."""
    ready = start.service()
    pairs = dict(change.partition("=")[::2] for change in changes)
    with named(), ready.database.transaction() as session:
        if any("=" not in change for change in changes):
            raise ChangeProblems(["write each change as field=value"])
        id_ = ready.proposals().propose(session, entity, entry, pairs, by, "command", note, ready.clock())
    click.echo(f"proposed as {id_[:SHORT]}; somebody else accepts it")


@click.command("proposals")
@told
def proposals() -> None:
    """What was proposed and waits for a second person, the oldest first."""
    ready = start.service()
    with ready.database.read() as session:
        waiting = ready.proposals().open(session)
    for one in waiting:
        said = ", ".join(f"{field}={value}" for field, value in one.changes.items())
        click.echo(f"{one.id[:SHORT]}  {local(ready, one.at)}  {one.entity} {one.entry}: {said} (by {one.by}{': ' + one.note if one.note else ''})")
    click.echo(f"{len(waiting)} proposals are open")


@click.command("accept")
@click.argument("proposal")
@click.option("--override", metavar="REASON", help="Accept it though it leaves places alone; the reason is recorded.")
@by_option
@told
def accept(proposal: str, override: str | None, by: str) -> None:
    """Make a proposed change. Whoever proposed it cannot."""
    ready = start.service()
    with named(), ready.database.transaction() as session:
        id_ = whole(proposal, [one.id for one in ready.proposals().open(session)], UnknownProposal)
        status = ready.proposals().accept(session, id_, by, ready.clock(), override=override)
    if status is ProposalStatus.STALE:
        complain([f"{proposal}: the entry has changed since: look at it, and propose anew"])
    click.echo(f"{proposal}: accepted")


@click.command("reject")
@click.argument("proposal")
@click.option("--note", required=True, help="Why not.")
@by_option
@told
def reject(proposal: str, note: str, by: str) -> None:
    """Decline a proposed change."""
    ready = start.service()
    with named(), ready.database.transaction() as session:
        id_ = whole(proposal, [one.id for one in ready.proposals().open(session)], UnknownProposal)
        ready.proposals().reject(session, id_, by, note, ready.clock())
    click.echo(f"{proposal}: rejected")


@click.command("history")
@click.argument("entity")
@click.argument("entry")
@told
def entry_history(entity: str, entry: str) -> None:
    """Every field of an entry that changed: from what to what, by whom, when. The newest first."""
    ready = start.service()
    with ready.database.read() as session:
        changes = history(session, entity, entry)
    for one in changes:
        click.echo(f"{local(ready, one.at)}  {one.field}: {one.old or '-'} -> {one.new or '-'} ({one.action}, {one.by})")
    click.echo(f"{len(changes)} changes")


DIRECTORY: Sequence[click.Command] = (propose, proposals, accept, reject, entry_history)
