"""Commands about one report: close it, hold it for a court. These show nothing of what was told; those of `cli.reading` do."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from referral import start
from referral.casework.closing import CloseRefused, Closing, Reason
from referral.casework.holds import HoldRefused
from referral.cli.asking import SHORT, by_option, report_of, whole
from referral.cli.proving import prove
from referral.cli.reading import COMMANDS, told_why
from referral.cli.telling import told


@click.group()
def report() -> None:
    """One report: read it, close it, hold it for a court, reach its reporter."""


def _id(session: Session, number: str) -> str:
    return report_of(session, number, CloseRefused("no open report has this number"))


@report.command("close")
@click.argument("number")
@click.option("--reason", required=True, type=click.Choice([one.value for one in Reason]), help="Why.")
@click.option("--second", help="The second officer who agrees, where one must; or they type this command themselves, later.")
@by_option
@told
def close(number: str, reason: str, second: str | None, by: str) -> None:
    """Close a report. RED and sexual ones, and some reasons, take two officers. People are named by their ids in the directory, and asked for
    their PINs: two names typed by one person are one person."""
    ready = start.service()
    by, second = by.strip(), (second or "").strip() or None
    prove(ready, by)
    if second is not None:
        prove(ready, second)
    with told_why(), ready.database.transaction() as session:
        outcome = ready.closing.close(session, _id(session, number), by, Reason(reason), second, ready.clock())
    click.echo(f"{number}: {'closed' if outcome is Closing.CLOSED else 'waits for a second officer, who types the same'}")


@report.command("hold")
@click.argument("number")
@click.option("--reason", required=True, help="Which court, which matter. Sealed.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is looked at again; a year ahead at most.")
@by_option
@told
def hold(number: str, reason: str, until: datetime, by: str) -> None:
    """Ask that nothing of a report be forgotten until a day. A second person approves it. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = ready.holds.ask(session, _id(session, number), by, reason, until.replace(tzinfo=UTC).date(), ready.clock())
    click.echo(f"asked as {id_[:SHORT]}; it holds once somebody else approves it")


@report.command("approve-hold")
@click.argument("hold_id", metavar="ID")
@by_option
@told
def approve_hold(hold_id: str, by: str) -> None:
    """Agree to a hold that somebody else asked for. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        known = [one.id for one in ready.holds.open(session, ready.clock())]
        ready.holds.approve(session, whole(hold_id, known, _unknown), by, ready.clock())
    click.echo(f"{hold_id}: holds")


@report.command("holds")
@told
def holds() -> None:
    """What is held or waits for its second person, the first to be looked at again first."""
    ready = start.service()
    with ready.database.read() as session:
        found = ready.holds.open(session, ready.clock())
    for one in found:
        state = f"held by {one.asked_by} and {one.approved_by}" if one.standing else f"waits for a second person (asked by {one.asked_by})"
        click.echo(f"{one.id[:SHORT]}  {one.number}  until {one.until}  {state}")
    click.echo(f"{len(found)} holds")


def _unknown(_short: str) -> Exception:
    return HoldRefused("no such hold waits for a second person")


for command in COMMANDS:
    report.add_command(command)
