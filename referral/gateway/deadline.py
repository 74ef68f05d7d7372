"""An end to a call, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_AGAIN = 0.25


class Deadline:
    """While entered, every connection of `session` is cut `seconds` after the entry, and `passed` says so. The call in hand then fails as if the other
    side had hung up. `never_through`: connections were begun, and none of them ever stood, so that nothing can have gone out.
    """

    def __init__(self, session: requests.Session, seconds: float) -> None:
        self.passed = False
        self._seconds = seconds
        self._connections: list[HTTPConnection] = []
        self._stood: list[HTTPConnection] = []
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._cut, name="gateway-deadline", daemon=True)
        adapter = _Watched(self._connections, self._stood)
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    @property
    def never_through(self) -> bool:
        """Whether the other side was never reached, its certificate included."""
        return bool(self._connections) and not self._stood

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()

    def _cut(self) -> None:
        wait = self._seconds
        # Again and again: a connection may only just be in the making, or change its socket for an encrypted one.
        while not self._over.wait(wait):
            self.passed, wait = True, _AGAIN
            for connection in list(self._connections):
                _shut(connection.sock)


def _shut(sock: socket.socket | None) -> None:
    if sock is None:
        return
    try:
        # Not the encrypted socket's own way, which takes it from under whoever is reading.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # closed in the meantime, or not open yet


class _Watched(HTTPAdapter):
    """Notes every connection it begins, and every one that stands."""

    def __init__(self, begun: list[HTTPConnection], stood: list[HTTPConnection]) -> None:
        self._pools = _pools(begun, stood)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """The adapter's own pools, of connections that are noted."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """The same through a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(begun: list[HTTPConnection], stood: list[HTTPConnection]) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            begun.append(self)
            super().connect()
            stood.append(self)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            begun.append(self)
            super().connect()
            stood.append(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
