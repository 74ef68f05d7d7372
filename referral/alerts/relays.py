"""Texts to reporters who agreed to be contacted, as rows of the outbox. No row holds a number, and none is sent twice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral.alerts.records import REPLY_LANE, AlertRecord, Purpose
from referral.store.base import new_id

LANGUAGE = "language"
"""The parameter of a row that names the language of its words."""
WAITS = timedelta(hours=72)
"""So long a text waits for safe hours and for the gateway; then it is given up, and may be asked for anew."""
WITHDRAWN, UNREACHABLE, TAKES_NONE = "withdrawn", "no longer reachable", "takes no texts"
NOT_RIGHT, LATE, LOST = "no longer right", "given up", "not known"
"""What became of a text that was not sent, or (LOST) of one that may have been."""


def queue(session: Session, report: str, person: str, office: str, key: str, params: dict[str, str], due_at: datetime, now: datetime) -> None:
    """`person` of `office` asked for it; they are told by nobody but their own menu what became of it."""
    row = AlertRecord(id=new_id(), purpose=Purpose.RELAY, lane=REPLY_LANE, report=report, person=person, office=office, key=key, params=json.dumps(params))
    row.due_at, row.deadline_at = due_at, now + WAITS
    row.attempts, row.wrong_answers, row.calling, row.repeated = 0, 0, False, False
    session.add(row)


def last(session: Session, report: str) -> AlertRecord | None:
    """The one that waits, else the one that became final last; rows of three days at most."""
    rows = session.scalars(select(AlertRecord).where(AlertRecord.report == report, AlertRecord.purpose == Purpose.RELAY)).all()
    return max(rows, key=lambda row: (row.due_at is not None, row.deadline_at or row.sent_at, row.id), default=None)


def drop(session: Session, report: str, now: datetime) -> None:
    """The consent is gone, and what waits is not sent. One that is just being sent cannot be called back."""
    waiting = (AlertRecord.report == report, AlertRecord.purpose == Purpose.RELAY, AlertRecord.due_at.is_not(None), AlertRecord.calling.is_(False))
    final = {"failed_at": hour(now), "failure": WITHDRAWN, "due_at": None, "claim": None}
    session.execute(update(AlertRecord).where(*waiting).values(**final))


def finish(row: AlertRecord, now: datetime, why: str | None = None) -> None:
    """It was handed to the gateway, once. By the hour: an exact time would find the phone in the operator's list of texts. No id of the gateway's is kept."""
    row.sent_at, row.failure, row.due_at, row.claim, row.calling = hour(now), why, None, None, False


def hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
