"""Keeping a report and reading it back: the only place that seals and opens what was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from referral.privacy.seal import Cell, Unreadable, key_of
from referral.reports.numbers import ReportersNumbers
from referral.reports.records import TABLE, PlanStepRecord, ReportRecord
from referral.store.database import put
from referral.vocabulary.report import Accused, Channel, Concern, Reporter, Told, Urgency

_SEALED = ("reporter", "spot", "landmark", "story")
_NARRATIVE_PAD = 256
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the use cases see it. `told` holds the opened fields only where the reader asked for them (`Register.read`).

    `unreadable` names fields that are there and did not open: they are said to be so, never left out in silence.
    """

    id: str
    number: str
    channel: Channel
    told: Told
    urgency: Urgency
    need: int
    partial: bool
    flags: tuple[str, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def treated_as_sexual(self) -> bool:
        return self.told.concern is not None and self.told.concern.treated_as_sexual


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be kept. `code_digest` is the keyed digest of the reporter's code; the code itself is nowhere."""

    id: str
    number: str
    code_digest: bytes
    channel: Channel
    told: Told
    urgency: Urgency
    rule: str
    need: int
    flags: tuple[str, ...]
    partial: bool


class Register(ReportersNumbers):
    """Reports, sealed on the way in under the key of the month they were filed in, and opened only for who must read them."""

    def add(self, session: Session, new: NewReport, now: datetime) -> None:
        told = new.told
        row = {
            "id": new.id,
            "number": new.number,
            "code_digest": new.code_digest,
            "channel": new.channel,
            "partial": new.partial,
            "filed_hour": now.replace(minute=0, second=0, microsecond=0),
            "concern": told.concern,
            "danger": told.danger,
            "place": told.place,
            "accused": _words(told.accused),
            "happened": told.happened,
            "age": told.age,
            "sex": told.sex,
            "disability": told.disability,
            "urgency": new.urgency,
            "rule": new.rule,
            "need": new.need,
            "flags": _words(new.flags),
            **self._seal(new.id, told, now),
        }
        put(session, ReportRecord, row)

    def keep_plan(self, session: Session, report: str, plan: int, steps: Iterable[tuple[int, str, str]]) -> None:
        """`steps` are (number, office ids, reason in words)."""
        rows = [{"report": report, "plan": plan, "step": n, "offices": offices, "reason": why[:1000]} for n, offices, why in steps]
        if rows:
            put(session, PlanStepRecord, *rows)

    def plans_made(self, session: Session, report: str) -> int:
        return session.scalar(select(func.max(PlanStepRecord.plan)).where(PlanStepRecord.report == report)) or 0

    def amend(self, session: Session, report: str, told: Told, urgency: Urgency, need: int, flags: Iterable[str], rule: str | None) -> None:
        """Everything told so far, as it now stands. The caller decided the urgency, never lower than before, and the rule if it rose."""
        record = session.get_one(ReportRecord, report)
        record.concern, record.danger, record.place = told.concern, told.danger, told.place
        record.accused = _words(told.accused)
        record.happened, record.age, record.sex, record.disability = told.happened, told.age, told.sex, told.disability
        record.urgency, record.rule, record.need, record.flags = urgency, rule or record.rule, need, _words(flags)
        words = self._seal(report, told, record.filed_hour)
        record.words_gone = record.words_gone and not any(words.values())  # told anew after they were erased
        for column, value in words.items():
            if value is not None or self._open(report, column, getattr(record, column))[1]:  # what did not open is not written over with nothing
                setattr(record, column, value)

    def complete(self, session: Session, report: str, code_digest: bytes) -> None:
        """A partial report was sent after all."""
        record = session.get_one(ReportRecord, report)
        record.partial, record.code_digest = False, code_digest

    def flag(self, session: Session, report: str, *flags: str) -> None:
        """Something whoever reads the report must see."""
        record = session.get_one(ReportRecord, report)
        record.flags = _words({*record.flags.split(), *flags})

    def holds_words(self, session: Session, report: str) -> bool:
        """Whether anything of what was told in words, or could point at a person, is still there. Nothing is opened."""
        columns = (ReportRecord.story, ReportRecord.landmark, ReportRecord.spot)
        found = select(ReportRecord.id).where(ReportRecord.id == report, or_(*(column.is_not(None) for column in columns)))
        return session.scalar(found) is not None

    def erase_words(self, session: Session, report: str) -> None:
        """What could point at a person goes, in one statement. What routing and counting need stays."""
        record = session.get_one(ReportRecord, report)
        record.story = record.landmark = record.spot = record.reporter = None
        record.words_gone = True

    def find(self, session: Session, report: str) -> Report | None:
        """What routing and alerts need: what is in clear, and the spot, since the offices of the very place are asked. Nothing else is opened."""
        record = session.get(ReportRecord, report)
        if record is None:
            return None
        spot, opens = self._open(report, "spot", record.spot)
        return _view(record, _clear(record).adding(spot=spot), () if opens else ("spot",))

    def read(self, session: Session, report: str) -> Report | None:
        """Everything, opened. A field that was changed, or whose key is gone, is empty and named in `unreadable`, and an alarm in the log."""
        record = session.get(ReportRecord, report)
        if record is None:
            return None
        found = {column: self._open(report, column, getattr(record, column)) for column in _SEALED}
        opened = {column: text for column, (text, _) in found.items()}
        reporter = opened.pop("reporter")
        told = _clear(record).adding(reporter=Reporter(reporter) if reporter else None, **opened)
        return _view(record, told, tuple(column for column, (_, opens) in found.items() if not opens))

    def look_around(self, session: Session, number: str, concern: Concern | None, place: str | None, since: datetime) -> tuple[bool, int]:
        """Whether a report has this number, and how many of the same concern and ward came since: three or more raise the urgency."""
        taken, alike = session.connection().execute(_AROUND, {"number": number, "concern": concern, "place": place, "since": since}).one()
        return bool(taken), alike

    def by_code(self, session: Session, digest: bytes) -> str | None:
        return session.scalar(select(ReportRecord.id).where(ReportRecord.code_digest == digest))

    def _seal(self, report: str, told: Told, filed: datetime) -> dict[str, bytes | None]:
        sealer = self._sealer.of_month(filed)
        values: dict[str, bytes | None] = {}
        for column in _SEALED:
            text = getattr(told, column)
            pad = _NARRATIVE_PAD if column == "story" else 32
            values[column] = None if text is None else sealer.seal(str(text), Cell(TABLE, column, report), pad=pad)
        return values

    def _open(self, report: str, column: str, sealed: bytes | None) -> tuple[str | None, bool]:
        """What was told, and whether it opened; nothing told opens."""
        if sealed is None:
            return None, True
        try:
            return self._sealer.open(sealed, Cell(TABLE, column, report)), True
        except Unreadable:
            log.error("a field does not open", table=TABLE, column=column, key=key_of(sealed))
            return None, False


_ROWS = ReportRecord.__table__.c
# A caller waits for this: put together once.
_ALIKE = select(func.count()).where(*(_ROWS[name] == bindparam(name) for name in ("concern", "place")), _ROWS.filed_hour >= bindparam("since"))
_AROUND = select(exists().where(_ROWS.number == bindparam("number")), _ALIKE.scalar_subquery())


def _words(values: Iterable[str]) -> str:
    return " ".join(sorted(str(value) for value in values))


def _clear(record: ReportRecord) -> Told:
    return Told(
        danger=record.danger,
        concern=record.concern,
        place=record.place,
        accused=frozenset(Accused(word) for word in record.accused.split()),
        happened=record.happened,
        age=record.age,
        sex=record.sex,
        disability=record.disability,
    )


def _view(record: ReportRecord, told: Told, unreadable: tuple[str, ...]) -> Report:
    flags = tuple(record.flags.split())
    return Report(record.id, record.number, record.channel, told, record.urgency, record.need, record.partial, flags, unreadable)
