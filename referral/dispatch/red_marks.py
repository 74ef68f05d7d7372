"""Red marks: reports that nobody has. Derived from the ladder, so that no mark can be forgotten or stay behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from referral.alerts.records import LadderRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Urgency


@dataclass(frozen=True, slots=True)
class RedMark:
    """A report whose ladder has come to its end without enough people having answered: the duty person is told again and again.

    `report` is its id, `number` what officers call it by; `since` when the ladder ended, `for_` how long ago.
    """

    report: str
    number: str
    urgency: Urgency
    since: datetime
    for_: timedelta


def nobody_has(session: Session, now: datetime) -> Sequence[RedMark]:
    """Every red mark, the gravest and oldest first. Who may see which is for the caller to ask (`Planner.may_know`)."""
    columns = (ReportRecord.id, ReportRecord.number, ReportRecord.urgency, LadderRecord.ended_at)
    found = session.execute(select(*columns).join(LadderRecord, LadderRecord.report == ReportRecord.id).where(*_marked())).all()
    marks = [RedMark(report, number, urgency, since, max(now - since, timedelta())) for report, number, urgency, since in found if since is not None]
    return sorted(marks, key=lambda mark: (mark.urgency.rank, mark.since, mark.report))


def red_counts(session: Session) -> Mapping[Urgency, int]:
    """How many red marks there are, by urgency: a figure without a place."""
    counted = select(ReportRecord.urgency, func.count()).join(LadderRecord, LadderRecord.report == ReportRecord.id).where(*_marked())
    found = dict(session.execute(counted.group_by(ReportRecord.urgency)).all())
    return {urgency: found.get(urgency, 0) for urgency in Urgency}


def _marked() -> tuple[ColumnElement[bool], ...]:
    """The end was reached, and it is still being told again: an answer that is enough, or closing, stops that clock."""
    return LadderRecord.ended_at.is_not(None), LadderRecord.again_at.is_not(None)
