"""SQLite's files are for nobody but their owner: whoever types a command under an ordinary umask must not open the database to the whole machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError


def make_private(file: Path) -> None:
    """Make an empty file (0600) where there is none; SQLite gives its journals the mode of the database. Never raises: SQLite says better what is wrong."""
    with suppress(OSError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def open_files(url: str | URL) -> Sequence[Path]:
    """Those of a database's own files, journals included, that others may read or write; none of PostgreSQL's, which are its server's to keep."""
    try:
        parsed = make_url(url)
    except ArgumentError:  # said by whoever needs it
        return ()
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return ()
    return tuple(file for ending in ("", "-wal", "-shm") if others_can_read(file := Path(f"{parsed.database}{ending}")))


def others_can_read(file: Path) -> bool:
    """Whether a file is there and anybody but its owner may read or write it."""
    try:
        return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False
