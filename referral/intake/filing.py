"""Filing a report, and adding to one: report, plan, alerts and audit entry in the caller's one transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from referral.alerts import relays
from referral.handover.ladder import Ladder
from referral.handover.planner import Planner
from referral.intake.hearing import Hearing
from referral.intake.pranks import Signs, doubts
from referral.privacy.audit import Action, Audit
from referral.privacy.keys import Keys
from referral.privacy.limits import Limits
from referral.reports import reporters_acts
from referral.reports.event_records import CaseEvent
from referral.reports.keeping import REOPENS, closed
from referral.reports.register import NewReport, Register, Report
from referral.routing.triage import urgency as triage
from referral.store.base import new_id
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Channel, Danger, Hours, Told, Urgency

_OWN_WORDS = 4


@dataclass(frozen=True)
class Filing:
    """Every method writes inside the caller's transaction; what it wrote is promised once that commits, and not before."""

    register: Register
    planner: Planner
    ladder: Ladder
    audit: Audit
    keys: Keys
    limits: Limits
    hearing: Hearing

    def file(self, session: Session, told: Told, code: str, channel: Channel, now: datetime, *, partial: bool = False, signs: Signs | None = None) -> str:
        """Keep `told` under `code`, plan who is told, queue the first alerts. Returns the report's id.

        `signs` of a prank put a less urgent report last, and are told to its readers.
        """
        number, alike = self._number(session, told, now)
        judged = triage(told, self.planner.policy, recent_alike=alike)
        draft = Report(new_id(), number, channel, told, judged.urgency, 1, partial, ())
        plan = self.planner.plan(draft, now)
        report = replace(draft, need=plan.need, flags=(*plan.flags, *doubts(judged.urgency, self._signs(session, told, signs, now))))
        digest = self.keys.code_digest(code)
        kept = NewReport(report.id, number, digest, channel, told, report.urgency, judged.rule, report.need, report.flags, partial)
        self.register.add(session, kept, now)
        self.ladder.start(session, report, plan, now)
        self.audit.write(session, now, "reporter", Action.FILED, report.id, channel=channel, urgency=report.urgency, partial=partial)
        return report.id

    def amend(self, session: Session, report_id: str, told: Told, now: datetime, *, anew: bool = False) -> None:
        """What was told so far. Urgency only rises; if it does, or somebody else is accused, or place or concern become another, the plan is made anew."""
        self.ladder.outbox.ladder(session, report_id)  # what two lines tell at once must both stand, and come to nobody out of turn
        before = self.register.read(session, report_id)
        if before is None:
            return
        named = self.hearing.named(told.story) if told.story != before.told.story else frozenset()  # in words only, as at the end of a call
        accuses = (told.accused | named) - before.told.accused
        told = told.adding(accused=told.accused | named | before.told.accused)  # an accusation is never unsaid by a slip of the thumb
        amended, rule = self.planner.judged(before, told)
        moved = told.place != before.told.place or told.concern is not before.told.concern  # the right offices are others now
        anew = anew or rule is not None or moved or bool(accuses)
        if anew:
            amended = self.planner.fitted(amended, now)
        self.register.amend(session, report_id, told, amended.urgency, amended.need, amended.flags, rule)
        self.audit.write(session, now, "reporter", Action.AMENDED, report_id)
        if anew:
            self._take_up(session, amended, now)

    def _take_up(self, session: Session, report: Report, now: datetime) -> None:
        """Plan anew. A report that was closed, and of which its reporter now tells worse, is open again, and somebody is told who was not told before."""
        reopens = closed(session, report.id)
        if reopens:
            reporters_acts.note(session, report.id, CaseEvent.REOPENED, REOPENS, now)
            session.flush()
            self.audit.write(session, now, "reporter", Action.REOPENED, report.id)
        self.ladder.renew(session, report, now)
        if reopens:
            self.ladder.elsewhere(session, report, now)

    def complete(self, session: Session, report: str, told: Told, code: str, now: datetime) -> None:
        """A report filed as partial is sent after all: the same report, whole now, under the code its reporter is shown."""
        self.register.complete(session, report, self.keys.code_digest(code))
        session.flush()
        self.amend(session, report, told, now, anew=True)

    def give_contact(self, session: Session, report: str, number: PhoneNumber, hours: Hours, by_call: bool, now: datetime) -> None:
        self.register.give_contact(session, report, number, self.keys.contact_tag(number.reveal()), hours, by_call, now)
        self.audit.write(session, now, "reporter", Action.CONTACT_GIVEN, report)

    def withdraw_contact(self, session: Session, report: str, now: datetime) -> None:
        self.register.withdraw_contact(session, report)
        relays.drop(session, report, now)
        self.audit.write(session, now, "reporter", Action.CONTACT_WITHDRAWN, report)

    def erase_number(self, session: Session, number: PhoneNumber, now: datetime) -> None:
        """STOP: the number goes wherever it was consented to, and no text to it is left waiting."""
        for report in self.register.contacts_of(session, self.keys.contact_tag(number.reveal())):
            self.withdraw_contact(session, report, now)
        self.ladder.outbox.drop_texts_to(session, number)

    def conversation_over(self, session: Session, report_id: str, now: datetime) -> None:
        """The caller has gone: a HIGH alert that waited for that goes out. One that waits a random while, to point at nobody, still waits."""
        report = self.register.find(session, report_id)
        if report is not None and report.urgency is Urgency.HIGH and report.told.danger is not Danger.NOT_NOW:
            self.ladder.hurry(session, report, now)

    def _signs(self, session: Session, told: Told, signs: Signs | None, now: datetime) -> Signs:
        """With how often these very words came today, where they are enough to be anybody's own."""
        telling = told.story is not None and len(told.story.split()) >= _OWN_WORDS
        return replace(signs or Signs(told), alike=self.limits.said_today(session, told.story or "", now) if telling else 0)

    def _number(self, session: Session, told: Told, now: datetime) -> tuple[str, int]:
        """A number no other report has, and how many of the last days are like this one."""
        since = now - timedelta(days=self.planner.policy.alike_days)
        while True:
            number = f"{secrets.randbelow(900_000) + 100_000}"
            taken, alike = self.register.look_around(session, number, told.concern, told.place, since)
            if not taken:
                return number, alike
