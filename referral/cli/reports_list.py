"""The list of open reports: whom a breach may endanger, and what still waits for somebody. Nothing of what was told is opened for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import start
from referral.cli.asking import by_option, day
from referral.cli.proving import listed, prove
from referral.cli.telling import told
from referral.privacy.audit import Action
from referral.reports.keeping import closed
from referral.reports.records import ReportRecord
from referral.service import Service
from referral.vocabulary.report import Urgency

SUBJECT = "reports"
"""Of the entries that say who looked at the list."""


def _urgencies(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[Urgency]:
    words = {word.strip().upper() for word in value.split(",") if word.strip()}
    unknown = words - {one.value for one in Urgency}
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: one or more of {','.join(Urgency)}")
    return frozenset(map(Urgency, words)) or frozenset(Urgency)


@click.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that nobody has closed.")
@click.option("--urgency", "urgencies", default="", callback=_urgencies, help="Only these, such as RED,HIGH.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only those filed on this day or later.")
@by_option
@told
def list_reports(only_open: bool, urgencies: frozenset[Urgency], since: datetime | None, by: str) -> None:
    """The reports you may read, the most urgent and the oldest first: number, urgency, day, ward, state, offices told. Asks for your PIN."""
    ready = start.service()
    by = by.strip()
    prove(ready, by)
    now = ready.clock()
    day_ = None if since is None else since.replace(tzinfo=ready.policy.timezone).astimezone(UTC)
    with ready.database.transaction() as session:
        asked = {"urgency": ",".join(sorted(urgencies)), "since": f"{since:%Y-%m-%d}" if since else "", "only": "open" if only_open else "all"}
        ready.audit.write(session, now, by, Action.SEARCHED, SUBJECT, **asked)
    with ready.database.read() as session:  # a long list must not keep callers from what they write
        lines = list(_lines(ready, session, by, _wanted(session, urgencies, day_, only_open), now))
    listed(lines, "reports")


def _wanted(session: Session, urgencies: frozenset[Urgency], since: datetime | None, only_open: bool) -> Iterator[ReportRecord]:
    rows = select(ReportRecord).where(ReportRecord.urgency.in_(urgencies))
    found = session.scalars(rows if since is None else rows.where(ReportRecord.filed_hour >= since))
    for record in sorted(found, key=lambda one: (one.urgency.rank, one.filed_hour, one.number)):
        if not (only_open and closed(session, record.id)):
            yield record


def _lines(ready: Service, session: Session, by: str, records: Iterator[ReportRecord], now: datetime) -> Iterator[str]:
    """A rule that keeps a report from somebody keeps it from their list."""
    roster = ready.roster()
    for record in records:
        report = ready.register.find(session, record.id)
        if report is None or ready.colleagues.may_read(session, report, by, now) is None:
            continue
        place = (roster.place_name(record.place) or record.place) if record.place else "place not known"
        stage = ready.mailbox.standing(session, record.id, now).stage
        yield f"{record.number}  {record.urgency:<6}  {day(ready, record.filed_hour)}  {place}  {stage}  {_offices(ready, session, record.id)}"


def _offices(ready: Service, session: Session, report: str) -> str:
    """Those that were told, each once. What has not gone out yet waits so that it points at nobody."""
    roster = ready.roster()
    told_to = {alert.office: None for alert in ready.outbox.alerts_of(session, report) if alert.office and (alert.sent_at or alert.unknown_at or alert.calling)}
    return ", ".join(roster.office_name(office) or office for office in told_to) or "no office yet"
