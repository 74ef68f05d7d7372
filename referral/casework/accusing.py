"""Who is accused, as an officer read it in the words of a report: whoever may not know of it any more loses sight of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.casework.colleagues import NO_REPORT, Colleagues
from referral.casework.refusals import Refused
from referral.handover.ladder import Ladder
from referral.privacy.audit import Action
from referral.reports.keeping import closed
from referral.vocabulary.report import Accused


class AccusationRefused(Refused):
    """The words say why, for the person who asked."""


@dataclass(frozen=True)
class Accusing:
    """Every method works inside the caller's transaction. Nothing is sent."""

    ladder: Ladder
    colleagues: Colleagues

    def add(self, session: Session, report_id: str, by: str, accused: Accused, now: datetime) -> bool:
        """Write down that a report accuses somebody of that kind. False if it was known.

        It counts from this commit: every look asks the rules anew, also within a call that is open. A report in hand is planned anew, so that two
        institutions that may know have it again; one officer alone can add, and so take a report out of others' hands, only because of that.
        What was accused once stays so. Raises AccusationRefused for who may not read the report, and where nobody is named.
        """
        register = self.ladder.register
        ladder = self.ladder.outbox.ladder(session, report_id)  # under the report's lock: nobody is told by the old plan meanwhile
        before = register.read(session, report_id)
        if before is None or ladder is None or self.colleagues.may_read(session, before, by, now) is None:
            raise AccusationRefused(NO_REPORT)
        if accused is Accused.UNKNOWN:
            raise AccusationRefused("unknown: accuses nobody")
        if accused in before.told.accused:
            return False
        judged, rule = self.ladder.planner.judged(before, before.told.adding(accused=before.told.accused - {Accused.UNKNOWN} | {accused}))
        report = self.ladder.planner.fitted(judged, now)
        register.amend(session, report_id, report.told, report.urgency, report.need, report.flags, rule)
        self.ladder.audit.write(session, now, by, Action.AMENDED, report_id, accused=accused)
        if not closed(session, report_id):
            self.ladder.renew(session, report, now)
        return True
