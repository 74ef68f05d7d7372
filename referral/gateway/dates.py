"""The gateway's dates."""

from __future__ import annotations

from datetime import UTC, datetime


def read_date(text: str) -> datetime | None:
    """A date of an inbound text or event as aware UTC, or None if unreadable: a text is never turned away for its date.

    Three shapes are in use: 2026-05-03T06:04:45Z, 2026-05-03T06:04:45.445Z and 2026-05-03 06:04:45, the last one without saying that it is UTC.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter of the first and the last day there is, in another zone
        return None
