"""After the machine's clock went back: what was set by the wrong time would wait for hours, or a day. It is set anew, as if begun now.

A leap forward needs nothing here: each report climbs the step it is due for, once, and the next is counted from the new time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.handover.ladder import Ladder
from referral.handover.rungs import END
from referral.privacy.logs import describe
from referral.reports.records import ReportRecord
from referral.routing import clock
from referral.store.database import Database
from referral.store.health import NotNow
from referral.vocabulary.report import Urgency

log = structlog.get_logger()
SLACK = timedelta(minutes=1)
"""Clocks of several hosts differ a little."""
FULL_HOUR = timedelta(hours=1)
"""Old reports' clocks are rounded up to the hour on purpose."""
MOST = 100
"""Set anew in one go: the thread climbs, too. The rest is for the next round."""
_CLOCKS = ("step_due_at", "action_due_at", "again_at")
_STEPS = (0, 1, 2, 3, END)


@dataclass(frozen=True)
class Clocks:
    database: Database
    ladder: Ladder

    def set_right(self, now: datetime, limit: int = MOST) -> int:
        """Bring back every clock of a ladder, and every waiting RED or HIGH alert, that no rule can have set so far ahead. How many were set anew.

        `limit` bounds these, by urgency, and not what is looked at: what is right must not hide what is wrong. A row that somebody else holds is
        left for the next round, and one that cannot be set keeps no other waiting.
        """
        return sum(self._ladders(urgency, now, limit) for urgency in Urgency) + self._alerts(now, limit)

    def _ladders(self, urgency: Urgency, now: datetime, limit: int) -> int:
        latest = {step: self._latest(urgency, step, now) for step in _STEPS}
        columns = (LadderRecord.report, LadderRecord.step, *(getattr(LadderRecord, name) for name in _CLOCKS))
        found = select(*columns).join(ReportRecord, ReportRecord.id == LadderRecord.report)
        with self.database.read() as session:
            rows = session.execute(found.where(ReportRecord.urgency == urgency, or_(*map(_ahead, latest.items())))).all()
        wrong = [row.report for row in rows if _wrong(row, latest[row.step])]
        return self._each(wrong, partial(self._set, urgency=urgency, latest=latest), limit)

    def _each(self, ids: list[str], mend: Callable[[Session, str], int], limit: int) -> int:
        done = 0
        for id_ in ids:
            if done >= limit:
                break
            try:
                with self.database.transaction() as session:
                    done += mend(session, id_)
            except NotNow:
                raise
            except Exception as error:
                log.error("a clock was not set anew", **describe(error))
        return done

    @staticmethod
    def _set(session: Session, report: str, *, urgency: Urgency, latest: Mapping[int, Mapping[str, datetime]]) -> int:
        ladder = session.scalar(select(LadderRecord).where(LadderRecord.report == report).with_for_update(skip_locked=True))
        right = latest.get(ladder.step) if ladder is not None else None
        wrong = _wrong(ladder, right) if right is not None else []
        for name in wrong:
            setattr(ladder, name, right and right[name])
        if wrong:
            log.warning("a clock set by a later time is set anew", urgency=urgency, count=len(wrong))
        return len(wrong)

    def _latest(self, urgency: Urgency, step: int, now: datetime) -> Mapping[str, datetime]:
        """The latest that each clock can have been set to at `now`."""
        policy = self.ladder.planner.policy
        step_due = clock.latest(urgency, step, now, policy)
        waited = clock.latest_sending(urgency, now, policy)
        again = clock.next_sending_time(urgency, now + timedelta(minutes=policy.duty_repeat), policy)
        return {"step_due_at": step_due, "action_due_at": clock.action_deadline(urgency, waited, policy), "again_at": max(step_due, again)}

    def _alerts(self, now: datetime, limit: int) -> int:
        """HIGH waits half an hour at most, and RED not at all (see alerts.claims): one that waits longer goes out now."""
        policy = self.ladder.planner.policy
        longest = now + timedelta(minutes=max(policy.delay_high, policy.delay_high_not_now.most)) + SLACK + timedelta(minutes=5)
        waits = (AlertRecord.purpose == Purpose.ALERT, AlertRecord.lane == Urgency.HIGH.rank, AlertRecord.due_at > longest)
        with self.database.read() as session:
            found = list(session.scalars(select(AlertRecord.id).where(*waits)))
        return self._each(found, partial(self._send_now, longest=longest, now=now), limit)

    @staticmethod
    def _send_now(session: Session, alert_id: str, *, longest: datetime, now: datetime) -> int:
        """The report's ladder first, and then the alert: the order everybody locks in."""
        of = select(AlertRecord.report).where(AlertRecord.id == alert_id).scalar_subquery()
        ladder = session.scalar(select(LadderRecord.report).where(LadderRecord.report == of).with_for_update(skip_locked=True))
        waiting = select(AlertRecord).where(AlertRecord.id == alert_id, AlertRecord.due_at > longest).with_for_update(skip_locked=True)
        alert = session.scalar(waiting) if ladder is not None else None
        if alert is not None:
            alert.due_at = now
        return int(alert is not None)


def _ahead(of: tuple[int, Mapping[str, datetime]]) -> ColumnElement[bool]:
    step, latest = of
    return and_(LadderRecord.step == step, or_(*(getattr(LadderRecord, name) > at + SLACK for name, at in latest.items())))


def _wrong(clocks: object, latest: Mapping[str, datetime]) -> list[str]:
    return [name for name in _CLOCKS if _impossible(getattr(clocks, name), latest[name])]


def _impossible(at: datetime | None, latest: datetime) -> bool:
    if at is None or at <= latest + SLACK:
        return False
    rounded = at.minute == at.second == at.microsecond == 0
    return not (rounded and at <= latest + FULL_HOUR)
