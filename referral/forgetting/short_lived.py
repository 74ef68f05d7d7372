"""What lives for minutes or hours, by name: one that fails is logged and keeps no other from going."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

import structlog
from sqlalchemy.orm import Session

from referral.directory.flags import Flags
from referral.dispatch.road import Roads
from referral.dispatch.worker import forget_beats
from referral.intake.inbox import Manners
from referral.privacy.counters import Counters
from referral.privacy.daykeys import forget_old_days
from referral.privacy.limits import Limits
from referral.privacy.logs import describe
from referral.store.database import Database
from referral.store.health import NotNow

log = structlog.get_logger()
OF_ITSELF: Mapping[str, Callable[[Session, datetime], object]] = MappingProxyType(
    {
        "day keys": forget_old_days,
        "sending rate": Roads.forget,
        "replies": Manners.forget,
        "limits": Limits.forget,
        "counters": Counters.forget,
        "beats": forget_beats,
        "flags": Flags.forget,
    }
)
"""What goes by its time alone."""


def forget_short_lived(
    database: Database, own: Mapping[str, Callable[[datetime], object]], within: Mapping[str, Callable[[Session, datetime], object]], now: datetime
) -> None:
    """Run each, and what is in `OF_ITSELF`; `own` open their own transaction, each of `within` is given one. Then the log of the database is emptied."""
    for name, forget in own.items():
        _one(name, partial(forget, now))
    for name, step in {**within, **OF_ITSELF}.items():
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
