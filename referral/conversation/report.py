"""The questions that route a report, least first, up to the screen that files it."""

from __future__ import annotations

from referral.conversation.nodes import Choice, Condition, Does, End, Fork, Info, Listing, Menu, Source
from referral.conversation.telling import NO, YES
from referral.vocabulary.report import Accused, Concern, Danger


def accused_menus(prefix: str, *, go: str, effect: Does | None = None, skip: str | None = None, code_again: bool = False) -> tuple[Menu, Menu]:
    """Asks "Who may be hurting the child?" and has its second screen, the same words wherever it is asked.

    Authority stands on the first page: whoever is accused there must be kept out of the plan before anybody is told.
    """
    first = (Accused.HOME, Accused.RELATIVE)
    later = (Accused.UNKNOWN, Accused.DRIVER, Accused.TOURIST, Accused.EMPLOYER, Accused.ONLINE, Accused.CHILD)
    authority = (
        Accused.CHIEF,
        Accused.POLICE,
        Accused.TEACHER,
        Accused.RELIGIOUS,
        Accused.CHILDRENS_OFFICER,
        Accused.HEALTH_WORKER,
        Accused.NGO_WORKER,
        Accused.OFFICIAL,
    )

    def line(who: Accused) -> Choice:
        return Choice(who, f"who.{who}", go=go)

    second = f"{prefix}authority"
    lines = (*map(line, first), Choice("authority", "who.authority", go=second, kept=False), *map(line, later))
    return (
        Menu(f"{prefix}who", "who.prompt", lines, saves="accused", first_page=4, effect=effect, skip=skip, code_again=code_again),
        Menu(second, "authority.prompt", tuple(map(line, authority)), saves="accused", effect=effect, skip=skip, code_again=code_again),
    )


def _concern(concern: Concern) -> Choice:
    return Choice(concern, f"concern.{concern.lower()}", go="subcounty")


REPORT = (
    Menu(
        "danger",
        "danger.prompt",
        tuple(Choice(danger, f"danger.{danger}", go="concern") for danger in Danger),
        saves="danger",
        in_practice="danger.practice",  # while practising nothing is kept when the line drops
    ),
    Menu(
        "concern",
        "concern.prompt",
        (
            _concern(Concern.SEXABUSE),
            _concern(Concern.SEXEXCH),
            _concern(Concern.SEXTOUR),
            _concern(Concern.MARRIAGE),
            Choice("taken", "concern.taken", go="taken", kept=False),
            _concern(Concern.ONLINE),
            Choice("hurt", "concern.hurt", go="hurt", kept=False),
            _concern(Concern.OTHER),
        ),
        saves="concern",
        first_page=4,
    ),
    Menu("taken", "taken.prompt", tuple(map(_concern, (Concern.TRAFFIC, Concern.SERVITUDE, Concern.LABOUR, Concern.MISSING))), saves="concern"),
    Menu("hurt", "hurt.prompt", tuple(map(_concern, (Concern.PHYSICAL, Concern.NEGLECT, Concern.SCHOOL, Concern.PREGNANT))), saves="concern"),
    Listing("subcounty", "subcounty.prompt", Source.SUBCOUNTIES, saves="subcounty", go="ward"),
    Listing("ward", "ward.prompt", Source.WARDS, saves="place", go="who"),
    *accused_menus("", go="confirm"),
    Menu("confirm", "confirm.prompt", (Choice("send", "confirm.send", go="sent?"),)),
)

HELP_NOW = (
    Listing("help.subcounty", "help.prompt", Source.SUBCOUNTIES, saves="subcounty", go="help.ward"),
    Listing("help.ward", "ward.prompt", Source.WARDS, saves="place", go="help.call"),
    Menu("help.call", "help.call", (Choice(NO, "help.no_call", go="sent?"), Choice(YES, "help.yes_call", go="sent?")), saves="call"),
)
"""Nothing is asked twice here, and nothing stands between the last answer and help: it files at once."""

_SENT_LINES = (
    Choice("add", "sent.add", go="add?"),
    Choice("finish", "sent.finish", go="end"),
    Choice("code", "sent.code", go="code"),
)

SENT = (
    Fork("sent?", Condition.SEXUAL, yes="sent.hospital", no="sent"),
    Menu("sent", "sent.prompt", _SENT_LINES, effect=Does.FILE_REPORT, tells_code=True),
    Menu("sent.hospital", "sent.hospital", _SENT_LINES, effect=Does.FILE_REPORT, tells_code=True),
    Info("code", ("code.again",), tells_code=True),
    End("end", "end.text", tells_code=True),
)
