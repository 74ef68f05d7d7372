"""Opening hours as other programs read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from referral.directory.hsds_hours import Hours
from referral.directory.point_records import DayExceptionRow, HoursRow

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=ZoneInfo("Africa/Nairobi"))
WEEKDAYS, EVERY_DAY, SATURDAY = 0b0011111, 0b1111111, 0b0100000
CHRISTMAS = DayExceptionRow(id="christmas", service_at_location=None, day=date(2026, 12, 25), closed=True, label="Christmas")


def row(days: int, opens: int, closes: int, **also: Any) -> HoursRow:
    return HoursRow(id=f"{days}-{opens}", service_at_location="point", days=days, opens=opens, closes=closes, **also)


def schedules(*rows: HoursRow, exceptions: tuple[DayExceptionRow, ...] = ()) -> list[dict[str, Any]]:
    return list(Hours(NOW).schedules("owner", rows, exceptions))


@pytest.mark.parametrize(
    ("days", "opens", "closes", "said"),
    [
        (WEEKDAYS, 480, 1020, ("MO,TU,WE,TH,FR", "08:00+03:00", "17:00+03:00", "")),
        (SATURDAY, 1200, 360, ("SA", "20:00+03:00", "06:00+03:00", "Until the next morning.")),
        (SATURDAY, 1200, 0, ("SA", "20:00+03:00", "23:59+03:00", "")),
        (EVERY_DAY, 0, 0, ("MO,TU,WE,TH,FR,SA,SU", "00:00+03:00", "23:59+03:00", "Open 24 hours.")),
        (EVERY_DAY, 0, 1439, ("MO,TU,WE,TH,FR,SA,SU", "00:00+03:00", "23:59+03:00", "Open 24 hours.")),
        (EVERY_DAY, 480, 480, ("MO,TU,WE,TH,FR,SA,SU", "08:00+03:00", "08:00+03:00", "Until the next morning.")),
    ],
)
def test_weekly_hours(days: int, opens: int, closes: int, said: tuple[str, ...]) -> None:
    (one,) = schedules(row(days, opens, closes))
    assert (one["byday"], one["opens_at"], one["closes_at"], one["description"]) == said
    assert (one["freq"], one["timezone"], one["wkst"], one["interval"]) == ("WEEKLY", 3, "MO", 1)


def test_split_hours_are_two_schedules_and_unknown_hours_none() -> None:
    assert len(schedules(row(WEEKDAYS, 480, 780), row(WEEKDAYS, 840, 1020))) == 2
    assert schedules() == schedules(exceptions=(CHRISTMAS,)) == []


def test_hours_of_a_season_have_their_dates_and_end_with_it() -> None:
    (one,) = schedules(row(WEEKDAYS, 480, 1020, valid_from=date(2026, 12, 1), valid_to=date(2026, 12, 31)), row(WEEKDAYS, 1, 2, valid_to=date(2026, 11, 1)))
    assert (one["valid_from"], one["valid_to"]) == ("2026-12-01", "2026-12-31")


def test_a_holiday_is_told_but_not_of_what_never_closes() -> None:
    assert schedules(row(WEEKDAYS, 480, 1020), exceptions=(CHRISTMAS,))[0]["notes"] == "2026-12-25 (Christmas): closed."
    assert schedules(row(EVERY_DAY, 0, 0), exceptions=(CHRISTMAS,))[0]["notes"] == ""


def test_a_day_with_hours_of_its_own_is_a_schedule_of_that_day() -> None:
    short = DayExceptionRow(id="short", service_at_location="point", day=date(2026, 12, 24), closed=False, opens=480, closes=720, label="")
    past = DayExceptionRow(id="past", service_at_location="point", day=date(2026, 1, 1), closed=True, label="New Year")
    usual, only = schedules(row(WEEKDAYS, 480, 1020), exceptions=(past, short))
    assert usual["notes"] == "2026-12-24: open 08:00 to 12:00."
    assert (only["valid_from"], only["valid_to"], only["byday"], only["closes_at"]) == ("2026-12-24", "2026-12-24", "TH", "12:00+03:00")
    assert only["description"] == "On this day only, instead of the week's hours."


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(EVERY_DAY, 0, 0)], "Answered every day 24 hours."),
        ([row(WEEKDAYS, 480, 1020), row(SATURDAY, 540, 720)], "Answered Monday to Friday 08:00 to 17:00; SA 09:00 to 12:00."),
        ([], ""),
    ],
)
def test_a_phones_hours_are_told_in_words(rows: list[HoursRow], said: str) -> None:
    assert Hours(NOW).words(rows) == said


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Hours(datetime(2026, 11, 2, 9, 0))  # noqa: DTZ001  the point of the test
