"""What every answer of the gateway means for the text, and for the sending as a whole: a table, so that it can be read and argued about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from referral.gateway import port
from referral.gateway.port import Outcome, Sending


class Text(StrEnum):
    """What becomes of the text."""

    SENT = "sent"
    LATER = "later"
    """Certainly not sent: the same text to the same person again, later and later, up to the lane's longest wait."""
    NEXT = "next"
    """This number takes no texts from us: the next person is told at once, the roster is flagged, and what else waits for them goes elsewhere."""
    RECEIPT = "receipt"
    """It may have gone out: a receipt is awaited, then it is sent once more, marked. A third time never: somebody else is told."""


class Road(StrEnum):
    """What it says of the road to every phone."""

    OPEN = "open"
    ANSWERS = "answers"
    """The gateway is there; whether the account is in order is not said."""
    DOWN = "down"
    """A failure of the gateway: so many in a row, and only probes go out, RED alerts excepted."""
    EMPTY = "empty"
    """The account is empty: all pauses but RED and a probe now and then, and it is an alarm."""
    REFUSED = "refused"
    """Our account or sender is at fault for this text: an alarm, since it will not mend unless somebody looks. Nothing pauses: other operators may take it."""


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of the text, and what the answer says of the road."""

    text: Text
    road: Road


_SENT, _LATER, _NEXT = Course(Text.SENT, Road.OPEN), Course(Text.LATER, Road.DOWN), Course(Text.NEXT, Road.ANSWERS)
_ALARM, _MAYBE = Course(Text.LATER, Road.REFUSED), Course(Text.RECEIPT, Road.DOWN)
NOT_THERE = _LATER
"""Of a gateway that did not answer when it was asked for nothing."""

BY_CODE: Mapping[int, Course] = MappingProxyType(
    {
        100: _SENT,  # Processed
        101: _SENT,  # Sent
        102: _SENT,  # Queued
        401: _ALARM,  # RiskHold
        402: _ALARM,  # InvalidSenderId
        403: _NEXT,  # InvalidPhoneNumber
        404: _NEXT,  # UnsupportedNumberType
        405: Course(Text.LATER, Road.EMPTY),  # InsufficientBalance
        406: _NEXT,  # UserInBlacklist
        407: _NEXT,  # CouldNotRoute
        409: _NEXT,  # DoNotDisturbRejection
        500: _LATER,  # InternalServerError
        501: _LATER,  # GatewayError
        502: _ALARM,  # RejectedByGateway: the sender is not known to that operator
    }
)
"""By the gateway's status code for the recipient."""

BY_WORD: Mapping[tuple[Outcome, str], Course] = MappingProxyType(
    {
        (Outcome.REFUSED, port.NO_CONNECTION): _LATER,
        (Outcome.REFUSED, port.RATE_LIMITED): _LATER,
        (Outcome.REFUSED, port.AUTHENTICATION): _ALARM,
        (Outcome.REFUSED, port.CERTIFICATE): _ALARM,
        (Outcome.REFUSED, port.HTTP_ERROR): _ALARM,  # 400 to 499
        (Outcome.REFUSED, port.NO_RECIPIENT): _ALARM,
        (Outcome.REFUSED, port.UNLISTED_CODE): _ALARM,
        (Outcome.REFUSED, port.ADAPTER_ERROR): _ALARM,
        (Outcome.UNKNOWN, port.HTTP_ERROR): _MAYBE,  # 408, 500 to 599
        (Outcome.UNKNOWN, port.TIMEOUT): _MAYBE,
        (Outcome.UNKNOWN, port.CONNECTION_LOST): _MAYBE,
        (Outcome.UNKNOWN, port.BAD_ANSWER): _MAYBE,  # as after taking it, 2xx, and yet not to be read
        (Outcome.UNKNOWN, port.ADAPTER_ERROR): _MAYBE,
        (Outcome.UNKNOWN, port.UNLISTED_CODE): Course(Text.RECEIPT, Road.ANSWERS),
    }
)
"""By the adapter's own word, where the gateway gave no code for the recipient."""

UNLISTED: Mapping[Outcome, Course] = MappingProxyType({Outcome.ACCEPTED: _SENT, Outcome.REFUSED: _ALARM, Outcome.UNKNOWN: _MAYBE})
"""Where neither table knows it: what is safe, and somebody must read what it means."""


def course(sending: Sending) -> Course:
    """What to do about what came back."""
    if sending.outcome is Outcome.REFUSED and sending.code is not None:
        return BY_CODE.get(sending.code, UNLISTED[Outcome.REFUSED])
    return BY_WORD.get((sending.outcome, sending.reason), UNLISTED[sending.outcome])
