"""Plays a journey: a literal dialogue in a text file, through the doors, with a clock that is turned.

A journey is read by people who know no Python. Its lines are

    # a remark
    caller dials                         (also: second caller, practising caller; "dials 1*2" with digits after the code)
    caller presses 3                     (what is typed into the phone)
    caller hangs up
    after 16 minutes                     (seconds, minutes, hours)
    <office> texts OK ####               (#### is the number in the last alert of that phone)
    <office> receives                    (a text)
      the words that are shown or received, indented; # stands for any digit

Every text that goes out must stand in the journey: one too many fails it. `RECORD_JOURNEYS=1` writes what happens into the files,
for a person to read before it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.world import Phone, World

_AFTER = re.compile(r"after (\d+) (second|minute|hour)s?$")
_TEXTS = re.compile(r"(.+) texts (.+)$")
_MASKS = (
    (re.compile(r"\b\d{4} \d{4} \d{4}\b"), "#### #### ####"),
    (re.compile(r"(?<=REFERRAL )\d{6}|(?<=taja )\d{6}|(?<=give )\d{6}"), "######"),
    (re.compile(r"(?<=OK )\d{4}|(?<=NO )\d{4}|(?<=ACT )\d{4}"), "####"),
)
_CALLERS = {"caller": "+254700000001", "second caller": "+254700000002", "practising caller": "+254700000003"}
ENDS = "(the call ends)"


@dataclass(frozen=True)
class Step:
    """A line of the file and the indented lines under it."""

    at: int
    said: str
    expected: tuple[str, ...]


class JourneyFailed(AssertionError):
    pass


def read(path: Path) -> Iterator[Step]:
    lines = path.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        under = []
        begin = at
        at += 1
        while at < len(lines) and lines[at].startswith("  "):
            under.append(lines[at][2:])
            at += 1
        yield Step(begin + 1, line.rstrip(), tuple(under))


class Player:
    def __init__(self, world: World) -> None:
        self._world = world
        self._phones: dict[str, Phone] = {}
        self._heard = 0
        self._names = _names(world)

    def play(self, path: Path) -> list[str]:
        """Play a file; the lines as they really were. Raises JourneyFailed naming file, line and difference."""
        recorded: list[str] = []
        for step in read(path):
            if not step.said or step.said.startswith("#"):
                recorded.append(step.said)
                continue
            if step.said.endswith(" receives"):
                continue  # what was received is compared where it came
            recorded += [step.said, *(f"  {line}" for line in self._do(step.said))]
            recorded += self._received()
        return recorded

    def _do(self, said: str) -> list[str]:
        for caller in _CALLERS:
            if said.startswith(f"{caller} ") and (screen := self._call(caller, said.removeprefix(f"{caller} "))) is not None:
                return screen
        after = _AFTER.match(said)
        if after:
            self._world.wait(timedelta(**{f"{after[2]}s": int(after[1])}), step=timedelta(seconds=20))
            return []
        texts = _TEXTS.match(said)
        if texts:
            self._text(texts[1], texts[2])
            return []
        raise JourneyFailed(f"what does this mean: {said!r}")

    def _call(self, caller: str, does: str) -> list[str] | None:
        settings = self._world.service.settings
        if does == "dials" or does.startswith("dials "):
            code = settings.at_ussd_practice_code if caller.startswith("practising") else settings.at_ussd_code
            self._phones[caller] = self._world.phone(_CALLERS[caller], code)
            return _shown(self._phones[caller].dial(does.removeprefix("dials").strip()))
        if does.startswith("presses "):
            screen = self._phones[caller].key(does.removeprefix("presses "))
            self._world.work()
            return _shown(screen)
        if does == "hangs up":
            self._phones[caller].hang_up()
            self._world.work()
            return []
        return None

    def _text(self, office: str, words: str) -> None:
        number, last = self._phone_of(office)
        if "####" in words:
            one_time = re.search(r"OK (\d{4})", last)
            if one_time is None:
                raise JourneyFailed(f"{office} has no alert to answer")
            words = words.replace("####", one_time[1])
        self._world.text(number, words)
        self._world.work()

    def _phone_of(self, office: str) -> tuple[str, str]:
        """The phone of an office that was alerted last, and its last alert; else the phone of whoever is on duty."""
        for number, text in reversed(self._world.gateway.sent):
            if self._names.get(number) == office and re.search(r"OK \d{4}", text):
                return number, text
        number = next((number for number, name in self._names.items() if name == office), None)
        if number is None:
            raise JourneyFailed(f"there is no {office}")
        return number, ""

    def _received(self) -> list[str]:
        lines = []
        for number, text in self._world.gateway.sent[self._heard :]:
            lines += [f"{self._names.get(number, 'a caller')} receives", f"  {_masked(text)}"]
        self._heard = len(self._world.gateway.sent)
        return lines


def _names(world: World) -> dict[str, str]:
    """Whose phone is whose, by number: the offices a person answers for."""
    roster, now = world.service.roster(), world.clock.now
    return {world.number_of(person.id): ", ".join(office.name for office in roster.offices_of(person.id, now)) or person.id for person in roster.people()}


def _shown(screen: str) -> list[str]:
    kind, text = screen[:4], screen[4:]
    return [*_masked(text).split("\n"), *([ENDS] if kind == "END " else [])]


def _masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
