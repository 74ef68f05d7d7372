"""A change of who may be told, written down for each officer and told to those who would know that it is wrong: the old phone, and the desks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import Purpose
from referral.directory.people import sealed_numbers
from referral.directory.role_changes import EntryChange
from referral.directory.snapshot import Roster
from referral.handover.contacts import number_cell
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.privacy.seal import Sealer, Unreadable
from referral.texts.catalogue import Catalogue
from referral.vocabulary.duty import DutyBearer, Role
from referral.vocabulary.phone import PhoneNumber

log = structlog.get_logger()
SUBJECT = "directory"
ONE_BY_ONE = 3
"""Offices that a desk hears of by name; of more at once it is told how many."""
_DESKS = (Role.TRIAGE_DESK, Role.COUNTY_DUTY_DESK)
"""Of two institutions: whoever changes the entry of one is seen by the other."""


@dataclass(frozen=True, slots=True)
class Former:
    """The officers before a change: who was on duty where, and their sealed numbers."""

    roster: Roster
    numbers: Mapping[str, bytes]


@dataclass(frozen=True)
class Entries:
    """Every method works inside the transaction of the change. `live`: no sample's number is texted, since it is somebody's in real life."""

    planner: Planner
    outbox: Outbox
    sealer: Sealer
    audit: Audit
    catalogue: Catalogue
    live: bool

    def former(self, session: Session) -> Former:
        """To be asked for before the change."""
        return Former(self.planner.roster(), sealed_numbers(session))

    def note(self, session: Session, former: Former, changes: Sequence[EntryChange], by: str, now: datetime) -> None:
        """One entry for each post and each number that changed, ids only; one text to each number that was given up, and to each desk. Where
        there was no officer before, nobody's right has moved and nobody can be told: the entry of the load says it all."""
        if not changes or not former.roster.people():
            return
        for one in changes:
            if one.before != one.after:
                said = {"person": one.person, "before": ", ".join(one.before)[:400], "after": ", ".join(one.after)[:400]}
                self.audit.write(session, now, by, Action.POST_CHANGED, SUBJECT, **said)
            if one.renumbered:
                self.audit.write(session, now, by, Action.NUMBER_CHANGED, SUBJECT, person=one.person)
                self._tell_old_phone(session, former, one, now)
        self._tell_desks(session, former, changes, now)

    def _tell_old_phone(self, session: Session, former: Former, change: EntryChange, now: datetime) -> None:
        """It may still be the officer's, who did not ask for this. Sealed like every number in the outbox, and gone when it is sent."""
        person, number = former.roster.person(change.person), None
        with suppress(Unreadable):  # a number that nobody can read cannot be told, and must not keep the new one from being loaded
            number = PhoneNumber(self.sealer.open(former.numbers.get(change.person, b""), number_cell(change.person)))
        if person is None or number is None or (self.live and number.sample):
            return
        office = next(iter(self._names(former, [change])), "?")
        self.outbox.tell_reporter(session, number, self.catalogue.say(person.language, "entry.changed", office=office), now)

    def _tell_desks(self, session: Session, former: Former, changes: Sequence[EntryChange], now: datetime) -> None:
        changed, names = {one.person for one in changes}, list(self._names(former, changes))
        told = list(self._desks(former, changed, now))
        if not told:
            log.error("no desk to tell of changed entries", count=len(names))
        words = [("supervisor.entry_changed", {"office": name}) for name in names]
        if len(names) > ONE_BY_ONE:
            words = [("supervisor.entries_changed", {"count": str(len(names))})]
        for bearer, (key, params) in itertools.product(told, words):
            self.outbox.tell(session, Purpose.SUPERVISOR, bearer.person, key, params, now, office=bearer.office.id)

    def _desks(self, former: Former, changed: set[str], now: datetime) -> Iterator[DutyBearer]:
        """Who was on duty at each desk before the change: whoever it brings to a desk is not told of themselves. Somebody it did not touch, if there
        is anybody."""
        for role in _DESKS:
            desks = [office.id for office in former.roster.offices() if office.role is role]
            on_duty = [bearer for desk in desks for bearer in former.roster.on_duty(desk, now, self.planner.policy.timezone)]
            found = next((bearer for bearer in on_duty if bearer.person not in changed), on_duty[0] if on_duty else None)
            if found is not None:
                yield found

    def _names(self, former: Former, changes: Iterable[EntryChange]) -> Iterator[str]:
        ids = dict.fromkeys(office for one in changes for office in one.offices)
        return (former.roster.office_name(office) or office for office in ids)
