"""Check my report: the code, then what its holder may read, say, ask for and take back. Whoever else looks at the phone learns nothing from it."""

from __future__ import annotations

from referral.conversation.nodes import Accepts, Ask, Box, Choice, Detail, Does, Info, Menu, Node, Source
from referral.conversation.telling import YES
from referral.vocabulary.letters import Reply
from referral.vocabulary.report import Hours

READ, WRITE, NOT_HELPED, ALLOW, STOP, ERASE = "read", "write", "not_helped", "allow", "stop", "erase"
LINES = (READ, WRITE, NOT_HELPED, ALLOW, STOP, ERASE)
"""What can stand in the mailbox's menu; the guide says which of it applies."""


def _said(name: str) -> Info:
    """What was done is said, and back leads to the mailbox, not to the question before."""
    return Info(f"mail.{name}", (f"mail.{name}",), back_to="mail", in_practice="mail.practice")


def _sure(name: str, done: str, effect: Does) -> Menu:
    """A question whose only answer is yes; back is no."""
    return Menu(f"mail.{name}", f"mail.{name}.prompt", (Choice(YES, f"mail.{name}.yes", go=f"mail.{done}"),), saves="sure", effect=effect)


MAILBOX: tuple[Node, ...] = (
    Ask("status.ask", "status.ask", saves="reference", go="mail", longest=20, accepts=Accepts.CODE, again="status.again"),
    Box("mail", of="reference", choices=tuple(Choice(line, f"mail.{line}", go=f"mail.{line}") for line in LINES)),
    Detail("mail.read", "reference", (Choice("answer", "mail.answer", go="mail.write"),), gone="mail.nothing", source=Source.LETTERS, effect=Does.READ_LETTERS),
    Menu(
        "mail.write",
        "mail.write.prompt",
        (
            Choice(Reply.SAFE, "mail.reply.safe", go="mail.sent"),
            Choice(Reply.UNSAFE, "mail.reply.unsafe", go="mail.danger"),
            Choice("type", "mail.type", go="mail.words", kept=False),
        ),
        saves="said",
        effect=Does.REPLY,
    ),
    Ask("mail.words", "mail.words", saves="said", go="mail.sent", longest=80, effect=Does.WRITE),
    _said("sent"),
    _said("danger"),
    _sure(NOT_HELPED, "reopened", Does.NOT_HELPED),
    _said("reopened"),
    # Asked once more, as in the report: only who says that texts to this phone are safe can be contacted.
    Menu("mail.allow", "safe.prompt", (Choice(YES, "safe.yes", go="mail.hours"),), saves="safe_here"),
    Menu("mail.hours", "hours.prompt", tuple(Choice(hours, f"hours.{hours}", go="mail.allowed") for hours in Hours), saves="said", effect=Does.ALLOW),
    _said("allowed"),
    _sure(STOP, "stopped", Does.STOP),
    _said("stopped"),
    _sure(ERASE, "erased", Does.ERASE),
    _said("erased"),
)
