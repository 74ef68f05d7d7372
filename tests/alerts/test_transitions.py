"""The states of a text are those of the table in alerts/state.py, whatever workers, the gateway, receipts and answers do, and nothing moves one back."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from referral.alerts.claims import ALL, Due
from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.state import State, state_of
from referral.gateway import port
from referral.gateway.port import Outcome, Sending
from tests.conftest import START, Kept, settings_for
from tests.fakes import FixedClock
from tests.world import World, sent

NEXT = {
    "queued": {"claimed", "gone"},
    "claimed": {"calling", "queued", "gone"},
    "calling": {"accepted", "unknown", "failed", "queued", "calling", "claimed"},
    "unknown": {"claimed", "calling", "accepted", "delivered", "failed", "queued", "gone"},
    "accepted": {"delivered", "failed"},
    "delivered": set[str](),
    "failed": {"gone"},
    "gone": set[str](),
}
"""The table of alerts/state.py; "gone" is taken back or replaced. One step of this machine may be several of the table's: see `reached`."""
ANSWERS = {
    "accepted": lambda serial: Sending(Outcome.ACCEPTED, 101, f"ATXid_{serial}"),
    "later": lambda serial: Sending(Outcome.REFUSED, 500),
    "number": lambda serial: Sending(Outcome.REFUSED, 406),
    "unknown": lambda serial: Sending(Outcome.UNKNOWN, None, f"ATXid_{serial}", reason=port.TIMEOUT),
}


def where(row: AlertRecord) -> str:
    """The state of a row as the table names it."""
    rules: tuple[tuple[Callable[[AlertRecord], object], str], ...] = (
        (lambda one: one.failed_at, "failed"),
        (lambda one: one.revoked_at, "gone"),
        (lambda one: one.delivered_at, "delivered"),
        (lambda one: one.sent_at, "accepted"),
        (lambda one: one.calling, "calling"),
        (lambda one: one.claim, "claimed"),
        (lambda one: one.unknown_at, "unknown"),
    )
    return next((name for holds, name in rules if holds(row)), "queued")


def reached(start: str) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        for one in NEXT[ahead.pop()] - found:
            found.add(one)
            ahead.append(one)
    return found


class Life(RuleBasedStateMachine):
    """One RED report's alerts between two workers, a gateway and officers, over a real database."""

    county: Kept

    @initialize()
    def a_report(self) -> None:
        self.world = World(settings_for(self.county.fresh(f"m{random.getrandbits(64):016x}")), FixedClock(START))
        self.world.receipts = False
        self.held: list[Due] = []
        self.before: dict[str, str] = {}
        self.tried: dict[str, int] = {}
        self.serial = 0
        sent(self.world.phone())

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

    def rows(self) -> list[AlertRecord]:
        with self.world.rows() as session:
            return list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.ALERT).order_by(AlertRecord.person)))

    @rule(seconds=st.sampled_from([1, 20, 61, 301]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.turn(timedelta(seconds=seconds))

    @rule()
    def a_worker_claims(self) -> None:
        with self.world.service.database.transaction() as session:
            self.held += self.world.service.outbox.claim(session, self.world.clock.now, 4, ALL)

    @rule(which=st.integers(0, 3), answer=st.sampled_from(sorted(ANSWERS)), dies=st.sampled_from([None, None, "before", "after"]))
    def it_sends(self, which: int, answer: str, dies: str | None) -> None:
        if not self.held:
            waiting = [row.due_at for row in self.rows() if row.due_at]
            self.world.clock.now = max([self.world.clock.now, *([min(waiting)] if waiting else [])])
            self.a_worker_claims()
        if not self.held:
            return
        due, service = self.held.pop(which % len(self.held)), self.world.service
        if due.spent:
            service.sender(self.world.gateway)._one(due, self.world.clock)
            return
        with service.database.transaction() as session:
            letter = service.letters().make(session, due, self.world.clock.now)
        if letter is None or dies == "before":
            return
        self.serial += 1
        sending = ANSWERS[answer](self.serial)
        if sending.outcome is not Outcome.REFUSED:
            self.tried[due.id] = self.tried.get(due.id, 0) + 1
        if dies != "after":
            sender = self.world.service.sender(self.world.gateway)
            with service.database.transaction() as session:
                from referral.dispatch.policy_of_codes import course

                sender._record(session, due, sending, course(sending), self.world.clock.now)

    @rule(which=st.integers(1, 6), status=st.sampled_from(["Success", "Failed", "Sent", "Rejected"]))
    def a_receipt_comes(self, which: int, status: str) -> None:
        self.world.receipt(f"ATXid_{which}", status, "AbsentSubscriber" if status == "Failed" else "")

    @rule(which=st.integers(0, 3), word=st.sampled_from(["OK", "NO", "ACT"]))
    def an_officer_answers(self, which: int, word: str) -> None:
        found = [row for row in self.rows() if row.attempts and row.one_time]
        if found:
            row = found[which % len(found)]
            self.world.text(self.world.number_of(row.person), f"{word} {self.world.service.outbox.numbers.of(row)}")
            next(job for job in self.world.service.steady_jobs() if job.name == "texts").run()

    @invariant()
    def only_by_the_table(self) -> None:
        if not hasattr(self, "world"):
            return
        rows = self.rows()
        for row in rows:
            now = where(row)
            assert now in reached(self.before.get(row.id, "queued")), (self.before[row.id], now)
            assert self.tried.get(row.id, 0) <= 2, "twice at most"
            if self.tried.get(row.id, 0) == 2:
                assert row.repeated, "and the second is marked"
            if now in {"accepted", "delivered", "failed", "gone"}:
                assert row.due_at is None, "what is final is not sent"
            if now in {"queued", "claimed", "calling", "unknown"}:
                assert row.due_at is not None, "what is not final comes up again"
            assert state_of(row) in set(State)
        self.before = {row.id: where(row) for row in rows}


def test_a_text_moves_by_the_table_only(sqlite_county: Kept) -> None:
    machine = type("LifeHere", (Life,), {"county": sqlite_county})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)))
