"""One machine's share of the service, as processes."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent.parent


class Host:
    """One machine's share: web processes under gunicorn, and workers, with secrets, keys and folders of its own. Each worker calls the gateway
    under an address of its own, so that the gateway knows which of them called."""

    def __init__(self, name: str, port: int, folder: Path, shared: Mapping[str, str], serial: itertools.count[int]) -> None:
        self.port = port
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        """The living, by the name under which the gateway knows them."""
        self._gateway, self._serial = f"http://127.0.0.1:{shared['REFERRAL_STANDIN_PORT']}", serial
        self._log = (folder / f"log{name}").open("ab")
        self._environment = {**os.environ, **shared, "PORT": str(self.port), "PROMETHEUS_MULTIPROC_DIR": str(folder / f"figures{name}")}
        if name:
            self._own(folder / name)
        self.web = self.start_web()

    def start_web(self) -> subprocess.Popen[bytes]:
        self.web = self._start("", "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), "wsgi:application")
        return self.web

    def start_worker(self) -> str:
        name = f"w{next(self._serial)}"
        self.workers[name] = self._start(name, "-m", "referral", "work")
        return name

    def kill_worker(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        victim = self.workers.pop(name)
        victim.send_signal(how)
        victim.wait(30)

    def web_processes(self) -> list[int]:
        return children(self.web.pid)

    def stop_web(self) -> None:
        """As an operator would: what is in hand is finished."""
        self.web.terminate()
        self.web.wait(30)

    def lose(self) -> None:
        """All of it at one moment and for good, as if the plug were pulled."""
        for process in (self.web, *self.workers.values()):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in (self.web, *self.workers.values()):
            process.wait(30)
        self.workers.clear()

    def close(self) -> None:
        for process in (self.web, *self.workers.values()):
            process.terminate()
        for process in (self.web, *self.workers.values()):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._log.close()

    def ready(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        return False

    def _own(self, folder: Path) -> None:
        """Copies of the secrets and keys, as on another machine, and nothing shared but the database."""
        folder.mkdir()
        for name in ("REFERRAL_SECRETS", "REFERRAL_KEYRING"):
            self._environment[name] = shutil.copy2(self._environment[name], folder)
        self._environment["REFERRAL_CONFIG"] = shutil.copytree(self._environment["REFERRAL_CONFIG"], folder / "county")
        for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            (folder / name).mkdir(mode=0o700)
            self._environment[name] = str(folder / name)

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        environment = {**self._environment, "AT_BASE_URL": f"{self._gateway}/{name}/version1" if name else f"{self._gateway}/version1"}
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=self._log, stderr=self._log, start_new_session=True)


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
