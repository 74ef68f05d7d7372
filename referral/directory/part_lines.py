"""The lines of what belongs to an entry and goes with it: hours, areas, languages, ways in."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validates_schema

from referral.directory.help_fields import LANGUAGE, bad, code_field, flag, maybe_code, need_one_owner, text_field
from referral.directory.lines import Clock, Days
from referral.directory.point_records import Access


class HoursLine(Schema):
    OWNERS: ClassVar[tuple[str, ...]] = ("service_at_location", "phone")
    id = code_field()
    service_at_location = maybe_code()
    phone = maybe_code()
    days = Days(required=True)
    opens = Clock(required=True)
    closes = Clock(required=True)
    valid_from = fields.Date(load_default=None, error_messages={"invalid": "must be a day such as 2026-01-31"})
    valid_to = fields.Date(load_default=None, error_messages={"invalid": "must be a day such as 2026-01-31"})

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        need_one_owner(data, self.OWNERS)
        if data["opens"] == data["closes"] != 0:
            raise bad("closes", "is when it opens: the whole day is 00:00 to 24:00")
        if None not in (data["valid_from"], data["valid_to"]) and data["valid_from"] > data["valid_to"]:
            raise bad("valid_to", "must not be before valid_from")


class DayExceptionLine(Schema):
    """Without an owner: a public holiday of the county."""

    id = code_field()
    service_at_location = maybe_code()
    day = fields.Date(required=True, error_messages={"invalid": "must be a day such as 2026-01-31"})
    closed = flag(required=True)
    opens = Clock(load_default=None)
    closes = Clock(load_default=None)
    label = text_field(80, sms=True)

    @validates_schema
    def closed_or_hours(self, data: dict[str, Any], **_: Any) -> None:
        hours = [data[column] is not None for column in ("opens", "closes")]
        if any(hours) if data["closed"] else not all(hours):
            raise bad("closed", "either closed, or opens and closes")
        if data["opens"] is not None and data["opens"] == data["closes"] != 0:
            raise bad("closes", "is when it opens: the whole day is 00:00 to 24:00")


class ServiceAreaLine(Schema):
    OWNERS: ClassVar[tuple[str, ...]] = ("service", "service_at_location")
    id = code_field()
    service = maybe_code()
    service_at_location = maybe_code()
    place = code_field()

    @validates_schema
    def one_owner(self, data: dict[str, Any], **_: Any) -> None:
        need_one_owner(data, self.OWNERS)


class LanguageLine(Schema):
    OWNERS: ClassVar[tuple[str, ...]] = ("service", "location", "phone")
    id = code_field()
    code = fields.String(required=True, validate=LANGUAGE)
    note = text_field(120)
    service = maybe_code()
    location = maybe_code()
    phone = maybe_code()

    @validates_schema
    def one_owner(self, data: dict[str, Any], **_: Any) -> None:
        need_one_owner(data, self.OWNERS)


class AccessibilityLine(Schema):
    id = code_field()
    location = code_field()
    access = fields.Enum(Access, by_value=True, required=True)
    details = text_field(240)
