"""Commands that read a report, or what officers wrote about one. Each reading is in the audit under the name of an officer of the directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import click
from sqlalchemy.orm import Session

from referral import start
from referral.casework.colleagues import NO_REPORT
from referral.casework.desk import Opened
from referral.casework.refusals import Refused
from referral.cli.asking import SHORT, by_option, report_of, whole
from referral.cli.proving import listed, prove
from referral.cli.telling import complain, told
from referral.officers.telling import letter_lines, report_lines
from referral.privacy.audit import Action
from referral.privacy.seal import Unreadable
from referral.service import Service

LANGUAGE = "en"
"""Of what commands print: they are the desk's."""


@contextmanager
def told_why() -> Iterator[None]:
    """What is refused, in one line; the exit code says so."""
    try:
        yield
    except Refused as error:
        complain([str(error)])
    except Unreadable:
        complain(["this host does not hold the key that opens it"])


@click.command("show")
@click.argument("number")
@by_option
@told
def show(number: str, by: str) -> None:
    """Read a report and its letters, if it is with your office or you are over one that has it. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with told_why(), ready.database.transaction() as session:
        lines = _lines(ready, session, number, by, now)
    for line in lines:
        click.echo(line)


def _lines(ready: Service, session: Session, number: str, by: str, now: datetime) -> list[str]:
    """What is told, and the letters. Raises Refused."""
    report = ready.register.find(session, report_of(session, number))
    office = None if report is None else ready.colleagues.may_read(session, report, by, now)
    if report is None or office is None:
        raise Refused(NO_REPORT)
    ready.audit.write(session, now, by, Action.READ, report.id, office=office.id, what="by command")
    whole_report = ready.register.read(session, report.id) or report
    roster, spot = ready.roster(), whole_report.told.spot
    place = roster.place_name(report.told.place) if report.told.place else None
    opened = Opened(whole_report, place, (roster.place_name(spot) or spot) if spot else None, ready.register.reachable(session, report.id, now))
    say = partial(ready.catalogue.say, LANGUAGE)
    letters = ready.mailbox.for_officers(session, report, now)
    return [*report_lines(say, opened), *letter_lines(say, letters, lambda one: roster.office_name(one) or "?")]


@click.command("letters")
@by_option
@told
def letters(by: str) -> None:
    """Officers' own words that wait for a second reader: yours to read. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with ready.database.transaction() as session:
        ready.audit.write(session, now, by, Action.SEARCHED, "letters")
        lines = [
            f"{one.letter[:SHORT]}  {one.number}  {one.office}: {ready.second.look(session, by, one.letter, now)}"
            for one in ready.second.waiting(session, by, now)
            if ready.second.read(session, by, one.letter, now)
        ]
    listed(lines, "letters")


@click.command("approve-letter")
@click.argument("letter_id", metavar="ID")
@by_option
@told
def approve_letter(letter_id: str, by: str) -> None:
    """Let an officer's own words through to the reporter. Asks for your PIN."""
    _settle(letter_id, by, through=True)
    click.echo(f"{letter_id}: the reporter can read it")


@click.command("refuse-letter")
@click.argument("letter_id", metavar="ID")
@by_option
@told
def refuse_letter(letter_id: str, by: str) -> None:
    """Keep an officer's own words back, for good. Asks for your PIN."""
    _settle(letter_id, by, through=False)
    click.echo(f"{letter_id}: kept back")


def _settle(short: str, by: str, *, through: bool) -> None:
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with told_why(), ready.database.transaction() as session:
        known = [one.letter for one in ready.second.waiting(session, by, now)]
        if not ready.second.settle(session, by, whole(short, known, _no_letter), through, now):
            raise _no_letter(short)


def _no_letter(_short: str) -> Exception:
    return Refused("no such letter waits for you")


@click.command("reveal")
@click.argument("number")
@click.option("--reason", required=True, help="Why the number itself is needed, and nothing less will do. Sealed.")
@by_option
@told
def reveal(number: str, reason: str, by: str) -> None:
    """Ask to see the number of a reporter who agreed to be contacted. A second person must agree. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    with told_why(), ready.database.transaction() as session:
        id_ = ready.reveals.ask(session, report_of(session, number), by, reason, ready.clock())
    click.echo(f"asked as {id_[:SHORT]}; a second person is told. Nothing is shown before they agree")


@click.command("approve-reveal")
@click.argument("reveal_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Agree. Without it only the reason is shown.")
@by_option
@told
def approve_reveal(reveal_id: str, yes: bool, by: str) -> None:
    """Agree that a number is shown: to you, now, once. You are of the desk, or over the office that asked. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with told_why(), ready.database.transaction() as session:
        known = [one.id for one in ready.reveals.all(session, now) if one.open]
        id_ = whole(reveal_id, known, _no_reveal)
        shown = ready.reveals.approve(session, id_, by, now).reveal() if yes else f"Reason: {ready.reveals.reason(session, id_, by, now)}"
    click.echo(shown)


def _no_reveal(_short: str) -> Exception:
    return Refused("no such request waits for a second person")


@click.command("reveals")
@by_option
@told
def reveals(by: str) -> None:
    """Every request to see a number: who asked, who agreed. No number and no reason. Asks for your PIN."""
    ready = start.service()
    prove(ready, by)
    now = ready.clock()
    with ready.database.transaction() as session:
        ready.audit.write(session, now, by, Action.SEARCHED, "reveals")
        found = [one for one in ready.reveals.all(session, now) if _may_know(ready, session, one.number, by, now)]
    lines = []
    for one in found:
        state = f"agreed by {one.approved_by}" if one.approved_by else "waits" if one.open else "lapsed"
        lines.append(f"{one.id[:SHORT]}  {one.number}  {one.asked_hour:%Y-%m-%d}  asked by {one.asked_by}, {state}")
    listed(lines, f"requests, {sum(one.approved_by is not None for one in found)} shown")


def _may_know(ready: Service, session: Session, number: str, by: str, now: datetime) -> bool:
    report = ready.register.find(session, report_of(session, number))
    return report is not None and bool(ready.colleagues.posts(session, report, by, now))


COMMANDS = (show, letters, approve_letter, refuse_letter, reveal, approve_reveal, reveals)
