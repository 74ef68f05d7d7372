"""How the stand-in behaves where the gateway's documents are silent."""

from __future__ import annotations

from dataclasses import dataclass
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
