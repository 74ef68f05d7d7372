"""Rows of an HSDS package that need more than other names: schedules and phones, and what of them no row of ours can say.

Hours told to a child must be true: a schedule is taken as it is meant or not at all, never as "every week for ever".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from referral.directory.hsds_words import DAYS
from referral.directory.lines import DAYS as OUR_DAYS

_TIME = re.compile(r"(\d\d:\d\d)(?::00(?:\.0+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII | re.IGNORECASE)
_HOURS_AHEAD = re.compile(r"[+-]?\d{1,2}(?:\.\d{1,6})?", re.ASCII)
_WHOLE = re.compile(r"(\d+)\.0*", re.ASCII)
_SHORT_NUMBER = re.compile(r"\d{3,5}", re.ASCII)
_TEXTED = frozenset({"sms", "text", "cell", "mobile"})
_SPOKEN = _TEXTED | {"voice", "phone", "tel", "telephone", "landline"}
_NOT_SPOKEN = frozenset({"fax", "pager", "video", "textphone", "tty", "tdd", "modem"})
_WEEKLY_ONLY = "only hours that come every week can be held"
_CLEAR = "-"
Cells = dict[str, str]


class NotOurs(Exception):
    """A row that none of our tables can hold."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def whole(cell: str) -> str:
    """HSDS's numbers may have a fraction: 17.0 is 17; another fraction is left to be refused."""
    found = _WHOLE.fullmatch(cell)
    return found[1] if found else cell


def schedule(cells: Cells, row: Mapping[str, str], here: datetime, *, new: bool) -> Cells:
    """Weekly hours. `cells` are those that say something new, by our names, `row` all of them by HSDS's; `here` is now in the county's time zone,
    the only one in which hours are taken. `dtstart` and `until` are the first and last day. Hours that are over end an entry that we have, and
    are no new one. Raises NotOurs."""
    if _said(row, "freq") not in ("", "WEEKLY"):
        raise NotOurs("freq", _WEEKLY_ONLY)
    if whole(_said(row, "interval")) not in ("", "1"):
        raise NotOurs("interval", _WEEKLY_ONLY)
    for column in row:
        if column == "count" or (column.startswith("by") and column != "byday"):
            _refuse(row, column, _WEEKLY_ONLY)
    if not _said(row, "service_at_location_id"):
        for column in ("service_id", "location_id"):
            _refuse(row, column, "hours are a service point's", named="service_at_location_id")
    return cells | _dates(row, here.date(), new=new) | _times(cells, row, here) | _days(cells)


def _days(cells: Cells) -> Cells:
    words = dict(zip(DAYS, OUR_DAYS, strict=True))
    said = " ".join(words.get(word, word) for word in re.split(r"[,\s]+", cells.get("days", "")) if word)
    return {"days": said} if said else {}


def _times(cells: Cells, row: Mapping[str, str], here: datetime) -> Cells:
    """What is no time is left to be refused as any other."""
    offset = here.utcoffset() or timedelta()
    ahead = _said(row, "timezone")
    if ahead and (not _HOURS_AHEAD.fullmatch(ahead) or timedelta(hours=float(ahead)) != offset):
        raise NotOurs("timezone", "is another than the county's, in hours ahead of UTC")
    found = {column: _TIME.fullmatch(cells.get(column, "")) for column in ("opens", "closes")}
    for column, time in found.items():
        if time and time[2] and _offset(time[2]) != offset:
            raise NotOurs(f"{column}_at", "is in another time zone")
    times = {column: time[1] for column, time in found.items() if time}
    return times | ({"closes": "24:00"} if times == {"opens": "00:00", "closes": "23:59"} else {})


def _offset(text: str) -> timedelta:
    """Of Z, +03, +0300 or +03:00."""
    figures = text[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(figures[:2]), minutes=int(figures[2:]))
    return -ahead if text.startswith("-") else ahead


def _dates(row: Mapping[str, str], today: date, *, new: bool) -> Cells:
    first, last = dict(_read(row, "valid_from", "dtstart")), dict(_read(row, "valid_to", "until"))
    ends = min(last, key=lambda column: last[column], default="")
    if new and ends and last[ends] < today:
        raise NotOurs(ends, "is past: hours that are over are left out")
    starts = {"valid_from": max(first.values()).isoformat()} if "dtstart" in first else {}
    return starts | ({"valid_to": last[ends].isoformat()} if "until" in last else {})


def _read(row: Mapping[str, str], *columns: str) -> Iterator[tuple[str, date]]:
    for column in columns:
        if said := _said(row, column):
            try:
                yield column, date.fromisoformat(said)
            except ValueError:
                raise NotOurs(column, "must be a day such as 2026-01-31") from None


def phone(cells: Cells, row: Mapping[str, str]) -> Cells:
    """A number that a caller can dial and speak to somebody. Raises NotOurs: a contact's phone is a person's, and no person's phone is in these tables."""
    _refuse(row, "contact_id", "a contact's phone is a person's")
    kinds = set(re.findall(r"[a-z]+", _said(row, "type").casefold()))
    if kinds & _NOT_SPOKEN and not kinds & _SPOKEN:
        raise NotOurs("type", "nobody can speak to it: it is left out")
    _refuse(row, "extension", "a number that needs an extension cannot be held: callers would be told the rest of it")
    number = cells.get("e164", "").strip('"')
    if _SHORT_NUMBER.fullmatch(number):
        cells |= {"e164": "", "short_number": number}
    elif number:
        cells["e164"] = number
    return cells | ({"takes_texts": "yes"} if kinds & _TEXTED else {})


def _refuse(row: Mapping[str, str], column: str, reason: str, *, named: str = "") -> None:
    if _said(row, column):
        raise NotOurs(named or column, reason)


def _said(row: Mapping[str, str], column: str) -> str:
    """What a row says; nothing where it clears a cell."""
    cell = row.get(column, "")
    return "" if cell == _CLEAR else cell
