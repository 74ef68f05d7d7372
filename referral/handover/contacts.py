"""Reaching officers: from a person to a number, and from a number to a person. Officers only, never a reporter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from referral.directory import people
from referral.directory.snapshot import Roster
from referral.privacy.keys import Keys
from referral.privacy.seal import Cell, Sealer
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber


@dataclass(frozen=True, slots=True)
class Contact:
    number: PhoneNumber
    language: str


@dataclass(frozen=True)
class Contacts:
    """The officers' numbers, sealed in the directory."""

    roster: Callable[[], Roster]
    sealer: Sealer
    keys: Keys

    def find(self, session: Session, person: str, roster: Roster | None = None) -> Contact | None:
        """Whom to text; None for somebody removed or suspended. `roster`: the one of the moment, where the caller has looked already."""
        sealed = people.sealed_number(session, person)
        known = (roster or self.roster()).person(person)
        if sealed is None or known is None:
            return None
        return Contact(PhoneNumber(self.sealer.open(sealed, number_cell(person))), known.language)

    def whose(self, session: Session, sender: str) -> str | None:
        """The officer a text came from, by the tag of its number; None for anybody else and for what is no number."""
        try:
            return people.whose_number(session, self.keys.number_tag(PhoneNumber(sender).reveal()))
        except NotAPhoneNumber:
            return None

    def suspended(self, person: str) -> bool:
        """Whether somebody is off duty by decision: what they answer changes nothing."""
        known = self.roster().person(person)
        return known is not None and known.suspended

    def verified(self, session: Session, person: str, now: datetime) -> None:
        """They answered: the entry is true as of today."""
        people.verified(session, person, now.date())

    def unreachable(self, session: Session, person: str) -> None:
        """The gateway will not deliver to this number: asked last from now on, and flagged for whoever keeps the directory."""
        people.set_unreachable(session, person, True)


def number_cell(person: str) -> Cell:
    """Where an officer's sealed number lives."""
    return Cell("directory_person", "sealed_number", person)
