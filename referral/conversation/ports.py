"""What the engine needs from others: a guide that knows places and reports, and a surface that knows how much fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from referral.vocabulary.option import Option


class Status(StrEnum):
    """Catalogue keys of what a reporter is told about a report. UNKNOWN is for a code that is none of ours, worded so that a guess learns nothing."""

    RECEIVED = "status.received"
    REFERRED = "status.referred"
    SEEN = "status.seen"
    ACTING = "status.acting"
    SERVED = "status.served"
    POLICE = "status.police"
    COURT = "status.court"
    CLOSED = "status.closed"
    UNKNOWN = "status.unknown"


WAITING = "mail.waiting"
"""Catalogue key of the line that says that a letter has not been read."""


@dataclass(frozen=True, slots=True)
class BoxView:
    """What the holder of a code sees: a Status, whether a letter waits, and which lines of the mailbox's menu apply; none for a code of nobody."""

    status: str
    waiting: bool = False
    lines: tuple[str, ...] = ()


class HelpText(StrEnum):
    """Catalogue keys of the words in which the guide describes help near a caller."""

    LINE = "near.line"
    OPEN = "near.open"
    ALWAYS = "near.always"
    CLOSED = "near.closed"
    UNKNOWN = "near.unknown"
    DAY = "near.day"
    MONDAY = "near.mon"
    TUESDAY = "near.tue"
    WEDNESDAY = "near.wed"
    THURSDAY = "near.thu"
    FRIDAY = "near.fri"
    SATURDAY = "near.sat"
    SUNDAY = "near.sun"
    FAR = "near.far"
    OPEN_UNTIL = "near.until"
    DAY_AND_NIGHT = "near.day_night"
    OPENS = "near.opens"
    NOT_OPEN = "near.not_open"
    NO_HOURS = "near.no_hours"
    NO_PHONE = "near.no_phone"
    FREE_PHONE = "near.free_phone"
    FREE = "near.free"
    UNCONFIRMED = "near.unconfirmed"
    AFTER_RAPE = "near.after_rape"
    AFTER_RAPE_ELSEWHERE = "near.rape_elsewhere"


HELP_FILLS: Mapping[str, tuple[str, ...]] = {
    HelpText.LINE: ("name", "hours"),
    HelpText.DAY: ("day", "at"),
    HelpText.FAR: ("far", "hours"),
    HelpText.OPEN_UNTIL: ("at",),
    HelpText.OPENS: ("when",),
    HelpText.FREE_PHONE: ("phone",),
}
"""What the guide fills in; the others stand as they are."""


class Guide(Protocol):
    """Places, help and the state of reports, read only. Options of places are verbatim names with the place's id as value."""

    def subcounties(self) -> Sequence[Option]: ...

    def wards(self, subcounty: str) -> Sequence[Option]: ...

    def spots(self, ward: str) -> Sequence[Option]:
        """Sub-locations of the ward, else its towns; may be empty."""
        ...

    def box(self, code: str) -> BoxView:
        """The mailbox of a code of twelve digits; a code of nobody has a Status of its own and no lines."""
        ...

    def letters(self, code: str) -> Sequence[Option]:
        """The officers' letters to the holder of a code, the newest first, in lines short enough for a screen each; empty for a code of nobody."""
        ...

    def help_near(self, kind: str, place: str) -> Sequence[Option]:
        """Help of a kind (see vocabulary.help.HelpKind) as seen from a place, best first: the service point's id, and a line of HelpText.

        May be empty, and is for everything confidential: neither its name nor that it lies near may ever be shown.
        """
        ...

    def help_facts(self, service_point: str, place: str) -> Sequence[Option]:
        """What may be said of a service point, the most needed first, one short line each; empty for one that is not (any longer) shown."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page before it has numbers, a language or a protocol. Hashable, so that a surface may keep what it has fitted.

    `prompt` and the options' texts are catalogue keys, `params` fill the prompt. `options` are all that remain from this page on and
    `at_most` how many of them it may show; `follows` says that more text comes after it. `facts` are lines to read that remain from this
    page on: as many are shown as fit beside every option. `can_go_back`, `skippable` and `code_again`
    are the keys that work. `typed` marks a page answered by typing, `mistaken` one shown again after a wrong key.
    """

    prompt: str
    params: tuple[tuple[str, str], ...] = ()
    options: tuple[Option, ...] = ()
    at_most: int = 8
    follows: bool = False
    can_go_back: bool = False
    skippable: bool = False
    code_again: bool = False
    typed: bool = False
    mistaken: bool = False
    ends: bool = False
    practice: bool = False
    facts: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Screen:
    """What goes out: the text, how many of the page's options it shows, whether more follow, whether the dialogue ends, how many facts it shows."""

    text: str
    shown: int
    more: bool
    ends: bool
    facts: int = 0


class Surface(Protocol):
    """Turns a page into a screen. The same page, mistaken or not, must show the same options, or a wrong key would move the numbers."""

    def fit(self, page: Page, language: str) -> Screen: ...
