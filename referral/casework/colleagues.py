"""Who may look at a report beside the one who has it: their office, and whoever is over it. Asked at every look, like everything at the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord
from referral.alerts.state import recused, waits
from referral.handover.planner import Planner
from referral.reports.register import Report
from referral.vocabulary.duty import DutyBearer, Office, Role

NO_REPORT = "no open report has this number"
"""What whoever may not read a report hears, and whoever asks for one that is not there: the two must not be told apart."""


@dataclass(frozen=True)
class Colleagues:
    """Every answer is from the directory as it is now. Whoever holds one post that a rule excludes may do nothing here in any other; so may
    whoever said that a report must not be theirs; and nobody before its first alert has gone out."""

    planner: Planner
    outbox: Outbox

    def posts(self, session: Session, report: Report, person: str, now: datetime) -> tuple[Office, ...]:
        """The posts of an officer who may learn that the report exists; empty for everybody else, suspended and unknown people among them."""
        return self._posts(report, self.outbox.alerts_of(session, report.id), person, now)

    def _posts(self, report: Report, alerts: Sequence[AlertRecord], person: str, now: datetime) -> tuple[Office, ...]:
        if waits(alerts, now) or person in recused(alerts) or self.planner.roster().person(person) is None:
            return ()
        return self.planner.posts(report, person, now)

    def has(self, session: Session, report: Report, person: str, now: datetime) -> Office | None:
        """Their office, if the report was handed to it and not taken back, declined or handed on."""
        alerts = self.outbox.alerts_of(session, report.id)
        return self._has(self._posts(report, alerts, person, now), alerts)

    @staticmethod
    def _has(posts: Sequence[Office], alerts: Sequence[AlertRecord]) -> Office | None:
        over = ("revoked_at", "declined_at", "referred_on_at")
        told = {alert.office for alert in alerts if (alert.sent_at or alert.unknown_at or alert.calling) and all(getattr(alert, name) is None for name in over)}
        return next((office for office in posts if office.id in told), None)

    def over(self, session: Session, report: Report, office: str, person: str, now: datetime) -> Office | None:
        """The post in which somebody oversees that office: an office over it, or the service's own desk."""
        return self._over(self.posts(session, report, person, now), office)

    def _over(self, posts: Sequence[Office], office: str) -> Office | None:
        above = set(self._above(office))
        return next((post for post in posts if post.id in above or post.role is Role.TRIAGE_DESK), None)

    def may_read(self, session: Session, report: Report, person: str, now: datetime) -> Office | None:
        """The post in which somebody may read a report: theirs, or over one of those that have it; the desk's own people always."""
        alerts = self.outbox.alerts_of(session, report.id)
        posts = self._posts(report, alerts, person, now)
        mine = self._has(posts, alerts)
        if mine is not None:
            return mine
        offices = {alert.office or "" for alert in alerts} or {""}
        return next((post for office in sorted(offices) if (post := self._over(posts, office)) is not None), None)

    def second_reader(self, session: Session, report: Report, office: str, without: str, now: datetime) -> DutyBearer | None:
        """Who is asked to agree to what somebody of `office` wants: the desk's person on duty, else whoever is over the office."""
        roster = self.planner.roster()
        desks = [one.id for one in roster.offices() if one.role is Role.TRIAGE_DESK]
        for candidate in (*desks, *self._above(office)):
            for bearer in self.planner.on_duty(candidate, now):
                if bearer.person != without and self.posts(session, report, bearer.person, now):
                    return bearer
        return None

    def _above(self, office: str) -> Iterator[str]:
        roster = self.planner.roster()
        found, seen = roster.office(office), {office}
        while found is not None and found.parent is not None and found.parent not in seen:
            seen.add(found.parent)
            yield found.parent
            found = roster.office(found.parent)
