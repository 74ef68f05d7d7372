"""Plays a journey: a literal dialogue in a text file, through the doors, with a clock that is turned. README.md here says how to read one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord
from referral.directory.people import bump
from referral.directory.records import AbsenceRow
from referral.intake.records import DialogueRecord, SessionRecord
from tests.journeys.extension import Extension
from tests.journeys.facts import INSTITUTIONS, Facts, JourneyFailed
from tests.journeys.officers import Officers
from tests.world import Phone, World

_MASKS = (
    (re.compile(r"\b(?!0000 0000 0000)\d{4} \d{4} \d{4}\b"), "#### #### ####"),
    (re.compile(r"(?<=REFERRAL )\d{6}|(?<=taja )\d{6}|(?<=give )\d{6}"), "######"),
    (re.compile(r"(?<=OK )\d{4}|(?<=NO )\d{4}|(?<=ACT )\d{4}"), "####"),
)
_CODE = re.compile(r"\b\d{4} \d{4} \d{4}\b")
_ALERT = re.compile(r"REFERRAL \d{6} .*OK (\d{4})")
_RECEIVES = re.compile(r".+ receives( at \d\d:\d\d)?$")
_CALLERS = {"caller": "+254700000001", "second caller": "+254700000002", "practising caller": "+254700000003"}
_KEYS = {"nothing": ""}
_OTHER_CODE = "1357 9135 7910"
"""What is typed for a code of nobody. No report's code is like it but by a chance of one in a million million."""
ENDS = "(the call ends)"


@dataclass(frozen=True)
class Step:
    """A line of the file and the indented lines under it."""

    at: int
    said: str
    expected: tuple[str, ...]


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
    """One journey in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._phones: dict[str, Phone] = {}
        self._codes: dict[str, str] = {}
        self._heard = 0
        self._officers = Officers(world.service.roster())
        self._facts = Facts(world, self._officers)
        self._commands: tuple[tuple[re.Pattern[str], Callable[..., list[str]]], ...] = (
            (re.compile(rf"({'|'.join(_CALLERS)}) dials ?(.*)$"), self._dial),
            (re.compile(rf"({'|'.join(_CALLERS)}) presses (.+)$"), self._press),
            (re.compile(rf"({'|'.join(_CALLERS)}) types (.+)$"), self._type),
            (re.compile(rf"({'|'.join(_CALLERS)}) hangs up$"), self._hang_up),
            (re.compile(r"after (\d+) (second|minute|hour|day)s?$"), self._after),
            (re.compile(r"the clock stands at (\d\d):(\d\d)$"), self._clock),
            (re.compile(rf"({'|'.join(_CALLERS)}) texts (.+)$"), self._write),
            (re.compile(r"(.+) texts (.+?)(?: \(the number of (.+)\))?$"), self._text),
            (re.compile(r"(.+) goes on leave$"), self._leave),
            (re.compile(r"no receipts come$"), self._no_receipts),
            (re.compile(r"nobody has been told$"), self._facts.nobody),
            (re.compile(rf"nobody of the ({'|'.join(INSTITUTIONS)})(?: of (.+))? has been told$"), self._facts.none_of),
            (re.compile(r"no chief, elder, school or cleric has been told$"), self._facts.no_local),
            (re.compile(r"(nothing|\d+ reports?) (?:has|have) been kept$"), self._facts.kept),
            (re.compile(r"the caller's number has (not )?been kept$"), self._facts.number_kept),
            *Extension(world, self._officers).commands,
        )

    def play(self, path: Path) -> list[str]:
        """Play a file; the lines as they really were. Raises JourneyFailed naming file, line and what is wrong."""
        recorded: list[str] = []
        for step in read(path):
            if not step.said or step.said.startswith("#"):
                recorded.append(step.said)
                continue
            if _RECEIVES.match(step.said):
                continue  # what was received is compared where it came
            try:
                recorded += [step.said, *self._do(step.said), *self._received()]
            except JourneyFailed as wrong:
                raise JourneyFailed(f"{path.name}, line {step.at}: {wrong}") from None
        return recorded

    def _do(self, said: str) -> list[str]:
        for pattern, command in self._commands:
            found = pattern.match(said)
            if found:
                return command(*found.groups())
        raise JourneyFailed(f"what does this mean: {said!r}")

    # ── callers ──

    def _dial(self, caller: str, extension: str) -> list[str]:
        settings = self._world.service.settings
        code = settings.at_ussd_practice_code if caller.startswith("practising") else settings.at_ussd_code
        self._phones[caller] = self._world.phone(_CALLERS[caller], code)
        return _shown(self._phones[caller].dial(extension))

    def _press(self, caller: str, keys: str) -> list[str]:
        """One key shows the whole screen; several show which line each one chose, and the last screen whole."""
        pressed = [_KEYS.get(key, key) for key in keys.split(", ")]
        passed: list[str] = []
        for key in pressed:
            passed.append(f"  {_chosen(self._phones[caller].screen, key)}")
            self._answer(caller, key)
        return [*(passed if len(pressed) > 1 else []), *self._at_rest(caller)]

    def _type(self, caller: str, words: str) -> list[str]:
        self._answer(caller, {"the code": self._codes.get(caller, ""), "a code of nobody": _OTHER_CODE}.get(words, words))
        return self._at_rest(caller)

    def _answer(self, caller: str, answer: str) -> None:
        code = _CODE.search(self._phones[caller].key(answer))
        if code:
            self._codes[caller] = code[0]

    def _at_rest(self, caller: str) -> list[str]:
        """The screen that the caller sees, after the worker has done what there was to do."""
        self._world.work()
        return _shown(self._phones[caller].screen)

    def _write(self, caller: str, words: str) -> list[str]:
        """The caller texts the service, a moment after whatever came before."""
        self._world.clock.turn(timedelta(seconds=20))
        self._world.text(_CALLERS[caller], words.replace("the code", self._codes.get(caller, "")))
        self._world.work()
        for number, text in self._world.gateway.sent[self._heard :]:
            found = _CODE.search(text)
            if number == _CALLERS[caller] and found:
                self._codes[caller] = found[0]
        return []

    def _hang_up(self, caller: str) -> list[str]:
        self._phones[caller].hang_up()
        self._world.work()
        return []

    # ── time ──

    def _after(self, count: str, unit: str) -> list[str]:
        return self._until(self._world.clock.now + timedelta(**{f"{unit}s": int(count)}))

    def _clock(self, hour: str, minute: str) -> list[str]:
        """On to the next time the county's clocks show this."""
        local = self._world.clock.now.astimezone(self._zone)
        then = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        return self._until(then if then >= local else then + timedelta(days=1))

    def _until(self, end: datetime) -> list[str]:
        """From one thing that is due to the next: a week takes no longer to play than what happens in it."""
        lines: list[str] = []
        self._world.work()
        while (now := self._world.clock.now) < end:
            self._world.clock.turn(min(self._next_due(now), end) - now)
            self._world.work()
            lines += self._received(timed=True)
        return lines

    def _next_due(self, now: datetime) -> datetime:
        clocks = (
            AlertRecord.due_at,
            LadderRecord.step_due_at,
            LadderRecord.action_due_at,
            LadderRecord.again_at,
            SessionRecord.partial_at,
            DialogueRecord.silent_at,
        )
        with self._world.rows() as session:
            coming = [session.scalar(select(func.min(clock)).where(clock > now)) for clock in clocks]
        farthest = now + (timedelta(days=1) if self._world.receipts else timedelta(minutes=1))
        return min([*(moment for moment in coming if moment is not None), farthest])

    @property
    def _zone(self) -> tzinfo:
        return self._world.service.policy.timezone

    # ── officers ──

    def _text(self, office: str, words: str, other: str | None) -> list[str]:
        number, _ = self._alerted(office)
        _, alert = self._alerted(other or office)
        one_time = _ALERT.match(alert)
        if one_time is None and ("####" in words or "????" in words):
            raise JourneyFailed(f"{other or office} has no alert to answer")
        right = one_time[1] if one_time else ""
        words = words.replace("####", right).replace("????", "".join(str((int(digit) + 1) % 10) for digit in right))
        self._world.text(number, words)
        self._world.work()
        return []

    def _alerted(self, office: str) -> tuple[str, str]:
        """The phone of this office that was alerted last, and its last alert; else the phone of its first person."""
        for number, text in reversed(self._world.gateway.sent):
            if self._officers.name(number) == office and _ALERT.match(text):
                return number, text
        return self._first_of(office), ""

    def _first_of(self, office: str) -> str:
        number = self._officers.number(office)
        if number is None:
            raise JourneyFailed(f"there is no {office}")
        return number

    def _leave(self, office: str) -> list[str]:
        now, person = self._world.clock.now, self._officers.person(self._first_of(office))
        with self._world.service.database.transaction() as session:
            session.add(AbsenceRow(id=f"leave-of-{person}", person=person, starts=now, ends=now + timedelta(days=14)))
            bump(session)
        return []

    def _no_receipts(self) -> list[str]:
        self._world.receipts = False
        return []

    def _received(self, *, timed: bool = False) -> list[str]:
        at = f" at {self._world.clock.now.astimezone(self._zone):%H:%M}" if timed else ""
        fresh = self._world.gateway.sent[self._heard :]
        self._heard = len(self._world.gateway.sent)
        return [line for number, text in fresh for line in (f"{self._officers.name(number)} receives{at}", *(f"  {one}" for one in _masked(text).split("\n")))]


def _chosen(screen: str, key: str) -> str:
    """`What is asked? > 3 The line that was chosen`, or what was typed."""
    lines = screen[4:].split("\n")
    asked = [line for line in lines if not line[:2].strip().isdigit()]
    question = next((line for line in reversed(asked) if line.endswith("?")), asked[-1] if asked else "")
    return f"{_masked(question)} > {next((line for line in lines if line.startswith(f'{key} ')), key)}"


def _shown(screen: str) -> list[str]:
    kind, text = screen[:4], screen[4:]
    return [f"  {line}" for line in [*_masked(text).split("\n"), *([ENDS] if kind == "END " else [])]]


def _masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
