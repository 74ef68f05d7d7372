"""What may be asked of a list, checked before anything is looked up. A parameter nobody knows is refused: ignored, it would answer another question."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

MOST_A_PAGE = 100
MOST_MINIMAL = 50_000
"""A minimal list is for finding out what has changed: it should fit on one page."""
USUAL = 25
LONGEST_SEARCH = 100
MOST_DIGITS = 9
"""Of a number that makes sense anywhere here."""
SAID_TWICE = "A parameter is given twice."
_FIGURES = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}")
_YES, _NO = {"true", "True", "1", 1}, {"false", "False", "0", 0}


class Whole(fields.Integer):
    """A whole number in figures: JSON's 1.5 and true are none, and neither is what Python reads besides (1_0, +1)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool | float) or (isinstance(value, str) and not _FIGURES.fullmatch(value)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def _flag(description: str) -> fields.Boolean:
    return fields.Boolean(load_default=False, truthy=_YES, falsy=_NO, metadata={"description": description})


class Nothing(Schema):
    """Of a single entry nothing can be asked."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "There is no such parameter here."}  # noqa: RUF012  marshmallow's own hook


class Whether(Nothing):
    full_service = _flag("With each service whole, not only by name.")


class Listing(Nothing):
    search = fields.String(
        validate=validate.Length(max=LONGEST_SEARCH), metadata={"description": "Every word must be somewhere in the entry, whatever its case and accents."}
    )
    page = Whole(load_default=1, validate=validate.Range(1, 1_000_000), metadata={"description": "From 1."})
    per_page = Whole(validate=validate.Range(1, MOST_MINIMAL), metadata={"description": f"At most {MOST_A_PAGE}; {USUAL} unless told."})
    format = fields.String(validate=validate.OneOf(["json"], error="Only json."), metadata={"description": "Only json."})

    @validates_schema
    def _not_too_many(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data.get("per_page", 0) > MOST_A_PAGE and not data.get("minimal"):
            raise ValidationError(f"At most {MOST_A_PAGE}.", "per_page")


class TermListing(Listing):
    taxonomy_id = fields.UUID(metadata={"description": "Terms of this taxonomy."})
    parent_id = fields.UUID(metadata={"description": "Terms right below this one."})
    top_only = _flag("Only terms that have none above them.")


class _Found(Listing):
    taxonomy_term_id = fields.UUID(metadata={"description": "What this term hangs on."})
    taxonomy_id = fields.UUID(metadata={"description": "What any term of this taxonomy hangs on."})
    place = fields.String(
        validate=validate.Length(1, 60),
        metadata={"description": "Ours (see the profile): a place's id. What lies in it, serves it or a part of it, or can be called from anywhere."},
    )
    full = _flag("With everything that hangs on each entry.")


class OrganizationListing(_Found):
    full_service = _flag("With `full`: each service whole, not only by name.")


class PointListing(_Found):
    organization_id = fields.UUID(metadata={"description": "What this organization does."})
    modified_after = fields.AwareDateTime(
        default_timezone=UTC, metadata={"description": "Changed then or later: ISO 8601 (a + in an address is written %2B); UTC where no zone is given."}
    )


class ServiceListing(PointListing):
    minimal = _flag("Only `id` and `last_modified`, as many on a page as there are unless per_page says otherwise.")

    @validates_schema
    def _one_or_the_other(self, data: dict[str, Any], **_kwargs: object) -> None:
        if data.get("minimal") and data.get("full"):
            raise ValidationError("Either minimal or full.", "minimal")
