"""A gateway of recorded bytes: it hears a whole request, plays an answer as it was, and hangs up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.http").read_bytes()


@dataclass
class Player:
    """`answers` are played in turn, one a connection; `heard` are the requests, as bytes. `slowly`: seconds between one byte and the next.
    `holds`: the connection stays open after the answer, or in its place, until the player is closed. `deaf`: answers whatever comes first."""

    answers: Sequence[bytes]
    slowly: float = 0.0
    holds: bool = False
    deaf: bool = False
    heard: list[bytes] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/version1"

    def run(self, server: socket.socket) -> None:
        waiting = list(self.answers)
        server.settimeout(0.1)
        while waiting and not self.over.is_set():
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    self.heard.append(connection.recv(65536) if self.deaf else _request(connection))
                    self._play(connection, waiting.pop(0))
                    if self.holds:
                        self.over.wait(20)

    def _play(self, connection: socket.socket, answer: bytes) -> None:
        if not self.slowly:
            connection.sendall(answer)
            return
        for byte in answer:
            connection.sendall(bytes([byte]))
            if self.over.wait(self.slowly):
                return


def _request(connection: socket.socket) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard and (more := connection.recv(65536)):
        heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def playing(*answers: bytes, slowly: float = 0.0, holds: bool = False, deaf: bool = False) -> Iterator[Player]:
    """A player on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        player = Player(answers, slowly, holds, deaf, port=server.getsockname()[1])
        thread = threading.Thread(target=player.run, args=(server,), daemon=True)
        thread.start()
        try:
            yield player
        finally:
            player.over.set()
            thread.join(timeout=10)
