"""The relay: an officer asks that a reporter's phone be texted, and never learns its number. Only where the reporter agreed, and in their hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from referral.alerts import relays
from referral.handover.planner import Planner
from referral.privacy.audit import Action, Audit
from referral.reports import consents
from referral.reports.keeping import closed
from referral.reports.numbers import Reachable
from referral.reports.register import Register
from referral.routing import clock
from referral.vocabulary.letters import Nudge

APART = timedelta(hours=4)
"""Two texts to one phone are at least so far apart: a phone that rings again and again is looked at by others."""
CONVERSATION = timedelta(days=7)
"""So long after a text what comes from its phone is taken for the answer."""


class Asked(StrEnum):
    """What became of a request. QUEUED: it goes out in the hours agreed. TOO_SOON: one waits, or went out a little while ago."""

    QUEUED = "queued"
    TOO_SOON = "too_soon"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Line:
    """How a reporter's phone can be reached: `reachable` says whether and when, `waiting` that a text is to go out, `sent_hour` when the last did.

    `lost`: a text was asked for in the last days, and the consent ended before it could be sent, or the phone takes none from us.
    """

    reachable: Reachable | None
    waiting: bool
    sent_hour: datetime | None
    lost: bool

    @property
    def textable(self) -> bool:
        """Who agreed to a call did not say that a text is safe."""
        return self.reachable is not None and not self.reachable.by_call


@dataclass(frozen=True)
class PhoneRelay:
    """Every method works inside the caller's transaction. Nothing is opened here: the number is looked up at the moment of sending (dispatch)."""

    register: Register
    planner: Planner
    audit: Audit
    code: str
    """What a reporter dials to read the letters."""
    language: str
    """The language of the texts: the reporter's own is not kept."""

    def line(self, session: Session, report: str, now: datetime) -> Line:
        row = relays.last(session, report)
        reachable = self.register.reachable(session, report, now)
        failure = None if row is None else row.failure
        lost = failure == relays.TAKES_NONE or (reachable is None and failure in (relays.WITHDRAWN, relays.UNREACHABLE))
        return Line(reachable, row is not None and row.due_at is not None, consents.relayed_hour(session, report), lost)

    def ask(self, session: Session, report: str, person: str, office: str, nudge: Nudge, now: datetime) -> Asked:
        """Queue a neutral text for the next safe hour. The caller holds the report's lock and has made sure that it is this person's."""
        line = self.line(session, report, now)
        if line.reachable is None or not line.textable or closed(session, report):
            return Asked.UNREACHABLE
        if line.waiting or (line.sent_hour is not None and now < line.sent_hour + APART):
            return Asked.TOO_SOON
        due_at = clock.next_contact_time(line.reachable.hours, now, self.planner.policy)
        relays.queue(session, report, person, office, nudge.text, {"dial": self.code, relays.LANGUAGE: self.language}, due_at, now)
        self.audit.write(session, now, person, Action.RELAY_ASKED, report, office=office, nudge=nudge)
        return Asked.QUEUED
