"""What a reporter erased while a report was held for a court: for the two people who hold it, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.casework.case_records import LegalHoldRecord
from referral.casework.colleagues import Colleagues
from referral.casework.holds import HoldRefused, Holds
from referral.privacy.audit import Action, Audit
from referral.reports.erasing import Erasing
from referral.reports.register import Register


@dataclass(frozen=True)
class HeldWords:
    """Every method works inside the caller's transaction. The caller has made sure that `by` is who they say."""

    register: Register
    erasing: Erasing
    holds: Holds
    colleagues: Colleagues
    audit: Audit

    def read(self, session: Session, hold: str, by: str, now: datetime) -> Sequence[tuple[str, str]]:
        """(what it is, the words), for one of the two while their hold stands; each reading is in the audit. Empty where nothing was erased under it:
        what was erased under another is for the two of that one.

        Raises HoldRefused for anybody else, for somebody whom a rule excludes by now, and for a hold that is over; privacy.seal.Unreadable.
        """
        row = session.get(LegalHoldRecord, hold)
        report = None if row is None else self.register.find(session, row.report)
        if row is None or report is None or by.casefold() not in {(name or "").casefold() for name in (row.asked_by, row.approved_by)}:
            raise HoldRefused("no such hold is yours")
        if hold not in self.holds.standing(session, now, report.id) or not self.colleagues.posts(session, report, by, now):
            raise HoldRefused("no such hold is yours")
        self.audit.write(session, now, by, Action.READ, report.id, what="words held for a court")
        return self.erasing.box(session, report.id, hold)
