"""Find help: what kind, where, the nearest three, and what can be done with one of them. Safe places are on no list: "ask 116"."""

from __future__ import annotations

from referral.conversation.nodes import Choice, Detail, Does, End, Info, Listing, Menu, Node, Source
from referral.conversation.telling import YES
from referral.vocabulary.help import HelpKind

LINES = "find.lines"
"""The national lines, which answer at once: they are true wherever the caller stands, and are said wherever a list has nothing to say."""

_NEAREST = 3
_ASKED_WHERE = {HelpKind.MEDICAL: "find.medical", HelpKind.POLICE: "find.police", HelpKind.TALK: "find.talk"}
"""Kinds whose first question already says what cannot wait: 72 hours, 999, 116."""
_REASONS = ("wrong_number", "closed", "moved", "other")


def _kind(kind: HelpKind) -> Choice:
    return Choice(kind, f"find.kind.{kind}", go=_ASKED_WHERE.get(kind, "find.subcounty"))


def _subcounty(name: str, prompt: str) -> Listing:
    return Listing(name, prompt, Source.SUBCOUNTIES, saves="subcounty", go="find.ward")


FIND: tuple[Node, ...] = (
    Menu(
        "find",
        "find.prompt",
        (
            *map(_kind, (HelpKind.MEDICAL, HelpKind.POLICE, HelpKind.CHILDREN, HelpKind.TALK, HelpKind.LEGAL, HelpKind.SCHOOL)),
            Choice(HelpKind.SAFE, "find.kind.safe", go="find.safe"),
        ),
        saves="kind",
        first_page=4,
    ),
    _subcounty("find.subcounty", "subcounty.prompt"),
    *(_subcounty(name, f"{name}.prompt") for name in _ASKED_WHERE.values()),
    Listing("find.ward", "ward.prompt", Source.WARDS, saves="place", go="find.spot"),
    Listing("find.spot", "spot.prompt", Source.SPOTS, saves="spot", go="find.list", skip="find.list"),
    Listing("find.list", "find.list", Source.HELP, saves="help", go="find.detail", most=_NEAREST, few="find.few", none=LINES),
    Detail(
        "find.detail",
        "help",
        (Choice("sms", "find.sms", go="find.warn", kept=False), Choice("wrong", "find.wrong", go="find.reason", kept=False)),
        gone=LINES,
    ),
    # A text stays on a phone that others may hold: the caller is told so before it is sent.
    Menu("find.warn", "find.warn", (Choice(YES, "find.send", go="find.sent"),), saves="send", effect=Does.SEND_HELP),
    # One text a call: it ends here, so that nobody who repeats a key floods a phone.
    End("find.sent", "find.sent", in_practice="find.practice"),
    Menu(
        "find.reason",
        "find.reason",
        tuple(Choice(reason, f"find.reason.{reason}", go="find.thanks") for reason in _REASONS),
        saves="reason",
        effect=Does.FLAG,
    ),
    Info("find.thanks", ("find.thanks",), back_to="find.list", in_practice="find.practice"),
    Info("find.safe", ("find.safe",)),
)
"""Where a safe place is, how far, and what it is called would lead there whoever the child hides from."""
