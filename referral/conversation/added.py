"""What may be added once the report is filed: each answer is committed as it comes, each question can be skipped."""

from __future__ import annotations

from enum import StrEnum

from referral.conversation.nodes import Ask, Choice, Condition, Does, Fork, Listing, Menu, Source
from referral.conversation.report import accused_menus
from referral.conversation.telling import NO, YES
from referral.vocabulary.report import AgeBand, Disability, Happened, Hours, Reporter, Sex


def _question(name: str, values: type[StrEnum], saves: str, go: str, effect: Does = Does.AMEND) -> Menu:
    lines = tuple(Choice(value, f"{name}.{value}", go=go) for value in values)
    return Menu(name, f"{name}.prompt", lines, saves=saves, effect=effect, skip=go, code_again=True)


ADDED = (
    Fork("add?", Condition.ACCUSED_ASKED, yes="spot", no="more.who"),
    # "I need help now" did not ask who it is, and whoever it is must be kept out of what happens next.
    *accused_menus("more.", go="spot", effect=Does.AMEND, skip="spot", code_again=True),
    Listing(
        "spot",
        "spot.prompt",
        Source.SPOTS,
        saves="spot",
        go="when",
        others=(Choice("type", "spot.type", go="landmark", kept=False),),
        effect=Does.AMEND,
        skip="when",
        code_again=True,
    ),
    Ask("landmark", "landmark.prompt", saves="landmark", go="when", longest=60, effect=Does.AMEND, skip="when", code_again=True),
    _question("when", Happened, "happened", go="age"),
    _question("age", AgeBand, "age", go="sex"),
    _question("sex", Sex, "sex", go="contact?"),
    Fork("contact?", Condition.CONTACT_ASKED, yes="disability", no="contact"),
    # "No" stands first and is what skipping means: only a yes to all three lets a number be kept.
    Menu(
        "contact",
        "contact.prompt",
        (Choice(NO, "contact.no", go="disability"), Choice(YES, "contact.yes", go="safe")),
        saves="contact",
        skip="disability",
        code_again=True,
    ),
    Menu(
        "safe",
        "safe.prompt",
        (Choice(NO, "safe.no", go="disability"), Choice(YES, "safe.yes", go="hours")),
        saves="safe",
        skip="disability",
        code_again=True,
    ),
    _question("hours", Hours, "hours", go="disability", effect=Does.CONSENT),
    _question("disability", Disability, "disability", go="reporter"),
    _question("reporter", Reporter, "reporter", go="story"),
    Ask("story", "story.prompt", saves="story", go="end", longest=80, effect=Does.AMEND, skip="end", code_again=True),
)
