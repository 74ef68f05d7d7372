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
from referral.alerts.wording import Matter, alert_text
from referral.directory import drilling
from referral.dispatch import wanted
from referral.dispatch.relaying import Relaying
from referral.dispatch.wanted import Occasion, drop, put_off
from referral.handover.contacts import Contacts
from referral.handover.ladder import Ladder
from referral.reports.register import Register
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
        if row is None or row.due_at is None or row.due_at <= now:  # taken over, or taken back meanwhile, or about to be taken over
            return None
        report = None if due.report is None else self.register.find(session, due.report)
        occasion, kind = Occasion(session, row, due, report, self.ladder.planner.of_the_moment(), now), self.kinds[due.purpose]
        if not kind.wanted(self, occasion):
            return None
        letter = kind.letter(self, occasion)
        if letter is None:
            drop(row, "nobody", now)
            return None
        self.outbox.begin(row, now)
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


# Whether it is still wanted -------------------------------------------------------------------------------------------------------------------------


def _asked(question: Callable[[Ladder, Occasion], bool]) -> Callable[[Letters, Occasion], bool]:
    """A question of dispatch.wanted."""
    return lambda letters, this: question(letters.ladder, this)


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


def _reply_words(letters: Letters, this: Occasion, language: str) -> str:
    """An answer to an officer's text. One that says the number of an alert names the alert: the number itself stands in no row but sealed."""
    params = dict(this.due.params)
    of = this.session.get(AlertRecord, params.pop("alert", ""))
    one_time = {} if of is None else {"one_time": letters.outbox.numbers.of(of)}
    return letters.catalogue.say(language, this.due.key or "reply.help", dial=letters.dial, **params, **one_time)


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


_A_WORD = Kind(_asked(wanted.word_by_day), to_officer(_plain_words))
KINDS: Mapping[Purpose, Kind] = MappingProxyType(
    {
        Purpose.ALERT: Kind(_asked(wanted.alert), to_officer(_alert_words)),
        Purpose.AGAIN: Kind(_asked(wanted.repeat), to_officer(_alert_words)),
        Purpose.SUPERVISOR: _A_WORD,
        Purpose.LETTER: _A_WORD,
        Purpose.REPLY: Kind(_asked(wanted.word), to_officer(_reply_words)),
        Purpose.HEAD: _A_WORD,
        Purpose.DRILL: Kind(_test_wanted, to_officer(_test_words)),
        Purpose.RELAY: Kind(_relay_wanted, _relayed),
        Purpose.REPORTER: Kind(_always, _to_reporter),
    }
)
"""How each purpose's texts are made; a test proves that none is missing."""
