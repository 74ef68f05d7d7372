"""A reporter's words that go because the reporter says so: at once, and under a hold into a box that only those two open, for a court."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.privacy.seal import Cell, Sealer
from referral.reports.event_records import CaseEvent, CaseEventRecord
from referral.reports.letter_records import Side
from referral.reports.letters import Letters
from referral.reports.records import ReportRecord
from referral.reports.register import Register
from referral.store.base import new_id

HELD = "held"
"""The reason of a WORDS_ERASED event whose note is the box."""
_TABLE = CaseEventRecord.__tablename__
_PAD = 256
_FIELDS = ("story", "landmark", "spot", "reporter")


class Erasing:
    """Every method works inside the caller's transaction."""

    def __init__(self, sealer: Sealer, register: Register, letters: Letters) -> None:
        self._sealer = sealer
        self._register = register
        self._letters = letters

    def erase(self, session: Session, report: str, now: datetime, *, held: bool) -> None:
        """Story, exact place, role and the reporter's letters go from everywhere they are read. `held`: two people keep the report for a court, and
        the words lie in a sealed box until that hold ends (`keeping.drop_boxes`); no officer, list or screen shows it.
        """
        words = self._words(session, report) if held else ()
        self._register.erase_words(session, report)
        self._letters.erase(session, report)
        id_, day = new_id(), now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # hours of a reporter's acts would point at a phone
        event = CaseEventRecord(id=id_, report=report, kind=CaseEvent.WORDS_ERASED, office="", person="", reason=HELD if words else "", noted_hour=day)
        if words:
            filed = session.get_one(ReportRecord, report).filed_hour
            event.note = self._sealer.of_month(filed).seal(json.dumps(words, ensure_ascii=False), Cell(_TABLE, "note", id_), pad=_PAD)
        session.add(event)
        session.flush()

    def box(self, session: Session, report: str) -> Sequence[tuple[str, str]]:
        """What was erased while the report was held: (what it is, the words), the first erasing first. The caller has made sure who asks.

        Raises privacy.seal.Unreadable.
        """
        mine = (CaseEventRecord.report == report, CaseEventRecord.kind == CaseEvent.WORDS_ERASED, CaseEventRecord.note.is_not(None))
        rows = session.execute(select(CaseEventRecord.id, CaseEventRecord.note).where(*mine).order_by(CaseEventRecord.noted_hour, CaseEventRecord.id))
        boxes = [json.loads(self._sealer.open(note, Cell(_TABLE, "note", id_))) for id_, note in rows if note is not None]
        return [(what, words) for box in boxes for what, words in box]

    def _words(self, session: Session, report: str) -> Sequence[tuple[str, str]]:
        known = self._register.read(session, report)
        told = [] if known is None else [(field, str(getattr(known.told, field))) for field in _FIELDS if getattr(known.told, field) is not None]
        theirs = [letter for letter in self._letters.of(session, report) if letter.side is Side.REPORTER]
        return [*told, *(("letter", str(letter.words or letter.reply)) for letter in theirs if letter.words or letter.reply)]
