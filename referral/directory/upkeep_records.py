"""The tables by which the directory is kept true: proposals, the record of every field that changed, tasks, drills, imports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.directory.records import CODE, word_column
from referral.store.base import ID_LENGTH, Base


class ProposalStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    STALE = "stale"
    """The entry changed after the proposal was made: somebody must look again."""


class ProposalRow(Base):
    """A change somebody suggests, JSON {field: new value}, made against `base_version`. Whoever proposed it cannot accept it."""

    __tablename__ = "directory_proposal"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="second_person"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided_whole"),
        CheckConstraint("status IN ('open', 'stale') OR decided_by IS NOT NULL", name="somebody_decided"),
        Index("uq_directory_proposal_one_open", "entity", "entry", unique=True, sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'")),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    entity: Mapped[str] = mapped_column(String(40))
    entry: Mapped[str] = mapped_column(CODE)
    changes: Mapped[str] = mapped_column(Text)
    base_version: Mapped[int]
    origin: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(500), default="")
    status: Mapped[ProposalStatus] = mapped_column(word_column(ProposalStatus), default=ProposalStatus.OPEN)
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(String(500), default="")


class FieldChangeRow(Base):
    """One field of one entry that changed (HSDS's metadata). Officers' numbers never stand here: a changed one is written as "(changed)"."""

    __tablename__ = "directory_field_change"
    __table_args__ = (Index("ix_directory_field_change_entry", "entity", "entry"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    entity: Mapped[str] = mapped_column(String(40))
    entry: Mapped[str] = mapped_column(CODE)
    field: Mapped[str] = mapped_column(String(40))
    old: Mapped[str | None] = mapped_column(String(500))
    new: Mapped[str | None] = mapped_column(String(500))
    action: Mapped[str] = mapped_column(String(20))
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class TaskKind(StrEnum):
    WRONG_INFORMATION = "wrong_information"
    VERIFY = "verify"
    DUPLICATE = "duplicate"
    COVERAGE_GAP = "coverage_gap"
    DRILL_UNANSWERED = "drill_unanswered"


class TaskRow(Base):
    """Something a person must look at; one open task for each kind and entry. Its age is the alarm: a correction nobody reads is worse than none."""

    __tablename__ = "directory_task"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done_whole"),
        Index(
            "uq_directory_task_one_open", "kind", "entity", "entry", unique=True, sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[TaskKind] = mapped_column(word_column(TaskKind))
    entity: Mapped[str] = mapped_column(String(40))
    entry: Mapped[str] = mapped_column(CODE)
    note: Mapped[str] = mapped_column(String(500), default="")
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]


class DrillRow(Base):
    """One office's test in one month: who was asked, and after how many minutes they answered. Stays, so that the directory shows who can be relied on."""

    __tablename__ = "directory_drill"
    __table_args__ = (Index("uq_directory_drill_once_a_month", "office", "month", unique=True), CheckConstraint("minutes >= 0", name="not_before"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    office: Mapped[str] = mapped_column(CODE, ForeignKey("directory_office.id"))
    month: Mapped[date]
    person: Mapped[str | None] = mapped_column(CODE)
    alert: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    sent_at: Mapped[datetime | None]
    minutes: Mapped[int | None]


class ImportRow(Base):
    """One import that was written: what came in, what became of it, who did it, and the reason if it opened a gap all the same."""

    __tablename__ = "directory_import"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    what: Mapped[str]
    mode: Mapped[str] = mapped_column(String(20))
    added: Mapped[int]
    updated: Mapped[int]
    removed: Mapped[int]
    rejected: Mapped[int]
    unchanged: Mapped[int]
    by: Mapped[str]
    at: Mapped[datetime]
    override_reason: Mapped[str | None] = mapped_column(String(500))
    gaps_opened: Mapped[int] = mapped_column(default=0)


class ProofRow(Base):
    """The last coverage proof: one row, claimed by the worker that runs it, so that it runs once however many there are and however often they start.

    `version` is the directory's when it was last proven, 0 before that; `gaps` and `combinations` are what was found then.
    """

    __tablename__ = "directory_proof"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("gaps BETWEEN 0 AND combinations", name="gaps_are_combinations"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    claimed_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)
    combinations: Mapped[int] = mapped_column(default=0)
    gaps: Mapped[int] = mapped_column(default=0)
