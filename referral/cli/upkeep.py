"""Commands that keep the directory true: drills, tasks, verification. Ids of tasks may be shortened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from referral import start
from referral.cli.asking import SHORT, by_option, day, local, named, whole
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.directory.service_records import VerifyMethod
from referral.directory.tasks import Task, UnknownTask, done, open_tasks
from referral.privacy.audit import Action
from referral.routing.policy import VERIFIED_KINDS
from referral.upkeep.drills import Record
from referral.upkeep.lacking import lacking
from referral.upkeep.verification import VERIFIABLE

_METHODS = [one.value for one in (VerifyMethod.CALL, VerifyMethod.VISIT, VerifyMethod.EMAIL)]
"""An answer to an alert or a drill is recorded by itself."""


@click.command("drill")
@click.option("--office", help="Ask this office only.")
@click.option("--dry-run", is_flag=True, help="Show whom a test would go to now, and send nothing.")
@by_option
@told
def drill(office: str | None, dry_run: bool, by: str) -> None:
    """Send every office that was not asked this month a test to answer, spread over the hours in which texts may go. A timer may run it: --by may be
    left out."""
    ready = start.service()
    start.refuse(ready)  # a sample's number is dialable in real life
    who = proven(ready, by, needed=False)
    with named():
        asked = ready.drills().plan(ready.clock(), office)
        if not dry_run:
            with ready.database.transaction() as session:
                ready.audit.write(session, ready.clock(), who, Action.DRILLED, "directory", office=office or "all")
            asked = ready.drills().start(ready.clock(), office)
        for one in asked:
            click.echo(f"{local(ready, one.due_at)}  {one.office.id:40} {one.bearer.person if one.bearer else 'nobody on duty'}")
    if not ready.roster().offices():
        complain(map(str, lacking(ready.roster())))
    what, verb = ("office", "is") if len(asked) == 1 else ("offices", "are")
    click.echo(f"{len(asked)} {what} {'would be asked, save those that were asked this month' if dry_run else f'{verb} asked'}")


@click.command("drills")
@told
def drills() -> None:
    """Who answers, and how fast: each office's last test, and how many of its last six were answered."""
    ready = start.service()
    with ready.database.read() as session:
        records = ready.drills().records(session, ready.clock())
    roster = ready.roster()
    click.echo(f"{'office':40} {'person':24} {'last test':12} {'minutes':>14} {'verified':12} {'answered':>8} {'median':>7}")
    for one in records:
        person = roster.person(one.last.person) if one.last.person else None
        click.echo(
            f"{one.office:40} {one.last.person or '-':24} {day(ready, one.last.sent_at):12} {_minutes(one):>14} "
            f"{str(person.verified_on) if person and person.verified_on else 'never':12} {f'{one.answered} of {one.tests}':>8} {_median(one):>7}"
        )
    never = {office.id for office in roster.offices()} - {one.office for one in records}
    click.echo(f"{len(records)} offices were tested, {len(never)} never")


@click.command("tasks")
@told
def tasks() -> None:
    """What somebody must look at, the oldest first; what has waited too long is marked LATE."""
    ready = start.service()
    now, allowed = ready.clock(), ready.policy.upkeep.task_age_days
    with ready.database.read() as session:
        waiting = open_tasks(session)
    late = 0
    for task in waiting:
        days = (now - task.opened_at).days
        over = now - task.opened_at > timedelta(days=allowed[task.kind])
        late += over
        click.echo(f"{task.id[:SHORT]}  {days:>4} days {'LATE' if over else '':4} {task.kind:20} {task.entity} {task.entry}: {task.note}")
    click.echo(f"{len(waiting)} open, {late} late")


@click.command("task-done")
@click.argument("task")
@by_option
@told
def task_done(task: str, by: str) -> None:
    """Close a task. An entry that callers doubted is shown as before once it is verified, not by this."""
    ready = start.service()
    who = proven(ready, by)
    with named(), ready.database.transaction() as session:
        found: Task = done(session, whole(task, [one.id for one in open_tasks(session)], UnknownTask), who, ready.clock())
    click.echo(f"done: {found.kind} {found.entity} {found.entry}")


@click.command("due")
@click.option("--kind", type=click.Choice(VERIFIED_KINDS), help="This kind only.")
@told
def due(kind: str | None) -> None:
    """What must be verified again, by kind, and since when."""
    ready = start.service()
    with ready.database.read() as session:
        waiting = [one for one in ready.verification().due(session, ready.clock()) if kind in (None, one.kind)]
    for one in waiting:
        click.echo(f"{one.kind:10} {one.entity:20} {one.entry:40} {f'since {one.since}' if one.since else 'never verified'}")
    click.echo(f"{len(waiting)} entries are due")


@click.command("verified")
@click.argument("entity", type=click.Choice(VERIFIABLE))
@click.argument("entry")
@click.option("--method", required=True, type=click.Choice(_METHODS), help="How it was checked.")
@by_option
@told
def verified(entity: str, entry: str, method: str, by: str) -> None:
    """Somebody checked an entry and found it right: its tasks are done."""
    ready = start.service()
    who = proven(ready, by)
    with named(), ready.database.transaction() as session:
        ready.verification().mark(session, entity, entry, who, VerifyMethod(method), ready.clock())
    click.echo(f"{entity} {entry}: verified")


DIRECTORY: Sequence[click.Command] = (drills, tasks, task_done, due, verified)


def _minutes(record: Record) -> str:
    return str(record.last.minutes) if record.last.minutes is not None else record.last.outcome


def _median(record: Record) -> str:
    return "-" if record.median_minutes is None else f"{record.median_minutes:.0f}"
