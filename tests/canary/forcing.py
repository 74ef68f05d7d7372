"""Errors forced on every line that holds a caller's number: which lines those are is not listed by hand, but seen while calls are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

from referral.vocabulary.phone import PhoneNumber
from tests.conftest import ROOT

OURS = str(ROOT / "referral") + "/"
DOORS = ("ussd/door.py", "sms/door.py")
"""While these run, the request itself is at hand, and the number in it."""
LOOKS = 3
"""So often a line is looked at before it is taken for one that never holds a number."""
Line = tuple[str, int]


class Forced(Exception):
    """Says the number aloud, as the errors of libraries do."""


def _local(file: str) -> str | None:
    return file[len(OURS) :] if file.startswith(OURS) else None


def holds(value: object, bare: str, depth: int = 3) -> bool:
    """Whether a value is, or holds, the number."""
    if isinstance(value, PhoneNumber):
        return getattr(value, "_e164", "").endswith(bare)  # one that is being made has none yet
    if isinstance(value, str):
        return bare in value
    if isinstance(value, (bytes, bytearray)):
        return bare.encode() in value
    return depth > 0 and any(holds(part, bare, depth - 1) for part in _parts(value))


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from list(value.values())[:50]
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from list(value)[:50]
    elif isinstance(value, FunctionType):
        yield from (cell.cell_contents for cell in value.__closure__ or () if _filled(cell))
    elif is_dataclass(value) and not isinstance(value, type) and len(fields(value)) < 12:
        yield from (getattr(value, one.name, None) for one in fields(value))


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


@dataclass
class Seen:
    """Lines of the service that were run with the number at hand, in the order in which they were reached first."""

    bare: str
    lines: dict[Line, None] = field(default_factory=dict)
    _looked: dict[Line, int] = field(default_factory=dict)

    def trace(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        file = _local(frame.f_code.co_filename)
        if file is None:
            return None
        if event == "line":
            self._look(file, frame)
        return self.trace

    def _look(self, file: str, frame: FrameType) -> None:
        line = (file, frame.f_lineno)
        if line in self.lines or self._looked.get(line, 0) >= LOOKS:
            return
        self._looked[line] = self._looked.get(line, 0) + 1
        if file in DOORS or any(holds(value, self.bare) for value in list(frame.f_locals.values())):
            self.lines[line] = None


@dataclass
class Forcing:
    """Raises on one line, the first time it is reached."""

    line: Line
    number: str
    done: bool = False

    def trace(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        if self.done or _local(frame.f_code.co_filename) != self.line[0]:
            return None
        if event == "line" and frame.f_lineno == self.line[1]:
            self.done = True
            raise Forced(f"{self.number} {self.number[1:]} 0{self.number[4:]} cannot be reached")
        return self.trace


@contextmanager
def tracing(trace: Callable[..., Any]) -> Iterator[None]:
    """In this thread, whatever was traced before."""
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def files(lines: Mapping[Line, None]) -> int:
    return len({Path(file) for file, _ in lines})
