"""The keyword a message begins with, stands on, or, for a cry for help, holds anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

from referral.understanding.corrections import read_correction
from referral.understanding.places import Gazetteer
from referral.understanding.spelling import Line, apart, bare, fold, headless, slips, split
from referral.vocabulary.problems import Unusable

CODE_DIGITS = 12
SERVICE_WORDS = 6
"""HUDUMA and more words than these is a story that happens to begin with the word."""
_PREFIX, _SHORT = 4, 3
_CLUB_CODE = re.compile(r"[a-z0-9]{1,10}")


class KeywordKind(StrEnum):
    HELP = "help"
    REPORT = "report"
    SERVICE = "service"
    STATUS = "status"
    LANGUAGE = "language"
    RIGHTS = "rights"
    STOP = "stop"
    CLUB = "club"
    WRONG = "wrong"


class Where(StrEnum):
    """Where in a message a form is a keyword."""

    ANYWHERE = "anywhere"
    FIRST = "first"
    ALONE = "alone"
    WITH_PLACE = "with_place"
    """Alone, or with a place and nothing else: the word names a person or a place."""
    AFTER, WITH_CODE = "after", "with_code"
    """Only behind HUDUMA, or a code: elsewhere the word tells of a worry ("shule"). Only before the code of a directory entry."""
    WHOLE = "whole"
    """The whole message, letter for letter."""
    BESIDE = "beside"
    """No keyword: it may stand beside one of its kind without making a sentence of it."""
    GUARD = "guard"
    """No keyword and never a slip of one; a phrase is struck out first ("no danger")."""


class KeywordsError(Unusable):
    """keywords.csv cannot be used; `problems` names every bad line."""


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of a keyword. `about` says which service or which language it asks for, `language` which one it is said in."""

    kind: KeywordKind
    where: Where
    words: tuple[str, ...]
    about: str = ""
    language: str = ""

    @property
    def folded(self) -> tuple[str, ...]:
        return tuple(map(fold, self.words))


@dataclass(frozen=True, slots=True)
class Keywords:
    """The parsed table."""

    forms: tuple[Form, ...]

    def of(self, where: Where, kind: KeywordKind | None = None) -> tuple[Form, ...]:
        return tuple(form for form in self.forms if form.where is where and kind in (None, form.kind))


@dataclass(frozen=True, slots=True)
class Keyword:
    """`rest`: what stands beside the keyword, in bare words; for HELP, the whole message, for CLUB what follows the club's code.

    `about`: the service or language asked for, or "". `code`: the 12 digits of STATUS, the code of WRONG, which may be none; None without. `club`: the
    code of the club whose prefix the message has, whatever its kind. `asks_danger`: a cry for help stands after HUDUMA, HALI or RIPOTI: the answer
    adds "in danger now? reply 1".
    """

    kind: KeywordKind
    rest: str = ""
    about: str = ""
    code: str | None = None
    club: str | None = None
    asks_danger: bool = False


def parse_keywords(rows: Iterable[Mapping[str, str]]) -> Keywords:
    """The table from the rows of keywords.csv: columns keyword, where, form, about, language. Raises KeywordsError naming every bad line."""
    forms, problems = [], []
    for number, row in enumerate(rows, start=2):
        try:
            kind, where, words = KeywordKind(row.get("keyword", "")), Where(row.get("where", "")), split(row.get("form") or "")
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        if not words:
            problems.append(f"line {number}: no form")
        forms.append(Form(kind, where, words, (row.get("about") or "").strip(), (row.get("language") or "").strip()))
    if problems:
        raise KeywordsError(problems)
    return Keywords(tuple(forms))


def read_keyword(text: str, table: Keywords, places: Gazetteer | None = None) -> Keyword | None:
    """The keyword of a message, or None: then it is a sentence. Without `places` no word counts as "with a place"."""
    message = bare(text)
    if any(message == " ".join(form.words) for form in table.of(Where.WHOLE)):
        return Keyword(KeywordKind.STOP)
    words = split(text)
    club, words = _club(words)
    wrong = _wrong(message.split(), table)
    sure = wrong if wrong and wrong.code and not wrong.rest else None
    found = sure or _status(words, table) or _first(words, table) or _help(words, table) or _short(words, table, places) or wrong
    if club is None:
        return found
    return replace(found, club=club) if found else Keyword(KeywordKind.CLUB, " ".join(words), club=club)


def _club(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """`CRC 17 …`, `CRC K12 …`, `CRC17 …`: a code holds a digit, so that "CRC yetu" stays a sentence."""
    if len(words) > 1 and words[0] == "crc" and _CLUB_CODE.fullmatch(words[1]) and any(letter.isdigit() for letter in words[1]):
        return words[1].upper(), words[2:]
    return None, words


def read_service(rest: str, table: Keywords) -> tuple[str, str]:
    """What stands behind HUDUMA: the service it asks for ("" for none), and the other words, the place among them."""
    words = split(rest)
    forms = sorted((form for form in table.forms if form.kind is KeywordKind.SERVICE and form.about), key=lambda form: -len(form.words))
    for mistyped, form, start in product((False, True), forms, range(len(words))):
        span = words[start : start + len(form.words)]
        if tuple(map(fold, span)) == form.folded or (mistyped and _is(span[0], form, loose=False)):
            return form.about, " ".join(words[:start] + words[start + len(span) :])
    return "", rest


def _wrong(typed: Sequence[str], table: Keywords) -> Keyword | None:
    """`BAD 4F2K`, `BAD 4F 2K`, `BAD 4F2K wrong number`: a directory entry that is wrong. "mbaya saa 2" is none."""
    named = any(tuple(typed[:1]) == form.words for form in table.of(Where.WITH_CODE, KeywordKind.WRONG))
    found = read_correction(typed[1:]) if named else None
    return Keyword(KeywordKind.WRONG, found[1], code=found[0]) if found else None


def _status(words: tuple[str, ...], table: Keywords) -> Keyword | None:
    """HALI and digits, or twelve digits alone. HALI and other words is a sentence: "hali ya mtoto ni mbaya"."""
    named = bool(words) and any(form.folded == (fold(words[0]),) for form in table.of(Where.ALONE, KeywordKind.STATUS))
    rest = words[1:] if named else words
    digits = "".join(word for word in rest if word.isdigit())
    others = [word for word in rest if not word.isdigit()]
    cry = any(_is_help(word, table, loose=False) for word in others)
    if len(digits) == CODE_DIGITS and (named or not others):
        return Keyword(KeywordKind.STATUS, " ".join(others), code=digits, asks_danger=cry)
    return Keyword(KeywordKind.STATUS, digits) if named and not others else None


def _first(words: tuple[str, ...], table: Keywords) -> Keyword | None:
    """RIPOTI and HUDUMA at the beginning, politeness before them aside."""
    polite = {form.folded[0] for form in table.of(Where.BESIDE, KeywordKind.REPORT)}
    start = next((place for place, word in enumerate(words) if fold(word) not in polite), 0)
    rest = words[start + 1 :]
    for form in table.of(Where.FIRST):
        if words and _is(words[start], form, loose=len(words) <= _SHORT) and not _guarded(words[start], table, form.kind):
            if form.kind is KeywordKind.SERVICE and len(rest) > SERVICE_WORDS:
                return None
            cry = any(_is_help(word, table, loose=False) for word in rest)
            return Keyword(form.kind, " ".join(rest), form.about, asks_danger=cry)
    return None


def _help(words: tuple[str, ...], table: Keywords) -> Keyword | None:
    """A cry for help anywhere, unless it is denied."""
    struck = Line.made(words).folded
    for form in table.of(Where.GUARD):
        if len(form.words) > 1:
            struck = struck.replace(f" {' '.join(form.folded)} ", " _ ")
    left = struck.split()
    if any(_is_help(word, table, loose=len(words) <= _SHORT) for word in left):
        return Keyword(KeywordKind.HELP, " ".join(words))
    return None


def _short(words: tuple[str, ...], table: Keywords, places: Gazetteer | None) -> Keyword | None:
    """A word that stands alone, or with a place or its companions and nothing else."""
    polite = {form.folded[0] for form in table.of(Where.BESIDE, KeywordKind.REPORT)}
    content = tuple(word for word in words if fold(word) not in polite) or words
    for form in (*table.of(Where.WITH_PLACE), *table.of(Where.ALONE)):
        length = len(form.words)
        for start in range(len(content) - length + 1):
            if tuple(map(fold, content[start : start + length])) == form.folded:
                found = _beside(form, content[:start] + content[start + length :], table, places)
                if found:
                    return found
    return _slipped(content, table)


def _beside(form: Form, rest: tuple[str, ...], table: Keywords, places: Gazetteer | None) -> Keyword | None:
    companions = {fold(word) for one in table.of(Where.BESIDE, form.kind) for word in one.words}
    companions |= {word for one in table.forms if one.kind is form.kind and one.where in (Where.ALONE, Where.WITH_PLACE) for word in one.folded}
    others = [word for word in rest if fold(word) not in companions]
    if not others or (form.where is Where.WITH_PLACE and places is not None and places.is_place(" ".join(others))):
        about = form.about or next((one.about for one in table.forms if one.kind is form.kind and one.about and set(one.folded) <= set(map(fold, rest))), "")
        return Keyword(form.kind, " ".join(rest), about)
    return None


def _slipped(words: tuple[str, ...], table: Keywords) -> Keyword | None:
    """One word and nothing else, mistyped, cut short or without its vowels: MSD, RIPO, HOSPTALI. Never ACHA, never HALI."""
    if len(words) != 1:
        return None
    for form in table.forms:
        loose = form.where in (Where.FIRST, Where.ANYWHERE, Where.WITH_PLACE) and len(form.words) == 1
        if loose and not _guarded(words[0], table, form.kind) and (_is(words[0], form, loose=True) or _cut(words[0], form.words[0])):
            return Keyword(form.kind, words[0] if form.kind is KeywordKind.HELP else "", form.about)
    return None


def _is_help(word: str, table: Keywords, *, loose: bool) -> bool:
    return not _guarded(word, table, KeywordKind.HELP) and any(_is(word, form, loose=loose) for form in table.of(Where.ANYWHERE))


def _is(word: str, form: Form, *, loose: bool) -> bool:
    """The word itself, or with as many slips as its length forgives: in a sentence one fewer, since other words crowd there."""
    one, other = headless(fold(word)), headless(form.folded[0])
    most = min(slips(form.words[0]), slips(word)) - (0 if loose else 1)
    return len(form.words) == 1 and (one == other or (most > 0 and one[:1] == other[:1] and len(one) > 3 and not apart(one, other, most)))


def _guarded(word: str, table: Keywords, kind: KeywordKind) -> bool:
    return any(form.folded == (fold(word),) for form in table.of(Where.GUARD, kind))


def _cut(word: str, form: str) -> bool:
    """The first letters of a form, or its consonants."""
    skeleton = re.sub("[aeiou]", "", form)
    return (len(word) >= _PREFIX and form.startswith(word)) or (len(skeleton) > 2 and word == skeleton)
