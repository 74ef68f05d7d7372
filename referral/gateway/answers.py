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


OUR_FAULT = NoReply(port.ADAPTER_ERROR, gone=True)
"""The library raised what it never should. Counted as gone: a text sent twice does less harm than a text nobody looks for."""
