"""Texts that tell officers of a reporter's letter, as rows of the outbox. While they wait they say which letters nobody is to read yet, and no time but
their own is kept for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from referral.alerts.records import REPLY_LANE, AlertRecord, Purpose
from referral.store.base import new_id

KEY = "alert.letter"


def queue(session: Session, report: str, to: AlertRecord, number: str, turn: int, due_at: datetime) -> None:
    """To the officer of this hand-over, of the letter of this turn and whatever comes until it goes out."""
    row = AlertRecord(id=new_id(), purpose=Purpose.LETTER, lane=REPLY_LANE, report=report, person=to.person, office=to.office, key=KEY)
    row.params, row.due_at, row.mail_turn = json.dumps({"number": number}), due_at, turn - 1
    row.attempts, row.wrong_answers, row.calling, row.repeated = 0, 0, False, False
    session.add(row)


def untried(session: Session, report: str) -> Sequence[AlertRecord]:
    """Those that are for later. One that was tried holds nothing back, however often the gateway refuses it."""
    return session.scalars(select(AlertRecord).where(*_untried(report))).all()


def hurry(session: Session, report: str, due_at: datetime) -> None:
    """What has become urgent waits no longer than anything as urgent does."""
    for row in untried(session, report):
        row.due_at = min(row.due_at or due_at, due_at)


def last_turn(session: Session, report: str, now: datetime) -> int | None:
    """The last letter, by its turn, that none of them holds back; None where none holds back any."""
    return session.scalar(select(func.min(AlertRecord.mail_turn)).where(*_untried(report), AlertRecord.due_at > now))


def _untried(report: str) -> Sequence[ColumnElement[bool]]:
    mine = (AlertRecord.report == report, AlertRecord.purpose == Purpose.LETTER, AlertRecord.key == KEY)
    return (*mine, AlertRecord.due_at.is_not(None), AlertRecord.first_due_at.is_(None), AlertRecord.claim.is_(None))
