"""The proof that no child is left alone: for every place and everything a report may be, two institutions that can be reached and an end to the ladder.

Nothing here knows who may be told: every answer is routing's own plan, made from the directory as it stands (docs/coverage.md).
Places from which no plan could tell the offices apart share one computation, so the proof grows with the places, not with their plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from referral.directory.snapshot import Roster
from referral.routing.exclusions import Exclusion
from referral.routing.plan import Plan, Step, duty_person, plan
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.upkeep.coverage_cases import CIRCUMSTANCES, Case, Cases, Scope, make_cases
from referral.upkeep.coverage_sights import Posts, Sight, Sights, moments, sites
from referral.upkeep.gaps import Combination, Findings, HourKind, Missing, Proof, Site
from referral.vocabulary.duty import AWAY, Doubt, DutyBearer, Institution
from referral.vocabulary.report import Accused, Concern

Verdict = tuple[frozenset[Missing], bool]
"""What is missing, and whether the case is covered only by people whose entries are no longer verified."""
View = tuple[Sight, ...]
"""A site at every moment looked at."""
_COVERED: Verdict = (frozenset(), False)


def prove(roster: Roster, table: Table, policy: Policy, now: datetime, *, share: bool = True) -> Proof:
    """The proof for a directory at the moments that follow `now` (aware). `share=False` plans each combination by itself: slow, to check the sharing."""
    prover = Prover(table, policy, share=share)
    return Proof(prover.each, {site: prover.findings(view) for site, view in prover.survey(roster, now).items()})


def key_of(view: View) -> tuple[int, ...]:
    """The same wherever the proof must come out the same."""
    return tuple(sight.key for sight in view)


class Prover:
    """Proves sites and remembers what it has seen: for one proof, or for the two between which a change lies."""

    def __init__(self, table: Table, policy: Policy, *, share: bool = True) -> None:
        self.table = table
        self.policy = policy
        self.each = len(Concern) * (len(Accused) + 1) * len(HourKind) * len(CIRCUMSTANCES)
        self._share = share
        self._cases = {known: make_cases(table, policy, ward_known=known, share=share) for known in (True, False)}
        every = [case for kinds in self._cases.values() for cases in kinds.values() for case in cases.different]
        self._rules: Sequence[Exclusion] = tuple(dict.fromkeys(rule for case in every for rule in case.scope.rules))
        self._keys: dict[object, int] = {}
        self._bits = {rules: sum(1 << self._rules.index(rule) for rule in rules) for rules in {case.scope.rules for case in every}}
        self._plans: dict[tuple[int, int], Verdict] = {}
        self._patterns: dict[object, int] = {}
        self._verdicts: dict[int, tuple[Verdict, ...]] = {}
        self._findings: dict[tuple[int, ...], Findings] = {}

    def survey(self, roster: Roster, now: datetime) -> dict[Site, View]:
        """Every site with what routing sees from it at each moment that follows `now`."""
        looking = Sights(roster, self.table, self.policy, self._rules, self._keys, share=self._share)
        times = moments(now, self.policy.timezone)
        return {site: tuple(looking.sight(site, hours, at) for hours, at in times) for site in sites(roster)}

    def findings(self, view: View) -> Findings:
        key = key_of(view)
        found = self._findings.get(key)
        if found is None:
            found = self._findings[key] = self._find(view)
        return found

    def _find(self, view: View) -> Findings:
        gaps: dict[Combination, frozenset[Missing]] = {}
        thin: set[Combination] = set()
        for sight in view:
            verdicts = self._judged(sight)
            if all(verdict == _COVERED for verdict in verdicts):
                continue
            for concern, accused, circumstance, number in self._of(sight).stands_for:
                missing, weak = verdicts[number]
                combination = Combination(concern, accused, sight.hours, circumstance)
                if missing:
                    gaps[combination] = gaps.get(combination, frozenset()) | missing
                elif weak:
                    thin.add(combination)
        return Findings(gaps, frozenset(thin - gaps.keys()))

    def _judged(self, sight: Sight) -> tuple[Verdict, ...]:
        found = self._verdicts.get(sight.key)
        if found is None:
            judge = _Judge(sight, self.table)
            cases = self._of(sight).different
            found = tuple(map(judge.verdict, cases)) if not self._share else tuple(self._judged_once(sight, judge, cases))
            self._verdicts[sight.key] = found
        return found

    def _judged_once(self, sight: Sight, judge: _Judge, cases: Sequence[Case]) -> Iterator[Verdict]:
        """Each case, planned only where those whom its plan could take stand to each other as nowhere before."""
        posts = Posts(sight, self._patterns)
        seen: dict[Scope, int] = {}
        for case in cases:
            scope = case.scope
            if scope not in seen:
                seen[scope] = posts.number(scope.seeks, self._bits[scope.rules], scope.concern)
            key = (id(case), seen[scope])
            verdict = self._plans.get(key)
            if verdict is None:
                verdict = self._plans[key] = judge.verdict(case)
            yield verdict

    def _of(self, sight: Sight) -> Cases:
        return self._cases[sight.ground.place is not None][sight.counted]


class _Judge:
    """Judges plans made from one sight. A phone that does not work is nobody; so is somebody off duty where the minutes run."""

    def __init__(self, sight: Sight, table: Table) -> None:
        self._sight = sight
        self._table = table
        self._of_office: dict[str, list[DutyBearer]] = {}
        for bearer in sight.bearers:
            self._of_office.setdefault(bearer.office.id, []).append(bearer)
        self._all_verified = not any(Doubt.UNVERIFIED in bearer.doubts for bearer in sight.bearers)

    def verdict(self, case: Case) -> Verdict:
        found = plan(case.told, case.urgency, self._sight.ground, self._sight.bearers, self._table, partial=case.partial)
        useless = AWAY if case.at_once else frozenset({Doubt.UNREACHABLE})
        missing = self._missing(case, found, useless)
        if missing or self._all_verified:
            return missing, False
        return missing, bool(self._missing(case, found, useless | {Doubt.UNVERIFIED}))

    def _missing(self, case: Case, found: Plan, useless: frozenset[Doubt]) -> frozenset[Missing]:
        """Where two institutions must answer, the first step must hold them both; else they may stand anywhere on the ladder."""
        missing = set()
        anywhere = self._institutions(case, found.steps, found, useless)
        at_once = self._institutions(case, [step for step in found.steps if step.number == 1], found, useless) if found.need > 1 else anywhere
        if not anywhere:
            missing.add(Missing.NOBODY)
        if len(at_once) < 2:
            missing.add(Missing.SECOND)
        if not self._ends(case, found, useless):
            missing.add(Missing.END)
        return frozenset(missing)

    def _institutions(self, case: Case, steps: Sequence[Step], found: Plan, useless: frozenset[Doubt]) -> set[Institution]:
        """Of the offices in these steps, those where the one who is told can be reached, or another of the office who is told instead."""
        busy = {choice.bearer.person for step in found.steps for choice in step.choices}
        return {
            choice.bearer.office.institution
            for step in steps
            for choice in step.choices
            if not choice.bearer.doubts & useless
            or any(not one.doubts & useless and one.person not in busy and self._may(case, one) for one in self._of_office[choice.bearer.office.id])
        }

    def _may(self, case: Case, bearer: DutyBearer) -> bool:
        """Whether somebody of an office that may be told is not kept out in another of their posts."""
        return not any(rule.takes_out(office, self._sight.ground) for office in bearer.others for rule in case.scope.rules)

    def _ends(self, case: Case, found: Plan, useless: frozenset[Doubt]) -> bool:
        """The duty person of the moment is told again and again, told before or not, and whoever cannot be reached is passed over for the next."""
        if found.end is None or not found.end.doubts & useless:
            return found.end is not None
        passed: frozenset[str] = frozenset()
        while (duty := duty_person(case.told, self._sight.ground, self._sight.bearers, self._table, passed)) is not None:
            if not duty.doubts & useless:
                return True
            passed |= {duty.person}
        return False
