"""The help tables as data: their files, lines, rows, and how they refer to each other; and a row as the cells of its file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from marshmallow import Schema
from sqlalchemy import Table

from referral.directory import help_lines as lines
from referral.directory import part_lines as parts
from referral.directory import point_records as points
from referral.directory import service_records as records
from referral.directory.lines import DAYS
from referral.store.base import Base

PHONES = "phones"
NUMBERS = ("e164", "short_number")
PART_FIELDS = {"hours": "hours", "service_areas": "areas", "languages": "languages", "accessibility": "accessibility"}
"""Tables whose rows are changed by hand as one field of the entry they belong to, and what that field is called."""
PLACES, OFFICES = "places", "offices"
"""Tables that help entries refer to and that have a way of their own into the directory."""
_SEPARATORS = re.compile(r"[^a-z0-9]+")
Values = dict[str, Any]
"""A row's values by column."""


@dataclass(frozen=True)
class HelpTable:
    """One table. `refers` gives the table that a column names; of `owners` exactly one is filled. `unique` are combinations of columns that are unique.

    `part`: such rows belong to their owner, and a file that replaces the owner's parts takes the missing ones away.
    """

    name: str
    row: type[Base]
    line: type[Schema]
    refers: Mapping[str, str]
    owners: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    part: bool = False

    @cached_property
    def table(self) -> Table:
        table = self.row.__table__
        assert isinstance(table, Table)
        return table

    @property
    def entity(self) -> str:
        """What tasks, proposals and the record of changes call an entry of this table."""
        return self.table.name.removeprefix("directory_")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of its file, where an entry is from and who checked it last."""
        named = list(self.line().fields)
        about = [name for name in named if name in records.Listed.__annotations__]
        return tuple([name for name in named if name not in about] + about)

    @property
    def listed(self) -> bool:
        """Whether its entries carry where they are from and who checked them."""
        return issubclass(self.row, records.Listed)


_OWNED = {
    "organization": "organizations",
    "service": "services",
    "location": "locations",
    "service_at_location": "service_at_locations",
    "phone": "phones",
    "office": OFFICES,
}


def _owned(*owners: str) -> dict[str, str]:
    return {owner: _OWNED[owner] for owner in owners}


_PHONE, _HOURS, _AREA, _TONGUE = (one.OWNERS for one in (lines.PhoneLine, parts.HoursLine, parts.ServiceAreaLine, parts.LanguageLine))
_ALL = (
    HelpTable("terms", points.TermRow, lines.TermLine, {"parent": "terms"}, unique=(("taxonomy", "code"),)),
    HelpTable("place_names", points.PlaceNameRow, lines.PlaceNameLine, {"place": PLACES}, ("place",), (("place", "norm"),), part=True),
    HelpTable("organizations", records.OrganizationRow, lines.OrganizationLine, {"parent": "organizations"}),
    HelpTable("locations", records.LocationRow, lines.LocationLine, {"organization": "organizations", "place": PLACES}),
    HelpTable("services", records.ServiceRow, lines.ServiceLine, {"organization": "organizations"}),
    HelpTable(
        "service_at_locations", records.ServiceAtLocationRow, lines.ServiceAtLocationLine, _owned("service", "location"),
        unique=(("service", "location"), ("code",)),
    ),
    HelpTable("phones", points.PhoneRow, lines.PhoneLine, _owned(*_PHONE), _PHONE, part=True),
    HelpTable("hours", points.HoursRow, parts.HoursLine, _owned(*_HOURS), _HOURS, part=True),
    HelpTable(
        "day_exceptions", points.DayExceptionRow, parts.DayExceptionLine, _owned("service_at_location"), (), (("service_at_location", "day"),), part=True
    ),
    HelpTable(
        "service_areas", records.ServiceAreaRow, parts.ServiceAreaLine, {**_owned(*_AREA), "place": PLACES}, _AREA,
        (("service", "place"), ("service_at_location", "place")), part=True,
    ),
    HelpTable(
        "languages", points.LanguageRow, parts.LanguageLine, _owned(*_TONGUE), _TONGUE,
        (("service", "code"), ("location", "code"), ("phone", "code")), part=True,
    ),
    HelpTable("accessibility", points.AccessibilityRow, parts.AccessibilityLine, _owned("location"), ("location",), (("location", "access"),), part=True),
)  # fmt: skip
TABLES: Mapping[str, HelpTable] = {one.name: one for one in _ALL}
"""In an order in which each refers to those before it."""


def norm(name: str) -> str:
    """A name as texts are compared: small letters a-z and figures, one space between words; an apostrophe joins."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    return _SEPARATORS.sub(" ", plain.replace("'", "")).strip()


def values_of(table: HelpTable, read: Mapping[str, Any]) -> Values:
    """What a line says, as the row's columns."""
    values = {name: " ".join(value) if isinstance(value, tuple) else value for name, value in read.items()}
    return values | {"norm": norm(values["name"])} if table.name == "place_names" else values


def cells(table: HelpTable, row: Mapping[str, Any]) -> dict[str, str]:
    """A row as the cells of its file, by column: read again, they are the row."""
    return {column: _SPECIAL.get(column, cell)(row[column]) for column in table.columns}


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else str(value)


def days_of(mask: int) -> str:
    return " ".join(day for bit, day in enumerate(DAYS) if mask >> bit & 1)


def clock_of(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


_SPECIAL: Mapping[str, Callable[[Any], str]] = {
    "days": days_of,
    "opens": clock_of,
    "closes": lambda minutes: "24:00" if minutes == 0 else clock_of(minutes),
}
