"""How the stand-in is told to behave: where the gateway's documents are silent, and where it should fail on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DateShape(StrEnum):
    """The shapes in which inbound texts have been seen dated, as `strftime` patterns."""

    ISO = "%Y-%m-%dT%H:%M:%SZ"
    ISO_MILLISECONDS = "%Y-%m-%dT%H:%M:%S.%fZ"
    SPACED = "%Y-%m-%d %H:%M:%S"

    def write(self, moment: datetime) -> str:
        """An aware UTC moment in this shape."""
        text = moment.strftime(self.value)
        return text[:-4] + "Z" if self is DateShape.ISO_MILLISECONDS else text


@dataclass(frozen=True, slots=True)
class Manners:
    """Undocumented behaviour, either way of which the service must bear.

    `extension_in_text`: what is dialled beyond the code comes in `text` (else in `serviceCode`). `bare_inbound`: inbound texts come without
    `linkId`, `networkCode` and `cost`, as in older documents.
    """

    extension_in_text: bool = True
    date_shape: DateShape = DateShape.ISO
    bare_inbound: bool = False


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on purpose; the default is a good day.

    `refuse` gives a number's status code instead of 101. `http_status` answers every send with that status and sends nothing. `account_word` refuses
    every send as a whole, with an empty list of recipients and this word. `receipts` are the delivery reports that follow a text, in that order:
    repeat, reorder, misspell or leave out as wished. `end_event` False: the end of a USSD session is never told.
    """

    refuse: Mapping[str, int] = field(default_factory=dict)
    http_status: int | None = None
    account_word: str | None = None
    receipts: tuple[str, ...] = ("Sent", "Submitted", "Success")
    end_event: bool = True
