"""A loss, rehearsed from end to end with made-up reports: everything is copied, everything is lost, two custodians and a file bring it back.

Run from the top of the checkout: `python -m scripts.rehearse_restore`. `--into URL` restores into an empty database of another kind.
Nothing of a service that runs here is touched: all of it happens in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, select, text

from referral.backup.tables import LEFT_OUT, LEFT_OUT_ROWS
from referral.settings import read_settings
from referral.store.base import Base
from referral.store.database import Database
from tests.fakes import FixedClock
from tests.world import LABOUR, MARRIAGE, PHYSICAL, SEXABUSE, World, sent

CHANGED_BY_RESTORING = {"audit", "counter", "purge_run", "day_key"}
"""What making and restoring a backup itself write, or begin anew."""
CONCERNS = (SEXABUSE, MARRIAGE, PHYSICAL, LABOUR)


class Rehearsal:
    def __init__(self, folder: Path, into: str | None) -> None:
        self._folder = folder
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("REFERRAL_", "AT_"))}
        self._environment |= {"REFERRAL_CONFIG": "config/kwale", "REFERRAL_LOG_LEVEL": "error", "USER": "rehearsal"}
        self.old = {"REFERRAL_DATABASE_URL": f"sqlite:///{folder}/old/referral.db", "REFERRAL_SECRETS": f"{folder}/old/secrets.toml"}
        self.new = {"REFERRAL_DATABASE_URL": into or f"sqlite:///{folder}/new/referral.db", "REFERRAL_SECRETS": f"{folder}/new/secrets.toml"}
        self.seconds: dict[str, float] = {}

    def referral(self, place: Mapping[str, str], *words: str, named: str | None = None) -> str:
        began = time.monotonic()
        argv = [sys.executable, "-m", "referral", *words]
        done = subprocess.run(argv, env={**self._environment, **place}, capture_output=True, text=True, check=False)  # noqa: S603  our own argv
        if done.returncode:
            raise SystemExit(f"referral {' '.join(words)}: {done.stdout}{done.stderr}")
        if named:
            self.seconds[named] = time.monotonic() - began
        return done.stdout

    def live(self, reports: int) -> None:
        """A service with reports, alerts and answers in it."""
        for words in (("secrets", "create"), ("db", "upgrade"), ("directory", "load", "config/kwale")):
            self.referral(self.old, *words)
        saved = dict(os.environ)
        os.environ.clear()
        os.environ.update({**self._environment, **self.old})
        try:
            world = World(read_settings(), FixedClock(datetime.now(UTC) - timedelta(hours=3)))
        finally:
            os.environ.clear()
            os.environ.update(saved)
        for serial in range(reports):
            sent(world.phone(f"+254700000{serial % 100:03}"), concern=CONCERNS[serial % len(CONCERNS)])
            if serial % 10 == 9:
                world.work()
        world.work()
        world.service.chain.take_in(world.service.database, datetime.now(UTC), random.shuffle)
        world.close()

    def copies(self) -> Path:
        """The keys for two custodians, and the database."""
        for name in ("a", "b"):
            (self._folder / f"{name}.words").write_text(f"the words that only {name} knows\n")
            words = ("--out", f"{self._folder}/{name}.key", "--passphrase-file", f"{self._folder}/{name}.words")
            self.referral(self.old, "keys", "custodian", name, *words)
        self.referral(self.old, "keys", "backup", "--out", f"{self._folder}/keys.sealed")
        self.referral(self.old, "backup", "--out", f"{self._folder}/backups", named="backup")
        [file] = (self._folder / "backups").iterdir()
        return file

    def loss(self) -> None:
        """The keys are gone; of the database a copy is set aside, to compare with."""
        for file in (self._folder / "old").iterdir():
            if not file.name.startswith("referral.db"):
                file.unlink()

    def return_of(self, file: Path) -> str:
        both = [word for name in ("a", "b") for word in ("--key", f"{self._folder}/{name}.key", "--passphrase-file", f"{self._folder}/{name}.words")]
        self.referral(self.new, "keys", "restore", f"{self._folder}/keys.sealed", *both, "--to", f"{self._folder}/new")
        return self.referral(self.new, "restore", str(file), named="restore")

    def different(self) -> list[str]:
        """Tables that are not the same row for row."""
        tables = [one for one in Base.metadata.sorted_tables if one.name not in LEFT_OUT and one.name not in CHANGED_BY_RESTORING]
        before, after = (Database(place["REFERRAL_DATABASE_URL"]) for place in (self.old, self.new))
        try:
            return [table.name for table in tables if _rows(before, table) != _rows(after, table)]
        finally:
            before.close()
            after.close()


def _rows(database: Database, table: Table) -> list[str]:
    with database.read() as session:
        return sorted(map(repr, session.execute(select(table).where(text(LEFT_OUT_ROWS.get(table.name, "1 = 1"))))))


def rehearse(reports: int, into: str | None = None) -> Mapping[str, object]:
    """The whole way. Returns the figures; raises SystemExit with what went wrong."""
    with tempfile.TemporaryDirectory(prefix="referral-rehearsal-") as name:
        one = Rehearsal(Path(name), into)
        one.live(reports)
        file = one.copies()
        size = file.stat().st_size
        one.loss()
        said = one.return_of(file)
        different = one.different()
        again = one.referral(one.new, "audit", "verify")
    rows = sum(int(count) for count in re.findall(r"(\d+) rows, as many as there were", said))
    if different or "the canary opens" not in said:
        raise SystemExit(f"not the same: {', '.join(different)}\n{said}")
    return {
        "reports": reports, "rows": rows, "bytes": size, "seconds to back up": round(one.seconds["backup"], 1),
        "seconds to restore": round(one.seconds["restore"], 1), "tables that differ": len(different), "lost": 0, "audit": again.splitlines()[0], "said": said,
    }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    asked.add_argument("--reports", type=int, default=200)
    asked.add_argument("--into", help="An empty database to restore into; a SQLite file if left out.")
    given = asked.parse_args()
    figures = dict(rehearse(given.reports, given.into))
    sys.stdout.write(str(figures.pop("said")))
    for name, value in figures.items():
        sys.stdout.write(f"{name:24} {value}\n")


if __name__ == "__main__":
    main()
