"""What this directory adds to HSDS 3.1, as JSON Merge Patches (RFC 7386) on the specification's own files: a place to lie in, and to ask for."""

from __future__ import annotations

from typing import Any

HSDS_VERSION = "3.1"
LISTS = {
    "services": ("search", "page", "per_page", "format", "taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after", "minimal", "full"),
    "organizations": ("search", "full_service", "full", "taxonomy_term_id", "taxonomy_id", "page", "per_page", "format"),
    "service_at_locations": (
        "search", "taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after", "full", "page", "per_page", "format",
    ),
}  # fmt: skip
"""The standard parameters that each list takes. `postcode` and `proximity` are not among them: Kenya has no postcodes that say where one is."""
_PLACE = "An identifier of a place in this directory: a county, sub-county, constituency, ward, location, sub-location or town."


def patches() -> dict[str, dict[str, Any]]:
    """By the name of the file that each is to be merged into. A merge patch replaces a list, so each list of parameters is whole."""
    asked = {name: {"parameters": [_reference(one) for one in (*standard, "place")]} for name, standard in LISTS.items()}
    return {
        "location.json": {"properties": {"place": {"name": "place", "type": "string", "title": "Place", "description": f"Where it lies. {_PLACE}"}}},
        "openapi.json": {
            "components": {
                "parameters": {
                    "place": {
                        "name": "place",
                        "in": "query",
                        "required": False,
                        "description": f"Only what lies in the place, serves it or a part of it, or can be called from anywhere. {_PLACE}",
                        "schema": {"type": "string"},
                    }
                }
            },
            "paths": {f"/{name}": {"get": lists, "post": lists} for name, lists in asked.items()},
        },
    }


def about(base: str) -> dict[str, Any]:
    """The profile's own page: what it is for, and where its files are."""
    return {
        "name": "Places",
        "description": "A location says in which place it lies, and lists can be asked for a place. Everything else is HSDS as it is. "
        "The id of a service area's place stands in its `uri`. No answer holds a person, a null, or where a confidential place lies.",
        "hsds_version": HSDS_VERSION,
        "patches": {f"schema/{name}": f"{base}/profile/{name}" for name in patches()},
        "credit": "Human Services Data Specification: an Open Referral resource (https://openreferral.org/)",
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}
