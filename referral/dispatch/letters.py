"""What goes out: for each purpose whether it is still wanted, in which words, and to whom. Asked anew at every try, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from referral.alerts.claims import Due
from referral.alerts.outbox import Outbox
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import acting, silent
from referral.alerts.wording import Matter, alert_text
from referral.directory import drilling
from referral.dispatch.relaying import Relaying
from referral.dispatch.reminders import REMINDER
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.handover.planner import Planner
from referral.reports.keeping import closed
from referral.reports.register import Register, Report
from referral.routing import clock
from referral.routing.clock import Randomness
from referral.texts.catalogue import Catalogue
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Urgency


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to go out now: to whom and in which words. Made in one transaction, sent after it."""

    to: PhoneNumber
    text: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """A claimed row at one try, locked. `report` is None where the row is about none."""

    session: Session
    row: AlertRecord
    due: Due
    report: Report | None
    planner: Planner
    now: datetime


@dataclass(frozen=True)
class Letters:
    """Puts letters together. Another purpose is another entry of `kinds`."""

    outbox: Outbox
    register: Register
    ladder: Ladder
    contacts: Contacts
    catalogue: Catalogue
    random: Randomness
    dial: str
    """What an officer dials to read a report."""
    kinds: Mapping[Purpose, Kind] = field(default_factory=lambda: KINDS)

    def make(self, session: Session, due: Due, now: datetime) -> Letter | None:
        """The text, the row marked as being sent; None where it does not go out now, and what becomes of it has been written down."""
        row = self.outbox.held(session, due)
        if row is None or row.due_at is None:  # taken over, or taken back meanwhile
            return None
        report = None if due.report is None else self.register.find(session, due.report)
        occasion, kind = Occasion(session, row, due, report, self.ladder.planner.of_the_moment(), now), self.kinds[due.purpose]
        if not kind.wanted(self, occasion):
            return None
        letter = kind.letter(self, occasion)
        if letter is None:
            drop(row, "nobody", now)
            return None
        row.calling = True
        return letter


@dataclass(frozen=True, slots=True)
class Kind:
    """How texts of one purpose are made.

    - `wanted`: whether it should still go out, now and to this addressee. Where not, it has written down what becomes of the row: dropped (see
      `drop`), put off (`due_at`, with `claim` cleared), or somebody else told.
    - `letter`: addressee and words, or None where there is nobody: the row is dropped then.
    """

    wanted: Callable[[Letters, Occasion], bool]
    letter: Callable[[Letters, Occasion], Letter | None]


def drop(row: AlertRecord, why: str, now: datetime) -> None:
    """It is not sent any more, and the word says why."""
    row.failed_at, row.failure, row.due_at, row.claim = now, why, None, None


def put_off(row: AlertRecord, until: datetime) -> None:
    """Not now: a try that was none does not count."""
    row.due_at, row.claim, row.attempts = until, None, row.attempts - 1


# Whether it is still wanted -------------------------------------------------------------------------------------------------------------------------


def _still_right(this: Occasion) -> bool:
    """Whether this person still answers for the office, and the office may still know. True of what is about no report."""
    planner, due = this.planner, this.due
    if this.report is None:
        return True
    if due.office is None or not planner.may_know(this.report, due.office):
        return False
    return any(bearer.person == due.person for bearer in planner.on_duty(due.office, this.now))


def _alert_wanted(letters: Letters, this: Occasion) -> bool:
    """Whoever is gone, on leave or excluded since it was queued is not told; the next of the office is."""
    if this.report is None or _still_right(this):
        return True
    letters.ladder.replace(this.session, this.report, this.row, this.now, "no longer on duty or not to know")
    return False


def _word_wanted(_letters: Letters, this: Occasion) -> bool:
    right = _still_right(this)
    if not right:
        drop(this.row, "no longer right", this.now)
    return right


def _repeat_wanted(letters: Letters, this: Occasion) -> bool:
    """A repeat becomes needless when somebody answers, or, where it is acting that was missed, when somebody acts; a reminder when the one who is
    reminded says anything, or somebody else is told in their place."""
    if not _word_wanted(letters, this):
        return False
    if this.report is None:
        return True
    alerts = letters.outbox.alerts_of(this.session, this.report.id)
    heard = acting(alerts) if this.due.key == "alert.not_acted" else letters.ladder.satisfied(this.report, alerts)
    of = next((alert for alert in alerts if alert.id == this.due.params["alert"]), None)
    if heard or of is None or (this.due.key == REMINDER and not silent(of)) or closed(this.session, this.report.id):
        drop(this.row, "answered", this.now)
        return False
    return True


def _test_wanted(letters: Letters, this: Occasion) -> bool:
    """A test goes out by day, to whoever would answer for the office now: somebody suspended or on leave since it was queued is not asked."""
    planner, row = this.planner, this.row
    opens = clock.next_sending_time(Urgency.LOW, this.now, planner.policy)
    if opens > this.now:
        put_off(row, opens + timedelta(minutes=letters.random.uniform(0, 60)))
        return False
    on_duty = planner.on_duty(row.office or "", this.now)
    if not on_duty:
        drop(row, "nobody", this.now)
    elif row.person not in {bearer.person for bearer in on_duty}:
        letters.outbox.address(this.session, row, on_duty[0].person, this.now)
        drilling.readdressed(this.session, row.id, row.person)
    return bool(on_duty)


def _relay_wanted(letters: Letters, this: Occasion) -> bool:
    at = _relaying(letters).when(this.session, this.row, this.report, this.now)
    if at is not None and at > this.now:
        put_off(this.row, at)
    return at == this.now


def _always(_letters: Letters, _this: Occasion) -> bool:
    return True


# In which words, to whom ----------------------------------------------------------------------------------------------------------------------------


def to_officer(words: Callable[[Letters, Occasion, str], str]) -> Callable[[Letters, Occasion], Letter | None]:
    """A letter to the row's person in the person's language, or None for somebody removed or suspended."""

    def letter(letters: Letters, this: Occasion) -> Letter | None:
        person = letters.contacts.find(this.session, this.row.person, this.planner.roster())
        return None if person is None else Letter(person.number, words(letters, this, person.language))

    return letter


def _alert_words(letters: Letters, this: Occasion, language: str) -> str:
    due, report = this.due, this.report
    if report is None:
        return _plain_words(letters, this, language)
    planner = this.planner
    zone = planner.policy.timezone
    of = this.session.get(AlertRecord, due.params.get("alert", due.id))
    assert of is not None  # a repeat is deleted with the alert it repeats
    place = planner.roster().place_name(report.told.place) if report.told.place else None
    matter = Matter(report.number, report.urgency, report.told, place)
    by = of.deadline_at if due.purpose is Purpose.AGAIN and of.deadline_at else letters.ladder.deadline(report, due.step or 1, this.now)
    times = by.astimezone(zone), this.now.astimezone(zone)
    return _marked(letters, this, language, alert_text(letters.catalogue.say, language, matter, letters.outbox.numbers.of(of), *times, key=due.key))


def _test_words(letters: Letters, this: Occasion, language: str) -> str:
    test = this.session.get_one(AlertRecord, this.due.id)
    return _marked(letters, this, language, letters.catalogue.say(language, "drill.text", one_time=letters.outbox.numbers.of(test)))


def _plain_words(letters: Letters, this: Occasion, language: str) -> str:
    return letters.catalogue.say(language, this.due.key or "reply.help", dial=letters.dial, **this.due.params)


def _marked(letters: Letters, this: Occasion, language: str, text: str) -> str:
    """What may have gone out before says so."""
    return letters.catalogue.say(language, "alert.repeated", text=text) if this.due.repeated else text


def _to_reporter(letters: Letters, this: Occasion) -> Letter:
    return Letter(*letters.outbox.letter_to_reporter(this.row))


def _relayed(letters: Letters, this: Occasion) -> Letter | None:
    found = _relaying(letters).addressed(this.session, this.row, this.due.params, this.now)
    return None if found is None else Letter(*found)


def _relaying(letters: Letters) -> Relaying:
    return Relaying(letters.register, letters.ladder.planner, letters.contacts, letters.catalogue)


_A_WORD = Kind(_word_wanted, to_officer(_plain_words))
KINDS: Mapping[Purpose, Kind] = MappingProxyType(
    {
        Purpose.ALERT: Kind(_alert_wanted, to_officer(_alert_words)),
        Purpose.AGAIN: Kind(_repeat_wanted, to_officer(_alert_words)),
        Purpose.SUPERVISOR: _A_WORD,
        Purpose.LETTER: _A_WORD,
        Purpose.REPLY: Kind(_word_wanted, to_officer(_plain_words)),
        Purpose.HEAD: _A_WORD,
        Purpose.DRILL: Kind(_test_wanted, to_officer(_test_words)),
        Purpose.RELAY: Kind(_relay_wanted, _relayed),
        Purpose.REPORTER: Kind(_always, _to_reporter),
    }
)
"""How each purpose's texts are made; a test proves that none is missing."""
