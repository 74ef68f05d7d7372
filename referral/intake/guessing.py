"""The brake on guessing reporters' codes: a look-up that is counted, and finds nothing once there were too many wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from referral.privacy.limits import Limits
from referral.store.database import Database
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

Found = TypeVar("Found")


def hidden() -> PhoneNumber:
    """The number of nobody: for a look-up on which no caller stands."""
    raise NotAPhoneNumber("nobody")


@dataclass(frozen=True)
class CodeBrake:
    """Looks a code up at most as often as the limits allow.

    After too many wrong ones today, from this caller's tag or from all (referral.privacy.limits), no code opens: with the work, and so the time
    and the words, of a code that is none of ours, since a guess must not learn which of the two it was. Reports are not touched by it.
    """

    limits: Limits
    database: Database
    clock: Callable[[], datetime]

    def look(self, number: Callable[[], PhoneNumber], find: Callable[[Session], Found | None]) -> Found | None:
        """What `find` finds, in a transaction of its own that is committed when this returns.

        Of the number twenty bits are kept for the day, with a count of wrong codes and nothing else. A right code does the same work.
        """
        now = self.clock()
        tag = self._tag(number, now)  # before the transaction: the first tag of a day writes the day's key
        with self.database.draft() as session:
            return self._counted(session, tag, find, now)

    def look_within(self, session: Session, number: Callable[[], PhoneNumber], find: Callable[[Session], Found | None]) -> Found | None:
        """The same inside a transaction of the caller's, which it must commit also when nothing is found."""
        now = self.clock()
        return self._counted(session, self._tag(number, now), find, now)

    def _counted(self, session: Session, tag: int | None, find: Callable[[Session], Found | None], now: datetime) -> Found | None:
        allowed = self.limits.may_try_code(session, tag, now)
        found = find(session)
        if not allowed:
            found = None
        if found is None:
            self.limits.wrong_code(session, tag, now)
        else:
            self.limits.right_code(session, tag, now)
        return found

    def _tag(self, number: Callable[[], PhoneNumber], now: datetime) -> int | None:
        try:
            return self.limits.tag(number(), now)
        except NotAPhoneNumber:
            return None
