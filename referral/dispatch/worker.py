"""The worker: a loop over jobs that each do what is due and say whether there was anything."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.privacy.logs import describe
from referral.store.base import Base
from referral.store.database import Database
from referral.store.health import NotNow

log = structlog.get_logger()


class HeartbeatRecord(Base):
    """When a worker last went round its jobs. Read by the readiness check."""

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `seconds`. `run` returns how much it did; anything above 0 makes the worker come round again at once. `between`: also
    between two other jobs, where it is due, since any of them may have to wait."""

    name: str
    run: Callable[[], int]
    seconds: float = 0.0
    between: bool = False


class Worker:
    """Runs jobs until stopped. A job that fails is logged by type and line and tried again on its next round: it stops nothing else."""

    def __init__(self, jobs: Sequence[Job], clock: Callable[[], datetime], stop: threading.Event, *, pause: float = 0.25) -> None:
        self._jobs = jobs
        self._clock = clock
        self._stop = stop
        self._pause = pause
        self._last: dict[str, float] = {}

    def run(self) -> None:
        while not self._stop.is_set():
            if self.round() == 0:
                self._stop.wait(self._pause)

    def round(self) -> int:
        """Every job that is due, once; none is begun any more when the worker is to stop."""
        done = 0
        for job in self._jobs:
            for one in (job, *(beat for beat in self._jobs if beat.between and beat is not job)):
                done += 0 if self._stop.is_set() else self._run(one)
        return done

    def _run(self, job: Job) -> int:
        moment = self._clock().timestamp()
        last = self._last.get(job.name)
        if last is not None and 0 <= moment - last < job.seconds:  # a clock set back must not silence a job
            return 0
        self._last[job.name] = moment
        try:
            return job.run()
        except NotNow:  # told once a minute by who found it out; the job comes round again
            return 0
        except Exception as error:
            log.error("job failed", kind=job.name, **describe(error))
            return 0


class Aside:
    """A worker in a thread of its own. Should it ever end by itself, all are stopped: a process that sends no more must not look alive."""

    def __init__(self, name: str, worker: Worker, stop: threading.Event, *, patience: float) -> None:
        """`patience`: seconds that its last job may take once it is to stop."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._worker, self._stop, self._patience = worker, stop, patience

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Wait for the job in hand."""
        self._thread.join(timeout=self._patience)

    def _run(self) -> None:
        try:
            self._worker.run()
        finally:
            self._stop.set()


def beat(database: Database, now: datetime) -> int:
    """Say that this worker is alive."""
    name = f"{os.uname().nodename}:{os.getpid()}"
    with database.draft() as session:
        session.merge(HeartbeatRecord(worker=name[:120], at=now))
    return 0


def forget_beats(session: Session, now: datetime) -> None:
    """Drop the beats of workers that have been gone for a day."""
    session.execute(delete(HeartbeatRecord).where(HeartbeatRecord.at < now - timedelta(days=1)))


def last_beat(database: Database) -> datetime | None:
    with database.read() as session:
        return session.scalar(select(HeartbeatRecord.at).order_by(HeartbeatRecord.at.desc()).limit(1))
