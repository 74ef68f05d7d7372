"""What stands behind BAD: the code of a directory entry and why it is wrong, told apart from a story that begins with the word."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from referral.understanding.spelling import fold, split

_WHOLE = re.compile(r"(?=.*\d)([0-9a-z]{3,6}|[2-9a-hjkmnp-z]{1,2}( [2-9a-hjkmnp-z]{1,2}){1,3})")
"""A code and nothing else, mistyped or taken apart perhaps; a digit at least, or "bad guys" would be one."""
_CODE = re.compile(r"(?=.*\d)[2-9a-hjkmnp-z]{4}")
"""Four characters without 0 O 1 I L, as entries have them: before other words nothing less will do."""
_LETTERS = re.compile(r"[a-hjkmnp-z]{4}")
Phrase = tuple[str, ...]


def read_correction(typed: Sequence[str]) -> tuple[str | None, str] | None:
    """Of the words behind BAD the code, None where there are none, and what stands behind it. None for a sentence: "bad man touches girl".

    Whether an entry has the code must still be asked: "bad 9yrs girl" is a report.
    """
    if not typed:
        return None, ""
    if _WHOLE.fullmatch(" ".join(typed)):
        return "".join(typed).upper(), ""
    return (typed[0].upper(), " ".join(typed[1:])) if _CODE.fullmatch(typed[0]) else None


def read_letters(typed: Sequence[str]) -> tuple[str, str] | None:
    """As read_correction, for a code without a figure, as some entries were given once: as good as a word, so it is none unless an entry has it."""
    found = bool(typed) and _LETTERS.fullmatch(typed[0])
    return (typed[0].upper(), " ".join(typed[1:])) if found else None


def read_reason(rest: str, reasons: Sequence[tuple[Phrase, str]], beside: Collection[str]) -> tuple[str | None, bool]:
    """The first of `reasons` (folded phrase, value) that is said, and whether nothing is said besides but it and the words of `beside`."""
    words = tuple(map(fold, split(rest)))
    found = [value for phrase, value in reasons if any(words[at : at + len(phrase)] == phrase for at in range(len(words)))]
    plain = {word for phrase, _ in reasons for word in phrase} | set(beside)
    return next(iter(found), None), bool(found) and all(word in plain for word in words)
