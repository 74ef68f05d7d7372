"""Who texted, and whether to answer: numbers, echoes, and how often a sender is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from referral.intake.records import ReplyTallyRecord
from referral.privacy.daykeys import DayKeys
from referral.store.database import count_up
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

REPLIES_A_DAY = 25
PAUSE = timedelta(minutes=5)
_NO_PERSON = re.compile(r"\d{1,6}|[A-Za-z][\w .-]{0,10}")
"""Short codes, and names instead of numbers, which have eleven letters at most: machines. A masked number is longer."""


def is_machine(sender: str, ours: frozenset[str]) -> bool:
    """A short code, a name instead of a number, or ourselves: never answered, so that two machines cannot talk for ever; nothing of a person's is lost."""
    return sender.casefold() in ours or _NO_PERSON.fullmatch(sender) is not None


def number_of(sender: str) -> PhoneNumber | None:
    """The number a text can be answered at; None for a masked or a foreign one."""
    try:
        return PhoneNumber(sender)
    except NotAPhoneNumber:
        return None


@dataclass(frozen=True)
class Manners:
    """Outside an open dialogue one reply to a sender in five minutes; in all so many a day. Counts by a 20-bit tag of the day, nothing else."""

    daykeys: DayKeys

    def may_reply(self, session: Session, number: PhoneNumber, now: datetime, *, in_dialogue: bool) -> bool:
        """Whether to answer, counted if so."""
        key = {"day": now.date(), "tag": self.tag(number, now)}
        row = session.get(ReplyTallyRecord, tuple(key.values()), with_for_update=True)
        if row is not None and (row.count >= REPLIES_A_DAY or (not in_dialogue and now - row.last_at < PAUSE)):
            return False
        if row is None:
            count_up(session, ReplyTallyRecord, key, {"count": 1}, also={"last_at": now})
        else:
            row.count, row.last_at = row.count + 1, now
        return True

    def tag(self, number: PhoneNumber, now: datetime) -> int:
        """A few bits that tell the callers of a day apart (privacy.daykeys)."""
        return self.daykeys.few_bits(number.reveal(), now)

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        session.execute(delete(ReplyTallyRecord).where(ReplyTallyRecord.day < now.date()))
