"""After a storm: what callers were promised, what the database holds and what the gateway took, held against each other.

Lost is a report whose code a caller was shown and that is not there; an alert, if its report has not got through to two offices: the gateway took a
text about it to somebody of each. An alert that the gateway broke off twice is given up, and the next step of the ladder is told in its place: for those
reports the clock is turned on, so that it is seen and not believed. A text taken twice is right only where the gateway's answer to the first was lost,
on its way or with the worker that was to read it, and where the second says that it is one.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import func, select, update

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.privacy.keys import Keys
from referral.reports.records import ReportRecord
from referral.store.database import Database
from tests.fire.book import Call
from tests.fire.fleet import Fleet
from tests.fire.load import officers

NUMBER = re.compile(r"REFERRAL (\d{6})")
MARK = re.compile(r"^\((?:again|rudia)\) ")
AGAIN = re.compile(r"NO ANSWER YET|NOBODY ACTS|REMINDER|HAKUNA|KUMBUSHO")
WRITTEN_WITHIN = 10.0
"""Seconds in which a worker has written down an answer, on a busy machine."""


def settle(database: Database, *, hurry: bool, patience: float = 900.0) -> None:
    """Until no alert is due. `hurry`: waiting for a receipt or a next try is cut short; what a dead worker held has to wait for its lease all the same."""
    until = time.monotonic() + patience
    quiet = 0
    while quiet < 3:
        assert time.monotonic() < until, "alerts were never sent"
        if hurry:
            with database.transaction() as session:
                waits = (AlertRecord.due_at > datetime.now(UTC), AlertRecord.claim.is_(None))
                session.execute(update(AlertRecord).where(*waits).values(due_at=datetime.now(UTC)))
        time.sleep(0.5)
        with database.read() as session:
            waiting = session.scalar(select(func.count()).select_from(AlertRecord).where(AlertRecord.due_at.is_not(None)))
        quiet = 0 if waiting else quiet + 1


@dataclass
class Reckoning:
    """Figures by name, and what must be nought of them."""

    figures: dict[str, int] = field(default_factory=dict)
    must_be_nought: tuple[str, ...] = (
        "promised reports lost", "reports not with two offices", "alerts left undone", "texts for no report",
        "texts taken twice, unmarked", "texts taken twice, unexplained", "texts taken three times", "of the lost answers, nothing came",
    )  # fmt: skip

    @property
    def wrong(self) -> dict[str, int]:
        return {name: self.figures[name] for name in self.must_be_nought if self.figures[name]}


def reckon(database: Database, fleet: Fleet, promised: Sequence[str], *, hurry: bool = True) -> Reckoning:
    """Everything must have settled; the ladder of reports that have not got through is turned on here."""
    keys = Keys(bytes(range(32)))
    numbers, behind = _reached(database, fleet)
    late = len(behind)
    for _ in range(6):
        if behind:
            _turn_on(database, behind)
            settle(database, hurry=hurry)
            numbers, behind = _reached(database, fleet)
    with database.read() as session:
        kept = set(session.scalars(select(ReportRecord.code_digest)))
        final = func.coalesce(AlertRecord.sent_at, AlertRecord.failed_at, AlertRecord.revoked_at)
        undone = session.scalar(select(func.count()).select_from(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT, final.is_(None)))
    alerts = [call for call in fleet.book.calls if NUMBER.search(call.words)]
    figures = {
        "reports promised": len(promised),
        "promised reports lost": sum(keys.code_digest(code) not in kept for code in promised),
        "reports kept": len(kept),
        "reports not with two offices": len(behind),
        "of all, brought on by the ladder's next step": late,
        "alerts left undone": undone or 0,
        "texts handed over": len(alerts),
        "texts for no report": sum(number_of(call) not in numbers for call in alerts),
        "answers lost by the gateway after it took the text": sum(call.taken and not call.answered for call in alerts),
        **_not_again(database, alerts),
        **_twice(alerts, fleet.killed),
    }
    return Reckoning(figures)


def _turn_on(database: Database, reports: Sequence[str]) -> None:
    """The time to answer is over for these: the next step is due, or at the ladder's end the next telling."""
    now, these = datetime.now(UTC), LadderRecord.report.in_(reports)
    with database.transaction() as session:
        session.execute(update(LadderRecord).where(these, LadderRecord.ended_at.is_(None)).values(step_due_at=now))
        session.execute(update(LadderRecord).where(these, LadderRecord.ended_at.is_not(None)).values(again_at=now))
    time.sleep(2)


def number_of(call: Call) -> str:
    """The alert number in a text."""
    found = NUMBER.search(call.words)
    assert found
    return found[1]


def _reached(database: Database, fleet: Fleet) -> tuple[Mapping[str, str], list[str]]:
    """Reports by their numbers, and those of which fewer than two offices have had a text that the gateway took."""
    phones = officers()
    taken = {(call.number, found[1]) for call in list(fleet.book.calls) if call.taken and (found := NUMBER.search(call.words))}
    with database.read() as session:
        numbers = dict(session.execute(select(ReportRecord.number, ReportRecord.id)).all())
        told = session.execute(select(AlertRecord.report, AlertRecord.office, AlertRecord.person).where(AlertRecord.purpose == Purpose.ALERT)).all()
    by_id = {id_: number for number, id_ in numbers.items()}
    offices: dict[str, set[str]] = defaultdict(set)
    for report, office, person in told:
        if report in by_id and (phones[person], by_id[report]) in taken:
            offices[report].add(office)
    return numbers, [id_ for id_ in by_id if len(offices[id_]) < 2]


def _not_again(database: Database, alerts: Iterable[Call]) -> dict[str, int]:
    """Of the alerts whose answer the gateway lost after it took them, and which it did not take again: why they were not repeated."""
    taken = Counter((call.number, number_of(call)) for call in alerts if call.taken and not AGAIN.search(call.words))
    tried = {(call.number, number_of(call)) for call in alerts if MARK.match(call.words)}
    lost = {(call.number, number_of(call)) for call in alerts if call.taken and not call.answered and not AGAIN.search(call.words)}
    phones = officers()
    with database.read() as session:
        passed = select(AlertRecord.person, ReportRecord.number).join(ReportRecord, ReportRecord.id == AlertRecord.report)
        over = session.execute(passed.where(AlertRecord.purpose == Purpose.ALERT, func.coalesce(AlertRecord.revoked_at, AlertRecord.failed_at).is_not(None)))
        elsewhere = {(phones[person], number) for person, number in over}
        arrived = {(phones[person], number) for person, number in session.execute(passed.where(AlertRecord.delivered_at.is_not(None)))}
    once = {key for key in lost if taken[key] == 1}
    return {
        "of the lost answers, the text was on its second try, or that broke off too": len(once & tried),
        "of the lost answers, somebody else was told instead": len((once - tried) & elsewhere),
        "of the lost answers, the network's receipt said that it arrived": len((once - tried - elsewhere) & arrived),
        "of the lost answers, nothing came": len(once - tried - elsewhere - arrived),
    }


def _twice(alerts: Iterable[Call], killed: Mapping[str, float]) -> dict[str, int]:
    """Of each alert to each phone: how often it was taken, and whether every time but the first was right."""
    last: dict[str, list[Call]] = defaultdict(list)
    sent: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in sorted(alerts, key=lambda call: call.began):
        last[call.worker].append(call)
        if call.taken and not AGAIN.search(call.words):
            sent[call.number, number_of(call)].append(call)
    seen: Counter[str] = Counter()
    for calls in sent.values():
        seen["three"] += len(calls) > 2
        for first, second in pairwise(calls):
            seen["twice"] += 1
            seen["unmarked"] += not MARK.match(second.words)
            if not first.answered:
                seen["gateway"] += 1
            elif _died(first, last[first.worker], killed):
                seen["worker"] += 1
            else:
                seen["unexplained"] += 1
    return {
        "texts taken twice, marked: the gateway lost its answer": seen["gateway"],
        "texts taken twice, marked: the worker died with the answer": seen["worker"],
        "texts taken twice, unmarked": seen["unmarked"],
        "texts taken twice, unexplained": seen["unexplained"],
        "texts taken three times": seen["three"],
    }


def _died(call: Call, of_worker: Sequence[Call], killed: Mapping[str, float]) -> bool:
    """Whether the worker was killed before it can have written down the answer: in the call or just after it, which was its last or, since it sends RED
    texts beside the others, the last but one."""
    at = killed.get(call.worker)
    return at is not None and call in of_worker[-2:] and (call.ended is None or at - call.ended < WRITTEN_WITHIN)
