"""Whether this process can do its work, and what somebody should look at though it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from referral.dispatch.worker import last_beat
from referral.observing.catalogue import WORKER_SILENT
from referral.store.database import Database
from referral.store.migrate import pending

GOOD = "ok"
LOOKS = 5.0
"""Seconds that a look may take: whoever asks does so every few."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`late(now)` says in a line that the purge is behind, or None."""

    database: Database
    clock: Callable[[], datetime]
    late: Callable[[datetime], str | None]

    def checks(self) -> Mapping[str, str]:
        """Each check by name: "ok", or what is wrong, in words that hold no address and no secret."""
        trouble = self.database.look()
        if trouble is not None:
            return {"database": str(trouble), "migrations": "unknown", "worker": "unknown"}
        try:
            with self.database.within(LOOKS):
                behind = pending(self.database.engine)
                beat = last_beat(self.database)
        except Exception as error:
            return {"database": type(error).__name__, "migrations": "unknown", "worker": "unknown"}
        silent = beat is None or self.clock() - beat > WORKER_SILENT
        return {"database": GOOD, "migrations": "pending" if behind else GOOD, "worker": "not heard of for a minute" if silent else GOOD}

    def warnings(self) -> list[str]:
        """What somebody must look at though callers can be served."""
        try:
            late = self.late(self.clock())
        except Exception:  # the database: a check says so
            return []
        return [late] if late else []
