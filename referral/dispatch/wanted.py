"""Whether a text about a report should still go out, now and to this addressee. Asked anew at every try, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts.claims import Due
from referral.alerts.records import AlertRecord
from referral.alerts.state import acting, recused, silent
from referral.dispatch.reminders import REMINDER
from referral.handover.ladder import Ladder
from referral.handover.planner import Planner
from referral.reports.keeping import closed
from referral.reports.register import Report
from referral.routing import clock


@dataclass(frozen=True, slots=True)
class Occasion:
    """A claimed row at one try, locked. `report` is None where the row is about none."""

    session: Session
    row: AlertRecord
    due: Due
    report: Report | None
    planner: Planner
    now: datetime


def drop(row: AlertRecord, why: str, now: datetime) -> None:
    """It is not sent any more, and the word says why."""
    row.failed_at, row.failure, row.due_at, row.claim = now, why, None, None


def put_off(row: AlertRecord, until: datetime) -> None:
    """Not now: a try that was none does not count, and nobody is late."""
    row.due_at, row.first_due_at, row.claim, row.attempts = until, None, None, row.attempts - 1


def alert(ladder: Ladder, this: Occasion) -> bool:
    """Of a report that is still open, by day where it can wait, and before enough have answered. Whoever is gone, on leave or excluded since it was
    queued is not told; the next of the office is."""
    if this.report is None:
        return True
    if closed(this.session, this.report.id):
        if this.row.unknown_at is None:  # certainly never sent: should the report be opened again, they have not been told
            this.session.delete(this.row)
        else:
            drop(this.row, "closed", this.now)
        return False
    if ladder.spare(this.session, this.report, this.row, this.now):
        return False
    if not _still_right(this):
        ladder.replace(this.session, this.report, this.row, this.now, "no longer on duty or not to know")
        return False
    return _by_day(this, this.report)


def word(ladder: Ladder, this: Occasion) -> bool:
    """To somebody who still answers for the office, may still know, and has not said that the report must not be theirs."""
    return _word(ladder, this, for_good=False)


def _word(ladder: Ladder, this: Occasion, *, for_good: bool) -> bool:
    out = this.report is not None and this.due.person in recused(ladder.outbox.alerts_of(this.session, this.report.id), for_good=for_good)
    right = not out and _still_right(this)
    if not right:
        drop(this.row, "no longer right", this.now)
    return right


def word_by_day(ladder: Ladder, this: Occasion) -> bool:
    """The same, of what nobody has just asked for: nobody is woken for what can wait."""
    return word(ladder, this) and (this.report is None or _by_day(this, this.report))


def repeat(ladder: Ladder, this: Occasion) -> bool:
    """A repeat becomes needless when somebody answers, or, where it is acting that was missed, when somebody acts; a reminder when the one who is
    reminded says anything, or somebody else is told in their place."""
    if not _word(ladder, this, for_good=True):  # who said no without a reason is asked again where nobody else is left
        return False
    if this.report is None:
        return True
    alerts = ladder.outbox.alerts_of(this.session, this.report.id)
    heard = acting(alerts) if this.due.key == "alert.not_acted" else ladder.satisfied(this.report, alerts)
    of = next((one for one in alerts if one.id == this.due.params["alert"]), None)
    if heard or of is None or (this.due.key == REMINDER and not silent(of)) or closed(this.session, this.report.id):
        drop(this.row, "answered", this.now)
        return False
    return _by_day(this, this.report)


def _still_right(this: Occasion) -> bool:
    """Whether this person still answers for the office, and no rule keeps the report from it or from another post of theirs. True of what is about
    no report."""
    planner, due = this.planner, this.due
    if this.report is None:
        return True
    on_duty = planner.on_duty(due.office or "", this.now)
    return any(bearer.person == due.person and planner.may_be_told(this.report, bearer) for bearer in on_duty)


def _by_day(this: Occasion, report: Report) -> bool:
    """MEDIUM and LOW that an outage, or a phone that was off, has carried into the night wait for the morning."""
    opens = clock.next_sending_time(report.urgency, this.now, this.planner.policy)
    if opens > this.now:
        put_off(this.row, opens)
    return opens <= this.now
