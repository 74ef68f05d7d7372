"""What becomes of a report when it is closed and its time is over: words first, in the end the rest. In batches, each a transaction of the caller."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from referral.reports.event_records import CaseEvent, CaseEventRecord, HeldBoxRecord
from referral.reports.letter_records import LetterRecord
from referral.reports.records import PlanStepRecord, ReportRecord
from referral.store.database import changed
from referral.vocabulary.report import DOUBT

REOPENS = "was_closed"
"""The reason of a REOPENED event that undoes a closing; any other was written about a report that was open."""
DIGEST_LENGTH = 16


def _events(*which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).where(CaseEventRecord.report == ReportRecord.id, *which)


def _is_closed() -> ColumnElement[bool]:
    """Counted, since hours cannot tell which of two came last: more closings than reopenings."""
    closings = _events(CaseEventRecord.kind == CaseEvent.CLOSED).scalar_subquery()
    reopenings = _events(CaseEventRecord.kind == CaseEvent.REOPENED, CaseEventRecord.reason == REOPENS).scalar_subquery()
    return closings > reopenings


def _closed_before(before: datetime) -> ColumnElement[bool]:
    last = select(func.max(CaseEventRecord.noted_hour)).where(CaseEventRecord.report == ReportRecord.id, CaseEventRecord.kind == CaseEvent.CLOSED)
    return and_(last.scalar_subquery() <= before, _is_closed())


def closed(session: Session, report: str) -> bool:
    """Whether a report is closed, and was not reopened since."""
    return session.scalar(select(ReportRecord.id).where(ReportRecord.id == report, _is_closed())) is not None


def _over(session: Session, limit: int, held: Collection[str], *where: ColumnElement[bool]) -> Sequence[str]:
    """Ids of reports, locked, so that nobody writes to them what is about to go."""
    found = select(ReportRecord.id).where(*where, ReportRecord.id.not_in(held)).limit(limit).with_for_update(skip_locked=True)
    return session.scalars(found).all()


def words_over(session: Session, before: datetime, held: Collection[str], limit: int) -> Sequence[str]:
    """Reports closed since `before` that still have anything that could point at a person, locked."""
    more = (
        select(LetterRecord.id).where(LetterRecord.report == ReportRecord.id).exists(),
        select(PlanStepRecord.step).where(PlanStepRecord.report == ReportRecord.id).exists(),
    )
    there = or_(ReportRecord.words_gone.is_(False), ReportRecord.filed_hour != _month(session), *more)
    return _over(session, limit, held, there, _closed_before(before))


def _month(session: Session) -> ColumnElement[datetime]:
    """The beginning of the month a report was filed in, in UTC, as the database computes it."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-01 00:00:00.000000", ReportRecord.filed_hour)
    return func.date_trunc("month", ReportRecord.filed_hour, "UTC")


def blank_words(session: Session, reports: Sequence[str]) -> None:
    """What is left is the skeleton: kind, ward, month, what came of it. The code opens nothing any more: it leads to a row that holds another's digest.

    All of a report goes in one transaction: a purge that is killed leaves none half gone.
    """
    mine = (ReportRecord.id.in_(reports),)
    gone = dict.fromkeys(("story", "landmark", "spot", "reporter", "contact", "contact_hours", "contact_by_call"))
    gone |= dict.fromkeys(("contact_until", "contact_first_hour", "contact_tag", "relayed_hour", "consent"))
    session.execute(update(ReportRecord).where(*mine).values(words_gone=True, filed_hour=_month(session), **gone))
    for report, flags in session.execute(select(ReportRecord.id, ReportRecord.flags).where(*mine)).all():
        kept = " ".join(flag for flag in flags.split() if not flag.startswith(DOUBT))
        session.execute(update(ReportRecord).where(ReportRecord.id == report).values(code_digest=secrets.token_bytes(DIGEST_LENGTH), flags=kept))
    session.execute(delete(LetterRecord).where(LetterRecord.report.in_(reports)))
    session.execute(delete(PlanStepRecord).where(PlanStepRecord.report.in_(reports)))
    session.execute(update(CaseEventRecord).where(CaseEventRecord.report.in_(reports)).values(note=None))


def blank_letters(session: Session, before: datetime, held: Collection[str]) -> int:
    """Letters read before `before` lose their words; that there was one stays with the case."""
    read = (LetterRecord.words.is_not(None), LetterRecord.read_hour <= before, LetterRecord.report.not_in(held))
    return changed(session, update(LetterRecord).where(*read).values(words=None))


def drop_boxes(session: Session, holds: Mapping[str, str]) -> int:
    """What reporters erased while holds kept it goes with the last of those (reports.erasing). `holds` stand now, each with its report; what was erased
    before boxes had holds goes when its report has none."""
    of_holds = select(HeldBoxRecord.hold).where(HeldBoxRecord.event == CaseEventRecord.id)
    kept = or_(of_holds.where(HeldBoxRecord.hold.in_(list(holds))).exists(), and_(~of_holds.exists(), CaseEventRecord.report.in_(set(holds.values()))))
    boxes = (CaseEventRecord.kind == CaseEvent.WORDS_ERASED, CaseEventRecord.note.is_not(None), ~kept)
    return changed(session, update(CaseEventRecord).where(*boxes).values(note=None))


def end_contacts(session: Session, now: datetime, longest_since: datetime) -> int:
    """Numbers whose time is over, or that were first given before `longest_since`, however often that was renewed. A hold keeps none of them."""
    over = or_(ReportRecord.contact_until <= now, ReportRecord.contact_first_hour <= longest_since)
    names = ("contact", "contact_hours", "contact_by_call", "contact_until", "contact_first_hour", "contact_tag", "relayed_hour", "consent")
    return changed(session, update(ReportRecord).where(ReportRecord.contact.is_not(None), over).values(**dict.fromkeys(names)))


def drop_skeletons(session: Session, before: datetime, held: Collection[str], limit: int) -> int:
    """Reports closed since `before`, with everything that hangs on them."""
    over = _over(session, limit, held, _closed_before(before))
    return changed(session, delete(ReportRecord).where(ReportRecord.id.in_(over))) if over else 0


def never_closed(session: Session, filed_before: datetime) -> Sequence[str]:
    """Numbers of the reports that were filed before then and are still open: somebody must look at them. Nothing of theirs is forgotten."""
    return session.scalars(select(ReportRecord.number).where(ReportRecord.filed_hour <= filed_before, ~_is_closed()).order_by(ReportRecord.number)).all()


def first_filed(session: Session) -> datetime | None:
    """The hour of the oldest report there is."""
    return session.scalar(select(func.min(ReportRecord.filed_hour)))
