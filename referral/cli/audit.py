"""Commands on the record of who did what: is it whole, and what does it say."""

from __future__ import annotations

import string
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache

import click
from sqlalchemy import select

from referral import start
from referral.app import WORKER_PATIENCE
from referral.casework.pins import OPERATOR
from referral.cli.asking import by_option
from referral.cli.hidden_places import MAY_SEE
from referral.cli.proving import proven
from referral.cli.telling import complain, told
from referral.dispatch.heads import shown
from referral.privacy.audit import Action, by_day, entries
from referral.privacy.records import HeadRecord
from referral.privacy.verifying import Bad, Told, Verdict, Verifier
from referral.reports.records import ReportRecord
from referral.service import Service
from referral.store.base import ID_LENGTH

AUDIT = "audit"
"""The subject of entries about the audit itself."""
_HEAD = frozenset(string.ascii_uppercase + "234567")
_ID = frozenset(string.hexdigits.lower())
MayRead = Callable[[str], bool]
"""Whether entries about a subject are for whoever reads."""


@click.group()
def audit() -> None:
    """The record of who did what to which report."""


def _head(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """As a custodian reads it out: small letters, blanks and hyphens are all the same."""
    if value is None:
        return None
    head = "".join(value.replace("-", " ").split()).upper()
    if len(head) != 16 or not set(head) <= _HEAD:
        raise click.BadParameter("is no head: sixteen letters and digits, with no 0, 1, 8 or 9")
    return head


@audit.command("verify")
@click.option("--head", callback=_head, help="The sixteen characters of a custodian's text.")
@click.option("--count", type=click.IntRange(min=1), help="The count of the same text.")
@by_option
@told
def verify(head: str | None, count: int | None, by: str) -> None:
    """Walk the whole record and name the first entry that was changed, removed, moved or made up. Exit code 1 where there is one.

    Give a custodian's head and count, read out from their phone: somebody who holds the machine can make everything else agree. It shows no
    entry, so a timer may run it: --by may be left out.
    """
    if (head is None) != (count is None):
        complain(["give both --head and --count, from the same text"])
    ready = start.service(patience=WORKER_PATIENCE)
    who = proven(ready, by, needed=False)
    asked = None if head is None or count is None else Told(count, head)
    verdict = Verifier(ready.database, ready.audit, ready.chain, ready.policy.timezone).verify(asked)
    _note(ready, who, Action.AUDIT_VERIFIED, AUDIT, count=verdict.end.count, well=verdict.bad is None)
    _tell(verdict, asked)


def _tell(verdict: Verdict, asked: Told | None) -> None:
    if verdict.bad is not None:
        complain([_bad(verdict.bad), f"{verdict.walked} entries before it are as they were written"])
    if verdict.began:
        click.echo(f"{verdict.began} entries were kept long enough and went")
    click.echo(f"{verdict.walked} entries are as they were written, {verdict.waiting} are not chained yet")
    click.echo(f"count {verdict.end.count}, head {shown(verdict.head)}")
    if asked is None:
        click.echo("Not compared with a custodian's text: only that shows whether its end was cut off, or all of it written anew")
    elif asked.count < verdict.began:
        click.echo("The head that was given is of entries that went: give a younger one", err=True)
        sys.exit(1)
    else:
        click.echo(f"the custodian's head of {asked.count} entries agrees")


def _bad(bad: Bad) -> str:
    where = "not in the chain" if bad.position is None else f"position {bad.position}"
    return f"{where}, entry {bad.entry or 'unknown'}: {bad.fault}"


@audit.command("heads")
@told
def heads() -> None:
    """The heads as they were told, newest first: what each custodian should find on their phone."""
    ready = start.service()
    with ready.database.read() as session:
        for one in session.scalars(select(HeadRecord).order_by(HeadRecord.day.desc())):
            click.echo(f"{one.day}  {one.position + 1:>9}  {shown(one.head)}")


@audit.command("show")
@click.option("--subject", help="A report's six-digit number, or another subject as it stands in the record.")
@click.option("--actor", help="A person's or office's id, reporter, or service.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on.")
@by_option
@told
def show(subject: str | None, actor: str | None, since: datetime | None, by: str) -> None:
    """Print entries, oldest hour first; within an hour in no order. That it was read, and by whom, is recorded too.

    Entries about a report are shown to whoever may read it, and to the desk and the county children's office unless a rule keeps it from them.
    """
    ready = start.service()
    who = proven(ready, by)
    may_read = _may_read(ready, who)
    about = _report(ready, subject, may_read)
    _note(ready, who, Action.AUDIT_SHOWN, about or AUDIT, of=actor or "", since=since.date() if since else "")
    first = since.replace(tzinfo=ready.policy.timezone) if since else None
    count = 0
    for one in entries(ready.database, subject=about, actor=actor, since=first):
        if one.action is not Action.PURGED and not may_read(one.subject):  # of a purge the subject is the run
            continue
        local = one.hour.astimezone(ready.policy.timezone)
        doubt = "" if ready.audit.genuine(one) else "  NOT AS IT WAS WRITTEN"
        when = f"{one.hour:%Y-%m-%d}    " if by_day(one.actor, one.action) else f"{local:%Y-%m-%d %H}h"
        click.echo(f"{when}  {one.actor:24} {one.action:20} {one.subject:32} {one.details}{doubt}")
        count += 1
    click.echo(f"{count} entries")


def _may_read(ready: Service, who: str) -> MayRead:
    """Of a report, or of one that is gone, the entries tell who has it, when and what came of it: a rule that keeps it from somebody keeps these too.

    OPERATOR is only somebody while nobody has a PIN: there is no officer then whom a rule could mean.
    """
    now = ready.clock()
    desk = any(office.role in MAY_SEE for office in ready.roster().offices_of(who, now))

    @cache
    def may_read(subject: str) -> bool:
        if who == OPERATOR or len(subject) != ID_LENGTH or not set(subject) <= _ID:
            return True
        with ready.database.read() as session:
            report = ready.register.find(session, subject)
            if report is None:  # gone, and with it what the rules asked
                return desk
            return (desk and bool(ready.colleagues.posts(session, report, who, now))) or ready.colleagues.may_read(session, report, who, now) is not None

    return may_read


def _report(ready: Service, subject: str | None, may_read: MayRead) -> str | None:
    """A report's number is what people say; its id is what stands in the record, also after the report is gone. A number that is none and one that is
    not theirs to read are answered alike, or every number could be tried."""
    if subject is None or not (len(subject) == 6 and subject.isascii() and subject.isdigit()):
        return subject
    with ready.database.read() as session:
        found = session.scalar(select(ReportRecord.id).where(ReportRecord.number == subject))
    if found is None or not may_read(found):
        complain([f"{subject}: no report that you may read has this number; give its id if it is gone"])
    return found


def _note(ready: Service, by: str, action: Action, subject: str, **details: object) -> None:
    """Written before anything is shown: who cannot be recorded is shown nothing."""
    with ready.database.transaction() as session:
        ready.audit.write(session, ready.clock(), by, action, subject[:32], **{name: str(value)[:200] for name, value in details.items()})
