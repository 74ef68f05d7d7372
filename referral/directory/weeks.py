"""Weekly hours and days that differ, compiled into a short text, and read back from it.

A compiled week is tokens joined by ";". One with hours of a week is `FROM..TO=spans` (either date may be missing; both missing: only the spans),
spans being `start-end` in minutes from Monday midnight. One with a single date, `DATE=spans`, is a day unlike its weekday: spans in minutes
of that day, none where it is closed. A span belongs to the day on which it begins, and may end on the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from referral.directory.records import MINUTES_A_DAY

WEEK = 7 * MINUTES_A_DAY
LONGEST = 2000
"""Characters the column holds. Days farthest ahead are left out first; the next rebuild has them again."""
LAST_MINUTE = MINUTES_A_DAY - 1
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Weekly:
    """One row of weekly hours, as the table has it: bit 0 of `days` is Monday, minutes of the day, `closes` at or before `opens` is the next morning."""

    days: int
    opens: int
    closes: int
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def span(self) -> Span:
        return day_span(self.opens, self.closes)

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class UnlikeDay:
    """A day that differs: closed where `opens` and `closes` are None, else open between them."""

    day: date
    opens: int | None = None
    closes: int | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        return () if self.opens is None or self.closes is None else (day_span(self.opens, self.closes),)


def day_span(opens: int, closes: int) -> Span:
    """Minutes of a day from opening to closing. Many write 23:59 where they mean midnight; nobody closes for one minute."""
    if closes == LAST_MINUTE:
        closes = 0
    return opens, closes if closes > opens else closes + MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Era:
    """The hours of every week from day `first` to day `last` (ordinals). `bounds` are its openings and closings in turn, merged, in minutes of the week."""

    first: int
    last: int
    days: tuple[tuple[Span, ...], ...]
    bounds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Compiled hours, read back. `irregular` are the days (ordinals) on which something other than the weekday decides."""

    eras: tuple[Era, ...]
    unlike: dict[int, tuple[Span, ...]]
    irregular: tuple[int, ...]

    def begins(self, day: int) -> tuple[Span, ...] | None:
        """What begins on a day (ordinal), in minutes of it; None where nobody knows."""
        if day in self.unlike:
            return self.unlike[day]
        era = self.era(day)
        return None if era is None else era.days[(day - 1) % 7]

    def era(self, day: int) -> Era | None:
        return next((era for era in self.eras if era.first <= day <= era.last), None)


def compile_week(rows: Sequence[Weekly], own: Iterable[UnlikeDay], holidays: Iterable[UnlikeDay], today: date) -> str | None:
    """The text of a service point's hours; None where nothing is known of them. Days before yesterday are left out.

    An own day beats the county's holiday. A holiday closes (or shortens to its own hours) every day except where the whole week is open:
    a ward or a police desk does not close. What has no hours at all stays unknown on a holiday too.
    """
    since = today - timedelta(days=1)
    tokens: list[tuple[date, str]] = []
    weekly = [(first, last, [row for row in rows if row.valid_on(first)]) for first, last in _stretches(rows, since)]
    for first, last, valid in weekly:
        if valid:
            tokens.append((first, _token(first, last, valid, since)))
    mine = {one.day: one.spans for one in own if one.day >= since}
    for one in holidays:
        valid = [row for row in rows if row.valid_on(one.day)]
        if one.day >= since and one.day not in mine and valid and not _always(valid):
            usual = [row.span for row in valid if row.days >> one.day.weekday() & 1]
            mine[one.day] = tuple(_common(span, limit) for span in usual for limit in one.spans if _common(span, limit)[0] < _common(span, limit)[1])
    tokens += [(day, f"{day.isoformat()}={_text(spans)}") for day, spans in mine.items()]
    texts = [text for _, text in sorted(tokens)]
    while len(";".join(texts)) > LONGEST:
        texts.pop()
    return ";".join(texts) or None


def _stretches(rows: Sequence[Weekly], since: date) -> list[tuple[date, date]]:
    """From `since` on, the stretches of days in which the same rows are valid."""
    cuts = {since} | {row.valid_from for row in rows if row.valid_from} | {row.valid_to + timedelta(days=1) for row in rows if row.valid_to}
    starts = sorted(cut for cut in cuts if cut >= since)
    return [(start, following - timedelta(days=1)) for start, following in zip(starts, [*starts[1:], date.max], strict=True)]


def _token(first: date, last: date, rows: Sequence[Weekly], since: date) -> str:
    spans = _text((day * MINUTES_A_DAY + row.span[0], day * MINUTES_A_DAY + row.span[1]) for row in rows for day in range(7) if row.days >> day & 1)
    unending = last >= date.max - timedelta(days=1)
    if unending and first == since and all(row.valid_from is None for row in rows):
        return spans
    return f"{first.isoformat()}..{'' if unending else last.isoformat()}={spans}"


def _text(spans: Iterable[Span]) -> str:
    return ",".join(f"{start}-{end}" for start, end in sorted(set(spans)))


def _always(rows: Sequence[Weekly]) -> bool:
    days = tuple(tuple(row.span for row in rows if row.days >> day & 1) for day in range(7))
    return _bounds(days) == (0, WEEK)


def _common(one: Span, other: Span) -> Span:
    return max(one[0], other[0]), min(one[1], other[1])


def parse_week(text: str) -> Week:
    """A compiled week, read back. Raises ValueError for what compile_week never writes."""
    eras: list[Era] = []
    unlike: dict[int, tuple[Span, ...]] = {}
    for token in text.split(";"):
        when, dated, spans = token.rpartition("=")
        first, ranged, last = when.partition("..")
        if dated and not ranged:
            unlike[date.fromisoformat(when).toordinal()] = _spans(spans)
        else:
            eras.append(_era(first, last, _spans(spans)))
    turns = [one for era in eras for one in (era.first, era.last + 1) if date.min.toordinal() < one <= date.max.toordinal()]
    return Week(tuple(eras), unlike, tuple(sorted({*unlike, *turns})))


def _era(first: str, last: str, spans: Sequence[Span]) -> Era:
    days: list[list[Span]] = [[] for _ in range(7)]
    for start, end in spans:
        day = start // MINUTES_A_DAY
        days[day].append((start - day * MINUTES_A_DAY, end - day * MINUTES_A_DAY))
    frozen = tuple(tuple(day) for day in days)
    return Era(
        date.fromisoformat(first).toordinal() if first else date.min.toordinal(),
        date.fromisoformat(last).toordinal() if last else date.max.toordinal(),
        frozen,
        _bounds(frozen),
    )


def _spans(text: str) -> tuple[Span, ...]:
    pairs = (one.split("-") for one in text.split(",") if one)
    return tuple((int(start), int(end)) for start, end in pairs)


def _bounds(days: Sequence[Sequence[Span]]) -> tuple[int, ...]:
    """Openings and closings of a week in turn. What runs over Sunday midnight is cut there and goes on at minute 0."""
    spans: list[Span] = []
    for day, begun in enumerate(days):
        for start, end in ((day * MINUTES_A_DAY + start, day * MINUTES_A_DAY + end) for start, end in begun):
            spans.append((start, min(end, WEEK)))
            if end > WEEK:
                spans.append((0, end - WEEK))
    merged: list[int] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1]:
            merged[-1] = max(merged[-1], end)
        else:
            merged += [start, end]
    return tuple(merged)
