"""What has a history: every kind of entry whose fields are written down when they change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from referral.directory.help_tables import TABLES
from referral.directory.records import OfficeRow, PersonRow, PlaceRow
from referral.directory.service_records import LocationSecretRow

_ROWS: Mapping[str, Any] = MappingProxyType(
    {"office": OfficeRow, "person": PersonRow, "place": PlaceRow, "location_secret": LocationSecretRow} | {one.entity: one.row for one in TABLES.values()}
)
KEPT = tuple(_ROWS)


def stands(session: Session, entity: str, entry: str) -> bool:
    """Whether there is such an entry, changed or not."""
    return session.get(_ROWS[entity], entry) is not None
