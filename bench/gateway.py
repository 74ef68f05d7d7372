"""A gateway that takes every text after three milliseconds and remembers when: `python -m bench.gateway PORT`."""

from __future__ import annotations

import asyncio
import json
import sys
import time

ANSWERS_IN = 0.003
_TAKEN = {"statusCode": 101, "number": "", "status": "Success", "cost": "KES 0.8000", "messageParts": 1}


class Gateway:
    """`GET /taken` tells the moments (monotonic seconds) at which texts came; `POST` anywhere else takes one; other GETs are an empty inbox."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._one, "127.0.0.1", port, backlog=512)
        async with server:
            await server.serve_forever()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            await reader.readexactly(length)
            body = json.dumps(await self._answer(head)).encode()
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> object:
        if head.startswith(b"GET /taken"):
            return self.taken
        if head.startswith(b"GET "):
            return {"SMSMessageData": {"Messages": []}}
        self.taken.append(time.monotonic())
        await asyncio.sleep(ANSWERS_IN)
        one = _TAKEN | {"messageId": f"ATXid_{len(self.taken):032x}", "number": "+254700000102"}
        return {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [one]}}


if __name__ == "__main__":
    asyncio.run(Gateway().serve(int(sys.argv[1])))
