"""Texts whose senders fell silent: what they had told is filed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from referral.intake.dialogues import Dialogues
from referral.intake.texting import Texting
from referral.intake.texts import AGAIN
from referral.privacy.logs import describe
from referral.store.database import Database
from referral.store.health import NotNow

log = structlog.get_logger()


@dataclass(frozen=True)
class Silence:
    database: Database
    dialogues: Dialogues
    texting: Texting

    def file(self, now: datetime) -> int:
        """File what senders who fell silent had told; how many. One that cannot be filed is tried again in a minute and keeps nobody back."""
        with self.database.read() as session:
            tags = self.dialogues.silent(session, now, 50)
        return sum(self._one(tag, now) for tag in tags)

    def _one(self, tag: bytes, now: datetime) -> int:
        try:
            with self.database.transaction() as session:
                return int(self.texting.file_silent(session, tag, now))
        except NotNow:
            raise
        except Exception as error:
            log.error("a silent dialogue not filed", **describe(error))
            with self.database.transaction() as session:
                self.dialogues.put_off(session, tag, now + AGAIN)
            return 0
