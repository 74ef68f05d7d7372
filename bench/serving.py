"""The processes that are measured: web processes under gunicorn, workers, a quick gateway; and what processor time and memory they take."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.callers import ask
from referral.settings import read_settings
from referral.start import load_directory, prepare

ROOT = Path(__file__).parent.parent
TOKENS = ("benchussd" * 4, "benchsms1" * 4)
USSD, SMS = f"/ussd/{TOKENS[0]}", f"/sms/{TOKENS[1]}/inbound"
UNLIMITED = {"reports_a_day": 10**9, "sessions_an_hour": 10**9, "texts_a_second": 10_000}
"""A hundred thousand made-up callers share the 2^20 tags of a day, and a queue is to be drained as fast as it goes: limits that protect a real line
would stop the measurement."""
_TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(folder: Path, url: str) -> dict[str, str]:
    """What the processes start with: the sample county, sealed with a key of this run."""
    secrets = folder / "secrets.toml"
    if not secrets.exists():
        root = base64.b64encode(os.urandom(32)).decode()
        secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{TOKENS[0]}"]\nsms_tokens = ["{TOKENS[1]}"]\n', "utf-8")
        secrets.chmod(0o600)
        county = folder / "county"
        shutil.copytree(ROOT / "config" / "kwale", county)
        policy = county / "policy.toml"
        words = policy.read_text("utf-8")
        for name, value in UNLIMITED.items():
            words, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", words)
            assert count == 1, name
        policy.write_text(words, "utf-8")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "REFERRAL_DATABASE_URL": url,
        "REFERRAL_CONFIG": str(folder / "county"),
        "REFERRAL_SECRETS": str(secrets),
        "REFERRAL_LOG_LEVEL": "error",
    }


def fill(folder: Path, url: str) -> None:
    """Tables and the county's directory."""
    kept = dict(os.environ)
    os.environ.update(environment(folder, url))
    try:
        ready = prepare(read_settings())
        load_directory(ready)
        ready.database.close()
    finally:
        os.environ.clear()
        os.environ.update(kept)


class Processes:
    """Something running, with its children."""

    def __init__(self, folder: Path, env: dict[str, str], *command: str) -> None:
        self._log = (folder / "log").open("ab")
        self._process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=self._log, stderr=self._log)  # noqa: S603  our own programs

    @property
    def pids(self) -> list[int]:
        return tree(self._process.pid)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(40)
        self._log.close()


@contextmanager
def web(folder: Path, env: dict[str, str], application: str, processes: int) -> Iterator[tuple[int, Processes]]:
    """gunicorn with so many processes, as in production. Yields its port when it answers."""
    port = free_port()
    with_port = env | {"PORT": str(port), "REFERRAL_WEB_PROCESSES": str(processes)}
    running = Processes(folder, with_port, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), application)
    try:
        until = time.monotonic() + 60
        while not _answers(port):
            assert time.monotonic() < until, (folder / "log").read_text("utf-8", "replace")[-3000:]
            time.sleep(0.1)
        time.sleep(0.5)  # until the other processes are up too
        yield port, running
    finally:
        running.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as wire:
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return wire.recv(16).startswith(b"HTTP/1.1")
    except OSError:
        return False


@contextmanager
def gateway(folder: Path, env: dict[str, str]) -> Iterator[int]:
    port = free_port()
    running = Processes(folder, env, "-m", "bench.gateway", str(port))
    try:
        until = time.monotonic() + 20
        while not _answers(port):
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port
    finally:
        running.stop()


@contextmanager
def workers(folder: Path, env: dict[str, str], count: int) -> Iterator[list[Processes]]:
    running = [Processes(folder, env, "-m", "referral", "work") for _ in range(count)]
    try:
        yield running
    finally:
        for one in running:
            one.stop()


def taken(port: int) -> list[float]:
    """When the gateway took each text, on the machine's monotonic clock."""
    answer = ask(port, b"GET /taken HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return list(json.loads(answer[4:]))


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def processor(pids: list[int]) -> float:
    """Seconds of processor time that the processes have taken so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def memory(pids: list[int]) -> float:
    """Megabytes, what processes share counted once (proportional set size)."""
    total = 0
    for pid in pids:
        found = re.search(r"(?m)^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text())
        total += int(found[1]) if found else 0
    return total / 1024
