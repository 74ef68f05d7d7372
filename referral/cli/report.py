"""Commands about one report: close it, say whom it accuses, hold it for a court. These show nothing of what was told; those of `cli.reading` do."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy.orm import Session

from referral import start
from referral.casework.closing import Closing, Reason
from referral.casework.refusals import Refused
from referral.cli.asking import SHORT, by_option, report_of, whole
from referral.cli.proving import listed, prove
from referral.cli.reading import COMMANDS, told_why
from referral.cli.reports_list import list_reports
from referral.cli.telling import told
from referral.privacy.audit import Action
from referral.service import Service
from referral.vocabulary.report import Accused


@click.group()
def report() -> None:
    """One report: read it, close it, say whom it accuses, hold it for a court, reach its reporter."""


@report.command("close")
@click.argument("number")
@click.option("--reason", required=True, type=click.Choice([one.value for one in Reason]), help="Why.")
@click.option("--second", help="The second officer who agrees, where one must; or they type this command themselves, later.")
@by_option
@told
def close(number: str, reason: str, second: str | None, by: str) -> None:
    """Close a report that you may read. RED and sexual ones, and some reasons, take two officers who may. People are named by their ids in the
    directory, and asked for their PINs: two names typed by one person are one person."""
    ready = start.service()
    by, second = by.strip(), (second or "").strip() or None
    prove(ready, by)
    if second is not None:
        prove(ready, second)
    with told_why(), ready.database.transaction() as session:
        outcome = ready.closing.close(session, report_of(session, number), by, Reason(reason), second, ready.clock())
    click.echo(f"{number}: {'closed' if outcome is Closing.CLOSED else 'waits for a second officer, who types the same'}")


@report.command("accuse")
@click.argument("number")
@click.option("--who", required=True, type=click.Choice([one.value for one in Accused if one is not Accused.UNKNOWN]), help="Whom its words accuse.")
@by_option
@told
def accuse(number: str, who: str, by: str) -> None:
    """Write down whom a report accuses that you may read: those of that kind lose sight of it at once, and others are told. It is not taken back.
    Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = report_of(session, number)
        fresh = ready.accusing.add(session, id_, by, Accused(who), ready.clock())
    click.echo(f"{number}: {'accuses' if fresh else 'accused already:'} {who}")


@report.command("hold")
@click.argument("number")
@click.option("--reason", required=True, help="Which court, which matter. Sealed.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is looked at again; a year ahead at most.")
@by_option
@told
def hold(number: str, reason: str, until: datetime, by: str) -> None:
    """Ask that nothing of a report you may read be forgotten until a day. A second person approves it. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = ready.holds.ask(session, report_of(session, number), by, reason, until.date(), ready.clock())
    click.echo(f"asked as {id_[:SHORT]}; it holds once somebody else approves it")


@report.command("approve-hold")
@click.argument("hold_id", metavar="ID")
@by_option
@told
def approve_hold(hold_id: str, by: str) -> None:
    """Agree to a hold that somebody else asked for, of a report you may read. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = _hold(ready, session, hold_id, by, "no such hold waits for a second person")
        ready.holds.approve(session, id_, by, ready.clock())
    click.echo(f"{hold_id}: holds")


@report.command("holds")
@by_option
@told
def holds(by: str) -> None:
    """What is held or waits for its second person of what you may read, the first to be looked at again first. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with ready.database.transaction() as session:
        ready.audit.write(session, now, by, Action.SEARCHED, "holds")
        found = ready.holds.open(session, by, now)
    lines = []
    for one in found:
        state = f"held by {one.asked_by} and {one.approved_by}" if one.standing else f"waits for a second person (asked by {one.asked_by})"
        lines.append(f"{one.id[:SHORT]}  {one.number}  until {one.until}  {state}")
    listed(lines, "holds")


@report.command("held-words")
@click.argument("hold_id", metavar="ID")
@by_option
@told
def held_words(hold_id: str, by: str) -> None:
    """What a reporter erased while a hold of yours stands: only the two who hold it may read it, and each reading is written down. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = _hold(ready, session, hold_id, by, "no such hold is yours")
        words = ready.held_words.read(session, id_, by, ready.clock())
    listed([f"{what}: {said}" for what, said in words], "texts that were erased")


def _hold(ready: Service, session: Session, short: str, by: str, refused: str) -> str:
    """The id of the hold that begins so, among those that `by` may know of. Raises Refused with the words of `refused`."""
    return whole(short, [one.id for one in ready.holds.open(session, by, ready.clock())], lambda _short: Refused(refused))


for command in (*COMMANDS, list_reports):
    report.add_command(command)
