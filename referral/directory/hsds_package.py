"""The published directory as a tabular data package: HSDS's CSV files and a descriptor of our own that names what is in them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from referral.directory.hsds_tables import publish

_ID = "id"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "organizations": (_ID, "name", "alternate_name", "description", "email", "website", "parent_organization_id"),
    "organization_identifiers": (_ID, "organization_id", "identifier_type", "identifier"),
    "services": (
        _ID, "organization_id", "name", "description", "status", "application_process", "fees_description", "eligibility_description",
        "minimum_age", "maximum_age", "assured_date", "alert", "last_modified",
    ),
    "locations": (
        _ID, "location_type", "organization_id", "name", "description", "transportation", "latitude", "longitude", "external_identifier",
        "external_identifier_type", "place",
    ),
    "service_at_location": (_ID, "service_id", "location_id", "description"),
    "phones": (_ID, "organization_id", "service_id", "location_id", "service_at_location_id", "number", "type", "description"),
    "schedules": (
        _ID, "service_at_location_id", "valid_from", "valid_to", "timezone", "wkst", "freq", "interval", "byday", "description", "opens_at", "closes_at",
        "notes",
    ),
    "service_areas": (_ID, "service_id", "service_at_location_id", "name", "uri"),
    "languages": (_ID, "service_id", "location_id", "phone_id", "name", "code", "note"),
    "accessibility": (_ID, "location_id", "description", "details"),
    "attributes": (_ID, "link_id", "taxonomy_term_id", "link_entity", "value", "label"),
    "taxonomies": (_ID, "name", "description"),
    "taxonomy_terms": (_ID, "code", "name", "description", "parent_id", "taxonomy", "language", "taxonomy_id"),
}  # fmt: skip
"""The columns of each file. A field that is not here would be refused when the file is written, not left out."""
REFERENCES = {
    "organization_id": "organizations", "parent_organization_id": "organizations", "service_id": "services", "location_id": "locations",
    "service_at_location_id": "service_at_location", "phone_id": "phones", "taxonomy_term_id": "taxonomy_terms", "taxonomy_id": "taxonomies",
    "parent_id": "taxonomy_terms",
}  # fmt: skip
"""Which file a column points into. `link_id` points into the file of its row's `link_entity`."""
_TYPES = {
    **dict.fromkeys(("latitude", "longitude", "timezone"), "number"),
    **dict.fromkeys(("minimum_age", "maximum_age", "interval"), "integer"),
    **dict.fromkeys(("assured_date", "valid_from", "valid_to"), "date"),
    "last_modified": "datetime",
}
DESCRIPTOR = "datapackage.json"


def write_package(session: Session, folder: Path, now: datetime) -> dict[str, int]:
    """Write the files into a folder, over those of an earlier package. `now` is in the county's time zone, which opening hours are in.

    Returns how many rows each file has. The same directory gives the same files, so that two packages can be compared.
    """
    tables = publish(session, now).tables
    folder.mkdir(parents=True, exist_ok=True)
    for table, columns in COLUMNS.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="raise")
            writer.writeheader()
            writer.writerows(sorted(tables[table], key=lambda row: str(row[_ID])))
    descriptor = json.dumps(_descriptor(), indent=2, ensure_ascii=False)
    (folder / DESCRIPTOR).write_text(f"{descriptor}\n", encoding="utf-8")
    return {table: len(rows) for table, rows in tables.items()}


def _descriptor() -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": "directory-of-help",
        "title": "Directory of help for children, as HSDS 3.1",
        "description": "Nothing confidential, no person, no phone of a sample. Human Services Data Specification: an Open Referral resource.",
        "homepage": "https://openreferral.org/",
        "resources": [_resource(table, columns) for table, columns in COLUMNS.items()],
    }


def _resource(table: str, columns: Sequence[str]) -> dict[str, Any]:
    keys = [
        {"fields": name, "reference": {"resource": "" if REFERENCES[name] == table else REFERENCES[name], "fields": _ID}}
        for name in columns
        if name in REFERENCES
    ]
    return {
        "profile": "tabular-data-resource",
        "name": table,
        "path": f"{table}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"primaryKey": _ID, "fields": [_field(name) for name in columns], **({"foreignKeys": keys} if keys else {})},
    }


def _field(name: str) -> dict[str, Any]:
    required = {"constraints": {"required": True, "unique": True}} if name == _ID else {}
    kind = "uuid" if name == _ID or name.endswith("_id") else None
    return {"name": name, "type": _TYPES.get(name, "string"), **({"format": kind} if kind else {}), **required}
