"""What a step asks the use case to do. The engine only names it; nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass

from referral.conversation.nodes import Does
from referral.vocabulary.report import Hours, Told


@dataclass(frozen=True, slots=True)
class FileReport:
    """File what was told, under this code (twelve digits), and commit it with its alerts before the screen goes out."""

    told: Told
    code: str


@dataclass(frozen=True, slots=True)
class Amend:
    """The filed report now says this: the whole of it, also after an added answer was taken back."""

    told: Told


@dataclass(frozen=True, slots=True)
class Consent:
    """The caller may be contacted in these hours: by text, or where `by_call` by a call. Only this lets a number be kept at all."""

    hours: Hours
    by_call: bool = False


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The caller went back behind the consent given in this session: whatever number was sealed for it must go."""


@dataclass(frozen=True, slots=True)
class SendHelp:
    """The caller wants this service point by text, on the phone that called. Only this lets the number be looked at, and it is not kept."""

    service_point: str


@dataclass(frozen=True, slots=True)
class Flag:
    """The caller says that the entry of this service point is wrong, and in what (one of directory.point_records.FlagReason)."""

    service_point: str
    reason: str


@dataclass(frozen=True, slots=True)
class AtBox:
    """The holder of a code does something at its mailbox: `does` says what, `said` is what was chosen or typed for it."""

    does: Does
    said: str = ""


Effect = FileReport | Amend | Consent | Withdraw | SendHelp | Flag | AtBox
