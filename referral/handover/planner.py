"""A plan for a report, made from the directory as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from referral.directory.snapshot import Roster
from referral.reports.register import Report
from referral.routing.exclusions import LOCAL, excluded
from referral.routing.plan import Plan, duty_person, plan
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.vocabulary.duty import DutyBearer


@dataclass(frozen=True)
class Planner:
    """Routing's rules, over the county's table and policy and the roster of the moment."""

    roster: Callable[[], Roster]
    table: Table
    policy: Policy

    def plan(
        self,
        report: Report,
        now: datetime,
        *,
        told_people: frozenset[str] = frozenset(),
        told_offices: frozenset[str] = frozenset(),
        after: int = 0,
    ) -> Plan:
        """The plan as the directory stands now, without those already told; only the steps after number `after`."""
        return plan(
            report.told,
            report.urgency,
            self.roster().ground(report.told.place),
            self._bearers(report, now),
            self.table,
            partial=report.partial,
            told_people=told_people,
            told_offices=told_offices,
            after=after,
        )

    def duty_person(self, report: Report, now: datetime, without: frozenset[str]) -> DutyBearer | None:
        """Who is at the ladder's end now, save who is in `without`."""
        return duty_person(report.told, self.roster().ground(report.told.place), self._bearers(report, now), self.table, without)

    def may_know(self, report: Report, office: str) -> bool:
        """Whether an office may learn that the report exists: asked again at every later step, fallback and hand-over."""
        roster = self.roster()
        found = roster.office(office)
        return found is not None and excluded(report.told, found, roster.ground(report.told.place)) is None

    def _bearers(self, report: Report, now: datetime) -> list[DutyBearer]:
        """Everybody who answers for the ward; for the local posts, whose areas are parts of it, whoever answers for the very spot, if it is known."""
        roster, told, zone = self.roster(), report.told, self.policy.timezone
        bearers = roster.bearers(told.place, now, zone)
        if told.spot is None or told.place not in roster.ground(told.spot).above:
            return bearers
        local = [bearer for bearer in roster.bearers(told.spot, now, zone) if bearer.office.role in LOCAL]
        return [bearer for bearer in bearers if bearer.office.role not in LOCAL] + local

    def on_duty(self, office: str, now: datetime) -> list[DutyBearer]:
        return self.roster().on_duty(office, now, self.policy.timezone)

    def supervisor(self, report: Report, office: str, now: datetime) -> DutyBearer | None:
        """Who is over an office and may know: its parent, or the parent's parent, past whoever is excluded or absent."""
        roster = self.roster()
        found = roster.office(office)
        while found is not None and found.parent is not None:
            found = roster.office(found.parent)
            if found is not None and self.may_know(report, found.id):
                bearers = self.on_duty(found.id, now)
                if bearers:
                    return bearers[0]
        return None
