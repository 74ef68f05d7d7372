"""Open or not, and until when: every way in which hours are kept, on a clock in Kenya."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral.directory.hours import opening
from referral.directory.weeks import LONGEST, UnlikeDay, Weekly, compile_week, parse_week
from referral.vocabulary.help import Open, Opening

EAT = ZoneInfo("Africa/Nairobi")
MON = date(2026, 11, 2)
WEEKDAYS, DAILY, SUNDAY, SATURDAY = 0b0011111, 0b1111111, 0b1000000, 0b0100000


def h(hours: float) -> int:
    return int(hours * 60)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the first week: day 0 is Monday, the time as clocks in Kwale show it."""
    return datetime(2026, 11, 2, hour, minute, tzinfo=EAT) + timedelta(days=day)


def week(*rows: Weekly, own: tuple[UnlikeDay, ...] = (), holidays: tuple[UnlikeDay, ...] = (), today: date = MON) -> str | None:
    return compile_week(rows, own, holidays, today)


OFFICE = Weekly(WEEKDAYS, h(8), h(17))
SPLIT = (Weekly(WEEKDAYS, h(8), h(13)), Weekly(WEEKDAYS, h(14), h(17)))
NIGHT = Weekly(SUNDAY, h(20), h(6))
ALL_DAY = Weekly(DAILY, 0, 0)
CASES = [
    ("office hours, in the morning", week(OFFICE), at(0, 9), Opening(Open.NOW, at(0, 17))),
    ("office hours, Friday evening", week(OFFICE), at(4, 17), Opening(Open.CLOSED, at(7, 8))),
    ("split hours, at lunch", week(*SPLIT), at(1, 13, 30), Opening(Open.CLOSED, at(1, 14))),
    ("split hours, before lunch", week(*SPLIT), at(1, 12, 59), Opening(Open.NOW, at(1, 13))),
    ("Sunday night into Monday, on Sunday", week(NIGHT), at(6, 23), Opening(Open.NOW, at(7, 6))),
    ("Sunday night into Monday, on Monday", week(NIGHT), at(0, 5, 59), Opening(Open.NOW, at(0, 6))),
    ("day and night", week(ALL_DAY), at(6, 23, 59), Opening(Open.ALWAYS)),
    ("midnight to one minute before it means day and night", week(Weekly(DAILY, 0, h(24) - 1)), at(2, 23, 59), Opening(Open.ALWAYS)),
    ("hours nobody knows", week(), at(0, 12), Opening(Open.UNKNOWN)),
    ("a moment in UTC is read as Kenya's", week(OFFICE), datetime(2026, 11, 2, 5, 0, tzinfo=UTC), Opening(Open.NOW, at(0, 17))),
]


@pytest.mark.parametrize(("hours", "now", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_open_or_not(hours: str | None, now: datetime, expected: Opening) -> None:
    assert opening(hours, now, EAT) == expected


TUESDAY = MON + timedelta(days=1)
OFF = UnlikeDay(TUESDAY)
UNLIKE = [
    ("a holiday closes an office", week(OFFICE, holidays=(OFF,)), at(1, 9), Opening(Open.CLOSED, at(2, 8))),
    ("the evening before, it opens after the holiday", week(OFFICE, holidays=(OFF,)), at(0, 18), Opening(Open.CLOSED, at(2, 8))),
    ("a holiday does not close a ward", week(ALL_DAY, holidays=(OFF,)), at(1, 9), Opening(Open.ALWAYS)),
    ("an own day beats the holiday", week(OFFICE, own=(UnlikeDay(TUESDAY, h(9), h(12)),), holidays=(OFF,)), at(1, 9), Opening(Open.NOW, at(1, 12))),
    ("a holiday of half a day shortens", week(OFFICE, holidays=(UnlikeDay(TUESDAY, 0, h(12)),)), at(1, 9), Opening(Open.NOW, at(1, 12))),
    ("a holiday opens nothing", week(Weekly(SUNDAY, h(8), h(9)), holidays=(UnlikeDay(TUESDAY, 0, h(12)),)), at(1, 9), Opening(Open.CLOSED, at(6, 8))),
    ("closed for works on one day, though day and night", week(ALL_DAY, own=(OFF,)), at(0, 9), Opening(Open.NOW, at(1, 0))),
    ("and open again after it", week(ALL_DAY, own=(OFF,)), at(1, 9), Opening(Open.CLOSED, at(2, 0))),
    ("a night that began before the holiday is worked to its end", week(Weekly(DAILY, h(20), h(6)), holidays=(OFF,)), at(1, 5), Opening(Open.NOW, at(1, 6))),
    ("hours nobody knows stay unknown on a holiday", week(holidays=(OFF,)), at(1, 9), Opening(Open.UNKNOWN)),
    ("one day known of a place of unknown hours", week(own=(UnlikeDay(TUESDAY, h(9), h(12)),)), at(1, 8), Opening(Open.CLOSED, at(1, 9))),
    ("and unknown again on the next", week(own=(UnlikeDay(TUESDAY, h(9), h(12)),)), at(2, 8), Opening(Open.UNKNOWN)),
    ("hours that are no longer valid are not guessed on", week(Weekly(DAILY, h(8), h(17), None, MON)), at(1, 9), Opening(Open.UNKNOWN)),
    (
        "hours of a season and then others",
        week(Weekly(DAILY, h(8), h(17), None, MON), Weekly(DAILY, h(10), h(12), TUESDAY, None)),
        at(0, 18),
        Opening(Open.CLOSED, at(1, 10)),
    ),
]


@pytest.mark.parametrize(("hours", "now", "expected"), [case[1:] for case in UNLIKE], ids=[case[0] for case in UNLIKE])
def test_days_unlike_their_weekday(hours: str | None, now: datetime, expected: Opening) -> None:
    assert opening(hours, now, EAT) == expected


def test_the_office_that_is_closed_for_the_holidays_names_its_next_day() -> None:
    holidays = tuple(UnlikeDay(MON + timedelta(days=day)) for day in range(1, 20))
    assert opening(week(OFFICE, holidays=holidays), at(1, 9), EAT) == Opening(Open.CLOSED, at(21, 8))


def test_more_days_than_the_column_holds_leave_out_the_farthest() -> None:
    text = week(OFFICE, own=tuple(UnlikeDay(MON + timedelta(days=day), h(9), h(10)) for day in range(300)))
    assert text is not None
    assert len(text) <= LONGEST
    assert opening(text, at(3, 9, 30), EAT) == Opening(Open.NOW, at(3, 10))
    assert text.isascii()


def test_a_clock_put_forward_does_not_move_the_hour_an_office_opens() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    found = opening(week(OFFICE, today=date(2026, 3, 28)), datetime(2026, 3, 28, 12, 0, tzinfo=zone), zone)
    assert found.changes_at is not None
    assert (found.changes_at.hour, found.changes_at.utcoffset()) == (8, timedelta(hours=2))


minutes = st.integers(0, 24 * 60 - 1)
near = st.integers(-3, 12).map(lambda days: MON + timedelta(days=days))
spans = st.one_of(st.just((0, 0)), st.tuples(minutes, minutes))


@st.composite
def weekly(draw: st.DrawFn) -> Weekly:
    opens, closes = draw(spans)
    start, end = draw(st.none() | near), draw(st.none() | near)
    if start and end and end < start:
        start, end = end, start
    return Weekly(draw(st.integers(1, 127)), opens, closes, start, end)


unlike_days = st.lists(
    st.builds(lambda day, hours: UnlikeDay(day, *(hours or (None, None))), near, st.none() | spans), max_size=4, unique_by=lambda one: one.day
)
DAY = 24 * 60
AHEAD = 20


class Naive:
    """Every minute of four weeks, marked one by one, straight from the rows."""

    def __init__(self, rows: list[Weekly], own: list[UnlikeDay], holidays: list[UnlikeDay]) -> None:
        self.first = MON - timedelta(days=1)
        self.known: list[bool] = []
        self.marks = [False] * ((AHEAD + 3) * DAY)
        for index in range(AHEAD + 2):
            self._day(index, self.first + timedelta(days=index), rows, own, holidays)

    def _day(self, index: int, day: date, rows: list[Weekly], own: list[UnlikeDay], holidays: list[UnlikeDay]) -> None:
        valid = [row for row in rows if (row.valid_from or day) <= day <= (row.valid_to or day)]
        mine = next((one for one in own if one.day == day), None)
        holiday = next((one for one in holidays if one.day == day), None)
        self.known.append(bool(valid or mine))
        if mine is not None:
            self._mark(index, mine.opens, mine.closes, None)
            return
        limit = None if holiday is None or self._never_closes(valid) else holiday
        for row in valid:
            if row.days >> day.weekday() & 1:
                self._mark(index, row.opens, row.closes, limit)

    def _mark(self, index: int, opens: int | None, closes: int | None, limit: UnlikeDay | None) -> None:
        allowed = None if limit is None else set(self._minutes(limit.opens, limit.closes))
        for minute in self._minutes(opens, closes):
            if allowed is None or minute in allowed:
                self.marks[index * DAY + minute] = True

    @staticmethod
    def _minutes(opens: int | None, closes: int | None) -> list[int]:
        if opens is None or closes is None:
            return []
        end = DAY if closes == DAY - 1 else closes if closes > opens else closes + DAY
        return list(range(opens, end))

    def _never_closes(self, rows: list[Weekly]) -> bool:
        open_minutes = {
            (day * DAY + minute) % (7 * DAY) for row in rows for day in range(7) if row.days >> day & 1 for minute in self._minutes(row.opens, row.closes)
        }
        return len(open_minutes) == 7 * DAY

    def opening(self, now: datetime) -> Opening | None:
        """None where the answer lies beyond what was marked."""
        start = int((now.replace(tzinfo=None) - datetime.combine(self.first, datetime.min.time())).total_seconds() // 60)
        if self.marks[start]:
            shut = next((minute for minute in range(start, start + 7 * DAY + 1) if not self.marks[minute]), None)
            return Opening(Open.ALWAYS) if shut is None else Opening(Open.NOW, self._moment(shut))
        if not self.known[start // DAY]:
            return Opening(Open.UNKNOWN)
        for minute in range(start, len(self.marks) - 2 * DAY):
            if not self.known[minute // DAY]:
                return Opening(Open.CLOSED)
            if self.marks[minute] and not self.marks[minute - 1]:
                return Opening(Open.CLOSED, self._moment(minute))
        return None

    def _moment(self, minute: int) -> datetime:
        return datetime.combine(self.first, datetime.min.time(), tzinfo=EAT) + timedelta(minutes=minute)


@settings(max_examples=300, deadline=None)
@given(st.lists(weekly(), max_size=4), unlike_days, unlike_days, st.integers(0, 9 * DAY))
def test_compiled_hours_say_what_every_minute_says(rows: list[Weekly], own: list[UnlikeDay], holidays: list[UnlikeDay], minute: int) -> None:
    now = datetime.combine(MON, datetime.min.time(), tzinfo=EAT) + timedelta(minutes=minute)
    expected = Naive(rows, own, holidays).opening(now)
    found = opening(compile_week(rows, own, holidays, MON), now, EAT)
    if expected is None:
        assert found.state is Open.CLOSED
        assert found.changes_at is None or found.changes_at > now + timedelta(days=7)
    else:
        assert found == expected


def test_openings_and_closings_take_turns() -> None:
    text = week(Weekly(DAILY, h(20), h(9)), OFFICE, Weekly(SATURDAY, h(8), h(9)))
    assert text is not None
    bounds = parse_week(text).eras[0].bounds
    assert all(one < other for one, other in pairwise(bounds))
