"""A long road to PostgreSQL: everything said on it arrives after a while, in both directions, and nothing else is changed."""

from __future__ import annotations

import queue
import socket
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

_SOCKET = ".s.PGSQL.5432"
_END = b""


class SlowRoad:
    """Stands between the service and its database. `seconds` is how long a word takes there and its answer back, together; nought at first."""

    def __init__(self, url: str) -> None:
        self.seconds = 0.0
        self._to = make_url(url)
        self._folder = tempfile.TemporaryDirectory(prefix="road-")
        self._ends: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(Path(self._folder.name) / _SOCKET))
        self._door.listen(64)

    @property
    def url(self) -> str:
        """The database's address by this road."""
        return self._to.set(host=None, port=None, query={"host": self._folder.name}).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        threading.Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        for one in (self._door, *self._ends):
            one.close()
        self._folder.cleanup()

    def _welcome(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = self._onwards()
                self._ends += (here, there)
                for source, target in ((here, there), (there, here)):
                    waiting: queue.Queue[tuple[float, bytes]] = queue.Queue()
                    threading.Thread(target=self._hear, args=(source, waiting), daemon=True).start()
                    threading.Thread(target=_say, args=(waiting, target), daemon=True).start()

    def _onwards(self) -> socket.socket:
        host = str(self._to.query.get("host") or self._to.host or "127.0.0.1")
        if host.startswith("/"):
            there = socket.socket(socket.AF_UNIX)
            there.connect(str(Path(host) / _SOCKET))
            return there
        return socket.create_connection((host, self._to.port or 5432))

    def _hear(self, source: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
        heard = b"?"
        while heard:
            try:
                heard = source.recv(65536)
            except OSError:
                heard = _END
            waiting.put((time.monotonic() + self.seconds / 2, heard))


def _say(waiting: queue.Queue[tuple[float, bytes]], target: socket.socket) -> None:
    while True:
        at, words = waiting.get()
        time.sleep(max(0.0, at - time.monotonic()))
        with suppress(OSError):
            if words == _END:
                target.shutdown(socket.SHUT_WR)
            else:
                target.sendall(words)
        if words == _END:
            return
