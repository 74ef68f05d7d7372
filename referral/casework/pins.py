"""An officer's PIN: set by a custodian's invitation, checked with three tries, locked for an hour after them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.casework.oversight import Oversight
from referral.casework.pin_rules import INVITATION_LENGTH
from referral.casework.records import PIN_TABLE, PinRecord
from referral.directory.people import UnknownPerson
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.privacy.seal import Cell, Sealer
from referral.store.database import Database

TRIES = 3
LOCKED = timedelta(hours=1)
INVITED = timedelta(hours=48)
OPERATOR = "operator"
"""Who is written down where nobody there is can prove who they are: on the first day, and where everybody with a PIN has gone."""
SUBJECT = "pin"
"""What audit entries about PINs are about; whose it is stands as the actor, or in the details."""


class Standing(StrEnum):
    """How an officer may sign in now."""

    PIN = "pin"
    INVITED = "invited"
    LOCKED = "locked"
    NOTHING = "nothing"
    """Neither a PIN nor an invitation that still holds: only a custodian can help."""


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try came to. `left`: tries until the lock. `until`: the end of the lock, for LOCKED."""

    verdict: Verdict
    left: int = 0
    until: datetime | None = None


def argon2id() -> PasswordHasher:
    """Argon2id with 32 MiB and three passes (RFC 9106; OWASP's least is 19 MiB and two): about a tenth of a second, and a caller has the rest of ten."""
    return PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)


@dataclass(frozen=True)
class Pins:
    """PINs of officers. Digits go in and are never kept; what is kept is a hash, sealed. Every invitation and every PIN set is told to the officer
    and to whoever is over them: what two officers must do rests on nobody being able to become one unseen."""

    database: Database
    sealer: Sealer
    planner: Planner
    outbox: Outbox
    audit: Audit
    hasher: PasswordHasher
    digits: Callable[[int], str] = lambda length: "".join(secrets.choice("0123456789") for _ in range(length))

    @property
    def oversight(self) -> Oversight:
        return Oversight(self.planner, self.outbox)

    def invite(self, session: Session, person: str, now: datetime, by: str = OPERATOR) -> str:
        """A new one-time invitation, eight digits, good for 48 hours. It ends the PIN, the lock and any invitation before it. `by` has proven who
        they are, or is OPERATOR.

        Raises UnknownPerson, also for somebody suspended: they are let back first.
        """
        known = self.planner.roster().person(person)
        if known is None or known.suspended:
            raise UnknownPerson(person)
        code = self.digits(INVITATION_LENGTH)
        row = self._row(session, person) or PinRecord(person=person)
        row.sealed_pin = row.locked_until = row.last_try = None
        row.sealed_invitation, row.invited_until, row.tries = self._seal(person, "sealed_invitation", self.hasher.hash(code)), now + INVITED, 0
        session.add(row)
        self.audit.write(session, now, by, Action.PIN_INVITED, SUBJECT, person=person)
        self.oversight.tell_both(session, person, "pin.invited", now, by)
        return code

    @staticmethod
    def forget(session: Session, person: str) -> None:
        """The PIN and any invitation of somebody who has left."""
        session.execute(delete(PinRecord).where(PinRecord.person == person))

    def anybody(self, besides: str = "") -> bool:
        """Whether any officer on the roster but `besides` has a PIN, locked or not: somebody who can prove who they are."""
        roster = self.planner.roster()
        with self.database.read() as session:
            held = session.scalars(select(PinRecord.person).where(PinRecord.sealed_pin.is_not(None), PinRecord.person != besides)).all()
        return any((known := roster.person(one)) is not None and not known.suspended for one in held)

    def standing(self, person: str, now: datetime) -> tuple[Standing, datetime | None]:
        """How `person` may sign in; for LOCKED with the end of the lock."""
        with self.database.read() as session:
            row = session.get(PinRecord, person)
        if row is not None and row.locked_until is not None and row.locked_until > now:
            return Standing.LOCKED, row.locked_until
        return _standing(row, now), None

    def attempt(self, person: str, digits: str, request: bytes, now: datetime) -> Tried:
        """Try a PIN, or where there is none the invitation. `request` is a keyed tag of the request: the same one twice is one try.

        The try is counted and committed before the digits are looked at, so that guesses side by side cannot outrun the count.
        """
        with self.database.transaction() as session:
            row, refused = self._open(session, person, now)
            if row is None or refused is not None:
                return refused or Tried(Verdict.NOTHING)
            fresh = row.last_try != request
            row.tries, row.last_try = row.tries + fresh, request
            hashed = self._hash_of(row)
        right = self.matches(hashed, digits)
        with self.database.transaction() as session:
            row = self._row(session, person)
            if row is None or self._hash_of(row) != hashed:
                return Tried(Verdict.NOTHING)  # a custodian has just begun anew
            if right:
                row.tries = 0
                self.audit.write(session, now, person, Action.SIGNED_IN, SUBJECT)
                return Tried(Verdict.RIGHT)
            if fresh:
                self.audit.write(session, now, person, Action.PIN_WRONG, SUBJECT)
            return self._lock(session, row, now) if row.tries >= TRIES else Tried(Verdict.WRONG, left=TRIES - row.tries)

    def hashed(self, digits: str) -> str:
        return self.hasher.hash(digits)

    def matches(self, hashed: str, digits: str) -> bool:
        try:
            return self.hasher.verify(hashed, digits)
        except VerifyMismatchError:
            return False

    def choose(self, session: Session, person: str, hashed: str, now: datetime) -> bool:
        """Keep a PIN chosen under an invitation, which is used up by it. False if the invitation does not hold any more."""
        row = self._row(session, person)
        if row is None or _standing(row, now) is not Standing.INVITED:
            return False
        row.sealed_pin = self._seal(person, "sealed_pin", hashed)
        row.sealed_invitation = row.invited_until = row.last_try = None
        row.tries = 0
        self.audit.write(session, now, person, Action.PIN_SET, SUBJECT)
        self.oversight.tell_both(session, person, "pin.set", now)
        return True

    def _open(self, session: Session, person: str, now: datetime) -> tuple[PinRecord | None, Tried | None]:
        """The row, locked, and why nothing may be tried now, if so. A lock that is over gives three new tries."""
        row = self._row(session, person)
        if row is None or _standing(row, now) is Standing.NOTHING:
            return None, None
        if row.locked_until is not None and row.locked_until <= now:
            row.locked_until, row.tries = None, 0
        if row.locked_until is not None:
            return row, Tried(Verdict.LOCKED, until=row.locked_until)
        if row.tries >= TRIES:  # whoever counted the third one died before locking
            return row, self._lock(session, row, now)
        return row, None

    def _lock(self, session: Session, row: PinRecord, now: datetime) -> Tried:
        if row.locked_until is None:
            row.locked_until = now + LOCKED
            self.audit.write(session, now, row.person, Action.PIN_LOCKED, SUBJECT)
            until = row.locked_until.astimezone(self.planner.policy.timezone)
            self.oversight.tell(session, row.person, "supervisor.pin_locked", now, until=until.strftime("%H:%M"))
        return Tried(Verdict.LOCKED, until=row.locked_until)

    def _row(self, session: Session, person: str) -> PinRecord | None:
        return session.scalar(select(PinRecord).where(PinRecord.person == person).with_for_update())

    def _hash_of(self, row: PinRecord) -> str:
        column = "sealed_pin" if row.sealed_pin is not None else "sealed_invitation"
        return self.sealer.open(getattr(row, column) or b"", _cell(row.person, column))

    def _seal(self, person: str, column: str, hashed: str) -> bytes:
        return self.sealer.seal(hashed, _cell(person, column))


def _standing(row: PinRecord | None, now: datetime) -> Standing:
    if row is None:
        return Standing.NOTHING
    if row.sealed_pin is not None:
        return Standing.PIN
    return Standing.INVITED if row.invited_until is not None and row.invited_until > now else Standing.NOTHING


def _cell(person: str, column: str) -> Cell:
    return Cell(PIN_TABLE, column, person)
