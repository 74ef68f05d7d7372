"""Refuses a change to the directory that would leave a child alone somewhere, or without help it has, and names the places. Nothing here delays a
suspension."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.directory.snapshot import Roster
from referral.privacy.audit import Action, Audit
from referral.routing.policy import Policy
from referral.routing.reading import DataError
from referral.routing.table import Table
from referral.store.patience import unhurried
from referral.upkeep.coverage import Prover, View, key_of
from referral.upkeep.coverage_words import Names, problem_lines
from referral.upkeep.gaps import Combination, Findings, Gap, Lacks, Missing, Proof, Site, opened
from referral.upkeep.help_gate import loss_lines, losses, read_help

REASON_LENGTH = 400


class TakesHelp(DataError):
    """The change would take help away from callers: `problems` says in lines for people what, from where, and what is shown no more."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(("refused: the change would take help away from callers; a reason overrides", *lines))


class OpensGap(DataError):
    """The change would open gaps. `gaps` are these, `problems` the same in lines for people, by place, and what help callers lose besides."""

    def __init__(self, proof: Proof, names: Names, lines: Sequence[str] = ()) -> None:
        self._proof = proof
        places = len({site.place for site in proof.sites})
        first = f"refused: the change would leave {places} {'place' if places == 1 else 'places'} without two institutions or an end; a reason overrides"
        super().__init__((first, *problem_lines(proof, names), *lines))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._proof.gaps())


@dataclass
class Watched:
    """What came of a change; filled when it has been made: the gaps that were let pass for a reason, how many they are, and how much help wards lost."""

    _proof: Proof | None = None
    lost: int = 0

    @property
    def opened(self) -> tuple[Gap, ...]:
        return tuple(self._proof.gaps()) if self._proof else ()

    @property
    def count(self) -> int:
        return self._proof.count if self._proof else 0

    def let_pass(self, proof: Proof, lost: int) -> None:
        self._proof, self.lost = proof, lost


@dataclass(frozen=True)
class Gate:
    """Stands around the writes of one transaction. `roster_reader` reads the directory through a session, uncommitted writes included."""

    roster_reader: Callable[[Session], Roster]
    table: Table
    policy: Policy
    audit: Audit | None = None

    @contextmanager
    def watch(self, session: Session, now: datetime, by: str = "service", override: str | None = None) -> Iterator[Watched]:
        """Look before and after the block. Raises OpensGap, or TakesHelp where callers alone lose something, so that the caller's transaction rolls
        back; with a reason in `override` (not empty) the change passes and the reason, the number of gaps and of what wards lose are recorded in
        the same transaction, as done by `by`.

        The first load of an empty directory opens nothing: before it nobody was told at all. Whoever writes must `bump` the directory inside
        the block, as every change of it must, and `rebuild_near` after help was changed: where the version stands still nothing is looked at.
        """
        unhurried(session.connection())  # every place is proven between two statements
        before, helped = self.roster_reader(session), read_help(session)
        watched = Watched()
        yield watched
        if not before.offices():
            return
        session.flush()
        after = self.roster_reader(session)
        if after.version == before.version:
            return
        helps = read_help(session)
        proof, lost = self._opened(before, after, now), losses(helped, helps, self.policy.upkeep.help_farther_km)
        if not proof.count and not lost:
            return
        reason = (override or "").strip()[:REASON_LENGTH]
        if not reason:
            lines = tuple(loss_lines(lost, helped, helps, Names(after))) if lost else ()
            raise OpensGap(proof, Names(after), lines) if proof.count else TakesHelp(lines)
        watched.let_pass(proof, len(lost))
        if self.audit is not None:
            details = {"lost": len(lost)} if lost else {}
            self.audit.write(session, now, by, Action.COVERAGE_OVERRIDDEN, "directory", reason=reason, gaps=proof.count, **details)

    def _opened(self, before: Roster, after: Roster, now: datetime) -> Proof:
        """Only what lacks more than it did. Places from which the offices still look as they did are not proven again."""
        prover = Prover(self.table, self.policy)
        was = prover.survey(before, now)
        shared: dict[tuple[int, ...], Findings] = {}
        found = {}
        for site, view in prover.survey(after, now).items():
            old = was.get(site)
            if old is None:
                lacks = Findings(opened(self._baseline(prover, was, site, after), prover.findings(view).gaps), frozenset())
            else:
                both = (*key_of(old), *key_of(view))
                if both not in shared:
                    shared[both] = self._more(prover, old, view)
                lacks = shared[both]
            if lacks.gaps:
                found[site] = lacks
        return Proof(prover.each, found)

    @staticmethod
    def _more(prover: Prover, old: View, new: View) -> Findings:
        """What a site lacks more than it did."""
        same = key_of(old) == key_of(new)
        return Findings({} if same else opened(prover.findings(old).gaps, prover.findings(new).gaps), frozenset())

    @staticmethod
    def _baseline(prover: Prover, was: Mapping[Site, View], site: Site, after: Roster) -> Lacks:
        """What a site lacked that was not in the list before: a report from there went by what lies above it, or by no place at all."""
        above = [Site(None), *(Site(place) for place in after.ground(site.place).above), *([Site(site.ward)] if site.spot else [])]
        lacked: dict[Combination, frozenset[Missing]] = {}
        for one in above:
            for combination, missing in (prover.findings(was[one]).gaps if one in was else {}).items():
                lacked[combination] = lacked.get(combination, frozenset()) | missing
        return lacked
