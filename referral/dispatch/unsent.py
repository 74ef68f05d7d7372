"""What becomes of a claimed row that was not sent. Nothing here waits for what somebody else holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.claims import Due, release
from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.dispatch.one_by_one import SOON, PassedOver
from referral.handover.ladder import Ladder
from referral.privacy.logs import describe
from referral.privacy.seal import NoKey
from referral.reports.register import Register
from referral.store.database import Database
from referral.store.faults import contended
from referral.store.health import NotNow

log = structlog.get_logger()
STUCK = 4
WITHOUT_KEY = timedelta(seconds=15)
"""How long this process leaves a row to hosts that have the key it lacks, before it looks again whether its own keyring has it now."""
NOWHERE = timedelta(minutes=10)
"""After so long no host has the key: the row is one that cannot be put together, and somebody else must be told."""


@dataclass(frozen=True)
class Unsent:
    database: Database
    outbox: Outbox
    register: Register
    ladder: Ladder
    passed: PassedOver
    later: Callable[[AlertRecord, datetime], None]
    """Puts a row off by the wait of its lane."""

    def free(self, session: Session, due: Due, now: datetime) -> bool:
        """Whether the report can be locked at once; held then. Where somebody else holds it the row is given back and comes up again soon."""
        free = self.outbox.free(session, due.report)
        if not free:
            release(session, [due], now + SOON)
        return free

    def after(self, due: Due, error: Exception, now: datetime) -> None:
        """Where somebody else was in the way, or this host lacks a key that another may have, nothing is wrong with the row or with whom it goes to: it
        is given back, and no try of it is counted. Else it waits a while, and an alert's office is asked for another person. What cannot be written
        down even so ends with the lease. Raises NotNow."""
        log.error("not sent", purpose=due.purpose, attempts=due.attempts, **describe(error))
        try:
            with self.database.transaction() as session:
                if isinstance(error, NoKey) and self._may_be_elsewhere(session, due, now):
                    self.passed.add(due.id, now, WITHOUT_KEY)
                    release(session, [due], now)
                elif contended(error):
                    release(session, [due], now + SOON)
                elif self.free(session, due, now):
                    self._stuck(session, due, now)
        except NotNow:
            raise
        except Exception as again:
            log.error("left to its lease", purpose=due.purpose, **describe(again))

    @staticmethod
    def _may_be_elsewhere(session: Session, due: Due, now: datetime) -> bool:
        since = session.scalar(select(AlertRecord.first_due_at).where(AlertRecord.id == due.id))
        return since is None or now - since < NOWHERE

    def _stuck(self, session: Session, due: Due, now: datetime) -> None:
        """A text that cannot be put together: after a few tries somebody else is told."""
        row = self.outbox.held(session, due)
        if row is None or row.calling:
            return
        self.later(row, now)
        report = None if row.report is None else self.register.find(session, row.report)
        if row.purpose is Purpose.ALERT and report is not None and row.attempts >= STUCK:
            self.ladder.replace(session, report, row, now, "their alert could not be put together")
