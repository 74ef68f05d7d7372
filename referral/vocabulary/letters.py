"""What officers and reporters can say to each other without typing a word. The stored value of each is stable for ever."""

from __future__ import annotations

from enum import StrEnum


class Template(StrEnum):
    """An officer's ready-made letters. None names a child, a place, an office or what was told: somebody else may be holding the phone."""

    SAFE_NOW = "safe_now"
    WHERE = "where"
    HOSPITAL = "hospital"
    WORKING = "working"
    HELPLINE = "helpline"
    CONTACT = "contact"

    @property
    def asks(self) -> bool:
        """Whether an answer is waited for."""
        return self in _ASKING

    @property
    def text(self) -> str:
        """Its catalogue key."""
        return f"letter.{self.value}"


_ASKING = frozenset({Template.SAFE_NOW, Template.WHERE, Template.CONTACT})


class Nudge(StrEnum):
    """What the service may text to the phone of a reporter who agreed to it. Neither says that there is a report: the phone may be in other hands."""

    MESSAGE = "message"
    CALL = "call"

    @property
    def text(self) -> str:
        """Its catalogue key."""
        return f"relay.{self.value}"


class Reply(StrEnum):
    """A reporter's ready-made answers."""

    SAFE = "safe"
    UNSAFE = "unsafe"
