"""Who hears of what is done to an officer's PIN: they themselves, and whoever is over them. So nobody can become them unseen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from referral.alerts.outbox import Outbox
from referral.alerts.records import Purpose
from referral.handover.planner import Planner
from referral.vocabulary.duty import DutyBearer, Role

log = structlog.get_logger()


@dataclass(frozen=True)
class Oversight:
    """Queues texts in the caller's transaction. They name an office, and no report: they are read on anybody's phone."""

    planner: Planner
    outbox: Outbox

    def over(self, person: str, now: datetime, without: frozenset[str] = frozenset()) -> DutyBearer | None:
        """Somebody else who answers for an office over one of theirs, or for the service's own desk. Who is in `without` only where nobody else is."""
        roster = self.planner.roster()
        parents = [office.parent for office in roster.offices_of(person, now) if office.parent is not None]
        desks = [office.id for office in roster.offices() if office.role is Role.TRIAGE_DESK]
        found = [bearer for office in (*parents, *desks) for bearer in self.planner.on_duty(office, now) if bearer.person != person]
        return next((bearer for bearer in found if bearer.person not in without), found[0] if found else None)

    def tell(self, session: Session, person: str, key: str, now: datetime, by: str = "", **names: str) -> None:
        """A word to whoever is over `person`, and not to who did it (`by`). Its fill-in {office} is the person's own."""
        over = self.over(person, now, frozenset({by}))
        if over is None:
            log.error("nobody is over an officer", key=key)
            return
        offices = self.planner.roster().offices_of(person, now)
        names["office"] = offices[0].name if offices else "?"
        self.outbox.tell(session, Purpose.SUPERVISOR, over.person, key, names, now, office=over.office.id)

    def tell_both(self, session: Session, person: str, what: str, now: datetime, by: str = "") -> None:
        """The officer themselves by the text `what`, and whoever is over them by `supervisor.` and its name with an underscore."""
        offices = self.planner.roster().offices_of(person, now)
        self.outbox.tell(session, Purpose.REPLY, person, what, {}, now, office=offices[0].id if offices else None)
        self.tell(session, person, f"supervisor.{what.replace('.', '_')}", now, by)
