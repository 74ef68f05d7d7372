"""The end of a month's key: when nothing needs it any more it is destroyed, and what it sealed is forgotten in every backup too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from referral.privacy.audit import Action, Audit
from referral.privacy.keyring import Keyring
from referral.privacy.ring import Key, Kind, month_ends
from referral.privacy.rotation import KeyInUse, Rotation
from referral.store.database import Database

log = structlog.get_logger()
SET_ASIDE = timedelta(days=7)
"""How long a key that nothing needs is kept unused. A process that was about to write with it has ended by then, and a backup that is younger
than this still opens whole."""


@dataclass(frozen=True)
class SpentKeys:
    database: Database
    keyring: Keyring
    audit: Audit

    def forget(self, longest: timedelta, held: Collection[str], now: datetime) -> int:
        """Look at the keys of months that ended `longest` ago or earlier: seal what is `held` (reports' ids) anew under this month's, set those aside
        that nothing needs, and destroy those that were set aside long enough. How many were destroyed.

        A report that nobody closed keeps the key of its month, as it keeps its words.
        """
        over = [key for key in self.keyring.ring().keys if key.kind is Kind.MONTH and month_ends(key) + longest <= now]
        return sum(self._forget(key, held, now) for key in over)

    def _forget(self, key: Key, held: Collection[str], now: datetime) -> int:
        rotation = Rotation(self.database, self.keyring)
        if held:
            rotation.move_reports(key, held, now)
        if rotation.in_use(key.id):
            return 0
        if key.aside is None:
            self.keyring.change(lambda ring: ring.setting_aside(key.id, now))
            return 0
        if now - key.aside < SET_ASIDE:
            return 0
        try:
            rotation.destroy(key.id, now)
        except (KeyInUse, LookupError):  # somebody wrote with it after all, or another worker was first
            return 0
        with self.database.transaction() as session:
            self.audit.write(session, now, "service", Action.KEY_DESTROYED, key.id)
        log.info("a month's key was destroyed", key=key.id)
        return 1
