"""Help near a caller: the kinds that can be asked for, and what may be said of one place where it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HelpKind(StrEnum):
    """What a caller can ask for. PEP is not on the menu: it is where medicine after rape can be had, so hospitals and health centres only."""

    MEDICAL = "medical"
    PEP = "pep"
    POLICE = "police"
    CHILDREN = "children"
    TALK = "talk"
    LEGAL = "legal"
    SCHOOL = "school"
    SAFE = "safe"


class Open(StrEnum):
    """Whether a place is open. UNKNOWN is a state of its own: hours that nobody checked are never guessed."""

    ALWAYS = "always"
    NOW = "now"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Opening:
    """`changes_at` is when it closes (NOW) or next opens (CLOSED), aware; None for ALWAYS, UNKNOWN, and a closed place with no opening ahead."""

    state: Open
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NearHelp:
    """One service point as a list shows it. `id` is the service point's, `code` the four characters by which a caller names it (BAD 4F2K).

    `kilometres` as the crow flies, None for a helpline or an address nobody measured; `about` where the caller's place is a whole
    ward or the point is not the building's own. `confirmed` is False once enough callers have said that it is wrong. `pep`: medicine after
    rape can be had there. `why` tells in staff's words how it came to its rank.
    """

    id: str
    code: str
    name: str
    short_name: str
    kind: HelpKind
    opening: Opening
    kilometres: float | None = None
    about: bool = False
    confirmed: bool = True
    pep: bool = False
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpPhone:
    """A number of an office, never a person's: E.164, or a short code such as 116. Samples' numbers never come this far."""

    number: str
    toll_free: bool = False
    takes_texts: bool = False


@dataclass(frozen=True, slots=True)
class HelpDetail:
    """One service point opened: everything of it that may be said. `where` is free words ("next to the chief's office"), maybe empty."""

    near: NearHelp
    place: str | None
    where: str
    phones: tuple[HelpPhone, ...] = ()
    free: bool = False
    alert: str = ""
