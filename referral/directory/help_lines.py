"""The lines of the help tables: what each column holds, and what one line may not say by itself.

A loaded line's values are the row's own columns. As everywhere in the directory's files, a message names what is wrong and never
the value, which may be somebody's number or where a child is hidden.
"""

from __future__ import annotations

from typing import Any, ClassVar

import phonenumbers
from marshmallow import Schema, fields, validate, validates_schema
from phonenumbers import PhoneNumberType

from referral.directory.help_fields import (
    CODE_ALPHABET,
    E164,
    LANGUAGE,
    ShortNumber,
    bad,
    code_field,
    degrees,
    flag,
    maybe_code,
    need_one_owner,
    short_name_field,
    text_field,
    whole,
    word,
)
from referral.directory.lines import Words
from referral.directory.service_records import Fee, LocationType, NameKind, Precision, Status, VerifyMethod, Visibility
from referral.vocabulary.duty import Institution
from referral.vocabulary.help import HelpKind
from referral.vocabulary.phone import SAMPLE_BLOCK

OTHER = "other"
SECTORS = (*(one.value for one in Institution), OTHER)


class _Listed(Schema):
    """What every public entry carries of where it is from and who checked it."""

    source = text_field(240)
    source_id = fields.String(load_default="", validate=validate.Length(1, 60, error="must have 60 characters at most"))
    verified_on = fields.Date(load_default=None, error_messages={"invalid": "must be a day such as 2026-01-31"})
    verified_by = fields.String(load_default=None, validate=validate.Length(1, 120, error="must have 120 characters at most"))
    verify_method = word(VerifyMethod, None)
    sample = flag(required=True)

    @validates_schema
    def verified_whole(self, data: dict[str, Any], **_: Any) -> None:
        if (data["verified_on"] is None) != (data["verify_method"] is None):
            raise bad("verify_method", "verified_on and verify_method stand together or not at all")


class OrganizationLine(_Listed):
    id = code_field()
    name = text_field(160, required=True, sms=True)
    short_name = short_name_field()
    description = text_field(500)
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS, error=f"must be one of {', '.join(SECTORS)}"))
    parent = maybe_code()
    website = fields.String(
        load_default="", validate=[validate.Length(1, 240, error="must have 240 characters at most"), validate.URL(error="must be a web address")]
    )
    email = fields.String(
        load_default="", validate=[validate.Length(1, 120, error="must have 120 characters at most"), validate.Email(error="must be an e-mail address")]
    )
    status = word(Status, Status.ACTIVE)
    do_not_list = flag()


class LocationLine(_Listed):
    id = code_field()
    organization = code_field()
    name = text_field(160, required=True, sms=True)
    location_type = word(LocationType, LocationType.PHYSICAL)
    visibility = fields.Enum(
        Visibility,
        by_value=True,
        load_default=Visibility.PUBLIC,
        validate=validate.NoneOf([Visibility.STAFF], error="a location is public or confidential"),
    )
    place = maybe_code()
    lat = degrees(90)
    lon = degrees(180)
    precision = word(Precision, None)
    directions = text_field(240, sms=True)
    transport = text_field(240, sms=True)

    @validates_schema
    def point_whole(self, data: dict[str, Any], **_: Any) -> None:
        given = {data[column] is not None for column in ("lat", "lon", "precision")}
        if len(given) == 2:
            raise bad("lat", "a point needs lat, lon and precision")

    @validates_schema
    def nowhere(self, data: dict[str, Any], **_: Any) -> None:
        """Whoever hides there is found by a point, a road, or a distance."""
        if data["visibility"] is Visibility.CONFIDENTIAL:
            for column in ("lat", "directions", "transport"):
                if data[column] not in (None, ""):
                    raise bad(column, "a confidential place has no point and no way to it")
        if data["location_type"] is LocationType.VIRTUAL and data["lat"] is not None:
            raise bad("lat", "a virtual location has no point")


class ServiceLine(_Listed):
    id = code_field()
    organization = code_field()
    name = text_field(160, required=True, sms=True)
    kind = fields.Enum(HelpKind, by_value=True, required=True)
    terms = Words(load_default=())
    description = text_field(500)
    status = word(Status, Status.ACTIVE)
    visibility = word(Visibility, Visibility.PUBLIC)
    min_age = whole(150, load_default=None)
    max_age = whole(150, load_default=None)
    gender = fields.String(load_default="", validate=validate.Length(1, 10, error="must have 10 characters at most"))
    eligibility = text_field(240)
    fee = word(Fee, Fee.UNKNOWN)
    fee_note = text_field(240)
    application = text_field(240)
    alert = text_field(240, sms=True)

    @validates_schema
    def ages_in_order(self, data: dict[str, Any], **_: Any) -> None:
        if None not in (data["min_age"], data["max_age"]) and data["min_age"] > data["max_age"]:
            raise bad("max_age", "must not be below min_age")


class ServiceAtLocationLine(_Listed):
    id = code_field()
    service = code_field()
    location = code_field()
    code = fields.String(load_default="", validate=validate.Regexp(rf"\A[{CODE_ALPHABET}]{{4}}\Z", error="must be four of 2-9 and A-Z without I, L, O"))
    short_name = short_name_field()
    description = text_field(240)


class PhoneLine(_Listed):
    OWNERS: ClassVar[tuple[str, ...]] = ("organization", "service", "location", "service_at_location", "office")
    id = code_field()
    e164 = E164(load_default=None)
    short_number = ShortNumber(load_default=None)
    description = text_field(120)
    takes_texts = flag()
    toll_free = flag()
    visibility = fields.Enum(
        Visibility,
        by_value=True,
        load_default=Visibility.STAFF,
        validate=validate.NoneOf([Visibility.CONFIDENTIAL], error="a phone is public or for staff"),
    )
    rank = whole(99, load_default=0)
    organization = maybe_code()
    service = maybe_code()
    location = maybe_code()
    service_at_location = maybe_code()
    office = maybe_code()

    @validates_schema
    def one_number_one_owner(self, data: dict[str, Any], **_: Any) -> None:
        need_one_owner(data, self.OWNERS)
        if (data["e164"] is None) == (data["short_number"] is None):
            raise bad("e164", "exactly one of e164 and short_number must be given")

    @validates_schema
    def sample_number(self, data: dict[str, Any], **_: Any) -> None:
        block = (data["e164"] or "").startswith(SAMPLE_BLOCK)
        if block and not data["sample"]:
            raise bad("e164", "a sample number on a line that is not marked as a sample")
        if data["sample"] and not block:
            raise bad("e164", "a sample must have a sample number, never one that may be somebody's")
        if data["takes_texts"] and data["e164"] and phonenumbers.number_type(phonenumbers.parse(data["e164"])) is PhoneNumberType.FIXED_LINE:
            raise bad("takes_texts", "a fixed line takes no texts")


class TermLine(Schema):
    id = code_field()
    taxonomy = text_field(40, required=True)
    code = text_field(40, required=True)
    parent = maybe_code()
    name_en = text_field(120, required=True, sms=True)
    name_sw = text_field(120, required=True, sms=True)
    description = text_field(240)


class PlaceNameLine(Schema):
    id = code_field()
    place = code_field()
    language = fields.String(required=True, validate=LANGUAGE)
    name = text_field(60, required=True, sms=True)
    kind = fields.Enum(NameKind, by_value=True, required=True)
