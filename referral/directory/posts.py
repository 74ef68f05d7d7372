"""Who fills a post at a moment: appointments, leave and shifts, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from referral.directory.records import AppointmentKind
from referral.vocabulary.duty import Doubt, DutyBearer, Office

_ORDER = {AppointmentKind.HOLDER: 0, AppointmentKind.ACTING: 1, AppointmentKind.DEPUTY: 2}


@dataclass(frozen=True, slots=True)
class PersonView:
    """An officer as other rooms may see one: never the number. `offices` are the posts held now or at some time."""

    id: str
    name: str
    language: str
    suspended: bool
    unreachable: bool
    sample: bool
    verified_on: date | None
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as an instant and as the county's weekday (0 Monday) and minute of the day, worked out once for many people."""

    at: datetime
    weekday: int
    minute: int
    today: date

    @classmethod
    def of(cls, now: datetime, tz: tzinfo) -> Moment:
        local = now.astimezone(tz)
        return cls(now, local.weekday(), local.hour * 60 + local.minute, local.date())


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts` up to, not including, `ends` (open where None)."""

    starts: datetime
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.starts <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True)
class Turn:
    """A weekly shift: bits of the weekdays it begins on, minutes of the day; closing at or before opening is the next morning."""

    weekdays: int
    opens: int
    closes: int

    def holds(self, moment: Moment) -> bool:
        today = bool(self.weekdays >> moment.weekday & 1)
        if self.closes > self.opens:
            return today and self.opens <= moment.minute < self.closes
        yesterday = bool(self.weekdays >> (moment.weekday - 1) % 7 & 1)
        return (today and moment.minute >= self.opens) or (yesterday and moment.minute < self.closes)


@dataclass(frozen=True, slots=True)
class Filling:
    """One person on one post."""

    person: PersonView
    kind: AppointmentKind
    rank: int
    period: Period
    absences: tuple[Period, ...]
    once: tuple[Period, ...]
    weekly: tuple[Turn, ...]

    @property
    def order(self) -> tuple[int, int, str]:
        return _ORDER[self.kind], self.rank, self.person.id

    def away(self, at: datetime) -> bool:
        return any(absence.holds(at) for absence in self.absences)

    def on_shift(self, moment: Moment) -> bool:
        return any(turn.holds(moment) for turn in self.weekly) or any(period.holds(moment.at) for period in self.once)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One filling as seen from one place, with the answers of every moment made beforehand: a caller waits while they are chosen."""

    filling: Filling
    verified_until: date
    bearer: DutyBearer
    unverified: DutyBearer

    def at(self, moment: Moment) -> DutyBearer | None:
        """The duty bearer now, on shift or not; None on leave, before the post begins and after it ends."""
        filling = self.filling
        if not filling.period.holds(moment.at) or (filling.absences and filling.away(moment.at)):
            return None
        return self.bearer if moment.today <= self.verified_until else self.unverified


@dataclass(frozen=True, slots=True)
class Post:
    """An office and those who fill it, holder first, then acting officers, then deputies by rank. `shifts`: somebody there works in turns."""

    office: Office
    fillings: tuple[Filling, ...]
    shifts: bool

    def seen(self, distance: int, neighbour: bool, stale: timedelta) -> Rota:
        """The post as seen from one place. Suspended officers are out at once."""
        present = [filling for filling in self.fillings if not filling.person.suspended]
        return Rota(self.shifts, tuple(self._candidate(filling, distance, neighbour, stale) for filling in present))

    def _candidate(self, filling: Filling, distance: int, neighbour: bool, stale: timedelta) -> Candidate:
        person = filling.person
        doubts = frozenset({Doubt.UNREACHABLE}) if person.unreachable else frozenset()
        standing_in = filling.kind is not AppointmentKind.HOLDER
        bearer = DutyBearer(self.office, person.id, distance, neighbour, standing_in, doubts)
        until = person.verified_on + stale if person.verified_on else date.min
        return Candidate(filling, until, bearer, replace(bearer, doubts=doubts | {Doubt.UNVERIFIED}))


@dataclass(frozen=True, slots=True)
class Rota:
    """The people of one post in the order in which they are asked."""

    shifts: bool
    candidates: tuple[Candidate, ...]

    def bearers(self, moment: Moment) -> list[DutyBearer]:
        """Everybody who can be told now, on shift before off shift; those on leave are skipped."""
        here = [(candidate, bearer) for candidate in self.candidates if (bearer := candidate.at(moment)) is not None]
        if not self.shifts:
            return [bearer for _, bearer in here]
        on = [bearer for candidate, bearer in here if candidate.filling.on_shift(moment)]
        off = [replace(bearer, doubts=bearer.doubts | {Doubt.OFF_DUTY}) for candidate, bearer in here if not candidate.filling.on_shift(moment)]
        return on + off
