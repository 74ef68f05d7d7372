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
from referral.privacy.records import EVERYBODY, HIDDEN, LimitTallyRecord
from referral.store.database import count_up
from referral.vocabulary.limits import Figures
from referral.vocabulary.phone import PhoneNumber

log = structlog.get_logger()
HOURLY_KEPT = timedelta(hours=2)

CODES, SESSIONS, REPORTS, WORDS, AGAIN = "code", "session", "report", "words", "again"
_BY_THE_DAY = (CODES, REPORTS, WORDS)
"""Counted by the day, under its midnight: a row of the hour would say when a report came, to whoever could guess the caller."""


_FEW = 3
"""Wrong codes of a caller's own, once all together were wrong too often: a slip or two of who holds a right one."""
_UNTIL_NOBODY = 5
"""So many times that limit, and nobody's code opens anything: with a callback's address, numbers can be made up without end. A year of it, each day
to the last try, finds one of a thousand codes with a chance of 0.4 in a hundred."""

_ROWS = LimitTallyRecord.__table__.c
_COUNT = select(_ROWS["count"]).where(*(_ROWS[name] == bindparam(name) for name in ("hour", "kind", "tag")))
"""Put together once: callers wait for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts in `limit_tally` and nothing else. Every method but `tag` works inside the caller's transaction.

    A `tag` of None is somebody whose number is hidden or foreign: nobody can be told apart there. For codes they share one limit, so that one
    of them may shut out the others of them and nobody else; for calls and reports none holds.
    """

    daykeys: DayKeys
    figures: Figures

    def tag(self, number: PhoneNumber, now: datetime) -> int:
        """Twenty bits under the day's key (UTC): they lead back to nobody once that key is gone."""
        return self.daykeys.few_bits(number.reveal(), now)

    def may_try_code(self, session: Session, tag: int | None, now: datetime) -> bool:
        """Whether a reporter's code may open anything. False: it is to be answered as one that is none of ours.

        When all together were wrong too often, a caller is left with a few tries, and in the end with none: whoever guesses from a dozen
        cards makes it narrow for the others, and does not shut them out.
        """
        wrong = self._count(session, CODES, EVERYBODY, now)
        own = self._count(session, CODES, _own(tag), now)
        most = self.figures.wrong_codes_in_all
        return wrong < most * _UNTIL_NOBODY and own < (self.figures.wrong_codes_a_day if wrong < most else min(_FEW, self.figures.wrong_codes_a_day))

    def wrong_code(self, session: Session, tag: int | None, now: datetime) -> None:
        """Count a code that opened nothing. When all callers together reach their limit it is an alarm: somebody is guessing.

        Whoever is over a limit of their own opens nothing whatever they type, so it counts against nobody else: the same work, by nought.
        """
        allowed = self.may_try_code(session, tag, now)
        self._add(session, CODES, _own(tag), now)
        self._add(session, CODES, EVERYBODY, now, by=int(allowed))
        wrong = self._count(session, CODES, EVERYBODY, now)
        if allowed and wrong in (self.figures.wrong_codes_in_all, self.figures.wrong_codes_in_all * _UNTIL_NOBODY):
            log.error("codes are being guessed: callers have few tries left for the rest of the day, and in the end none", count=wrong)

    def right_code(self, session: Session, tag: int | None, now: datetime) -> None:
        """Do the same work as for a wrong one, so that the time of an answer tells nothing; it counts nothing, and under nobody's tag."""
        self.may_try_code(session, tag, now)
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
        session.execute(delete(LimitTallyRecord).where(LimitTallyRecord.kind.in_((SESSIONS, AGAIN)), LimitTallyRecord.hour < now - HOURLY_KEPT))

    def _count(self, session: Session, kind: str, tag: int, now: datetime) -> int:
        return session.scalar(_COUNT, {"hour": _since(kind, now), "kind": kind, "tag": tag}) or 0

    def _add(self, session: Session, kind: str, tag: int, now: datetime, *, by: int = 1) -> None:
        count_up(session, LimitTallyRecord, {"hour": _since(kind, now), "kind": kind, "tag": tag}, {"count": by})


def first_this_hour(session: Session, report: str, now: datetime) -> bool:
    """Whether this is the first time within the hour that it is asked of a report, and count it: under thirty bits of the report's random id, and for
    two hours, so that no event of the case need tell the hour. The caller holds the report's lock."""
    key = {"hour": _since(AGAIN, now), "kind": AGAIN, "tag": int(report[-8:], 16) >> 2}
    count_up(session, LimitTallyRecord, key, {"count": 1})
    return session.scalar(_COUNT, key) == 1


def _own(tag: int | None) -> int:
    return HIDDEN if tag is None else tag


def _since(kind: str, now: datetime) -> datetime:
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour.replace(hour=0) if kind in _BY_THE_DAY else hour
