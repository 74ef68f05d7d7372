"""Ids as HSDS wants them: a UUID for every entry, the same in every answer, on every machine and after every reload."""

from __future__ import annotations

import re
from uuid import UUID, uuid5

NAMESPACE = UUID("8c2f7c5e-3a54-5d0b-9d0e-5b6c3b0a7f41")
"""This project's own, drawn once. Another value would give every published entry a new id."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def hsds_id(kind: str, entry: str) -> str:
    """The UUID of an entry: its own id where that is a UUID in its usual spelling, else one derived from the kind's name and the id.

    `kind` is HSDS's word for the table, in the singular ("service", "service_at_location", "taxonomy_term").
    """
    return entry if _UUID.fullmatch(entry) else str(uuid5(NAMESPACE, f"{kind}/{entry}"))
