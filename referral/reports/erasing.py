"""A reporter's words that go because the reporter says so: at once, and under a hold into a box that only those two open, for a court."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from referral.privacy.seal import Cell, Sealer
from referral.reports.event_records import CaseEvent, CaseEventRecord, HeldBoxRecord
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

    def erase(self, session: Session, report: str, now: datetime, *, holds: Collection[str]) -> None:
        """Story, exact place, role and the reporter's letters go from everywhere they are read. `holds`: by these, two people each keep the report for
        a court, and the words lie in a sealed box until the last of them ends (`keeping.drop_boxes`); no officer, list or screen shows it, and no hold
        that is made later opens it.
        """
        words = self._words(session, report) if holds else ()
        self._register.erase_words(session, report)
        self._letters.erase(session, report)
        id_, day = new_id(), now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # hours of a reporter's acts would point at a phone
        event = CaseEventRecord(id=id_, report=report, kind=CaseEvent.WORDS_ERASED, office="", person="", reason=HELD if words else "", noted_hour=day)
        if words:
            filed = session.get_one(ReportRecord, report).filed_hour
            event.note = self._sealer.of_month(filed).seal(json.dumps(words, ensure_ascii=False), Cell(_TABLE, "note", id_), pad=_PAD)
        session.add(event)
        session.flush()
        session.add_all(HeldBoxRecord(event=id_, hold=hold) for hold in holds if words)
        session.flush()

    def box(self, session: Session, report: str, hold: str) -> Sequence[tuple[str, str]]:
        """What was erased while this hold stood: (what it is, the words), the first erasing first. The caller has made sure who asks, and that it stands.
        A box of before boxes had holds opens to each.

        Raises privacy.seal.Unreadable.
        """
        of_holds = select(HeldBoxRecord.hold).where(HeldBoxRecord.event == CaseEventRecord.id)
        mine = (
            CaseEventRecord.report == report,
            CaseEventRecord.kind == CaseEvent.WORDS_ERASED,
            CaseEventRecord.note.is_not(None),
            or_(of_holds.where(HeldBoxRecord.hold == hold).exists(), ~of_holds.exists()),
        )
        rows = session.execute(select(CaseEventRecord.id, CaseEventRecord.note).where(*mine).order_by(CaseEventRecord.noted_hour, CaseEventRecord.id))
        boxes = [json.loads(self._sealer.open(note, Cell(_TABLE, "note", id_))) for id_, note in rows if note is not None]
        return [(what, words) for box in boxes for what, words in box]

    def _words(self, session: Session, report: str) -> Sequence[tuple[str, str]]:
        known = self._register.read(session, report)
        told = [] if known is None else [(field, str(getattr(known.told, field))) for field in _FIELDS if getattr(known.told, field) is not None]
        theirs = [letter for letter in self._letters.of(session, report) if letter.side is Side.REPORTER]
        return [*told, *(("letter", str(letter.words or letter.reply)) for letter in theirs if letter.words or letter.reply)]
