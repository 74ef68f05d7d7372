"""Tens of thousands of needles in hundreds of megabytes, every byte looked at, in seconds and without a library.

A needle of seven bytes or more holds, wherever it lies, a whole word of four bytes that begins at a multiple of four. The words of the hay are made a
set at the speed of C, and only where one of them is a needle's are needles looked for, in one pass over the hay however many there are. Of shorter
ones, numbers of one block that were packed, many share four bytes: those are looked for one after the other.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

WORD = 4
SHORTEST = 6
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A needle's name, the surface it was found on, and where."""

    needle: str
    surface: str
    at: int


@dataclass
class Needles:
    """What is looked for: bytes by name. Of the same bytes under several names the first counts."""

    of: Mapping[bytes, str]
    _words: dict[bytes, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set), init=False)
    _shared: dict[bytes, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set), init=False)

    def __post_init__(self) -> None:
        for needle in self.of:
            if len(needle) < SHORTEST:
                raise ValueError(f"{needle!r} is too short to be told from chance")
            if len(needle) >= 2 * WORD - 1:
                self._spread(needle)
        short = [needle for needle in self.of if len(needle) < 2 * WORD - 1]
        common = Counter(needle[at : at + WORD] for needle in short for at in range(len(needle) - WORD + 1))
        for needle in short:
            at = max(range(len(needle) - WORD + 1), key=lambda start: common[needle[start : start + WORD]])
            self._shared[needle[at : at + WORD]].add((at, len(needle)))
        self.longest = max(map(len, self.of), default=0)
        self._known = frozenset(int.from_bytes(word, "little") for word in self._words)

    def _spread(self, needle: bytes) -> None:
        """For each way to lie, the word that is least like filling."""
        for shift in range(WORD):
            starts = range(shift, len(needle) - WORD + 1, WORD)
            if starts:
                at = max(starts, key=lambda start: len(set(needle[start : start + WORD])))
                self._words[needle[at : at + WORD]].add((at, len(needle)))

    def within(self, hay: bytes) -> Iterator[tuple[bytes, int]]:
        """Every needle in `hay` and where it begins."""
        values = memoryview(hay + b"\x00" * (-len(hay) % WORD)).cast("I").tolist()
        known, seen = self._known.intersection(values), set[tuple[bytes, int]]()
        for at in [at for at, value in enumerate(values) if value in known] if known else ():
            self._around(hay, at * WORD, self._words.get(hay[at * WORD : (at + 1) * WORD], ()), seen)
        for word, shapes in self._shared.items():
            at = hay.find(word)
            while at >= 0:
                self._around(hay, at, shapes, seen)
                at = hay.find(word, at + 1)
        yield from seen

    def _around(self, hay: bytes, at: int, shapes: Iterable[tuple[int, int]], seen: set[tuple[bytes, int]]) -> None:
        for offset, length in shapes:
            begin = at - offset
            if begin >= 0 and hay[begin : begin + length] in self.of:
                seen.add((hay[begin : begin + length], begin))


@dataclass
class Search:
    """Looks through surfaces and counts what it looked at."""

    needles: Needles
    looked_at: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Bytes by surface."""
    hits: list[Hit] = field(default_factory=list)

    def bytes(self, surface: str, hay: bytes) -> None:
        self.looked_at[surface] += len(hay)
        self.hits += [Hit(self.needles.of[needle], surface, at) for needle, at in self.needles.within(hay)]

    def file(self, surface: str, path: Path) -> None:
        """One file, and what it holds if it is compressed; it may vanish meanwhile."""
        with suppress(FileNotFoundError, PermissionError, OSError), path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            self.stream(surface, file)
        if packed:
            with suppress(OSError, EOFError, zlib.error), gzip.open(path) as opened:
                self.stream(surface, opened)

    def tree(self, surface: str, folder: Path, *, leave: Iterable[Path] = (), since: float = 0.0) -> None:
        """Every file below a folder, its name too, but for what is left to other surfaces; only what changed after `since` (seconds of the epoch)."""
        left = tuple(leave)
        for path in sorted(folder.rglob("*")):
            if any(path == one or one in path.parents for one in left):
                continue
            with suppress(OSError):
                if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= since:
                    self.bytes(surface, str(path.relative_to(folder)).encode())
                    self.file(surface, path)

    def stream(self, surface: str, file: IO[bytes]) -> None:
        kept, before = b"", 0
        while piece := file.read(CHUNK):
            hay = kept + piece
            self.hits += [Hit(self.needles.of[needle], surface, before + at) for needle, at in self.needles.within(hay) if at + len(needle) > len(kept)]
            self.looked_at[surface] += len(piece)
            keep = min(len(hay), self.needles.longest - 1)
            before += len(hay) - keep
            kept = hay[len(hay) - keep :]

    @property
    def total(self) -> int:
        return sum(self.looked_at.values())

    def surfaces_of(self, hits: Iterable[Hit]) -> dict[str, int]:
        """How many hits on which surface, for a message that names no number."""
        counted: dict[str, int] = defaultdict(int)
        for hit in hits:
            counted[hit.surface] += 1
        return dict(counted)
