"""Changes to the directory as proposals: one person proposes, a second accepts, and an entry that moved on in between is looked at again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.field_changes import LOCATION, forget_proposed, withheld
from referral.directory.service_records import LocationRow, Visibility
from referral.directory.tasks import open_task
from referral.directory.upkeep_records import ProposalRow, ProposalStatus, TaskKind
from referral.privacy.audit import Action, Audit
from referral.store.base import new_id
from referral.upkeep.entries import ENTITIES, ChangeProblems, checked, find, trial, write
from referral.upkeep.gate import Watched
from referral.upkeep.hidden import only_hides
from referral.vocabulary.limits import WIDEST, Spread

Watch = Callable[[Session, datetime, str, str | None], AbstractContextManager[Watched]]
"""Session, now, who does it, and the reason for doing it though it leaves places alone (None: refuse then)."""


HIDES = "hides what is not for the public"
"""The reason for a change that only hides, where nobody gave one: who hides there must not wait for words."""
LOST = "It was hidden at once, and callers lost help by it: see what else there is for them."
WITHDRAWN = "withdrawn by whoever proposed it"
"""The note of a proposal that was taken back. It is kept as one that nobody decided: the database lets no proposer decide."""


class UnknownProposal(LookupError):
    """No open proposal of that id."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a proposal: `by` is None where nobody decided, since the entry had changed or it was withdrawn, which `note` says."""

    status: ProposalStatus
    by: str | None
    at: datetime
    note: str

    @property
    def words(self) -> str:
        return "withdrawn" if self.by is None and self.note == WITHDRAWN else self.status.value


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change somebody suggests: `changes` are texts as they stand in the entry's file. `decision` is None while it is open."""

    id: str
    entity: str
    entry: str
    changes: Mapping[str, str]
    origin: str
    note: str
    by: str
    at: datetime
    decision: Decision | None = None


@dataclass(frozen=True)
class Proposals:
    """Every method works inside the caller's transaction. `watch` is put around an accepted change, and may refuse it."""

    watch: Watch
    tz: tzinfo
    audit: Audit | None = None
    spread: Spread = WIDEST

    def propose(self, session: Session, entity: str, entry: str, changes: Mapping[str, str], by: str, origin: str, note: str, now: datetime) -> str:
        """Write a proposal down; its id. Raises UnknownEntry; ChangeProblems, naming every field that is wrong, as accepting it would."""
        by = _named(by)
        if entity not in ENTITIES:
            raise ChangeProblems([f"{entity}: must be one of {', '.join(ENTITIES)}"])
        row = find(session, entity, entry)
        trial(session, entity, row, checked(session, entity, row, changes, self.spread))
        open_ = (ProposalRow.entity == entity, ProposalRow.entry == entry, ProposalRow.status == ProposalStatus.OPEN)
        if session.scalar(select(ProposalRow.id).where(*open_)) is not None:
            raise ChangeProblems(["a proposal for this entry is open already: decide on that one first"])
        proposal = ProposalRow(
            id=new_id(),
            entity=entity,
            entry=entry,
            changes=json.dumps(dict(changes), sort_keys=True),
            base_version=row.version,
            origin=origin[:40],
            note=note[:500],
            proposed_by=by,
            proposed_at=now,
        )
        session.add(proposal)
        session.flush()
        return proposal.id

    def accept(self, session: Session, proposal_id: str, by: str, now: datetime, *, override: str | None = None) -> ProposalStatus:
        """Make the change. ACCEPTED, or STALE where the entry changed after the proposal was made: then nothing else is done.

        Raises UnknownProposal; ChangeProblems where the same person proposed it or the directory no longer allows it; UnknownEntry; and what
        `watch` raises, with the places it would leave alone or without help: `override` is the reason for doing it all the same, and is recorded. A change
        that only hides an entry needs none: it is made, and a task says that callers lost something.
        """
        proposal = self._open(session, proposal_id, by)
        row = find(session, proposal.entity, proposal.entry)
        if row.version != proposal.base_version:
            proposal.status, proposal.decided_at = ProposalStatus.STALE, now
            _settled(session, proposal)
            return ProposalStatus.STALE
        different = checked(session, proposal.entity, row, json.loads(proposal.changes), self.spread)
        hiding = only_hides(proposal.entity, different)
        with self.watch(session, now, _named(by), override or (HIDES if hiding else None)) as watched:
            write(session, proposal.entity, row, different, _named(by), now, self.tz)
        if hiding and (watched.lost or watched.count):
            open_task(session, TaskKind.COVERAGE_GAP, proposal.entity, proposal.entry, LOST, now)
        proposal.status, proposal.decided_at, proposal.decided_by = ProposalStatus.ACCEPTED, now, _named(by)
        _settled(session, proposal)
        if self.audit is not None:
            self.audit.write(session, now, _named(by), Action.PROPOSAL_ACCEPTED, "directory", entity=proposal.entity, entry=proposal.entry[:120])
        session.flush()
        return ProposalStatus.ACCEPTED

    def reject(self, session: Session, proposal_id: str, by: str, note: str, now: datetime) -> None:
        """Decline a proposal, with the reason. Raises UnknownProposal; ChangeProblems for the person who proposed it."""
        proposal = self._open(session, proposal_id, by)
        proposal.status, proposal.decided_at, proposal.decided_by, proposal.decision_note = ProposalStatus.REJECTED, now, _named(by), note[:500]
        _settled(session, proposal)

    def withdraw(self, session: Session, proposal_id: str, by: str, now: datetime) -> None:
        """Take back one's own proposal. Raises UnknownProposal; ChangeProblems for anybody else, who rejects it instead."""
        proposal = self._one(session, proposal_id)
        if not _proposed(proposal, by):
            raise ChangeProblems(["only whoever proposed it withdraws it: reject it instead"])
        proposal.status, proposal.decided_at, proposal.decision_note = ProposalStatus.STALE, now, WITHDRAWN
        _settled(session, proposal)

    @staticmethod
    def decided(session: Session) -> Sequence[Proposal]:
        """What was accepted, rejected, withdrawn or overtaken, the latest first."""
        rows = select(ProposalRow).where(ProposalRow.status != ProposalStatus.OPEN).order_by(ProposalRow.decided_at.desc(), ProposalRow.id)
        public = frozenset(session.scalars(_PUBLIC))
        return [_seen(row, public) for row in session.scalars(rows)]

    @staticmethod
    def open(session: Session) -> Sequence[Proposal]:
        """What waits for a second person, the oldest first."""
        rows = select(ProposalRow).where(ProposalRow.status == ProposalStatus.OPEN).order_by(ProposalRow.proposed_at, ProposalRow.id)
        return [_seen(row) for row in session.scalars(rows)]

    def _open(self, session: Session, proposal_id: str, by: str) -> ProposalRow:
        row = self._one(session, proposal_id)
        if _proposed(row, by):
            raise ChangeProblems(["a second person decides: whoever proposed it cannot"])
        return row

    @staticmethod
    def _one(session: Session, proposal_id: str) -> ProposalRow:
        row = session.scalar(select(ProposalRow).where(ProposalRow.id == proposal_id).with_for_update())
        if row is None or row.status is not ProposalStatus.OPEN:
            raise UnknownProposal(proposal_id)
        return row


def _proposed(row: ProposalRow, by: str) -> bool:
    return _named(by).casefold() == row.proposed_by.casefold()


def _named(by: str) -> str:
    """Who it was, spelt one way, so that nobody is two people by a space. Raises ChangeProblems for nobody."""
    name = " ".join(by.split())[:120]
    if not name:
        raise ChangeProblems(["by: say who you are"])
    return name


_PUBLIC = select(LocationRow.id).where(LocationRow.visibility == Visibility.PUBLIC)


def _settled(session: Session, decided: ProposalRow) -> None:
    """Once decided, a proposal for a place that is hidden, or gone, no longer tells where it lies."""
    session.flush()
    if decided.entity == LOCATION and session.scalar(_PUBLIC.where(LocationRow.id == decided.entry)) is None:
        forget_proposed(session, decided.entry)


def _seen(row: ProposalRow, public: Collection[str] | None = None) -> Proposal:
    """`public`: the places of which a decided proposal may still be read; None for an open one, which somebody must read to decide."""
    decision = None if row.decided_at is None else Decision(row.status, row.decided_by, row.decided_at, row.decision_note)
    seen = Proposal(row.id, row.entity, row.entry, json.loads(row.changes), row.origin, row.note, row.proposed_by, row.proposed_at, decision)
    if public is None or row.entity != LOCATION or row.entry in public:
        return seen
    return replace(seen, changes=withheld(seen.changes), note="", decision=decision and (decision if decision.by is None else replace(decision, note="")))
