"""The lines of the directory's CSV files: what each column holds, read without stopping at the first mistake.

A message names file, line and column and what is wrong, never the value: it may be somebody's number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from referral.directory.records import MINUTES_A_DAY, AppointmentKind
from referral.vocabulary.duty import Role
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber
from referral.vocabulary.place import PlaceKind
from referral.vocabulary.report import Concern

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]|24(?=:00)):([0-5][0-9])(?::00)?")
ON_LOADING = "sample"
"""In `verified_on`: counts as verified on the day of loading. For samples only, so that a demonstration never goes stale."""


class ImportProblems(ValueError):
    """Nothing was loaded. `problems` names every bad line, `file:line: column: reason`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Line:
    """One line that could be read: where it stands and its values by column."""

    file: str
    number: int
    values: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def problem(self, column: str, reason: str) -> str:
        return f"{self.file}:{self.number}: {column}: {reason}"


class Words(fields.Field[tuple[str, ...]]):
    """Space-separated words, each once."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> tuple[str, ...]:
        words = tuple(str(value).split())
        if len(set(words)) != len(words):
            raise ValidationError("names something twice")
        return words


class _Number(fields.Field[PhoneNumber]):
    """A mobile number. The message is the same whatever was wrong, and holds no digit of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> PhoneNumber:
        try:
            return PhoneNumber(str(value))
        except NotAPhoneNumber:
            raise ValidationError("not a mobile number of this country") from None


class _Verified(fields.Field[date | str]):
    """A day, or the word that stands for the day of loading."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date | str:
        if value == ON_LOADING:
            return ON_LOADING
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise ValidationError(f"must be a day such as 2026-01-31, or {ON_LOADING}") from None


class Clock(fields.Field[int]):
    """A time of day as minutes from midnight; 24:00 is the next midnight, 0. HH:MM, as a spreadsheet writes it too, and nothing else: a zone that is read
    over is hours of another place."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        found = _CLOCK.fullmatch(str(value))
        if found is None:
            raise ValidationError("must be a time such as 07:30")
        return (int(found[1]) * 60 + int(found[2])) % MINUTES_A_DAY


class Days(fields.Field[int]):
    """Weekdays as a bit mask, Monday first."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        words = str(value).lower().split()
        if not set(words) <= set(DAYS):
            raise ValidationError(f"must be some of {' '.join(DAYS)}")
        return sum(1 << DAYS.index(word) for word in set(words))


CODE_RULE = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,59}\Z", error="must be letters, digits, dots and dashes, 60 at most")


def _code(*, required: bool = True) -> fields.String:
    return fields.String(required=True, validate=CODE_RULE) if required else fields.String(load_default=None, validate=CODE_RULE)


def _text(most: int, *, required: bool = True) -> fields.String:
    length = validate.Length(1, most, error=f"must have {most} characters at most")
    return fields.String(required=True, validate=length) if required else fields.String(load_default="", validate=length)


def _sample() -> fields.Boolean:
    return fields.Boolean(required=True, truthy={"yes"}, falsy={"no"}, error_messages={"invalid": "must be yes or no"})


class PlaceLine(Schema):
    id = _code()
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    name = _text(60)
    parents = Words(load_default=())
    lat = fields.Float(load_default=None, validate=validate.Range(-90, 90, error="must lie between -90 and 90"))
    lon = fields.Float(load_default=None, validate=validate.Range(-180, 180, error="must lie between -180 and 180"))
    precision = _text(40, required=False)
    source = _text(240, required=False)


class OfficeLine(Schema):
    id = _code()
    role = fields.Enum(Role, by_value=True, required=True)
    name = _text(120)
    covers = Words(required=True)
    parent = _code(required=False)
    concerns = Words(
        load_default=(),
        validate=lambda words: _only(words, {one.value for one in Concern}, "names an unknown concern"),
    )
    sample = _sample()
    source = _text(240, required=False)
    note = _text(500, required=False)


class PersonLine(Schema):
    id = _code()
    name = _text(120)
    number = _Number(required=True)
    language = fields.String(required=True, validate=validate.Regexp(r"\A[a-z]{2,3}\Z", error="must be a language code such as en or sw"))
    office = _code()
    kind = fields.Enum(AppointmentKind, by_value=True, required=True)
    rank = fields.Integer(load_default=0, validate=validate.Range(0, 99, error="must lie between 0 and 99"))
    verified_on = _Verified(load_default=None)
    sample = _sample()


class LeaveLine(Schema):
    id = _code()
    person = _code()
    starts = fields.AwareDateTime(format="iso", required=True)
    ends = fields.AwareDateTime(format="iso", required=True)


class ShiftLine(Schema):
    """Weekly: `days`, `opens`, `closes`. Once: `starts`, `ends`. Never both."""

    id = _code()
    office = _code()
    person = _code()
    days = Days(load_default=None)
    opens = Clock(load_default=None)
    closes = Clock(load_default=None)
    starts = fields.AwareDateTime(format="iso", load_default=None)
    ends = fields.AwareDateTime(format="iso", load_default=None)


def _only(words: tuple[str, ...], known: set[str], reason: str) -> None:
    if not set(words) <= known:
        raise ValidationError(reason)


def read_lines(path: Path, schema: Schema, problems: list[str], unread: set[str]) -> list[Line]:
    """Every good line of a file; a problem for every bad one, whose id goes to `unread`. UTF-8, byte order mark or not, header first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            if not _header_right(path.name, reader.fieldnames or (), schema, problems):
                return []
            found = (_line(path.name, reader.line_num, raw, schema, problems, unread) for raw in reader)
            return [line for line in found if line is not None]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        problems.append(f"{path.name}:1: file: cannot be read as CSV in UTF-8 ({type(error).__name__})")
        return []


def _header_right(name: str, header: Iterable[str], schema: Schema, problems: list[str]) -> bool:
    columns, wanted = list(header), list(schema.fields)
    wrong = [f"{name}:1: {column}: column is missing" for column in wanted if column not in columns]
    wrong += [f"{name}:1: {column}: column is unknown" for column in columns if column not in wanted]
    wrong += [f"{name}:1: {column}: column stands twice" for column in sorted(set(columns)) if columns.count(column) > 1]
    problems += wrong
    return not wrong


def _line(name: str, number: int, raw: Mapping[str, Any], schema: Schema, problems: list[str], unread: set[str]) -> Line | None:
    if raw.get(""):
        problems.append(f"{name}:{number}: line: more values than columns")
        return None
    filled = {column: value.strip() for column, value in raw.items() if value and value.strip()}
    try:
        return Line(name, number, schema.load(filled))
    except ValidationError as error:
        unread.add(filled.get("id", ""))
        messages: dict[str, Any] = error.messages if isinstance(error.messages, dict) else {"line": error.messages}
        problems += [f"{name}:{number}: {column}: {in_words(reasons)}" for column, reasons in sorted(messages.items())]
        return None


def in_words(reasons: Any) -> str:
    text = "; ".join(str(reason) for reason in reasons) if isinstance(reasons, list) else str(reasons)
    return "missing" if text.startswith("Missing data") else text[:1].lower() + text[1:].rstrip(".")
