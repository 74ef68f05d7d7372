"""The processes of `make run`, started and ended together."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import click

_PATIENCE = 20.0
_MOMENT = 10.0


class Supervisor:
    """Runs `referral <command>` for each (name, command). If one ends, all end: half a service is worse to find than none."""

    def __init__(self, *commands: tuple[str, str]) -> None:
        self._commands = commands
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._stopping = threading.Event()

    def start(self, listens: int) -> None:
        """All of them, in this order. The others call the first at once: they are begun when it listens on that port, or after a few seconds anyhow."""
        for position, (name, command) in enumerate(self._commands):
            if position == 1:
                _until_taken(listens)
            argv = [sys.executable, "-m", "referral", command]
            self._running.append((name, subprocess.Popen(argv, start_new_session=True)))  # noqa: S603  our own argv; a Ctrl-C reaches only us

    def stop(self) -> None:
        self._stopping.set()

    def wait(self) -> int:
        """Until stopped, or until one process ended by itself. Returns the exit code: 0 after a stop."""
        ended: list[tuple[str, int]] = []
        while not self._stopping.wait(0.2) and not ended:
            ended = [(name, process.returncode) for name, process in self._running if process.poll() is not None]
        for name, code in ended:
            click.echo(f"{name} ended by itself with code {code}: ending the others", err=True)
        for _, process in self._running:
            process.terminate()
        for name, process in self._running:
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                click.echo(f"{name} did not end in {_PATIENCE:.0f} s: killed", err=True)
                process.kill()
        return 1 if ended else 0


def _until_taken(port: int) -> None:
    end = time.monotonic() + _MOMENT
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
