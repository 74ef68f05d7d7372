"""Things that happen later: retries, receipts, a session nobody answers."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Clockwork:
    """Runs jobs after a delay on a few daemon threads. `factor` scales every delay: 0.01 makes a minute 0.6 seconds.

    A job that raises is dropped and `failed` counts it; jobs that wait when it closes never run.
    """

    def __init__(self, factor: float = 1.0, threads: int = 4) -> None:
        self.factor = factor
        self.failed = 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._change = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._run, name=f"stand-in-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def after(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` once, `seconds` (before scaling) from now."""
        with self._change:
            heapq.heappush(self._due, (time.monotonic() + seconds * self.factor, next(self._order), job))
            self._change.notify()

    def close(self, patience: float = 1.0) -> None:
        """Start nothing more, and wait up to `patience` seconds for each job that is running."""
        with self._change:
            self._closed = True
            self._due.clear()
            self._change.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(patience)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # one phone's failure must not stop the others
                with self._change:
                    self.failed += 1

    def _next(self) -> Callable[[], None] | None:
        with self._change:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._change.wait(wait)
            return None
