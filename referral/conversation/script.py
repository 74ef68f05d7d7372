"""The whole dialogue, joined. Read it top to bottom with report.py, added.py, mailbox.py and help.py: the order is the order a caller sees."""

from __future__ import annotations

from referral.conversation.added import ADDED
from referral.conversation.help import FIND
from referral.conversation.mailbox import MAILBOX
from referral.conversation.nodes import Choice, Info, Menu, Script
from referral.conversation.report import HELP_NOW, REPORT, SENT
from referral.conversation.telling import HELP
from referral.vocabulary.language import LANGUAGES

START = Menu(
    "start",
    "start.prompt",
    (
        Choice("report", "start.report", go="danger"),
        Choice(HELP, "start.help", go="help.subcounty"),
        Choice("find", "start.find", go="find"),
        Choice("status", "start.status", go="status.ask"),
        Choice("rights", "start.rights", go="rights"),
        Choice("language", "start.language", go="start", other_language=True),
    ),
    saves="entry",
)

RIGHTS = Info("rights", ("rights.safe", "rights.fault", "rights.school", "rights.care", "rights.name"))
"""Children Act 2022 (protection from abuse, marriage and labour), the school re-entry guidelines of 2020, and free care after abuse."""


def dialogue() -> Script:
    """The script every door plays."""
    return Script.of((START, *REPORT, *HELP_NOW, *SENT, *ADDED, *MAILBOX, RIGHTS, *FIND), start="start", code_again="code", languages=LANGUAGES)
