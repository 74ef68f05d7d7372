"""Closing a report: by somebody who may read it, for a reason from a table; by two where one person must not decide alone that a child is safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.casework.colleagues import NO_REPORT, Colleagues
from referral.casework.refusals import Refused
from referral.privacy.audit import Action, Audit
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.store.base import new_id
from referral.vocabulary.report import NEVER_LOCAL, Urgency


class Reason(StrEnum):
    """Why a report is closed. Stored as these words: one that is in use is never renamed."""

    SAFE = "safe"
    """The child is safe and has been given what they needed."""
    COURT_CONCLUDED = "court_concluded"
    TRANSFERRED = "transferred"
    """Somebody outside the county has taken the case on."""
    OTHER_AGENCY = "other_agency"
    """Another agency had it already."""
    NOT_SUBSTANTIATED = "not_substantiated"
    """Somebody went and looked, and it was not so."""
    NOT_FOUND = "not_found"
    DECLINED = "declined"
    """The survivor wants no more help."""
    MOVED_AWAY = "moved_away"
    CAME_OF_AGE = "came_of_age"
    DIED = "died"
    DUPLICATE = "duplicate"
    TEST = "test"
    PRANK = "prank"
    FAMILY_AGREED = "family_agreed"
    """The family settled a matter that may be settled: upkeep, school, work at home."""


NOT_IN_SEXUAL = frozenset({Reason.FAMILY_AGREED})
"""Harm of these kinds is nothing a family may settle: who settles it may be who did it, or pays for it. See `may_be`."""
ONLY_WHEN_LOW = frozenset({Reason.PRANK})
TWO_PEOPLE = frozenset({Reason.PRANK, Reason.DIED})
"""Reasons that a second person must see, whatever the report."""


class Closing(StrEnum):
    CLOSED = "closed"
    WAITING = "waiting"
    """Asked for; a second person must agree."""


class CloseRefused(Refused):
    """The words say why, for the person who asked."""


def may_be(report: Report, reason: Reason) -> bool:
    """Whether a report of this kind can be closed for this reason. What is not known counts as the worst."""
    concern = report.told.concern
    if reason in NOT_IN_SEXUAL:
        return concern is not None and concern not in NEVER_LOCAL
    return reason not in ONLY_WHEN_LOW or report.urgency is Urgency.LOW


def needs_two(report: Report, reason: Reason) -> bool:
    return report.urgency is Urgency.RED or report.treated_as_sexual or report.told.concern is None or reason in TWO_PEOPLE


@dataclass(frozen=True)
class CaseClosing:
    """Every method works inside the caller's transaction. `by` and `second` are officers of the directory."""

    register: Register
    outbox: Outbox
    colleagues: Colleagues
    audit: Audit

    def close(self, session: Session, report_id: str, by: str, reason: Reason, second: str | None, now: datetime) -> Closing:
        """Close a report. Where two must agree and only one has: noted, and WAITING until another closes it too, for the same reason.

        Raises CloseRefused: people who may not read it, the same person twice, a reason that such a report cannot have, one closed already.
        """
        ladder = self.outbox.ladder(session, report_id)  # under the report's lock: nobody reopens it meanwhile
        report = self.register.find(session, report_id)
        if report is None or ladder is None or closed(session, report_id):
            raise CloseRefused(NO_REPORT)
        if not all(self._reads(session, report, person, now) for person in (by, second) if person is not None):
            raise CloseRefused(NO_REPORT)
        if not may_be(report, reason):
            raise CloseRefused(f"{reason}: a report of this kind is not closed for this reason")
        first, other = self._two(session, report, by, reason, second, now) if needs_two(report, reason) else (by, second)
        if other is not None and first.casefold() == other.casefold():
            raise CloseRefused("a second person must agree")
        if needs_two(report, reason) and other is None:
            self._note(session, report_id, CaseEvent.CLOSING, by, None, reason, now)
            self.audit.write(session, now, by, Action.CLOSING, report_id, reason=reason)
            return Closing.WAITING
        self._note(session, report_id, CaseEvent.CLOSED, first, other, reason, now)
        self._stop(session, report_id, now)
        ladder.step_due_at = ladder.action_due_at = ladder.again_at = None
        self.audit.write(session, now, by, Action.CLOSED, report_id, reason=reason, first=first, second=other or "")
        return Closing.CLOSED

    def _two(self, session: Session, report: Report, by: str, reason: Reason, second: str | None, now: datetime) -> tuple[str, str | None]:
        """Who asked, and who agrees: both named now, or one who asked before, and still may, and another who comes now."""
        if second is not None:
            return by, second
        asked = select(CaseEventRecord).where(CaseEventRecord.report == report.id, CaseEventRecord.kind == CaseEvent.CLOSING, CaseEventRecord.reason == reason)
        since = [e.noted_hour for e in self._reopenings(session, report.id)]
        others = {e.person for e in session.scalars(asked) if e.person != by and all(e.noted_hour > hour for hour in since)}
        waiting = [person for person in others if self._reads(session, report, person, now)]
        return (min(waiting), by) if waiting else (by, None)

    @staticmethod
    def _reopenings(session: Session, report: str) -> list[CaseEventRecord]:
        reopened = (CaseEventRecord.report == report, CaseEventRecord.kind.in_((CaseEvent.REOPENED, CaseEvent.CLOSED)))
        return list(session.scalars(select(CaseEventRecord).where(*reopened)))

    def _reads(self, session: Session, report: Report, person: str, now: datetime) -> bool:
        """Nobody closes what they may not read: who has it, or is over one that has it. To everybody else the report does not exist."""
        return self.colleagues.may_read(session, report, person, now) is not None

    def _stop(self, session: Session, report: str, now: datetime) -> None:
        """Nobody is told any more, and what they had is off their list. Who was never told can be, should it be reopened."""
        for alert in self.outbox.alerts_of(session, report):
            if alert.due_at is not None and alert.attempts == 0:
                session.delete(alert)
            elif alert.declined_at is None and alert.revoked_at is None and alert.referred_on_at is None:
                alert.done_at, alert.due_at, alert.claim = alert.done_at or now, None, None

    def _note(self, session: Session, report: str, kind: CaseEvent, by: str, second: str | None, reason: Reason, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        office = next((one.id for one in self.colleagues.planner.roster().offices_of(by, now)), "")
        event = CaseEventRecord(id=new_id(), report=report, kind=kind, office=office, person=by, second=second, reason=reason, noted_hour=hour)
        session.add(event)
