"""What lives for minutes or hours, by name: one that fails is logged and keeps no other from going."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.orm import Session

from referral.privacy.logs import describe
from referral.store.database import Database
from referral.store.health import NotNow

log = structlog.get_logger()


def forget_short_lived(
    database: Database, own: Mapping[str, Callable[[datetime], object]], within: Mapping[str, Callable[[Session, datetime], object]], now: datetime
) -> None:
    """Run each; `own` open their own transaction, each of `within` is given one. Then the log of the database is emptied."""
    for name, forget in own.items():
        _one(name, partial(forget, now))
    for name, step in within.items():
        _one(name, partial(_in_transaction, database, step, now))
    database.forget_residue()


def _in_transaction(database: Database, step: Callable[[Session, datetime], object], now: datetime) -> None:
    with database.transaction() as session:
        step(session, now)


def _one(name: str, run: Callable[[], object]) -> None:
    try:
        run()
    except NotNow:
        raise
    except Exception as error:
        log.error("not forgotten", kind=name, **describe(error))
