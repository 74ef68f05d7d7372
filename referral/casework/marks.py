"""What an officer's answer changes on a hand-over, whichever way it came: by text, by the officers' menu, by a page.

Each function works inside the caller's transaction, under the report's lock (`Outbox.ladder`), changes nothing when repeated,
and leaves the clocks to `Ladder.settle`, which the caller calls last.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord
from referral.alerts.state import RECUSES
from referral.handover.ladder import Ladder
from referral.privacy.audit import Action, Audit
from referral.reports.register import Report


def acknowledge(audit: Audit, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
    """They have it. Takes back an earlier no."""
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.declined_at, alert.decline_reason = now, None, None
        audit.write(session, now, alert.person, Action.ACKNOWLEDGED, report.id, office=alert.office)


def act(audit: Audit, session: Session, report: Report, alert: AlertRecord, now: datetime) -> None:
    """They are acting, which says that they have it too."""
    if alert.acting_at is None:
        alert.acknowledged_at, alert.acting_at = alert.acknowledged_at or now, now
        alert.declined_at = alert.decline_reason = None
        audit.write(session, now, alert.person, Action.ACTING, report.id, office=alert.office)


def decline(audit: Audit, ladder: Ladder, outbox: Outbox, session: Session, report: Report, alert: AlertRecord, reason: str | None, now: datetime) -> None:
    """They cannot. A child must not wait for somebody who said no: the next step is due at once, unless enough others have said yes.

    A second no counts only where it says that the report must not be theirs at all.
    """
    if alert.declined_at is None:
        alert.declined_at, alert.decline_reason = now, reason
        alert.acknowledged_at = alert.acting_at = alert.done_at = None
        audit.write(session, now, alert.person, Action.DECLINED, report.id, office=alert.office, reason=reason)
        session.flush()
        if not ladder.satisfied(report, outbox.alerts_of(session, report.id)):
            ladder.hasten(session, report.id, now)
    elif RECUSES.get(reason) and not RECUSES.get(alert.decline_reason):
        alert.decline_reason = reason
        audit.write(session, now, alert.person, Action.DECLINED, report.id, office=alert.office, reason=reason)
