"""The purge: every kind of thing whose time is over goes, kind by kind, in small committed batches. Killed anywhere, the next run goes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from referral.alerts import keeping as alerts
from referral.alerts.records import AlertRecord, LadderRecord
from referral.casework.case_records import LegalHoldRecord, RevealRecord
from referral.casework.holds import Holds
from referral.casework.records import PinRecord
from referral.directory.point_records import EntryFlagRow
from referral.directory.upkeep_records import DrillRow
from referral.forgetting import runs
from referral.forgetting.steady import SteadyClock
from referral.privacy.audit import Action, Audit
from referral.privacy.logs import describe
from referral.privacy.retention import Retention
from referral.reports import keeping as reports
from referral.reports.records import ReportRecord
from referral.store.database import Database, changed

log = structlog.get_logger()
BATCH = 100
"""Rows a transaction: on SQLite it holds the lock that a child's report needs."""
MONTH_KEYS = "month keys"
Step = Callable[[Session, datetime], int]


class ClockDoubted(Exception):
    """The clock cannot be believed; the words say why. Nothing was removed."""


class _Undone(Exception):
    """Nothing was meant to stay: a dry run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run removed, by kind; what failed, by kind; and the numbers of the reports that nobody closed."""

    removed: Mapping[str, int]
    failed: Mapping[str, str]
    never_closed: Sequence[str]


@dataclass(frozen=True)
class Purging:
    """`cut_audit(session, day)` removes entries of before that day and is called until it returns 0 (privacy.chain).

    `forget_keys(longest, held, now)` destroys the keys of months that are over for longer than that and seal nothing any more, reports that
    are held having been sealed anew (privacy.spent); how many.
    """

    database: Database
    kept: Retention
    holds: Holds
    audit: Audit
    cut_audit: Callable[[Session, date], int]
    clock: SteadyClock
    forget_keys: Callable[[timedelta, Collection[str], datetime], int] = lambda _longest, _held, _now: 0

    def daily(self, now: datetime) -> int:
        """The worker's run: once a day, whichever worker is first; nothing where the clock is doubted. How many things went."""
        with self.database.transaction() as session:
            run = runs.claim(session, now, at_once=False)
        return 0 if run is None else self._account(run, now, trusted=False)

    def at_once(self, now: datetime, *, trusted: bool = False) -> Outcome:
        """Run now, whoever else does: it does no harm. `trusted`: a person says that the clock is right. Raises ClockDoubted."""
        with self.database.transaction() as session:
            run = runs.claim(session, now, at_once=True)
            assert run is not None  # at once asks nobody
        return self._run(run, now, trusted=trusted)

    def catch_up(self, now: datetime) -> None:
        """Before serving, where the last run is too long ago, as in a restored backup: what was gone must not be read again."""
        with self.database.read() as session:
            behind = runs.late(session, now)
        if behind is not None:
            with suppress(ClockDoubted):  # said in the log; a service that does not start helps nobody
                self.at_once(now)

    def late(self, now: datetime) -> str | None:
        """A line for who watches, if no run has ended for 26 hours."""
        with self.database.read() as session:
            behind = runs.late(session, now)
        return None if behind is None else f"purge: none has ended for {int(behind.total_seconds() // 3600)} hours"

    def watch(self, now: datetime) -> int:
        """Raise the alarms."""
        with self.database.read() as session:
            behind = runs.late(session, now)
            forgotten = len(reports.never_closed(session, now - self.kept.idle))
        if behind is not None:
            log.error("purge is late", hours=int(behind.total_seconds() // 3600))
        if forgotten:
            log.error("reports nobody closed", count=forgotten)
        return 0

    def would_remove(self, now: datetime) -> Outcome:
        """What a run would remove at least: one batch of each kind, taken back."""
        counted: dict[str, int] = {}
        for name, step in self._steps().items():
            with suppress(_Undone), self.database.transaction() as session:
                counted[name] = step(session, now)
                raise _Undone
        return Outcome(counted, {}, self._never_closed(now))

    def _account(self, run: str, now: datetime, *, trusted: bool) -> int:
        try:
            return sum(self._run(run, now, trusted=trusted).removed.values())
        except ClockDoubted:
            return 0

    def _run(self, run: str, now: datetime, *, trusted: bool) -> Outcome:
        """Every kind in turn; one that fails stops no other. In the end the files themselves are cleaned of what was deleted.

        The key of a month goes last, once no row is left that was sealed with it (those under a hold having been sealed anew): that
        forgets the backups too.
        """
        self._believe(run, now, trusted=trusted)
        every: dict[str, Callable[[], int]] = {name: partial(self._repeat, step, now) for name, step in self._steps().items()}
        every[MONTH_KEYS] = partial(self._keys, now)
        removed, failed = dict.fromkeys(every, 0), {}
        for name, step in every.items():
            try:
                removed[name] = step()
            except Exception as error:
                failed[name] = type(error).__name__
                log.error("purge failed", kind=name, **describe(error))
        if any(removed.values()):
            try:
                self.database.compact()
            except Exception as error:
                failed["files"] = type(error).__name__
                log.error("purge failed", kind="files", **describe(error))
        with self.database.transaction() as session:
            runs.end(session, run, removed, " ".join(f"{name}:{why}" for name, why in failed.items())[:200] or None, now)
            gone = {name: count for name, count in removed.items() if count}
            self.audit.write(session, now, "service", Action.PURGED, run, **gone)
        self.database.forget_residue()
        return Outcome(removed, failed, self._never_closed(now))

    def _keys(self, now: datetime) -> int:
        with self.database.read() as session:
            held = self.holds.held(session, now)
        return self.forget_keys(max(self.kept.words, self.kept.letters_read, self.kept.contact_longest), held, now)

    def _believe(self, run: str, now: datetime, *, trusted: bool) -> None:
        with self.database.read() as session:
            doubt = None if trusted else self.clock.doubt(session, runs.last_ended(session))
        if doubt is not None:
            log.error("purge does not believe the clock", reason=doubt)
            with self.database.transaction() as session:
                runs.end(session, run, {}, f"clock: {doubt}", now)
            raise ClockDoubted(doubt)

    def _repeat(self, step: Step, now: datetime) -> int:
        """Batch after batch, each its own transaction, until one finds nothing."""
        total = 0
        while True:
            with self.database.transaction() as session:
                done = step(session, now)
            if done == 0:
                return total
            total += done

    def _steps(self) -> Mapping[str, Step]:
        """What goes, by name. Each removes a batch and returns how many; 0 when nothing is left."""
        kept = self.kept
        return {
            "holds ended": self.holds.end_over,
            "unsent texts": lambda session, now: alerts.drop_old_texts(session, now - kept.unsent),
            "contacts": lambda session, now: reports.end_contacts(session, now, now - kept.contact_longest),
            "exact times": self._times,
            "words": self._words,
            "boxes": lambda session, now: reports.drop_boxes(session, self.holds.standing(session, now)),
            "letters": lambda session, now: reports.blank_letters(session, now - kept.letters_read, self.holds.held(session, now)),
            "cases": lambda session, now: reports.drop_skeletons(session, now - kept.skeleton, self.holds.held(session, now), BATCH),
            "audit": lambda session, now: self.cut_audit(session, (now - kept.audit).date()),
            "invitations": _invitations,
            "office tests": lambda session, now: changed(session, delete(DrillRow).where(DrillRow.month < (now - kept.tests).date())),
            "flags": lambda session, now: changed(session, delete(EntryFlagRow).where(EntryFlagRow.settled, EntryFlagRow.day < (now - kept.flags).date())),
            "counts": lambda session, now: runs.drop_old(session, now - kept.counts),
        }

    def _times(self, session: Session, now: datetime) -> int:
        before = now - self.kept.exact_times
        filed = LadderRecord.report.in_(select(ReportRecord.id).where(ReportRecord.filed_hour <= before))
        return alerts.round_alerts(session, before, BATCH) or alerts.round_ladders(session, filed, before, BATCH)

    def _words(self, session: Session, now: datetime) -> int:
        over = reports.words_over(session, now - self.kept.words, self.holds.held(session, now), BATCH)
        if over:
            reports.blank_words(session, over)
            for record in (RevealRecord, LegalHoldRecord):  # their reasons are words too; the audit says who agreed on what
                session.execute(delete(record).where(record.report.in_(over)))
            session.execute(update(AlertRecord).where(AlertRecord.report.in_(over)).values(reason=None))  # who was left out, and for whom
        return len(over)

    def _never_closed(self, now: datetime) -> Sequence[str]:
        with self.database.read() as session:
            return reports.never_closed(session, now - self.kept.idle)


def _invitations(session: Session, now: datetime) -> int:
    return changed(session, update(PinRecord).where(PinRecord.invited_until <= now).values(sealed_invitation=None, invited_until=None))
