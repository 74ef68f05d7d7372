"""Red marks: reports that nobody has. Derived from the ladder, so that no mark can be forgotten or stay behind."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from referral.alerts.records import LadderRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.report import Urgency


def red_counts(session: Session) -> Mapping[Urgency, int]:
    """How many reports stand at the end of their ladder without enough people having answered, by urgency: a figure without a place."""
    counted = select(ReportRecord.urgency, func.count()).join(LadderRecord, LadderRecord.report == ReportRecord.id).where(*_marked())
    found = dict(session.execute(counted.group_by(ReportRecord.urgency)).all())
    return {urgency: found.get(urgency, 0) for urgency in Urgency}


def _marked() -> tuple[ColumnElement[bool], ...]:
    """The end was reached, and it is still being told again: an answer that is enough, or closing, stops that clock."""
    return LadderRecord.ended_at.is_not(None), LadderRecord.again_at.is_not(None)
