"""Several workers, receipts and answers at the same moment: nothing fails, nobody is told twice, no step is taken twice."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.dispatch.worker import Worker
from referral.privacy.audit import Action, AuditRecord
from tests.conftest import minutes
from tests.fakes import message_id
from tests.world import Never, World, sent

REPORTS = 5


def test_everything_at_once(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    for serial in range(REPORTS):
        sent(world.phone(f"+2547000008{serial:02d}"))
    world.receipts = False
    world.work()
    first = list(world.gateway.sent)
    world.clock.turn(minutes(15.1))
    for to, words in first[::3]:
        found = re.search(r"OK (\d{4})", words)
        assert found
        world.text(to, f"OK {found[1]}")

    def work(_: int) -> None:
        worker = Worker(world.service.jobs(world.gateway), world.clock, Never(), pause=0)  # type: ignore[arg-type]
        for _ in range(4):
            worker.round()

    def receive(_: int) -> None:
        for serial in range(len(first)):
            world.service.receipts.take(
                message_id(serial), "Failed" if serial % 3 == 1 else "Success", "UserInBlackList" if serial % 3 == 1 else "", world.clock.now
            )

    capfd.readouterr()
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(work, 0), pool.submit(receive, 0), pool.submit(work, 1), pool.submit(receive, 1)]
        for job in jobs:
            job.result()
    world.work()
    logged = [line for line in capfd.readouterr().err.splitlines() if '"error"' in line]
    assert logged == []
    with world.rows() as session:
        told = session.execute(
            select(AlertRecord.report, AlertRecord.person, func.count())
            .where(AlertRecord.purpose == Purpose.ALERT)
            .group_by(AlertRecord.report, AlertRecord.person)
        ).all()
        assert {count for _, _, count in told} == {1}
        yes = session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.ACKNOWLEDGED))
        assert yes == len(first[::3])
        steps = session.execute(
            select(AuditRecord.subject, AuditRecord.details, func.count())
            .where(AuditRecord.action == Action.STEP_TAKEN)
            .group_by(AuditRecord.subject, AuditRecord.details)
        ).all()
        assert {count for *_, count in steps} <= {1}
        assert len(session.scalars(select(LadderRecord)).all()) == REPORTS
    texts = [words for _, words in world.gateway.sent if re.search(r"OK \d{4} (by|kabla)", words)]
    assert len(set(texts)) == len(texts)
