"""Figures of several web processes as one: each writes a file, whoever is asked adds them up, and what an ended process counted stays counted."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library looks at it when it is imported: gunicorn's configuration sets it before anything else."""
ENDED = "ended"
"""Stands where a process's number would in the name of the file of all that have ended."""


def shared() -> Path | None:
    """The folder that the processes of this machine share, None where there is only this one."""
    folder = os.environ.get(FOLDER)
    return Path(folder) if folder and Path(folder).is_dir() else None


class _Begun(MultiProcessCollector):
    """All processes' files, but for those a process has made and not yet begun to write: the library cannot read an empty one."""

    def collect(self) -> Iterable[Metric]:
        """Whoever was born, or killed, in just that instant has counted nothing."""
        files = [str(file) for file in Path(self._path).glob("*.db") if _begun(file)]
        return self.merge(files, accumulate=True)  # type: ignore[no-any-return,no-untyped-call]


def collector(folder: Path) -> CollectorRegistry:
    """What all processes counted together."""
    registry = CollectorRegistry()
    _Begun(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return registry


@contextmanager
def looking(folder: Path) -> Iterator[None]:
    """While somebody looks, no file is folded away: a figure that falls and rises again would read as a thousand new calls."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


def fold(folder: Path, pid: int) -> None:
    """Add what an ended process counted to the file of all ended ones. Processes are renewed for ever: a file each would fill the memory."""
    with _locked(folder, fcntl.LOCK_EX):
        for file in sorted(folder.glob(f"*_{pid}.db")):
            if not _begun(file):
                file.unlink()
                continue
            kind = file.name.rsplit("_", 1)[0]
            total = MmapedDict(str(folder / f"{kind}_{ENDED}.db"))  # type: ignore[no-untyped-call]
            try:
                for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]
                    json.loads(key)  # a file cut short in the middle of a key is left out, not added up wrongly
                    before, _ = total.read_value(key)  # type: ignore[no-untyped-call]
                    total.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
            finally:
                total.close()  # type: ignore[no-untyped-call]
            file.unlink()


def empty(folder: Path) -> None:
    """Forget what an earlier run counted: its processes are gone, and their numbers are given out again."""
    for file in folder.glob("*.db"):
        with suppress(FileNotFoundError):
            file.unlink()


def _begun(file: Path) -> bool:
    """A file grows to its whole size at once, right after it is made: there is nothing between empty and readable."""
    return file.stat().st_size > 0


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, how)
        yield
