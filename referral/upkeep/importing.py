"""Taking in what somebody hands in: every good row, none that is bad, each bad one given back with the reason; the same file again changes nothing.

A blank cell keeps what stands, `-` clears it. What was changed by hand, a do-not-list and later verifications stay. Nothing is deleted
on which something hangs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.directory.help_apply import Counts, Progress, write
from referral.directory.help_state import HelpState, View, read_state
from referral.directory.help_tables import OFFICES, PLACES, TABLES
from referral.directory.near_build import rebuild_near
from referral.directory.people import bump
from referral.directory.service_records import LocationSecretRow
from referral.directory.tasks import open_task
from referral.directory.upkeep_records import ImportRow, TaskKind
from referral.privacy.seal import Sealer
from referral.store.base import new_id
from referral.upkeep.duplicates import Hint, hints
from referral.upkeep.gate import Watched
from referral.upkeep.ground import take_ground
from referral.upkeep.hiding import take_secrets
from referral.upkeep.incoming import SECRETS, Incoming, Mode, Refused, Row, columns_of
from referral.upkeep.rejected import Rejected
from referral.upkeep.replacing import Leaving, leaving
from referral.upkeep.weighing import Weighed, weigh
from referral.vocabulary.limits import WIDEST, Spread

_WHAT = 120


class Wishes(NamedTuple):
    """How an import is to be done, and by whom."""

    mode: Mode = Mode.UPDATE
    dry_run: bool = False
    all_or_nothing: bool = False
    by: str = "operator"
    override: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an import, or would have. `unchanged` counts what says nothing new and what ADD leaves alone, `by_hand` what somebody
    changed by hand; `left` names every field that differs from what somebody did by hand, and stays; `gone` is what goes or becomes
    inactive, `table id`; `kept` are the ids that a replacing file lacks and on which something hangs. `seen` is when this very file came last."""

    counts: Counts
    unchanged: int
    by_hand: int
    rejected: tuple[Rejected, ...]
    hints: tuple[Hint, ...]
    kept: tuple[str, ...]
    written: bool
    seen: datetime | None = None
    left: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class _NothingThen(Exception):
    """A bad row in an all-or-nothing import: no watch need look at the rest."""


@dataclass
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def add(self, counts: Counts, rejected: Sequence[Rejected], unchanged: int, by_hand: int = 0, left: Sequence[str] = ()) -> None:
        self.left += left
        self.counts.update(added=counts.added, updated=counts.updated, removed=counts.removed, unchanged=unchanged, by_hand=by_hand)
        self.rejected += rejected

    @property
    def written(self) -> Counts:
        return Counts(self.counts["added"], self.counts["updated"], self.counts["removed"])


class Importer:
    """Takes in files. `tz` is the county's, for hours, `spread` how far apart its points may lie; `sealer` seals where confidential places lie."""

    def __init__(self, sealer: Sealer, tz: tzinfo, spread: Spread = WIDEST) -> None:
        self._sealer = sealer
        self._spread = spread
        self._tz = tz

    def run(
        self,
        session: Session,
        incoming: Sequence[Incoming],
        wishes: Wishes,
        now: datetime,
        *,
        digest: str,
        watch: AbstractContextManager[Watched | None] | None = None,
        progress: Progress = lambda _: None,
    ) -> Outcome:
        """Take the files in, in the caller's transaction. A dry run, and an all-or-nothing run with a bad row, leave nothing behind.

        `digest` tells files apart (incoming.digest_of); `watch` is put around the writes and may refuse what they do by raising.
        """
        seen = session.scalar(select(ImportRow.at).where(ImportRow.digest == digest).order_by(ImportRow.at.desc()).limit(1))
        tally = _Tally()
        gaps = 0
        attempt = session.begin_nested()
        try:
            with watch or nullcontext() as watched:
                self._take(session, incoming, wishes, now, tally, progress)
            gaps = watched.count if watched else 0
            done = tally.written.any and not wishes.dry_run
        except _NothingThen:
            done = False
        except BaseException:
            attempt.rollback()
            raise
        if done:
            self._finish(session, incoming, wishes, now, tally, digest, gaps)
            attempt.commit()
        else:
            attempt.rollback()
        counts = tally.counts
        rejected, hinted, kept = tuple(tally.rejected), tuple(tally.hints), tuple(tally.kept)
        return Outcome(tally.written, counts["unchanged"], counts["by_hand"], rejected, hinted, kept, done, seen, tuple(tally.left), tuple(tally.gone))

    def _take(self, session: Session, incoming: Sequence[Incoming], wishes: Wishes, now: datetime, tally: _Tally, progress: Progress) -> None:
        incoming = _once(incoming)
        ground = [one for one in incoming if one.table in (PLACES, OFFICES)]
        if ground:
            tally.add(*take_ground(session, ground, wishes.mode, wishes.by, now, self._tz, self._spread))
        helping = _unable_to_miss([one for one in incoming if one.table in TABLES])
        if helping:
            self._help(session, helping, wishes, now, tally, progress)
        hiding = [one for one in incoming if one.table == SECRETS]
        if hiding:
            tally.add(*take_secrets(session, hiding, self._sealer, wishes.mode, wishes.by, now))
        tally.rejected += [Rejected(source.table, *refused) for source in (*ground, *hiding) for refused in source.refused]
        if wishes.all_or_nothing and tally.rejected:
            raise _NothingThen
        if tally.written.any:
            bump(session)  # a watch looks only at what says that it has changed, and at what callers are shown
            session.flush()
            rebuild_near(session, now, self._tz)

    def _help(self, session: Session, helping: Sequence[Incoming], wishes: Wishes, now: datetime, tally: _Tally, progress: Progress) -> None:
        state = read_state(session, now.astimezone(self._tz).date(), self._spread)
        hidden = frozenset(session.scalars(select(LocationSecretRow.location)))
        weighed = weigh(helping, state, wishes.mode, lambda files: self._leaving(files, state, wishes, hidden), progress)
        counts = write(session, weighed.view, action="import", by=wishes.by, now=now, progress=progress)
        retired = len(weighed.leaving.retired)
        counts = Counts(counts.added, counts.updated - retired, counts.removed + retired)
        tally.add(counts, weighed.rejected, weighed.unchanged, weighed.by_hand)
        tally.kept += weighed.leaving.kept
        tally.left += weighed.left
        tally.gone += [f"{table} {one}" for part in (weighed.leaving.gone, weighed.leaving.retiring) for table, ids in part.items() for one in sorted(ids)]
        tally.hints += self._hint(session, weighed.view, now)

    @staticmethod
    def _leaving(files: Weighed, state: HelpState, wishes: Wishes, hidden: frozenset[str]) -> Leaving:
        return leaving(files, state, hidden) if wishes.mode is Mode.REPLACE else Leaving()

    @staticmethod
    def _hint(session: Session, view: View, now: datetime) -> list[Hint]:
        found = hints(view)
        for one in found:
            open_task(session, TaskKind.DUPLICATE, "location", one.location, f"May be {one.other} once more: {one.why}.", now)
        return found

    def _finish(self, session: Session, incoming: Sequence[Incoming], wishes: Wishes, now: datetime, tally: _Tally, digest: str, gaps: int) -> None:
        counts = tally.written
        session.add(
            ImportRow(
                id=new_id(),
                digest=digest,
                what=" ".join(dict.fromkeys(one.table for one in incoming))[:_WHAT],
                mode=wishes.mode.value,
                added=counts.added,
                updated=counts.updated,
                removed=counts.removed,
                rejected=len(tally.rejected),
                unchanged=tally.counts["unchanged"] + tally.counts["by_hand"],
                by=wishes.by,
                at=now,
                override_reason=wishes.override,
                gaps_opened=gaps,
            )
        )
        session.flush()


def _unable_to_miss(files: Sequence[Incoming]) -> list[Incoming]:
    """A table of which a row could not even be read does not say what is missing from it."""
    torn = {one.table for one in files if any(not refused.row.cells for refused in one.refused)}
    return [replace(one, scope=frozenset()) if one.table in torn else one for one in files]


def _once(files: Sequence[Incoming]) -> list[Incoming]:
    """Without the rows of an id that is said two things of: were the first taken, the second would come back as rejected, and overwrite it."""
    said: dict[tuple[str, str], list[Mapping[str, str]]] = defaultdict(list)
    for one in files:
        for row in one.rows:
            said[one.table, _key(one, row)].append(row.cells)
    torn = {key for key, cells in said.items() if any(other != cells[0] for other in cells[1:])}
    return [_parted(one, torn) for one in files] if torn else list(files)


def _parted(file: Incoming, torn: Collection[tuple[str, str]]) -> Incoming:
    bad = [row for row in file.rows if (file.table, _key(file, row)) in torn]
    name = (columns_of(file.table) or ("id",))[0]
    refused = [Refused(row, name, "stands twice, and not the same") for row in bad]
    return replace(file, rows=tuple(row for row in file.rows if row not in bad), refused=(*file.refused, *refused)) if bad else file


def _key(file: Incoming, row: Row) -> str:
    return row.cells.get((columns_of(file.table) or ("id",))[0], "")
