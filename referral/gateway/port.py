"""What the service needs of a gateway, and what one answer of it can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from referral.vocabulary.phone import PhoneNumber


class Outcome(StrEnum):
    """ACCEPTED: the gateway has it. REFUSED: it certainly did not go out. UNKNOWN: it may have gone out, and only a receipt can tell."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


ACCEPTED: Mapping[int, str] = MappingProxyType({100: "Processed", 101: "Sent", 102: "Queued"})
"""Status codes that mean the gateway took the text, with the gateway's documented word for each."""

REFUSED: Mapping[int, str] = MappingProxyType(
    {
        401: "RiskHold",
        402: "InvalidSenderId",
        403: "InvalidPhoneNumber",
        404: "UnsupportedNumberType",
        405: "InsufficientBalance",
        406: "UserInBlacklist",
        407: "CouldNotRoute",
        409: "DoNotDisturbRejection",
        500: "InternalServerError",
        501: "GatewayError",
        502: "RejectedByGateway",
    }
)
"""Status codes that mean the text did not go out, with the documented words. What each asks of us is `dispatch.policy_of_codes`."""

NO_CONNECTION = "no-connection"
RATE_LIMITED = "rate-limited"
AUTHENTICATION = "authentication"
CERTIFICATE = "certificate"
HTTP_ERROR = "http-error"
NO_RECIPIENT = "no-recipient"
UNLISTED_CODE = "unlisted-code"
TIMEOUT = "timeout"
CONNECTION_LOST = "connection-lost"
BAD_ANSWER = "bad-answer"
ADAPTER_ERROR = "adapter-error"


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one text to one person.

    `code` is the gateway's status code for the recipient, None if it gave none. `message_id` matches later receipts; None where the gateway gave
    none or the word "None". `cost` is like "KES 0.8000", `parts` the number of SMS it was billed as; both only if told. `reason` is one of the
    words of this module, never the gateway's text, which can quote a number.
    """

    outcome: Outcome
    code: int | None = None
    message_id: str | None = None
    cost: str | None = None
    parts: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text in the gateway's inbox.

    `id` is the inbox's integer, which is not the id of the callback for the same text: the two are matched by sender, `to`, text and date.
    `sender` is None for a short code, an alphanumeric sender or a hidden number: such a text is read but never answered.
    `date` is aware UTC, None if unreadable. The text is kept out of `repr`, since it may be a child's own words.
    """

    id: int
    sender: PhoneNumber | None
    to: str
    text: str = field(repr=False)
    date: datetime | None
    link_id: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on the account: three capital letters of a currency, and an amount, below zero where the account is in debt."""

    currency: str
    amount: Decimal


class FetchFailed(Exception):
    """The inbox, or the balance, could not be read. `reason` is a word of this module; there is nothing else in it. Nothing is lost: ask again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gateway(Protocol):
    """Carries texts. Safe to call from several threads; never retries by itself."""

    def send(self, to: PhoneNumber, text: str) -> Sending:
        """Hand over one text for one person. Does not raise for anything the network or the gateway can do; may block 13 seconds."""

    def fetch(self, after: int) -> Sequence[Arrived]:
        """Texts in the inbox with an id above `after`, in ascending order; 0 for all it holds. Raises FetchFailed."""

    def balance(self) -> Balance:
        """What is left on the account. Raises FetchFailed; may block 13 seconds."""
