"""Reports and alerts in an officer's words, and long texts cut into pages. Pure: catalogue in, words out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from referral.casework.desk import Brief, Opened, Standing
from referral.handover.relay import Line
from referral.officers.state import Pairs
from referral.reports.letter_records import LetterState, Side
from referral.reports.letters import Letter
from referral.texts.gsm import is_gsm
from referral.vocabulary.report import Accused, AgeBand, Concern, Danger, Disability, Happened, Sex

Say = Callable[..., str]
"""`say(key, **fills)` in the officer's language."""

NOT_KNOWN = "officers.not_known"
_UNSURE = frozenset({Accused.UNKNOWN, AgeBand.UNKNOWN, Danger.UNKNOWN, Disability.UNKNOWN, Happened.UNKNOWN, Sex.UNKNOWN})
_HOUR = timedelta(hours=2)
_DAY = timedelta(days=2)


def countdown(say: Say, due: datetime, now: datetime) -> str:
    """ "12 min", "5 h", "3 d", or "late" and how long: hours from two hours on, days from two days on."""
    late = now > due
    left = now - due if late else due - now
    if left < _HOUR:
        time = say("officers.minutes", count=str(int(left.total_seconds() // 60)))
    elif left < _DAY:
        time = say("officers.hours", count=str(int(left.total_seconds() // 3600)))
    else:
        time = say("officers.days", count=str(left.days))
    return say("officers.late", time=time) if late else time


def brief_fills(say: Say, brief: Brief, now: datetime) -> Pairs:
    """The fill-ins of a line or a heading about an alert."""
    left = countdown(say, brief.due, now) if brief.due is not None else ""
    place = brief.place or say("alert.place_unknown")
    return (("left", left), ("number", brief.number), ("place", place), ("urgency", brief.urgency.value))


def brief_key(prefix: str, brief: Brief) -> str:
    """The key of its words, by how far its officer is; an answered one that no clock runs for any more only says that it was seen."""
    return f"{prefix}.{brief.standing if brief.due is not None or brief.standing is Standing.ACTING else 'seen'}"


def report_lines(say: Say, opened: Opened) -> Iterator[str]:
    """What an officer must know, what matters first in front. What was not asked is not there."""
    report, told = opened.report, opened.report.told
    concern = NOT_KNOWN if told.concern is None else "officers.concern.helpnow" if told.concern is Concern.HELPNOW else f"concern.{told.concern.lower()}"
    yield say("officers.tells.head", number=report.number, urgency=report.urgency.value, value=say(concern))
    yield from (say(key) for key, holds in (("officers.flag.partial", report.partial), ("officers.unreadable", report.unreadable)) if holds)
    if told.danger is not None:
        yield say("officers.tells.danger", value=_value(say, "danger", told.danger))
    yield say("officers.tells.place", value=opened.place or say(NOT_KNOWN))
    spot = plain(opened.spot or told.landmark or "")
    if spot:
        yield say("officers.tells.spot", value=spot)
    if told.happened is not None:
        yield say("officers.tells.when", value=_value(say, "when", told.happened))
    child = [_value(say, name, value) for name, value in (("age", told.age), ("sex", told.sex)) if value is not None]
    if child:
        yield say("officers.tells.child", value=", ".join(child))
    if told.disability is not None:
        yield say("officers.tells.disability", value=_value(say, "disability", told.disability))
    accused = ", ".join(_value(say, "who", who) for who in sorted(told.accused)) or say(NOT_KNOWN)
    yield say("officers.tells.who", value=accused)
    if told.story:
        yield say("officers.tells.story", value=plain(told.story))
    yield from (say(f"officers.flag.{flag}") for flag in report.flags)
    yield _reach(say, opened)


def line_words(say: Say, line: Line, zone: tzinfo) -> Iterator[str]:
    """What an officer is told of the reporter's phone, in front of the letters. Nothing where the reporter never agreed to be texted."""
    if line.lost:
        yield say("officers.reach.lost")
    elif line.waiting:
        yield say("officers.reach.waits")
    elif line.textable and line.sent_hour is not None:
        yield say("officers.reach.sent", at=line.sent_hour.astimezone(zone).strftime("%d/%m %H:00"))


def letter_lines(say: Say, letters: Sequence[Letter], name: Callable[[str], str]) -> Iterator[str]:
    """The letters in the order given: who says what, and how far a letter of the officers is. `name` gives an office's."""
    if not letters:
        yield say("officers.letters.none")
    for letter in letters:
        if letter.unreadable:
            yield say("officers.letters.unreadable")
        elif letter.side is Side.OFFICER:
            notes = {LetterState.HELD: "officers.letters.held", LetterState.REFUSED: "officers.letters.refused"}
            note = notes.get(letter.state, "officers.letters.seen" if letter.read else "")
            text = say(letter.template.text) if letter.template else plain(letter.words or "")
            yield " ".join(filter(None, (say("officers.letters.ours", office=name(letter.office), text=text), say(note) if note else "")))
        else:
            text = say(f"officers.reply.{letter.reply}") if letter.reply else plain(letter.words or "") or say("officers.letters.erased")
            yield say("officers.letters.theirs", text=text)


def plain(text: str) -> str:
    """What somebody typed, in the letters of a plain phone: an alphabet it cannot show would spoil the whole screen."""
    letters = []
    for sign in filter(str.isprintable, unicodedata.normalize("NFKC", " ".join(text.split()))):
        bare = _QUOTES.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        letters.append(sign if is_gsm(sign) else bare if bare and is_gsm(bare) else "?")
    return "".join(letters)


_QUOTES = {"`": "'", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}


def paged(lines: Iterator[str], fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Pages that each fit. A line stays whole where it fits on one page; else it is cut between words, and in a word only where that alone is too long."""
    pages: list[str] = []
    page = ""
    for line in lines:
        joint = "\n"
        for piece in [line] if fits(line) else [piece for word in line.split(" ") for piece in _pieces(word, fits)]:
            longer = f"{page}{joint}{piece}" if page else piece
            if fits(longer):
                page = longer
            else:
                pages.append(page)
                page = piece
            joint = " "
    return (*pages, page)


def _pieces(word: str, fits: Callable[[str], bool]) -> Iterator[str]:
    while not fits(word):
        length = next(length for length in range(len(word) - 1, 0, -1) if fits(word[:length]))
        yield word[:length]
        word = word[length:]
    yield word


def _value(say: Say, name: str, value: Accused | AgeBand | Danger | Disability | Happened | Sex) -> str:
    return say(NOT_KNOWN) if value in _UNSURE else say(f"{name}.{value}")


def _reach(say: Say, opened: Opened) -> str:
    if opened.reachable is None:
        return say("officers.reach.no")
    return say("officers.reach.call" if opened.reachable.by_call else "officers.reach.text", hours=say(f"hours.{opened.reachable.hours}"))
