"""Schedules and phones of others' packages: taken as they are meant, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from referral.upkeep.package_parts import NotOurs, phone, schedule, whole
from tests.upkeep.hand_in import EAT, NOW

HERE = NOW.astimezone(EAT)  # 2026-11-04
OURS = {"byday": "days", "opens_at": "opens", "closes_at": "closes", "valid_from": "valid_from", "valid_to": "valid_to"}
WEEKDAYS = {"service_at_location_id": "p", "byday": "MO,FR", "opens_at": "08:00", "closes_at": "17:00"}


def read(*, new: bool = True, **said: Any) -> dict[str, str]:
    row = WEEKDAYS | {column: str(value) for column, value in said.items()}
    return schedule({ours: row[theirs] for theirs, ours in OURS.items() if row.get(theirs)}, row, HERE, new=new)


HOURS = {"days": "mon fri", "opens": "08:00", "closes": "17:00"}
SEASON = {"valid_from": "2026-12-01", "valid_to": "2027-01-31"}


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({"freq": "WEEKLY", "interval": "1.0", "wkst": "MO"}, HOURS),
        ({"timezone": "3.0", "opens_at": "08:00:00.000+03:00", "closes_at": "17:00+0300"}, HOURS),
        ({"timezone": "+3", "opens_at": "08:00+03"}, HOURS),
        ({"opens_at": "00:00+03:00", "closes_at": "23:59:00+03:00"}, HOURS | {"opens": "00:00", "closes": "24:00"}),
        (SEASON, HOURS | SEASON),
        ({"dtstart": "2026-12-01", "until": "2027-01-31"}, HOURS | SEASON),
        (SEASON | {"dtstart": "2026-01-01", "until": "2028-01-31"}, HOURS | SEASON),
        ({"valid_from": "2020-01-01", "valid_to": "2029-12-31", "dtstart": "2026-12-01", "until": "2027-01-31"}, HOURS | SEASON),
        ({"valid_to": "-", "until": "-", "count": "-"}, HOURS | {"valid_to": "-"}),
    ],
)
def test_weekly_hours_of_this_county_are_held_from_their_first_day_to_their_last(said: dict[str, str], held: dict[str, str]) -> None:
    assert read(**said) == held


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"timezone": 0}, "timezone"),
        ({"timezone": "0", "opens_at": "08:00+03:00"}, "timezone"),
        ({"timezone": "Africa/Nairobi"}, "timezone"),
        ({"timezone": "0_3"}, "timezone"),
        ({"opens_at": "08:00Z"}, "opens_at"),
        ({"closes_at": "17:00-03"}, "closes_at"),
        ({"dtstart": "2020-01-01", "until": "2020-12-31", "count": 3}, "count"),
        ({"dtstart": "2020-01-01", "until": "2020-12-31"}, "until"),
        ({"valid_to": "2026-11-03", "until": "2027-01-01"}, "valid_to"),
        ({"until": "next year"}, "until"),
        ({"bymonthday": "2,3"}, "bymonthday"),
        ({"byweekno": "41"}, "byweekno"),
        ({"bysetpos": "1"}, "bysetpos"),
        ({"interval": 2, "dtstart": "2026-11-02"}, "interval"),
        ({"freq": "MONTHLY", "byday": "1MO"}, "freq"),
        ({"service_at_location_id": "", "location_id": "l"}, "service_at_location_id"),
    ],
)
def test_hours_that_would_be_told_wrong_are_refused(said: dict[str, Any], column: str) -> None:
    with pytest.raises(NotOurs) as refused:
        read(**said)
    assert refused.value.column == column


@pytest.mark.parametrize("time", ["0800Z", "T08:00Z", "08:00:30", "8:00", "08", "8am"])
def test_what_is_no_time_is_left_to_be_refused_as_one(time: str) -> None:
    assert read(opens_at=time)["opens"] == time


def test_an_end_that_has_come_ends_the_hours_we_have() -> None:
    assert read(new=False, until="2026-11-03")["valid_to"] == "2026-11-03"


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"type": "fax"}, "type"),
        ({"type": "Fax machine"}, "type"),
        ({"type": "textphone"}, "type"),
        ({"type": "voice", "extension": "12"}, "extension"),
        ({"contact_id": "c"}, "contact_id"),
    ],
)
def test_a_phone_that_nobody_could_speak_on_is_left_out(said: dict[str, str], column: str) -> None:
    with pytest.raises(NotOurs) as refused:
        phone({"e164": "+254402300123"}, said)
    assert refused.value.column == column


@pytest.mark.parametrize(("kind", "texts"), [("", False), ("voice", False), ("tel/fax", False), ("hotline", False), ("Cell", True), ("text, voice", True)])
def test_any_other_phone_is_taken(kind: str, texts: bool) -> None:
    assert phone({"e164": '"+254402300123"'}, {"type": kind}) == {"e164": "+254402300123"} | ({"takes_texts": "yes"} if texts else {})


@pytest.mark.parametrize(("cell", "number"), [("0.0", "0"), ("17.0", "17"), ("17", "17"), ("0.5", "0.5"), ("-", "-"), ("", "")])
def test_a_number_without_a_fraction_is_whole(cell: str, number: str) -> None:
    assert whole(cell) == number
