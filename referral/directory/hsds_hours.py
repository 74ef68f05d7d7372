"""Opening hours as HSDS schedules: one a row, weekly, with what a reader must know of nights, whole days and days that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from referral.directory.hours import opening
from referral.directory.hsds_ids import hsds_id
from referral.directory.hsds_words import DAYS, sentence
from referral.directory.point_records import DayExceptionRow, HoursRow
from referral.directory.weeks import LAST_MINUTE, Weekly, compile_week
from referral.vocabulary.help import Open

_SHORT = {0b1111111: "every day", 0b0011111: "Monday to Friday"}


class Hours:
    """Schedules for one directory, in the time zone of `now`, the same all day. What is past is left out: a closed day of last year helps nobody."""

    def __init__(self, now: datetime) -> None:
        self._midnight = datetime.combine(now.date(), time(), now.tzinfo)
        offset = self._midnight.utcoffset()
        if offset is None:
            raise ValueError("a moment without a time zone")
        self._today = now.date()
        hours = offset.total_seconds() / 3600
        self._zone = int(hours) if hours.is_integer() else hours
        sign, minutes = "-" if hours < 0 else "+", abs(int(offset.total_seconds() // 60))
        self._suffix = f"{sign}{minutes // 60:02}:{minutes % 60:02}"

    def schedules(self, owner: str, rows: Iterable[HoursRow], exceptions: Iterable[DayExceptionRow]) -> Iterator[dict[str, Any]]:
        """Of one service point, whose published id is `owner`. No rows: nothing, for hours that nobody checked are not guessed."""
        weekly = [row for row in rows if row.valid_to is None or row.valid_to >= self._today]
        ahead = [one for one in exceptions if one.day >= self._today]
        if any(one.service_at_location is None for one in ahead) and self._always(weekly):
            ahead = [one for one in ahead if one.service_at_location is not None]
        notes = sentence(*(self._exception(one) for one in ahead))
        for row in weekly:
            yield {**self._begin(row.id, owner), **self._span(row.days, row.opens, row.closes), **_valid(row.valid_from, row.valid_to), "notes": notes}
        for one in ahead if weekly else ():
            if one.service_at_location is not None and one.opens is not None and one.closes is not None:
                only = self._span(1 << one.day.weekday(), one.opens, one.closes)
                said = sentence("On this day only, instead of the week's hours.", only.pop("description"))
                yield {**self._begin(one.id, owner), **only, **_valid(one.day, one.day), "description": said}

    def words(self, rows: Iterable[HoursRow]) -> str:
        """The same in words, for what HSDS gives no schedule: a phone. Empty for no rows."""
        ahead = [row for row in rows if row.valid_to is None or row.valid_to >= self._today]
        return f"Answered {'; '.join(map(self._said, ahead))}." if ahead else ""

    def _always(self, rows: Iterable[HoursRow]) -> bool:
        """What never closes does not close on a holiday: a ward, a police desk."""
        week = compile_week([Weekly(row.days, row.opens, row.closes, row.valid_from, row.valid_to) for row in rows], (), (), self._today)
        return opening(week, self._midnight, self._midnight.tzinfo or UTC).state is Open.ALWAYS

    def _begin(self, entry: str, owner: str) -> dict[str, Any]:
        return {"id": hsds_id("schedule", entry), "service_at_location_id": owner, "timezone": self._zone, "wkst": "MO", "freq": "WEEKLY", "interval": 1}

    def _span(self, days: int, opens: int, closes: int) -> dict[str, Any]:
        """`closes_at` before `opens_at` is the next morning, and says so; a whole day ends at 23:59, the last minute that HH:MM can write of it."""
        byday = ",".join(word for bit, word in enumerate(DAYS) if days >> bit & 1)
        whole = _whole(opens, closes)
        ends = LAST_MINUTE if closes == 0 else closes
        overnight = closes != 0 and closes <= opens
        said = f"Open {whole}." if whole else "Until the next morning." if overnight else ""
        return {"byday": byday, "opens_at": _clock(opens) + self._suffix, "closes_at": _clock(ends) + self._suffix, "description": said}

    def _said(self, row: HoursRow) -> str:
        span = self._span(row.days, row.opens, row.closes)
        return f"{_SHORT.get(row.days) or span['byday'].replace(',', ' ')} {_whole(row.opens, row.closes) or f'{_clock(row.opens)} to {_clock(row.closes)}'}"

    @staticmethod
    def _exception(one: DayExceptionRow) -> str:
        label = f" ({one.label})" if one.label else ""
        hours = "closed" if one.opens is None or one.closes is None else f"open {_clock(one.opens)} to {_clock(one.closes)}"
        return f"{one.day.isoformat()}{label}: {hours}."


def _whole(opens: int, closes: int) -> str:
    return "24 hours" if opens == 0 and closes in {0, LAST_MINUTE} else ""


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _valid(first: date | None, last: date | None) -> dict[str, str]:
    return {name: day.isoformat() for name, day in (("valid_from", first), ("valid_to", last)) if day is not None}
