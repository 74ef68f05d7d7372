"""What commands on the directory share: who does it, ids cut short, times of the county, and mistakes told in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.casework.colleagues import NO_REPORT
from referral.casework.refusals import Refused
from referral.cli.telling import complain
from referral.directory.people import UnknownPerson
from referral.directory.tasks import UnknownTask
from referral.reports.records import ReportRecord
from referral.service import Service
from referral.upkeep.drills import UnknownOffice
from referral.upkeep.entries import ChangeProblems, UnknownEntry
from referral.upkeep.proposals import UnknownProposal

SHORT = 8
"""Characters of an id that are shown, and enough to name it."""
by_option = click.option("--by", default="", help="Your id in the directory: stands in the record. Your PIN is asked for.")


def said(_: click.Context, __: click.Parameter, value: str) -> str:
    """For an option that must say something: blanks are no reason."""
    if not value.strip():
        raise click.BadParameter("say why")
    return value


@contextmanager
def named() -> Iterator[None]:
    """What the operator named wrongly is told one a line, and the exit code says so."""
    try:
        yield
    except ChangeProblems as error:
        complain(error.problems)
    except UnknownOffice as error:
        complain([f"{error}: no office has this id"])
    except UnknownPerson as error:
        complain([f"{error}: no officer has this id"])
    except (UnknownEntry, UnknownTask, UnknownProposal) as error:
        complain([f"{error}: unknown, or decided already"])


def report_of(session: Session, number: str) -> str:
    """The report of a number. Raises Refused in the words that somebody hears who may not know of it."""
    found = session.scalar(select(ReportRecord.id).where(ReportRecord.number == number))
    if found is None:
        raise Refused(NO_REPORT)
    return found


def whole(short: str, known: Iterable[str], unknown: Callable[[str], Exception]) -> str:
    """The one id that begins so. Raises `unknown` where there is none, or more than one."""
    found = [one for one in known if short and one.startswith(short)]
    if len(found) != 1:
        raise unknown(short)
    return found[0]


def local(ready: Service, at: datetime) -> str:
    return f"{at.astimezone(ready.policy.timezone):%Y-%m-%d %H:%M}"


def day(ready: Service, at: datetime | None) -> str:
    return local(ready, at)[:10] if at else "-"
