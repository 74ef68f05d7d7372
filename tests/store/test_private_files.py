"""The database belongs to its owner alone, whatever the umask of whoever made it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from referral.store.database import Database
from referral.store.migrate import upgrade
from referral.store.private import open_files


@pytest.fixture
def ordinary_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("ordinary_umask")
def test_its_files_and_its_folder_are_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "var" / "referral.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database.engine)
    with database.transaction() as session:
        session.execute(text("INSERT INTO counter VALUES ('2026-03-04', 'x', 1)"))
        there = {one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir()}
    assert there == {"referral.db": 0o600, "referral.db-wal": 0o600, "referral.db-shm": 0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert open_files(database.url) == ()
    database.close()


def test_one_that_others_may_read_is_named_with_its_journals(tmp_path: Path) -> None:
    for name, mode in (("a.db", 0o640), ("a.db-wal", 0o600), ("a.db-shm", 0o604)):
        (tmp_path / name).touch(mode)
        (tmp_path / name).chmod(mode)
    assert [file.name for file in open_files(f"sqlite:///{tmp_path}/a.db")] == ["a.db", "a.db-shm"]
    assert open_files("postgresql+psycopg://x/y") == ()
    assert open_files("nonsense") == ()
