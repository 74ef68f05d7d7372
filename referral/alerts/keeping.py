"""Exact times of alerts live for some days, then hours and how long somebody took: they could be laid beside an operator's list of calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.store.database import changed

HAPPENED = (
    "unknown_at", "sent_at", "delivered_at", "failed_at", "early_at", "acknowledged_at", "acting_at",
    "declined_at", "expired_at", "revoked_at", "referred_on_at", "done_at", "answers_ended_at",
)  # fmt: skip
"""What happened to an alert. `due_at` is not among them: it is empty once the alert is final, and until then the sending needs it. Since when it was
due goes altogether."""
KEPT_FOR_GOOD = (Purpose.ALERT, Purpose.DRILL)
_HOUR = timedelta(hours=1)


def down(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def up(at: datetime) -> datetime:
    """The next full hour: nobody is late earlier than they were told."""
    return at if at == down(at) else down(at) + _HOUR


def _exact(session: Session, column: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    """Whether a time says more than the hour. A time that begins an hour to the millisecond passes: see `round_alerts`."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%M:%f", column) != "00:00.000"
    return func.date_trunc("milliseconds", column, "UTC") != func.date_trunc("hour", column, "UTC")


def round_alerts(session: Session, before: datetime, limit: int) -> int:
    """Round what happened before `before`, in up to `limit` alerts; how many.

    Times of one alert within one hour stay in order: they become that hour and 0, 1, 2 … millionths of a second. Before that is lost, the
    minutes it took to answer and to act are written down. A deadline tells when an alert went out, so it goes with that, up to the hour.
    """
    columns = [getattr(AlertRecord, name) for name in HAPPENED]
    old = or_(*(column.is_not(None) & (column <= before) & _exact(session, column) for column in columns))
    late = (AlertRecord.sent_at <= before) & AlertRecord.deadline_at.is_not(None) & _exact(session, AlertRecord.deadline_at)
    found = select(AlertRecord).where(AlertRecord.due_at.is_(None), or_(old, late)).limit(limit)
    rows = session.scalars(found.with_for_update(skip_locked=True)).all()
    for row in rows:
        _round(row, before)
    return len(rows)


def _round(row: AlertRecord, before: datetime) -> None:
    row.first_due_at = None
    row.answer_minutes = _minutes(row.answer_minutes, row.sent_at, row.acknowledged_at)
    row.act_minutes = _minutes(row.act_minutes, row.sent_at, row.acting_at)
    if row.sent_at is not None and row.sent_at <= before and row.deadline_at is not None:
        row.deadline_at = up(row.deadline_at)
    in_order = sorted({at for at in (getattr(row, name) for name in HAPPENED) if at is not None})
    for name in HAPPENED:
        at = getattr(row, name)
        if at is not None and at <= before:
            setattr(row, name, down(at) + timedelta(microseconds=in_order.index(at)))


def _minutes(known: int | None, sent: datetime | None, then: datetime | None) -> int | None:
    if known is not None or sent is None or then is None:
        return known
    return max(0, round((then - sent).total_seconds() / 60))


def round_ladders(session: Session, reports: ColumnElement[bool], before: datetime, limit: int) -> int:
    """The clocks of reports that the condition names: an end that came before `before` down, a clock that still runs up to the hour.

    When the duty person is told again is left: it is minutes ahead, and says nothing of when the report came.
    """
    clocks = (LadderRecord.step_due_at, LadderRecord.action_due_at)
    ended = (LadderRecord.ended_at <= before) & _exact(session, LadderRecord.ended_at)
    exact = or_(ended, *(column.is_not(None) & _exact(session, column) for column in clocks))
    rows = session.scalars(select(LadderRecord).where(reports, exact).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.step_due_at = row.step_due_at and up(row.step_due_at)
        row.action_due_at = row.action_due_at and up(row.action_due_at)
        row.ended_at = down(row.ended_at) if row.ended_at is not None and row.ended_at <= before else row.ended_at
    return len(rows)


def drop_old_texts(session: Session, before: datetime) -> int:
    """Answers to reporters that never became final, number and all, and whatever else is no hand-over and has failed."""
    unsent = (AlertRecord.purpose == Purpose.REPORTER, AlertRecord.deadline_at < before)
    failed = (AlertRecord.purpose.not_in(KEPT_FOR_GOOD), AlertRecord.due_at.is_(None), func.coalesce(AlertRecord.sent_at, AlertRecord.failed_at) < before)
    return changed(session, delete(AlertRecord).where(*unsent)) + changed(session, delete(AlertRecord).where(*failed))
