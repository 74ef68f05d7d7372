"""A plan for a report, made from the directory as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from referral.alerts.records import AlertRecord
from referral.directory.snapshot import Roster
from referral.reports.register import Report
from referral.routing.exclusions import LOCAL, kept_from
from referral.routing.plan import Chosen, Plan, duty_person, plan
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.routing.triage import urgency as triage
from referral.routing.triage import without_doubts, worse
from referral.vocabulary.duty import DutyBearer, Office
from referral.vocabulary.report import Told


@dataclass(frozen=True)
class Planner:
    """Routing's rules, over the county's table and policy and the roster of the moment."""

    roster: Callable[[], Roster]
    table: Table
    policy: Policy

    def of_the_moment(self) -> Planner:
        """The same over one roster, for questions that belong together: the database is looked at once, at the first of them."""
        return replace(self, roster=cache(self.roster))

    def plan(
        self,
        report: Report,
        now: datetime,
        *,
        told_people: frozenset[str] = frozenset(),
        told_offices: frozenset[str] = frozenset(),
        after: int = 0,
        without: frozenset[str] = frozenset(),
    ) -> Plan:
        """The plan as the directory stands now, without those already told; only the steps after number `after`. Who is in `without` is not even its end."""
        roster = self.roster()
        return plan(
            report.told,
            report.urgency,
            roster.ground(report.told.place),
            [bearer for bearer in self._bearers(roster, report, now) if bearer.person not in without],
            self.table,
            partial=report.partial,
            told_people=told_people,
            told_offices=told_offices,
            after=after,
        )

    def judged(self, before: Report, told: Told) -> tuple[Report, str | None]:
        """The report as it is told now. Its urgency only rises; the rule, where it did."""
        found = triage(told, self.policy)
        urgency = worse(found.urgency, before.urgency)
        return replace(before, told=told, urgency=urgency), None if urgency is before.urgency else found.rule

    def fitted(self, report: Report, now: datetime) -> Report:
        """With what a plan made now asks of it: never fewer institutions, no flag lost but the doubts about what has become urgent."""
        plan = self.plan(report, now)
        return replace(report, need=max(plan.need, report.need), flags=without_doubts(report.urgency, sorted({*plan.flags, *report.flags})))

    def elsewhere(self, report: Report, now: datetime, alerts: Iterable[AlertRecord]) -> Chosen | None:
        """Somebody of an institution that has not been told: whom the plan would tell next, else the nearest of the posts that fill plans."""
        rows, roster = list(alerts), self.roster()
        people, offices = frozenset(row.person for row in rows), frozenset(row.office or "" for row in rows)
        told = {row.institution for row in rows}
        fresh = self.plan(report, now, told_people=people, told_offices=offices)
        for chosen in (chosen for step in fresh.steps for chosen in step.choices):
            if chosen.bearer.office.institution not in told:
                return chosen
        instead = self.table.instead(report.told)
        fill = [*(instead.fill if instead else ()), *self.table.fill]
        concern = self.table.concern(report.told)
        others = [
            bearer
            for bearer in self._bearers(roster, report, now)
            if bearer.office.role in fill and bearer.office.institution not in told and bearer.person not in people
            and not bearer.neighbour and (not bearer.office.concerns or concern in bearer.office.concerns) and self.may_be_told(report, bearer)
        ]  # fmt: skip
        best = min(others, key=lambda bearer: (bool(bearer.doubts), fill.index(bearer.office.role), bearer.distance), default=None)
        return None if best is None else Chosen(best, f"{best.office.name}: another institution, since the reporter was not helped")

    def duty_person(self, report: Report, now: datetime, without: frozenset[str]) -> DutyBearer | None:
        """Who is at the ladder's end now, save who is in `without`."""
        roster = self.roster()
        return duty_person(report.told, roster.ground(report.told.place), self._bearers(roster, report, now), self.table, without)

    def anybody(self, report: Report, now: datetime, without: frozenset[str]) -> DutyBearer | None:
        """Whom a plan made now would tell first, whichever offices were told before, save who is in `without`."""
        steps = self.plan(report, now, without=without).steps
        return next((chosen.bearer for step in steps for chosen in step.choices), None)

    def may_know(self, report: Report, office: str) -> bool:
        """Whether an office may learn that the report exists: asked again at every later step, fallback and hand-over. Of a person see `posts`."""
        found = self.roster().office(office)
        return found is not None and self._may(report, (found,))

    def may_be_told(self, report: Report, bearer: DutyBearer) -> bool:
        """Whether somebody may learn of it, in this post or any other of theirs."""
        return self._may(report, bearer.posts)

    def posts(self, report: Report, person: str, now: datetime) -> tuple[Office, ...]:
        """The posts of somebody who may learn that the report exists; empty for whoever fills none, is suspended, or holds one that a rule takes out."""
        offices = self.roster().offices_of(person, now)
        return offices if self._may(report, offices) else ()

    def keeps_from(self, report: Report, person: str, now: datetime) -> bool:
        """Whether a rule takes out one of somebody's posts."""
        return not self._may(report, self.roster().offices_of(person, now))

    def _may(self, report: Report, offices: Iterable[Office]) -> bool:
        return not kept_from(report.told, offices, self.roster().ground(report.told.place))

    def _bearers(self, roster: Roster, report: Report, now: datetime) -> list[DutyBearer]:
        """Everybody who answers for the ward; for the local posts, whose areas are parts of it, whoever answers for the very spot, if it is known."""
        told, zone = report.told, self.policy.timezone
        bearers = roster.bearers(told.place, now, zone)
        if told.spot is None or told.place not in roster.ground(told.spot).above:
            return bearers
        local = [bearer for bearer in roster.bearers(told.spot, now, zone) if bearer.office.role in LOCAL]
        return [bearer for bearer in bearers if bearer.office.role not in LOCAL] + local

    def on_duty(self, office: str, now: datetime) -> list[DutyBearer]:
        return self.roster().on_duty(office, now, self.policy.timezone)

    def supervisor(self, report: Report, office: str, now: datetime, without: frozenset[str] = frozenset()) -> DutyBearer | None:
        """Who is over an office and may know: its parent, or the parent's parent, past whoever is excluded, absent or in `without`."""
        roster = self.roster()
        found = roster.office(office)
        while found is not None and found.parent is not None:
            found = roster.office(found.parent)
            on_duty = self.on_duty(found.id, now) if found is not None else []
            over = next((one for one in on_duty if one.person not in without and self.may_be_told(report, one)), None)
            if over is not None:
                return over
        return None
