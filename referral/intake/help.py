"""Help near a caller: what the directory knows, in few words, for screens and texts; what a caller says is wrong with it; the text somebody asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.conversation.paging import HELP_LISTED
from referral.directory.flags import Flags
from referral.directory.point_records import FlagReason
from referral.intake.help_words import HelpWords
from referral.intake.inbox import Manners
from referral.store.database import Database
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets
from referral.vocabulary.help import HelpDetail, HelpKind, NearHelp
from referral.vocabulary.option import Option
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

PRIVATE = frozenset({HelpKind.POLICE, HelpKind.CHILDREN, HelpKind.TALK})
"""Of these a text says a name and a number and nothing else: whoever picks up the phone learns as little as can be."""
_ROOM = 160


class Nearest(Protocol):
    """What the directory answers, public entries only (directory.nearest.NearestHelp)."""

    def near(self, session: Session, place_id: str | None, kind: HelpKind, now: datetime, *, limit: int = 20) -> Sequence[NearHelp]: ...

    def detail(self, session: Session, service_at_location_id: str, now: datetime, place_id: str | None = None) -> HelpDetail | None: ...

    def by_code(self, session: Session, code: str) -> str | None: ...


@dataclass(frozen=True)
class Help:
    """Looks up and answers. What is confidential is asked for nowhere here: of a safe place there is no list, no detail and no text."""

    database: Database
    nearest: Nearest
    words: HelpWords
    catalogue: Catalogue
    flags: Flags
    outbox: Outbox
    manners: Manners
    clock: Callable[[], datetime]

    def lines(self, kind: str, place: str) -> Sequence[Option]:
        """The lines of a list, for the guide."""
        wanted = _kind(kind)
        if wanted is None:
            return ()
        now = self.clock()
        with self.database.read() as session:
            return [self.words.line(one, now) for one in self.near(session, wanted, place, now, limit=HELP_LISTED)]

    def facts(self, service_point: str, place: str) -> Sequence[Option]:
        """What may be said of one, for the guide; empty for one that is gone or was never to be shown."""
        now = self.clock()
        with self.database.read() as session:
            found = self._shown(session, service_point, now, place or None)
        return () if found is None else self.words.facts(found, now)

    def near(self, session: Session, kind: HelpKind, place: str, now: datetime, *, limit: int = 20) -> Sequence[NearHelp]:
        """The nearest of a kind; nothing where safe places are asked for, whatever the directory holds."""
        if kind is HelpKind.SAFE:
            return ()
        return [one for one in self.nearest.near(session, place or None, kind, now, limit=limit) if one.kind is not HelpKind.SAFE]

    def phone(self, session: Session, service_point: str, now: datetime) -> str:
        """The first number of a service point in digits, as phones make a link of it; "" where none is known, or its name has it already."""
        found = self._shown(session, service_point, now, None)
        numbers = [] if found is None else [self.words.digits(one.number) for one in found.phones]
        return "" if found is None or not numbers or numbers[0] in found.near.short_name.split() else numbers[0]

    def send(self, session: Session, service_point: str, language: str, number: Callable[[], PhoneNumber], now: datetime) -> None:
        """Queue the text that somebody asked for on their screen. A number that hides, or had a text within five minutes, gets none.

        Only here is the number of a caller looked at; it stands sealed in the outbox until the text is out, and beside no report.
        """
        found = self._shown(session, service_point, now, None)
        if found is None:
            return
        try:
            to = number()
        except NotAPhoneNumber:
            return
        if self.manners.may_reply(session, to, now, in_dialogue=False):
            self.outbox.tell_reporter(session, to, self.letter(found, language, now), now)

    def letter(self, found: HelpDetail, language: str, now: datetime) -> str:
        """The text: neutral first line, one part, to be deleted."""
        numbers = " ".join(self.words.digits(one.number) for one in found.phones[:2]) or self._say(language, "help_ask")
        named = numbers in found.near.name.split()  # a helpline often bears its number
        hours = self.catalogue.line(language, self.words.hours(found.near, now))
        delete = self._say(language, "delete")
        for name in (found.near.name, found.near.short_name):
            values = {"contact": self.words.plain(name) if named else f"{self.words.plain(name)} {numbers}"}
            said = self._say(language, "help_private", **values)
            if found.near.kind not in PRIVATE:
                said = self._say(language, "help_open", **values, hours=hours, code=found.near.code)
            if septets(f"{said} {delete}") <= _ROOM:
                break
        return f"{said} {delete}"

    def say_wrong(self, session: Session, service_point: str, reason: str, number: Callable[[], PhoneNumber], now: datetime) -> None:
        """A caller says that an entry is wrong. Of the number only twenty bits under the day's key are kept, so that one caller counts once."""
        try:
            tag = self.manners.tag(number(), now)
        except NotAPhoneNumber:
            tag = None
        self.flags.say_wrong(session, service_point, FlagReason(reason), tag, now)

    def say_wrong_code(self, session: Session, code: str, number: PhoneNumber | None, now: datetime, reason: FlagReason = FlagReason.OTHER) -> bool:
        """The same by text, with the four characters of the entry. Whether an entry that anybody may see has this code; else nothing is done."""
        service_point = self.nearest.by_code(session, code)
        if service_point is not None:
            self.flags.say_wrong(session, service_point, reason, None if number is None else self.manners.tag(number, now), now)
        return service_point is not None

    def _shown(self, session: Session, service_point: str, now: datetime, place: str | None) -> HelpDetail | None:
        found = self.nearest.detail(session, service_point, now, place) if service_point else None
        return None if found is None or found.near.kind is HelpKind.SAFE else found

    def _say(self, language: str, what: str, **values: str) -> str:
        return self.catalogue.say(language, f"sms.{what}", **values)


def _kind(kind: str) -> HelpKind | None:
    try:
        return HelpKind(kind)
    except ValueError:
        return None
