"""Africa's Talking's own client for texts, with the parts replaced that lose what a sender must know.

The library builds addresses, headers and forms. Its transport is replaced, because it forgets the HTTP status, gives text instead of data when the
content type names a charset, and quotes the answer in its exceptions. Imported late: the library costs a fifth of a second.
"""

from __future__ import annotations

import json
import ssl
from typing import Any

import requests
from africastalking.SMS import SMSService
from urllib3.exceptions import MaxRetryError, NewConnectionError

from referral.gateway import port
from referral.gateway.answers import NoReply, Patience, Reply
from referral.gateway.deadline import Deadline
from referral.gateway.hosts import is_loopback


class Client(SMSService):  # type: ignore[misc]  # its base has no types
    """One account. `send`, `fetch_messages` and `fetch_user` return Reply or NoReply and raise nothing the network did.

    Each call has its own connection, as in the library: on a kept one that the gateway has meanwhile closed, nobody can tell whether a text went out.
    """

    def __init__(self, username: str, api_key: str, base_url: str | None, patience: Patience) -> None:
        self._override, self._patience = base_url, patience
        super().__init__(username, api_key)

    def _init_service(self) -> None:
        super()._init_service()
        if self._override is not None:
            self._baseUrl = self._contentUrl = self._override

    def fetch_user(self) -> Reply | NoReply:
        """What the gateway tells of the account, its balance. The library has this call in a service of its own, whose address cannot be set."""
        return self._make_request(self._make_url("/user"), "GET", self._headers, None, {"username": self._username})

    def _make_request(self, url: str, method: str, headers: Any, data: Any, params: Any, callback: None = None, timeout: Any = None) -> Reply | NoReply:
        """The library's own timeouts are given up for ours: they begin anew with each byte, so a gateway that trickles would hold a worker for ever."""
        with requests.Session() as session, Deadline(session, self._patience.whole) as deadline:
            # A proxy meant for the internet must not swallow what is meant for this machine.
            session.trust_env = not is_loopback(url)
            try:
                # A redirect would carry the key in its own header to wherever it points.
                answer = session.request(
                    method, url, params=params, data=data, headers=headers, timeout=(self._patience.connect, self._patience.read), allow_redirects=False
                )
                return Reply(answer.status_code, _decoded(answer.content))
            except requests.RequestException as error:
                broke = NoReply(port.TIMEOUT, gone=True) if deadline.passed else _what_broke(error)
                return NoReply(port.NO_CONNECTION, gone=False) if broke.gone and deadline.never_through else broke


def _decoded(content: bytes) -> object:
    """The gateway's content types are unreliable, so the bytes decide."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def _what_broke(error: requests.RequestException) -> NoReply:
    if isinstance(error, ValueError):
        # An address or key that no request can be made of.
        return NoReply(port.ADAPTER_ERROR, gone=False)
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return NoReply(port.NO_CONNECTION, gone=False)
    if isinstance(error, requests.Timeout):
        return NoReply(port.TIMEOUT, gone=True)
    cause = _innermost(error)
    if isinstance(cause, NewConnectionError):
        return NoReply(port.NO_CONNECTION, gone=False)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NoReply(port.CERTIFICATE, gone=False)
    return NoReply(port.CONNECTION_LOST, gone=True)


def _innermost(error: BaseException) -> BaseException:
    """The exception that libraries below have wrapped in their own: they put it first among the arguments, or name it the reason."""
    while True:
        inner = error.reason if isinstance(error, MaxRetryError) else (error.args[0] if error.args else None)
        if isinstance(error, NewConnectionError) or not isinstance(inner, BaseException):
            return error
        error = inner
