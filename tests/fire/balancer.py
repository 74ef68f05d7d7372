"""What stands in front of several hosts: the next of them is asked where a connection breaks, since a repeated callback changes nothing here."""

from __future__ import annotations

import http.client
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Balancer:
    """`in_service` are the ports that requests go to, each in its turn; take one out before its host is stopped."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.in_service = list(ports)
        self.statuses: Counter[int] = Counter()
        """What the gateway and the callers were answered; 502 where no host answered."""
        self.asked_again = 0
        """Requests that went to another host because the first broke off or was not there."""
        self._turn = count()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def pass_on(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """The answer of the first host that gives one: status, content type, body."""
        ports = list(self.in_service)
        first = next(self._turn)
        for tried in range(len(ports)):
            self.asked_again += tried > 0
            connection = http.client.HTTPConnection("127.0.0.1", ports[(first + tried) % len(ports)], timeout=10)
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()
        return 502, "text/plain", b""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        balancer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, answer = balancer.pass_on(self.path, {"Content-Type": self.headers.get("Content-Type", "")}, body)
                balancer.statuses[status] += 1
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing: the address holds a token."""

        return Handler
