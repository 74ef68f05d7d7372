"""How often is too often, counted without remembering anybody: twenty bits of the day, and counts.

The figures stand above what a shared phone or a club's phone does on a busy day. Whoever is over one hears the words of a busy
service and 116, the same as everybody hears when it is busy; a child in danger is never held up by any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from referral.privacy.daykeys import DayKeys
from referral.privacy.records import EVERYBODY, LimitTallyRecord
from referral.store.database import count_up
from referral.vocabulary.limits import Figures
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

log = structlog.get_logger()
HOURLY_KEPT = timedelta(hours=2)

CODES, SESSIONS, REPORTS, WORDS = "code", "session", "report", "words"
_BY_THE_DAY = (CODES, REPORTS, WORDS)
"""Counted by the day, under its midnight: a row of the hour would say when a report came, to whoever could guess the caller."""


_ROWS = LimitTallyRecord.__table__.c
_COUNT = select(_ROWS["count"]).where(*(_ROWS[name] == bindparam(name) for name in ("hour", "kind", "tag")))
"""Put together once: callers wait for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts in `limit_tally` and nothing else. Every method but `tag` works inside the caller's transaction.

    A `tag` of None is somebody whose number is hidden or foreign: nobody can be told apart there, so only the limit over all holds.
    """

    daykeys: DayKeys
    figures: Figures

    def tag(self, number: PhoneNumber, now: datetime) -> int:
        """Twenty bits under the day's key (UTC): they lead back to nobody once that key is gone."""
        return self.daykeys.few_bits(number.reveal(), now)

    def tag_of(self, sender: str, now: datetime) -> int | None:
        """The tag of a number as the gateway wrote it; None for one that is hidden or not of this country."""
        try:
            return self.tag(PhoneNumber(sender), now)
        except NotAPhoneNumber:
            return None

    def may_try_code(self, session: Session, tag: int | None, now: datetime) -> bool:
        """Whether a reporter's code may open anything. False: it is to be answered as one that is none of ours."""
        if self._count(session, CODES, EVERYBODY, now) >= self.figures.wrong_codes_in_all:
            return False
        return tag is None or self._count(session, CODES, tag, now) < self.figures.wrong_codes_a_day

    def wrong_code(self, session: Session, tag: int | None, now: datetime) -> None:
        """Count a code that opened nothing. When all callers together reach their limit it is an alarm: somebody is guessing."""
        if tag is not None:
            self._add(session, CODES, tag, now)
        self._add(session, CODES, EVERYBODY, now)
        wrong = self._count(session, CODES, EVERYBODY, now)
        if wrong == self.figures.wrong_codes_in_all:
            log.error("codes are being guessed: no code is looked up for the rest of the day", count=wrong)

    def right_code(self, session: Session, now: datetime) -> None:
        """Do the same work as for a wrong one, so that the time of an answer tells nothing; it counts nothing, and under nobody's tag."""
        self._add(session, CODES, EVERYBODY, now, by=0)
        self._add(session, CODES, EVERYBODY, now, by=0)
        self._count(session, CODES, EVERYBODY, now)

    def may_start(self, session: Session, tag: int | None, now: datetime) -> bool:
        """Whether one more call is within the hour's limit. Over it only a child in danger now is served."""
        return tag is None or self._count(session, SESSIONS, tag, now) < self.figures.sessions_an_hour

    def started(self, session: Session, tag: int | None, now: datetime) -> None:
        if tag is not None:
            self._add(session, SESSIONS, tag, now)

    def may_file(self, session: Session, tag: int | None, now: datetime, *, urgent: bool) -> bool:
        """Whether one more report is within the day's limit. An urgent one (RED, HIGH) always is."""
        return urgent or self.filed_today(session, tag, now) < self.figures.reports_a_day

    def filed(self, session: Session, tag: int | None, now: datetime) -> None:
        """Count a report. Not in the transaction that files it: on PostgreSQL two rows bear the mark of the transaction that wrote them."""
        if tag is not None:
            self._add(session, REPORTS, tag, now)

    def filed_today(self, session: Session, tag: int | None, now: datetime) -> int:
        return 0 if tag is None else self._count(session, REPORTS, tag, now)

    def said_today(self, session: Session, words: str, now: datetime) -> int:
        """How often exactly these words were told today, this time included. Of the words twenty keyed bits are kept, for the day."""
        tag = self.daykeys.few_bits(" ".join(words.casefold().split()), now)
        self._add(session, WORDS, tag, now)
        return self._count(session, WORDS, tag, now)

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        """Delete the counts whose time is over."""
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        session.execute(delete(LimitTallyRecord).where(LimitTallyRecord.kind.in_(_BY_THE_DAY), LimitTallyRecord.hour < day))
        session.execute(delete(LimitTallyRecord).where(LimitTallyRecord.kind == SESSIONS, LimitTallyRecord.hour < now - HOURLY_KEPT))

    def _count(self, session: Session, kind: str, tag: int, now: datetime) -> int:
        return session.scalar(_COUNT, {"hour": _since(kind, now), "kind": kind, "tag": tag}) or 0

    def _add(self, session: Session, kind: str, tag: int, now: datetime, *, by: int = 1) -> None:
        count_up(session, LimitTallyRecord, {"hour": _since(kind, now), "kind": kind, "tag": tag}, {"count": by})


def _since(kind: str, now: datetime) -> datetime:
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if kind in _BY_THE_DAY else hour
