"""What the dialogue asks of others: places and help from the directory, the state of a report by its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from referral.conversation.ports import BoxView
from referral.directory.snapshot import Roster
from referral.intake.guessing import CodeBrake, hidden
from referral.intake.help import Help
from referral.intake.mailbox import AtMailbox
from referral.privacy.codes import read_code
from referral.privacy.keys import Keys
from referral.reports.register import Register
from referral.store.database import Database
from referral.vocabulary.option import Option
from referral.vocabulary.phone import PhoneNumber


@dataclass(slots=True)
class Tried:
    """The code that was given last, and the report it opened; None for a code of nobody."""

    code: str = ""
    report: str | None = None


@dataclass(frozen=True)
class DirectoryGuide:
    """Satisfies conversation.Guide."""

    roster: Callable[[], Roster]
    database: Database
    register: Register
    keys: Keys
    help: Help
    brake: CodeBrake
    at: AtMailbox
    number: Callable[[], PhoneNumber] = hidden
    tried: Tried = field(default_factory=Tried)

    def of(self, number: Callable[[], PhoneNumber], tried: tuple[str, str | None] | None = None) -> DirectoryGuide:
        """The guide of one request: of the caller's number twenty bits are counted with each wrong code. `tried`: the session's last code."""
        return replace(self, number=number, tried=Tried(*tried) if tried else Tried())

    def subcounties(self) -> Sequence[Option]:
        return self.roster().subcounties()

    def wards(self, subcounty: str) -> Sequence[Option]:
        return self.roster().wards(subcounty)

    def spots(self, ward: str) -> Sequence[Option]:
        return self.roster().spots(ward)

    def help_near(self, kind: str, place: str) -> Sequence[Option]:
        return self.help.lines(kind, place)

    def help_facts(self, service_point: str, place: str) -> Sequence[Option]:
        return self.help.facts(service_point, place)

    def box(self, code: str) -> BoxView:
        """The mailbox of a code; one that is none of ours gets one neutral answer. Each wrong one is counted, once a session."""
        report = self._report(code)
        with self.database.read() as session:
            return self.at.view(session, report, self.brake.clock())

    def box_within(self, session: Session, code: str) -> BoxView | None:
        """The same inside the caller's transaction; None for a slip of the thumb (a wrong check digit), which is not counted."""
        possible = read_code(code)
        if possible is None:
            return None
        return self.at.view(session, self.brake.look_within(session, self.number, self._holder(possible)), self.brake.clock())

    def letters(self, code: str) -> Sequence[Option]:
        report = self._report(code)
        with self.database.read() as session:
            return self.at.letters(session, report, self.brake.clock())

    def _report(self, code: str) -> str | None:
        """Looked up once a session: what the code opened, or that it opened nothing, is kept with the session and no longer."""
        possible = read_code(code)
        if possible is not None and self.tried.code != possible:
            self.tried.code, self.tried.report = possible, self.brake.look(self.number, self._holder(possible))
        return self.tried.report if possible else None

    def _holder(self, code: str) -> Callable[[Session], str | None]:
        digest = self.keys.code_digest(code)
        return lambda session: self.register.by_code(session, digest)
