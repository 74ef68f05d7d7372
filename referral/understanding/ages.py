"""How old the child is, from figures, number words and school classes."""

from __future__ import annotations

from referral.understanding.patterns import find_all
from referral.understanding.spelling import Line, fold
from referral.understanding.words import Words
from referral.vocabulary.report import AgeBand

ADULT = 18
_TEN = 10
_OLDEST = 100
_YOUNGEST_BARE = 3
"""A bare figure after "aged", "about", "wa" from here on is an age; below it counts children."""


def band_of(years: int) -> AgeBand:
    """The band of an age in whole years."""
    if years < 10:
        return AgeBand.UNDER_10
    if years < 15:
        return AgeBand.FROM_10
    return AgeBand.FROM_15 if years < ADULT else AgeBand.ADULT


def age_told(line: Line, words: Words) -> tuple[AgeBand | None, str]:
    """The band that is told for certain and why, else None and why not. Of a child's age and an adult's the child's counts:
    the adult is whoever is accused. An age of 18 or more counts only where somebody says it of themselves ("nina miaka 19").
    """
    ages = _ages(line, words)
    minors = [years for years, _ in ages if years < ADULT]
    if minors:
        return band_of(min(minors)), "a figure of years"
    if any(own for _, own in ages):
        return AgeBand.ADULT, "the sender's own age"
    for meaning in words.age:
        found = find_all(meaning.entries, line)
        if found:
            return AgeBand(meaning.value), found[0].entry
    return _by_class(line, words), "a school class"


def _ages(line: Line, words: Words) -> list[tuple[int, bool]]:
    """Every age in years, and whether the words before it say it is the sender's own."""
    found = []
    lists = words.lists
    for place in range(len(line.words)):
        count = _number(line, place, words)
        if count is None or count[0] > _OLDEST:
            continue
        value, length = count
        before, after = _near(line, place - 1, -1), _near(line, place + length, 1)
        if any(word in lists["span_before"] for word in before[:2]) or any(word in lists["span_after"] for word in after[:2]):
            continue  # "for 3 years", "2 years ago", "miaka 2 iliyopita" say when
        if any(word in lists["age_never"] for word in before + after[:2]):
            continue  # six months pregnant
        if (before[:1] and before[0] in lists["age_months"]) or (after[:1] and after[0] in lists["age_months"]):
            found.append((value // 12, False))
        elif (before[:1] and before[0] in lists["age_before"]) or (after[:1] and after[0] in lists["age_after"]):
            found.append((value, any(word in lists["mine"] for word in before[:3])))
        elif _YOUNGEST_BARE <= value < ADULT and before[:1] and before[0] in lists["age_hints"] and not any(word in lists["counted"] for word in after[:1]):
            found.append((value, False))
    return found


def _number(line: Line, place: int, words: Words) -> tuple[int, int] | None:
    """The number that begins at a word and how many words it takes: 12, twelve, kumi na mbili."""
    word = line.words[place]
    if word.isdigit():
        return (int(word), 1) if len(word) <= 3 else None
    value = words.numbers.get(fold(word))
    if value is None:
        return None
    units = _near(line, place + 1, 1)[:2]
    if value % _TEN == 0 and len(units) == 2 and units[0] == "na" and 0 < words.numbers.get(units[1], 0) < _TEN:
        return value + words.numbers[units[1]], 3
    return value, 1


def _by_class(line: Line, words: Words) -> AgeBand | None:
    """Classes 1 to 3 and 5 to 7, forms 2 to 4: the years between two bands are left to a question, since many start late."""
    for place in range(1, len(line.words)):
        count = _number(line, place, words)
        if count is None:
            continue
        before = [word for word in _near(line, place - 1, -1)[:2] if word not in {"ra", "cha", "ya"}]
        if before[:1] and before[0] in words.lists["class_young"] and (count[0] < 4 or 5 <= count[0] <= 7):
            return AgeBand.UNDER_10 if count[0] < 4 else AgeBand.FROM_10
        if before[:1] and before[0] in words.lists["class_old"] and 2 <= count[0] <= 4:
            return AgeBand.FROM_15
    return None


def _near(line: Line, place: int, step: int) -> list[str]:
    """Up to three folded words from a place on, forwards or backwards, nearest first."""
    places = range(place, place + 3 * step, step)
    return [fold(line.words[one]) for one in places if 0 <= one < len(line.words)]
