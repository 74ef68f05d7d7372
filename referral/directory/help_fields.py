"""The kinds of columns that the help tables share, and what a single value may not be. No message holds the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import phonenumbers
from marshmallow import ValidationError, fields, validate
from phonenumbers import PhoneNumberFormat, shortnumberinfo

from referral.directory.lines import CODE_RULE
from referral.directory.service_records import SHORT_NAME
from referral.texts.gsm import NotGsm, septets
from referral.vocabulary.phone import COUNTRY, REGION, NotAPhoneNumber, parsed

LANGUAGE = validate.Regexp(r"\A[a-z]{3}\Z", error="must be an ISO 639-3 code such as swa or eng")
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L, so that a code survives being read out and typed."""


def bad(column: str, reason: str) -> ValidationError:
    return ValidationError({column: [reason]})


def gsm(text: str) -> None:
    """Refuses what would cut a text message from 160 characters to 70: typographic quotes, accents outside the alphabet."""
    try:
        septets(text)
    except NotGsm:
        raise ValidationError("has a character that a plain text message cannot carry (write ' for a curly quote)") from None


def short(text: str) -> None:
    gsm(text)
    if septets(text) > SHORT_NAME:
        raise ValidationError(f"must have {SHORT_NAME} characters at most")


class E164(fields.Field[str]):
    """Any real number, mobile or not, as E.164. The message holds no digit of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            number = parsed(str(value))
        except NotAPhoneNumber:
            raise ValidationError("not a phone number") from None
        if not phonenumbers.is_valid_number(number):
            raise ValidationError("not a phone number")
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)


class ShortNumber(fields.Field[str]):
    """A short code that is in use, such as 116."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = str(value)
        known = text.isascii() and text.isdigit() and shortnumberinfo.is_valid_short_number_for_region(phonenumbers.PhoneNumber(COUNTRY, int(text)), REGION)
        if not known:
            raise ValidationError("not a short number of this country")
        return text


def text_field(most: int, *, required: bool = False, sms: bool = False, **also: Any) -> fields.String:
    rules: list[Any] = [validate.Length(1, most, error=f"must have {most} characters at most"), *([gsm] if sms else [])]
    return fields.String(required=True, validate=rules, **also) if required else fields.String(load_default="", validate=rules, **also)


def code_field() -> fields.String:
    return fields.String(required=True, validate=CODE_RULE)


def maybe_code() -> fields.String:
    return fields.String(load_default=None, validate=CODE_RULE)


def short_name_field() -> fields.String:
    return fields.String(load_default="", validate=short)


def flag(*, required: bool = False) -> fields.Boolean:
    told: dict[str, Any] = {"invalid": "must be yes or no"}
    if required:
        return fields.Boolean(required=True, truthy={"yes"}, falsy={"no"}, error_messages=told)
    return fields.Boolean(load_default=False, truthy={"yes"}, falsy={"no"}, error_messages=told)


def whole(most: int, **also: Any) -> fields.Integer:
    return fields.Integer(strict=False, validate=validate.Range(0, most, error=f"must lie between 0 and {most}"), **also)


def degrees(most: int) -> fields.Float:
    return fields.Float(load_default=None, validate=validate.Range(-most, most, error=f"must lie between -{most} and {most}"))


def word(kind: Any, default: Any) -> fields.Enum[Any]:
    return fields.Enum(kind, by_value=True, load_default=default)


def need_one_owner(data: Mapping[str, Any], owners: tuple[str, ...]) -> None:
    if sum(data[owner] is not None for owner in owners) != 1:
        raise bad(owners[0], f"exactly one of {', '.join(owners)} must be given")
