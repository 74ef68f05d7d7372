"""Everything a run leaves behind, each part a surface that is searched byte by byte."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url, text

from referral.store.database import Database
from tests.canary.search import Search

MEMORY = Path("/dev/shm")
PLANT = "canary-"
ROOT = Path(__file__).parent.parent.parent
FILES = ("database", "journal", "logs", "temporary files", "shared memory", "folder of the service", "exports")
WORDS = ("rows", "pages", "answers", "texts")


@dataclass
class Surfaces:
    """`folder` is the service's own, with logs, keys and county; `cluster` PostgreSQL's data directory, None on SQLite. `shown`: what was rendered or
    sent, by surface, each with the number it went to, which may be seen there ("" for anybody)."""

    url: str
    folder: Path
    cluster: Path | None
    began: float = field(default_factory=time.time)
    shown: list[tuple[str, str, str]] = field(default_factory=list)

    def show(self, surface: str, words: str, to: str = "") -> None:
        self.shown.append((surface, to, words))

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def names(self) -> tuple[str, ...]:
        return (*FILES, *WORDS)

    def search(self, search: Search) -> None:
        """Every byte of every surface."""
        self.database(search)
        for log in sorted(self.folder.glob("log*")):
            search.file("logs", log)
        search.tree("temporary files", self.temporary)
        others = [plant for plant in MEMORY.glob(f"{PLANT}*") if plant.name != f"{PLANT}{os.getpid()}"]  # of a run beside this one, on the other database
        search.tree("shared memory", MEMORY, leave=others, since=self.began - 1)
        search.tree("exports", self.exports)
        apart = (self.temporary, self.exports, *self.folder.glob("log*"), *self._files(), *([self.cluster] if self.cluster else []))
        search.tree("folder of the service", self.folder, leave=apart)
        for dump in (*ROOT.glob("core*"), *self.folder.rglob("core.*")):
            if dump.is_file() and dump.stat().st_mtime >= self.began:
                search.file("folder of the service", dump)
        self.rows(search)
        for surface in ("pages", "answers", "texts"):
            search.bytes(surface, "\n".join(words for where, _, words in self.shown if where == surface).encode(errors="surrogateescape"))

    def rows(self, search: Search) -> None:
        """Every value of every table as it stands: raw, and as text."""
        database = Database(self.url)
        with database.engine.connect() as connection:
            postgres = database.dialect == "postgresql"
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" if postgres else "SELECT name FROM sqlite_master WHERE type = 'table'"
            for name in connection.scalars(text(names)).all():
                values = (value for row in connection.execute(text(f'SELECT * FROM "{name}"')) for value in row if value is not None)
                search.bytes("rows", b"\x00".join(bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode() for value in values))
        database.close()

    def _files(self) -> Iterable[Path]:
        """SQLite's own, and what lies beside it under its name."""
        if self.cluster is not None:
            return ()
        file = Path(str(make_url(self.url).database))
        return sorted({*file.parent.glob(f"{file.name}*"), *file.parent.glob("requests-*")})

    def database(self, search: Search) -> None:
        """The files of the database and of its journal."""
        for file in self._files():
            search.file("journal" if file.suffix.endswith(("-wal", "-shm", "-journal")) else "database", file)
        if self.cluster is not None:
            journal = self.cluster / "pg_wal"
            search.tree("journal", journal)
            logs = tuple(self.cluster.glob("log*"))
            for log in logs:
                search.file("logs", log)
            search.tree("database", self.cluster, leave=(journal, *logs))
