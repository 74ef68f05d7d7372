"""CSV row by row: a row that cannot be read is named and given back, and takes no other with it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_QUOTE = b'"'
_LONGEST = 50
"""Lines that one quoted cell may go over: a quote that is never closed must not swallow the rest of the file."""
_OPEN = "unexpected end of data"
STRAY, NOT_UTF8 = "a quote stands where none may, or is not closed", "is not UTF-8"


class Record(NamedTuple):
    """One row: its last line, counted from 1, and its cells; or, where it cannot be read, its only line, the line's text, and why."""

    number: int
    cells: list[str]
    text: str = ""
    wrong: str = ""


def read_records(data: bytes) -> Iterator[Record]:
    """The rows of a file in UTF-8, with or without a byte order mark. Empty lines are none. The first row says how many cells one may have."""
    plain = data.removeprefix(_BOM)
    lines = (plain if b"\n" in plain else plain.replace(b"\r", b"\n")).split(b"\n")
    at, width = 0, None
    while at < len(lines):
        record = _plain(lines, at) if _QUOTE not in lines[at] else _quoted(lines, at, width)
        at = record.number
        if record.cells or record.wrong:
            width = len(record.cells) if width is None else width
            yield record


def _plain(lines: list[bytes], at: int) -> Record:
    try:
        text = lines[at].decode().removesuffix("\r")
    except UnicodeDecodeError:
        return _bad(lines, at, NOT_UTF8)
    return Record(at + 1, text.split(",") if text else [])


def _quoted(lines: list[bytes], at: int, width: int | None) -> Record:
    """A row with quotes, which may go over several lines, as long as it then has no more cells than there are columns."""
    try:
        for last in range(at + 1, min(at + _LONGEST, len(lines)) + 1):
            cells = _cells([line.decode() for line in lines[at:last]])
            if cells is not None:
                alone = last == at + 1 or width is None or len(cells) <= width
                return Record(last, cells) if alone else _bad(lines, at, STRAY)
    except UnicodeDecodeError:
        return _bad(lines, at, NOT_UTF8 if not _is_utf8(lines[at]) else STRAY)
    except csv.Error:
        pass
    return _bad(lines, at, STRAY)


def _cells(lines: list[str]) -> list[str] | None:
    """The cells of lines that are one row; None where a quote is open at their end. Raises csv.Error."""
    try:
        (cells,) = csv.reader([f"{line}\n" for line in lines[:-1]] + [lines[-1].removesuffix("\r")], strict=True)
    except csv.Error as error:
        if str(error) == _OPEN:
            return None
        raise
    except ValueError:  # more rows than one
        raise csv.Error(STRAY) from None
    return cells


def _bad(lines: list[bytes], at: int, why: str) -> Record:
    return Record(at + 1, [], lines[at].decode(errors="replace").removesuffix("\r"), why)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
