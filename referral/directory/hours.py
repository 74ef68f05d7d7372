"""Whether a place is open, and when that changes: answered from compiled hours in a microsecond, in the county's time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo

from referral.directory.records import MINUTES_A_DAY
from referral.directory.weeks import WEEK, Span, Week, parse_week
from referral.vocabulary.help import Open, Opening

LOOK_AHEAD = 92
"""Days within which a next opening is looked for: longer than a school's holiday."""


def opening(week: str | Week | None, now: datetime, tz: tzinfo) -> Opening:
    """Whether a place is open at an aware moment, and when that changes, in the county's time. ALWAYS: it does not close within the next seven days."""
    if week is None:
        return Opening(Open.UNKNOWN)
    return opening_at(parse_week(week) if isinstance(week, str) else week, now.astimezone(tz))


def opening_at(week: Week, local: datetime) -> Opening:
    """As `opening`, for hours already read and a moment in the county's time: what a list asks for each of its lines."""
    today, minute = local.toordinal(), local.hour * 60 + local.minute
    era = week.era(today)
    if era is None or not era.bounds:
        return _walked(week, today, minute, local.tzinfo)
    monday = today - local.weekday()
    is_open, change = _next(era.bounds, (today - monday) * MINUTES_A_DAY + minute)
    soonest = bisect_left(week.irregular, today - 1)
    last_looked_at = today + 7 if change is None else monday + change // MINUTES_A_DAY
    if soonest < len(week.irregular) and week.irregular[soonest] <= last_looked_at:
        return _walked(week, today, minute, local.tzinfo)
    if change is None:
        return Opening(Open.ALWAYS)
    return Opening(Open.NOW if is_open else Open.CLOSED, _moment(monday * MINUTES_A_DAY + change, local.tzinfo))


def _next(bounds: Sequence[int], minute: int) -> tuple[bool, int | None]:
    """Open or not in a regular week, and the minute of the next change, counted on into the next week; None for never."""
    at = bisect_right(bounds, minute)
    is_open = at % 2 == 1
    if at == len(bounds):
        return False, bounds[0] + WEEK
    if is_open and bounds[at] == WEEK and bounds[0] == 0:
        return True, None if len(bounds) == 2 else bounds[1] + WEEK
    return is_open, bounds[at]


def _walked(week: Week, today: int, minute: int, tz: tzinfo | None) -> Opening:
    """Day by day, where a holiday, a season's end or hours nobody knows lie near."""
    now = today * MINUTES_A_DAY + minute
    begun = [*_begun(week, today - 1), *_begun(week, today)]
    until = max((end for start, end in begun if start <= now < end), default=None)
    if until is not None:
        return _closing(week, now, until, tz)
    if week.begins(today) is None:
        return Opening(Open.UNKNOWN)
    for day in range(today, today + LOOK_AHEAD + 1):
        if week.begins(day) is None:
            break
        ahead = [start for start, _ in _begun(week, day) if start > now]
        if ahead:
            return Opening(Open.CLOSED, _moment(min(ahead), tz))
    return Opening(Open.CLOSED)


def _closing(week: Week, now: int, until: int, tz: tzinfo | None) -> Opening:
    for day in range(now // MINUTES_A_DAY - 1, now // MINUTES_A_DAY + 9):
        for start, end in sorted(_begun(week, day)):
            until = end if start <= until < end else until
    return Opening(Open.ALWAYS) if until > now + WEEK else Opening(Open.NOW, _moment(until, tz))


def _begun(week: Week, day: int) -> list[Span]:
    """What begins on a day, in minutes counted from the first day there is."""
    return [(day * MINUTES_A_DAY + start, day * MINUTES_A_DAY + end) for start, end in week.begins(day) or ()]


def _moment(minutes: int, tz: tzinfo | None) -> datetime:
    day, minute = divmod(minutes, MINUTES_A_DAY)
    return datetime.combine(date.fromordinal(day), time(minute // 60, minute % 60), tzinfo=tz)
