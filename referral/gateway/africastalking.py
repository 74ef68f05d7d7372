"""Africa's Talking, through its own library: one recipient a call, and every answer it is known to give turned into one of three outcomes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from referral.gateway import port
from referral.gateway.answers import OUR_FAULT, NoReply, Patience, Reply
from referral.gateway.dates import read_date
from referral.gateway.hosts import is_loopback
from referral.gateway.port import Arrived, Balance, FetchFailed, Outcome, Sending
from referral.vocabulary.phone import NotAPhoneNumber, PhoneNumber

if TYPE_CHECKING:
    from referral.gateway.client import Client

_COST = re.compile(r"[A-Z]{3} \d{1,6}(\.\d{1,6})?|0")
_BALANCE = re.compile(r"([A-Z]{3}) (-?\d{1,12}(?:\.\d{1,6})?)")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_CODE_OF_WORD = {word: code for code, word in port.REFUSED.items()}
_HTTP_REFUSALS = {401: port.AUTHENTICATION, 403: port.AUTHENTICATION, 429: port.RATE_LIMITED}
_PATIENCE = Patience()
_MAYBE_TAKEN = {408, *range(500, 600)}
"""HTTP statuses after which the gateway may have taken the text all the same."""


class AfricasTalkingGateway:
    """One account and one sender (short code or sender id; None: the account's default, as the sandbox has it).

    `base_url` is another host that speaks the same protocol, such as http://127.0.0.1:8001/version1. After `patience` a call is given up. Raises
    ValueError, without quoting a value, for settings that would send texts to the wrong host or in the clear.
    """

    def __init__(self, username: str, api_key: str, short_code: str | None, base_url: str | None = None, *, patience: Patience = _PATIENCE) -> None:
        if not username.strip() or not api_key.strip() or not api_key.isascii():
            raise ValueError("the gateway account needs a user name and a key")
        if username != "sandbox" and username.strip().lower() == "sandbox":
            # The library compares exactly, and would send what is meant for the sandbox to real phones.
            raise ValueError("the user name of the sandbox is written in small letters, without spaces")
        if base_url is not None and not (base_url.startswith("https://") or is_loopback(base_url)):
            raise ValueError("the gateway's address must be https, or on this machine")
        self._username, self._api_key, self._short_code = username, api_key, short_code or None
        self._base_url = base_url.rstrip("/") if base_url else None
        self._patience = patience
        self._made: Client | None = None

    @property
    def _client(self) -> Client:
        if self._made is None:
            from referral.gateway.client import Client  # costs a fifth of a second, and only the worker needs it

            self._made = Client(self._username, self._api_key, self._base_url, self._patience)
        return self._made

    def send(self, to: PhoneNumber, text: str) -> Sending:
        """See Gateway. An empty text is never handed over: REFUSED."""
        if not text.strip():
            return Sending(Outcome.REFUSED, reason=port.ADAPTER_ERROR)
        client = self._client
        answer: Reply | NoReply
        try:
            answer = client.send(text, [to.reveal()], sender_id=self._short_code)
        except Exception:  # whatever the library raises may quote the number, so nothing of it may pass
            answer = OUR_FAULT
        return _sending(answer)

    def fetch(self, after: int) -> Sequence[Arrived]:
        """See Gateway. An entry without a usable id is left out: it could be neither remembered nor asked for again."""
        client = self._client
        answer: Reply | NoReply
        try:
            answer = client.fetch_messages(last_received_id=after)
        except Exception:  # as above
            answer = OUR_FAULT
        messages = _messages(answer)
        arrived = [_arrived(entry) for entry in messages if isinstance(entry, Mapping)]
        return sorted((text for text in arrived if text is not None and text.id > after), key=lambda text: text.id)

    def balance(self) -> Balance:
        """See Gateway."""
        client = self._client
        answer: Reply | NoReply
        try:
            answer = client.fetch_user()
        except Exception:  # as above
            answer = OUR_FAULT
        data = _read(answer).get("UserData")
        found = _BALANCE.fullmatch(str(data.get("balance"))) if isinstance(data, Mapping) else None
        if found is None:
            raise FetchFailed(port.BAD_ANSWER)
        return Balance(found[1], Decimal(found[2]))


def _sending(answer: Reply | NoReply) -> Sending:
    if isinstance(answer, NoReply):
        return Sending(Outcome.UNKNOWN if answer.gone else Outcome.REFUSED, reason=answer.reason)
    if answer.status in _MAYBE_TAKEN:
        return Sending(Outcome.UNKNOWN, reason=port.HTTP_ERROR)
    if not 200 <= answer.status < 300:
        return Sending(Outcome.REFUSED, reason=_HTTP_REFUSALS.get(answer.status, port.HTTP_ERROR))
    data = _data(answer.body)
    recipients = data.get("Recipients")
    if recipients == []:
        return _refused_as_a_whole(data.get("Message"))
    if not isinstance(recipients, list) or len(recipients) != 1 or not isinstance(recipients[0], Mapping):
        return Sending(Outcome.UNKNOWN, reason=port.BAD_ANSWER)
    return _recipient(recipients[0])


def _refused_as_a_whole(message: object) -> Sending:
    """No recipient was taken on; where the gateway says why, it uses the word of a status code."""
    code = _CODE_OF_WORD.get(message) if isinstance(message, str) else None
    return Sending(Outcome.REFUSED, code=code, reason=port.NO_RECIPIENT if code is None else port.REFUSED[code])


def _recipient(entry: Mapping[object, object]) -> Sending:
    code = _whole(entry.get("statusCode"))
    if code is None:
        return Sending(Outcome.UNKNOWN, reason=port.BAD_ANSWER)
    message_id, cost, parts = entry.get("messageId"), entry.get("cost"), _whole(entry.get("messageParts"))
    usable = isinstance(message_id, str) and message_id != "None" and _MESSAGE_ID.fullmatch(message_id)
    if code in port.ACCEPTED:
        outcome, reason = Outcome.ACCEPTED, port.ACCEPTED[code]
    elif 400 <= code < 600:
        outcome, reason = Outcome.REFUSED, port.REFUSED.get(code, port.UNLISTED_CODE)
    else:
        outcome, reason = Outcome.UNKNOWN, port.UNLISTED_CODE
    return Sending(
        outcome,
        code=code,
        message_id=str(message_id) if usable else None,
        cost=cost if isinstance(cost, str) and _COST.fullmatch(cost) else None,
        parts=parts,
        reason=reason,
    )


def _read(answer: Reply | NoReply) -> Mapping[object, object]:
    """What an answer to a question holds. Raises FetchFailed where there is none."""
    if isinstance(answer, NoReply):
        raise FetchFailed(answer.reason)
    if not 200 <= answer.status < 300:
        raise FetchFailed(_HTTP_REFUSALS.get(answer.status, port.HTTP_ERROR))
    return answer.body if isinstance(answer.body, Mapping) else {}


def _messages(answer: Reply | NoReply) -> Sequence[object]:
    messages = _data(_read(answer)).get("Messages")
    if not isinstance(messages, list):
        raise FetchFailed(port.BAD_ANSWER)
    return messages


def _arrived(entry: Mapping[object, object]) -> Arrived | None:
    number = _whole(entry.get("id"))
    if number is None:
        return None
    try:
        sender = PhoneNumber(str(entry.get("from")))
    except NotAPhoneNumber:
        sender = None
    link_id = entry.get("linkId")
    date = read_date(str(entry.get("date")))
    return Arrived(number, sender, str(entry.get("to", "")), str(entry.get("text") or ""), date, link_id if isinstance(link_id, str) else None)


def _data(body: object) -> Mapping[object, object]:
    data = body.get("SMSMessageData") if isinstance(body, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def _whole(value: object) -> int | None:
    """A whole number, which the gateway writes as a number or as digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18 else None
