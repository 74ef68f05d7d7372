"""What the dialogue asks of others: places and help from the directory, the state of a report by its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from referral.alerts.outbox import Outbox
from referral.alerts.state import acting, answered, served
from referral.conversation.ports import Status
from referral.directory.snapshot import Roster
from referral.intake.help import Help
from referral.privacy.codes import read_code
from referral.privacy.keys import Keys
from referral.reports.register import Register
from referral.store.database import Database
from referral.vocabulary.option import Option


@dataclass(frozen=True)
class DirectoryGuide:
    """Satisfies conversation.Guide."""

    roster: Callable[[], Roster]
    database: Database
    register: Register
    outbox: Outbox
    keys: Keys
    help: Help

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

    def status(self, code: str) -> str:
        """Plain words for the holder of the code; a code that is none of ours, or not even possible, gets one neutral answer."""
        possible = read_code(code)
        with self.database.read() as session:
            report = self.register.by_code(session, self.keys.code_digest(possible or ""))
            if report is None:
                return Status.UNKNOWN
            alerts = self.outbox.alerts_of(session, report)
            if served(alerts):
                return Status.SERVED
            if acting(alerts):
                return Status.ACTING
            if answered(alerts):
                return Status.SEEN
            return Status.REFERRED if any(alert.sent_at for alert in alerts) else Status.RECEIVED
