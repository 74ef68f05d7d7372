"""Where confidential places lie: read from a file that somebody gives by hand, sealed at once, and told to nobody. No message, record or
rejected row holds a word of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.field_changes import record_changes
from referral.directory.help_apply import Counts
from referral.directory.service_records import LocationRow, LocationSecretRow, Visibility
from referral.privacy.seal import Cell, Sealer, Unreadable
from referral.upkeep.incoming import Incoming, Mode, Row
from referral.upkeep.rejected import Rejected

_LONGEST = 500
_PAD = 512
"""Bytes: every sealed place is as long as every other, so that its length tells nothing."""
_CLEAR = "-"
Taken = tuple[Counts, Sequence[Rejected], int]


def secret_cell(location: str) -> Cell:
    return Cell("directory_location_secret", "sealed", location)


def take_secrets(session: Session, incoming: Sequence[Incoming], sealer: Sealer, mode: Mode, by: str, now: datetime) -> Taken:
    """Seal what the rows say, over what was sealed before: counts, rejected rows, how many change nothing. Nothing is ever taken away."""
    confidential = frozenset(session.scalars(select(LocationRow.id).where(LocationRow.visibility == Visibility.CONFIDENTIAL)))
    tally: Counter[str] = Counter()
    rejected: list[Rejected] = []
    done: set[str] = set()
    for source in incoming:
        for row in source.rows:
            one = row.cells.get("location", "")
            wrong = ("location", "stands twice") if one in done else _wrong(row, one in confidential)
            if wrong is not None:
                rejected.append(Rejected(source.table, row, *wrong))
            else:
                done.add(one)
                tally[_seal(session, one, row.cells, sealer, mode, by, now)] += 1
    session.flush()
    return Counts(tally["added"], tally["updated"]), rejected, tally["unchanged"]


def open_secret(session: Session, sealer: Sealer, location: str) -> Mapping[str, str] | None:
    """Where a confidential place lies (address, lat, lon, each "" where it is not known); None for a location of which nothing is sealed. Who may
    ask, and that it was asked, is the caller's to settle first. Raises Unreadable where the keys of this service did not seal it."""
    row = session.get(LocationSecretRow, location)
    return None if row is None else _read(sealer, row)


def _seal(session: Session, one: str, cells: Mapping[str, str], sealer: Sealer, mode: Mode, by: str, now: datetime) -> str:
    """What became of one row."""
    kept = session.get(LocationSecretRow, one)
    before = _opened(sealer, kept)
    after = _merged(before or {}, cells)
    if (kept is not None and mode is Mode.ADD) or before == after:
        return "unchanged"
    sealed = sealer.seal(json.dumps(after, sort_keys=True), secret_cell(one), pad=_PAD)
    record_changes(session, "location_secret", one, {"sealed": b""} if kept is not None else {}, {"sealed": sealed}, "import", by, now)
    if kept is None:
        session.add(LocationSecretRow(location=one, sealed=sealed))
        return "added"
    kept.sealed = sealed
    return "updated"


def _wrong(row: Row, confidential: bool) -> tuple[str, str] | None:
    """The rules say no more than that something is wrong: not even by how much."""
    if row.raw.get(""):
        return "line", "more values than columns"
    if not confidential:
        return "location", "is no confidential location"
    if len(row.cells.get("address", "")) > _LONGEST:
        return "address", f"must have {_LONGEST} characters at most"
    lat, lon = row.cells.get("lat", ""), row.cells.get("lon", "")
    if not _degrees(lat, 90) or not _degrees(lon, 180) or bool(lat) != bool(lon):
        return "lat", "a point needs lat and lon, in degrees"
    return None


def _degrees(text: str, most: int) -> bool:
    try:
        return text in ("", _CLEAR) or -most <= float(text) <= most
    except ValueError:
        return False


def _merged(before: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    said = {name: "" if cells[name] == _CLEAR else cells[name] for name in ("address", "lat", "lon") if cells.get(name)}
    return {"address": "", "lat": "", "lon": "", **before, **said}


def _opened(sealer: Sealer, row: LocationSecretRow | None) -> dict[str, str] | None:
    """What was sealed before; None for nothing, and for what no longer opens, which is sealed anew."""
    if row is None:
        return None
    try:
        return _read(sealer, row)
    except Unreadable:
        return None


def _read(sealer: Sealer, row: LocationSecretRow) -> dict[str, str]:
    return {str(name): str(value) for name, value in json.loads(sealer.open(row.sealed, secret_cell(row.location))).items()}
