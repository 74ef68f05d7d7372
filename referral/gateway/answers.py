"""What came back from the gateway, or did not, before anyone asks what it means. Apart from the client, so that reading it loads no library."""

from __future__ import annotations

from dataclasses import dataclass

from referral.gateway import port


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP. `body` is the decoded JSON, None where the answer holds none."""

    status: int
    body: object


@dataclass(frozen=True, slots=True)
class NoReply:
    """No answer. `gone` is True unless it is certain that nothing reached the gateway. `reason` is a word of the port."""

    reason: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds: to connect, for each wait for bytes, and in all. The first two are the library's own.

    In all, because a worker that waits holds a lease, and whoever was to be told waits with it. Looking up a name counts for nothing of it: the
    machine's resolver has limits of its own.
    """

    connect: float = 3.05
    read: float = 9.05
    whole: float = 13.0


OUR_FAULT = NoReply(port.ADAPTER_ERROR, gone=True)
"""The library raised what it never should. Counted as gone: a text sent twice does less harm than a text nobody looks for."""
