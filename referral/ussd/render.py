"""A page as a phone shows it: numbers, keys, CON and END, and never more than the network carries."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from referral.conversation.ports import Page, Screen
from referral.texts.catalogue import Catalogue
from referral.texts.gsm import septets

LONGEST = 160
"""Septets of a whole screen, CON or END included: what the narrowest network of the country shows without cutting (operators' own limit)."""

KEYS = ("frame.mistaken", "frame.practice", "frame.skip", "frame.code", "frame.more", "frame.back")
"""The catalogue keys this surface says by itself."""


class ScreenTooLong(ValueError):
    """Not even one line of the page fits. Names the page's text and the room it lacks, never what fills it in."""

    def __init__(self, prompt: str, language: str, over: int) -> None:
        super().__init__(f"{prompt} in {language} is {over} septets too long for a screen")
        self.prompt = prompt
        self.language = language
        self.over = over


class UssdSurface:
    """Fits pages on USSD screens. What has been fitted is kept, so that a hop costs a look-up; `keep` bounds how many."""

    def __init__(self, catalogue: Catalogue, keep: int = 4096) -> None:
        self._catalogue = catalogue
        self._kept = lru_cache(maxsize=keep)(self._fit)

    def fit(self, page: Page, language: str) -> Screen:
        """The screen of a page: at most 160 GSM-7 septets, no line cut. Raises ScreenTooLong, NotGsm or NoSuchText.

        A page with fill-ins is never kept: they are a report's code, which has no business in this process's memory afterwards.
        """
        return self._fit(page, language) if page.params else self._kept(page, language)

    def _fit(self, page: Page, language: str) -> Screen:
        count = min(len(page.options), page.at_most, 8)
        over = 0
        for facts, shown in _ways(len(page.facts), count):
            more = page.follows or shown < len(page.options) or facts < len(page.facts)
            room = replace(page, facts=page.facts[:facts], options=page.options[:shown])
            # A wrong key must not move the numbers, and practice must teach the numbers that hold in need: so both lines have their room always.
            over = septets(self._text(room, language, more, mistaken=not page.ends, practice=True)) - LONGEST
            if over <= 0:
                return Screen(self._text(room, language, more, mistaken=page.mistaken, practice=page.practice), shown, more, page.ends, facts)
        raise ScreenTooLong(page.prompt, language, over)

    def _text(self, page: Page, language: str, more: bool, *, mistaken: bool, practice: bool) -> str:
        def say(key: str) -> str:
            return self._catalogue.say(language, key)

        head = [say(f"frame.{name}") for name, wanted in (("mistaken", mistaken), ("practice", practice)) if wanted]
        if page.prompt:
            head.append(self._catalogue.say(language, page.prompt, **dict(page.params)))
        head += [self._catalogue.line(language, fact) for fact in page.facts]
        lines = [f"{number} {self._catalogue.line(language, option)}" for number, option in enumerate(page.options, start=1)]
        working = ((page.skippable, "7", "skip"), (page.code_again, "8", "code"), (more, "9", "more"), (page.can_go_back, "0", "back"))
        keys = [f"{key} {say(f'frame.{name}')}" for works, key, name in working if works]
        return ("END " if page.ends else "CON ") + "\n".join([*head, *lines, *keys])


def _ways(facts: int, options: int) -> list[tuple[int, int]]:
    """How many facts and how many options to try, the most first. Beside facts every option stays; the facts that do not fit are on the next page."""
    if facts:
        return [(some, options) for some in range(facts, 0, -1)]
    return [(0, some) for some in range(options, min(options, 1) - 1, -1)]
