"""Proves the coverage again every day, since leave and expiry open gaps without an edit, and soon after the directory has changed.

Any number of workers may ask; one row says who proves next. What is found becomes tasks and an alarm in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.directory.people import current_version
from referral.directory.snapshot import Roster
from referral.directory.tasks import NOTE_LENGTH, open_task, open_tasks, settle
from referral.directory.upkeep_records import ProofRow, TaskKind
from referral.routing.policy import Policy
from referral.routing.table import Table
from referral.store.database import Database, changed
from referral.upkeep.coverage import prove
from referral.upkeep.coverage_words import Names, counted
from referral.upkeep.gaps import Proof, Site, block_line, blocks

log = structlog.get_logger()
DAILY = timedelta(days=1)
SETTLING = timedelta(minutes=10)
"""How soon after one proof the next may begin: a directory that is being worked on is not proven after every line."""
ENTITY, BY = "place", "service"
NO_PLACE = "unknown"
"""The entry of a task about reports whose place is not known."""


@dataclass(frozen=True)
class CoverageJob:
    """`roster_reader` reads the directory through a session."""

    database: Database
    roster_reader: Callable[[Session], Roster]
    table: Table
    policy: Policy

    def run(self, now: datetime) -> int:
        """Prove if it is due and nobody else does. How many tasks were opened or closed."""
        if not self._claim(now):
            return 0
        with self.database.read() as session:
            roster = self.roster_reader(session)
        proof = prove(roster, self.table, self.policy, now)
        with self.database.transaction() as session:
            done = self._tasks(session, proof, Names(roster), now)
            found = {"version": roster.version, "combinations": proof.combinations, "gaps": proof.count}
            session.execute(update(ProofRow).values(proven_at=now, **found))
        if proof.count:
            log.error("coverage gaps", count=proof.count)
        return done

    def _claim(self, now: datetime) -> bool:
        """True for one caller where a proof is due. A claim whose worker died is due again after a while.

        The first look at a new database only begins the count: the directory may still be on its way in.
        """
        insert = sqlite.insert if self.database.dialect == "sqlite" else postgresql.insert
        with self.database.read() as session:
            row = session.get(ProofRow, 1)
            version = current_version(session)
        if row is not None and not self._due(row, version, now):
            return False
        with self.database.transaction() as session:
            if row is None:
                session.execute(insert(ProofRow).values(id=1, claimed_at=now, version=0, combinations=0, gaps=0).on_conflict_do_nothing())
                return False
            stale = or_(ProofRow.proven_at.is_(None), ProofRow.proven_at <= now - DAILY, ProofRow.version != version)
            return changed(session, update(ProofRow).where(ProofRow.claimed_at <= now - SETTLING, stale).values(claimed_at=now)) == 1

    @staticmethod
    def _due(row: ProofRow, version: int, now: datetime) -> bool:
        return row.claimed_at <= now - SETTLING and (row.proven_at is None or row.proven_at <= now - DAILY or row.version != version)

    def _tasks(self, session: Session, proof: Proof, names: Names, now: datetime) -> int:
        """A task for each ward, or other whole area, in which there are gaps; one whose gaps are gone is closed."""
        notes = _notes(proof, names)
        opened = sum(open_task(session, TaskKind.COVERAGE_GAP, ENTITY, entry, note, now) for entry, note in notes.items())
        over = [task for task in open_tasks(session, TaskKind.COVERAGE_GAP) if task.entity == ENTITY and task.entry not in notes]
        return opened + sum(settle(session, TaskKind.COVERAGE_GAP, ENTITY, task.entry, BY, now) for task in over)


def _notes(proof: Proof, names: Names) -> Mapping[str, str]:
    """What lacks, by the id of the ward or area; finer places are named in the note of their ward."""
    found: dict[str, list[str]] = {}
    for site, findings in proof.sites.items():
        whole = proof.sites.get(Site(site.ward))
        if not findings.gaps or (site.spot and whole is not None and whole.gaps == findings.gaps):
            continue
        lines = "; ".join(block_line(block) for block in blocks(findings.gaps))
        found.setdefault(site.ward or NO_PLACE, []).append(f"{names.name(site)}, {counted(len(findings.gaps))} cases: {lines}")
    return {entry: " | ".join(lines)[:NOTE_LENGTH] for entry, lines in found.items()}
