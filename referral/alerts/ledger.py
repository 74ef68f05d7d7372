"""What texts cost: counts and money a month and purpose, nobody's number."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from referral.alerts.records import LedgerRecord, Purpose
from referral.store.database import count_up

_COST = re.compile(r"([A-Z]{3}) (\d+(?:\.\d+)?)")


def book(session: Session, purpose: Purpose, parts: int, cost: str | None, now: datetime) -> None:
    """Write a text into the month's ledger. `cost` as the gateway says it, "KES 0.8000"; what cannot be read counts as nothing."""
    currency, amount = read_cost(cost)
    key = {"month": now.date().replace(day=1), "purpose": purpose, "currency": currency}
    count_up(session, LedgerRecord, key, {"texts": 1, "parts": parts, "cost": amount})


def read_cost(cost: str | None) -> tuple[str, int]:
    """ "KES 0.8000" as ("KES", 8000); anything else as ("", 0)."""
    found = _COST.fullmatch((cost or "").strip())
    return (found[1], round(Decimal(found[2]) * 10_000)) if found else ("", 0)
