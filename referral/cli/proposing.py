"""Commands for changing the directory: proposed by one person, accepted by another; and what has changed. Ids of proposals may be shortened."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy.orm import Session

from referral import start
from referral.cli.asking import SHORT, by_option, local, named, whole
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.directory.upkeep_records import ProposalStatus
from referral.service import Service
from referral.upkeep.entries import ENTITIES, ChangeProblems, history
from referral.upkeep.kept import KEPT, stands
from referral.upkeep.proposals import Decision, UnknownProposal


@click.command("propose")
@click.argument("entity", type=click.Choice(ENTITIES))
@click.argument("entry")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--note", default="", help="Why, and where it is known from.")
@by_option
@told
def propose(entity: str, entry: str, changes: tuple[str, ...], note: str, by: str) -> None:
    """Propose a change, as the fields stand in the entry's file; a second person accepts it. FIELD= empties a field.

    What belongs to an entry is a field of it: hours="mon-fri 08:00-17:00; sat 08:00-12:00" of a service_at_location or phone, areas (ids of
    places) of a service or service_at_location, languages (codes) of a service, location or phone, accessibility of a location.
    """
    ready = start.service()
    who = proven(ready, by)
    pairs = dict(change.partition("=")[::2] for change in changes)
    with named(), ready.database.transaction() as session:
        if any("=" not in change for change in changes):
            raise ChangeProblems(["write each change as field=value"])
        id_ = ready.proposals().propose(session, entity, entry, pairs, who, "command", note, ready.clock())
    click.echo(f"proposed as {id_[:SHORT]}; somebody else accepts it")


@click.command("proposals")
@click.option("--decided", is_flag=True, help="What was accepted, rejected, withdrawn or overtaken by another change, the latest first.")
@told
def proposals(decided: bool) -> None:
    """What was proposed and waits for a second person, the oldest first."""
    ready = start.service()
    with ready.database.read() as session:
        found = ready.proposals().decided(session) if decided else ready.proposals().open(session)
    for one in found:
        said = ", ".join(f"{field}={value}" for field, value in one.changes.items())
        who = f"(by {one.by}{_why(one.note)})"
        click.echo(f"{one.id[:SHORT]}  {local(ready, one.at)}  {one.entity} {one.entry}: {said} {who}{_decision(ready, one.decision)}")
    click.echo(f"{len(found)} proposals {'were decided' if decided else 'are open'}")


def _open(ready: Service, session: Session, short: str) -> str:
    """The id of the open proposal that begins so."""
    return whole(short, [one.id for one in ready.proposals().open(session)], UnknownProposal)


@click.command("accept")
@click.argument("proposal")
@click.option("--override", metavar="REASON", help="Accept it though it leaves places alone; the reason is recorded.")
@by_option
@told
def accept(proposal: str, override: str | None, by: str) -> None:
    """Make a proposed change. Whoever proposed it cannot."""
    ready = start.service()
    who = proven(ready, by)
    with named(), ready.database.transaction() as session:
        id_ = _open(ready, session, proposal)
        status = ready.proposals().accept(session, id_, who, ready.clock(), override=override)
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
    who = proven(ready, by)
    with named(), ready.database.transaction() as session:
        id_ = _open(ready, session, proposal)
        ready.proposals().reject(session, id_, who, note, ready.clock())
    click.echo(f"{proposal}: rejected")


@click.command("withdraw")
@click.argument("proposal")
@by_option
@told
def withdraw(proposal: str, by: str) -> None:
    """Take back a change that you proposed yourself, such as one with a slip in it."""
    ready = start.service()
    who = proven(ready, by)
    with named(), ready.database.transaction() as session:
        id_ = _open(ready, session, proposal)
        ready.proposals().withdraw(session, id_, who, ready.clock())
    click.echo(f"{proposal}: withdrawn")


@click.command("history")
@click.argument("entity", type=click.Choice(KEPT))
@click.argument("entry")
@told
def entry_history(entity: str, entry: str) -> None:
    """Every field of an entry that changed: from what to what, by whom, when, and who proposed it and why. The newest first."""
    ready = start.service()
    with ready.database.read() as session:
        changes = history(session, entity, entry)
        if not changes and not stands(session, entity, entry):
            complain([f"{entry}: no {entity.replace('_', ' ')} has this id"])
    for one in changes:
        who = f"proposed by {one.proposed_by}, accepted by {one.by}{_why(one.note)}" if one.proposed_by else f"{one.action}, {one.by}"
        click.echo(f"{local(ready, one.at)}  {one.field}: {one.old or '-'} -> {one.new or '-'} ({who})")
    click.echo(f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}")


def _why(note: str) -> str:
    return f": {note}" if note else ""


def _decision(ready: Service, made: Decision | None) -> str:
    if made is None:
        return ""
    return f" {made.words} {local(ready, made.at)}" + (f" by {made.by}{_why(made.note)}" if made.by else "")


DIRECTORY: Sequence[click.Command] = (propose, proposals, accept, reject, withdraw, entry_history)
