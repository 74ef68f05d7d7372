"""Where a caller is. It is all a session leaves between two screens, so it is compact, and whoever stores it seals it."""

from __future__ import annotations

import json
from dataclasses import dataclass

_VERSION = 1


class UnreadableState(ValueError):
    """The text is no state of this version. The message holds nothing of it, since a state holds what a child told."""


@dataclass(frozen=True, slots=True)
class Step:
    """A screen to go back to: its node, where its page began, and how many answers there were before it was answered."""

    node: str
    offset: int
    kept: int


@dataclass(frozen=True, slots=True)
class State:
    """`answers` grow at the end only and going back cuts them off there: what is backed out of is gone, not hidden.

    `shown` are the values behind the numbers on the screen, so that an edit of the directory between two screens cannot give a
    number another meaning. `facts` is how many lines to read it holds. `code` (twelve digits) is set exactly when `filed`.
    """

    node: str
    language: str
    practice: bool = False
    offset: int = 0
    answers: tuple[tuple[str, str], ...] = ()
    trail: tuple[Step, ...] = ()
    shown: tuple[str, ...] = ()
    more: bool = False
    filed: bool = False
    code: str | None = None
    facts: int = 0

    def answer(self, name: str) -> str | None:
        """The answer of that name, None where it was not asked or not answered."""
        for key, value in self.answers:
            if key == name:
                return value
        return None

    def to_json(self) -> str:
        """One line of JSON, readable by `from_json` of the same version."""
        return json.dumps(
            {
                "v": _VERSION,
                "n": self.node,
                "l": self.language,
                "p": self.practice,
                "o": self.offset,
                "a": self.answers,
                "t": [(step.node, step.offset, step.kept) for step in self.trail],
                "s": self.shown,
                "m": self.more,
                "f": self.filed,
                "c": self.code,
                "r": self.facts,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> State:
        """Read what `to_json` wrote. Raises UnreadableState for anything else."""
        try:
            held = json.loads(text)
            if held["v"] == _VERSION:
                return cls(
                    node=str(held["n"]),
                    language=str(held["l"]),
                    practice=bool(held["p"]),
                    offset=int(held["o"]),
                    answers=tuple((str(name), str(value)) for name, value in held["a"]),
                    trail=tuple(Step(str(node), int(offset), int(kept)) for node, offset, kept in held["t"]),
                    shown=tuple(str(value) for value in held["s"]),
                    more=bool(held["m"]),
                    filed=bool(held["f"]),
                    code=None if held["c"] is None else str(held["c"]),
                    facts=int(held.get("r", 0)),
                )
        except (ValueError, KeyError, TypeError):
            raise UnreadableState("not a state") from None
        raise UnreadableState("a state of another version")
