"""Whether this process can do its work, and what somebody should look at though it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from referral.dispatch.worker import last_beat
from referral.observing.catalogue import WORKER_SILENT
from referral.store.database import Database
from referral.store.migrate import pending

GOOD = "ok"
_UNKNOWN = dict.fromkeys(("migrations", "directory", "worker"), "unknown")
LOOKS = 5.0
"""Seconds that a look may take: whoever asks does so every few."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`late(now)` says in a line that the purge is behind, or None; `lacking()` what of the directory no caller can be served without."""

    database: Database
    clock: Callable[[], datetime]
    late: Callable[[datetime], str | None]
    lacking: Callable[[], Sequence[str]]

    def checks(self) -> Mapping[str, str]:
        """Each check by name: "ok", or what is wrong, in words that hold no address and no secret."""
        trouble = self.database.look()
        if trouble is not None:
            return {"database": str(trouble)} | _UNKNOWN
        try:
            with self.database.within(LOOKS):
                behind = pending(self.database.engine)
                beat, lacking = last_beat(self.database), ["unknown"] if behind else self.lacking()
        except Exception as error:
            return {"database": type(error).__name__} | _UNKNOWN
        silent = beat is None or self.clock() - beat > WORKER_SILENT
        return {
            "database": GOOD,
            "migrations": "pending" if behind else GOOD,
            "directory": ", ".join(lacking) or GOOD,
            "worker": "not heard of for a minute" if silent else GOOD,
        }

    def warnings(self) -> list[str]:
        """What somebody must look at though callers can be served."""
        try:
            late = self.late(self.clock())
        except Exception:  # the database: a check says so
            return []
        return [late] if late else []
