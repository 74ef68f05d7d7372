"""What an operator types to look after the record of who did what, and what comes back."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from referral.privacy.audit import Action, Audit
from referral.privacy.chain import Chain
from referral.privacy.keys import Keys
from referral.store.database import Database
from tests.commands import Run, console, refused, with_pins
from tests.conftest import START, Kept

KEYS = Keys(bytes(range(32)))
AUDITOR = "triage-desk-1"


@pytest.fixture
def run(tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The console script over a database with the county and four chained entries in it."""
    typed = console(tmp_path, sqlite_county.fresh(f"audit-{tmp_path.name}"), monkeypatch)
    database = kept()
    with database.transaction() as session:
        for serial in range(4):
            Audit(KEYS.audit).write(session, START, f"co-kwale-{serial % 2}", Action.READ, f"{serial:032x}")
    Chain(KEYS.chain).take_in(database, START + timedelta(hours=2), lambda waiting: waiting.sort())
    database.close()
    with_pins(AUDITOR)
    return lambda *words, **pins: typed("audit", *words, **pins)


def kept() -> Database:
    return Database(os.environ["REFERRAL_DATABASE_URL"])


def change(statement: str) -> None:
    database = kept()
    with database.transaction() as session:
        for table in ("audit", "audit_chain"):
            session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
            session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_delete"))
        session.execute(text(statement))
    database.close()


def head_of(said: str) -> tuple[str, str]:
    line = next(line for line in said.splitlines() if line.startswith("count "))
    count, head = line.removeprefix("count ").split(", head ")
    return count, head


def test_a_whole_record_is_called_whole_and_its_head_is_printed(run: Run) -> None:
    said = run("verify")
    assert (said.exit_code, "4 entries are as they were written" in said.output) == (0, True)
    count, head = head_of(said.output)
    again = run("verify", "--count", count, "--head", head.lower())
    assert (again.exit_code, "agrees" in again.output) == (0, True)


def test_what_was_changed_is_named_and_the_exit_code_says_so(run: Run) -> None:
    change("UPDATE audit SET actor = 'nobody' WHERE id = (SELECT entry FROM audit_chain WHERE position = 2)")
    said = run("verify")
    assert said.exit_code == 1
    assert "position 2" in said.output
    assert "not as it was written" in said.output


def test_a_tail_that_was_cut_off_is_found_by_the_custodians_text(run: Run) -> None:
    count, head = head_of(run("verify").output)
    change("DELETE FROM audit WHERE id = (SELECT entry FROM audit_chain WHERE position = 3)")
    change("DELETE FROM audit_chain WHERE position = 3")
    assert run("verify").exit_code == 0
    said = run("verify", "--count", count, "--head", head)
    assert (said.exit_code, "cut off" in said.output) == (1, True)


@pytest.mark.parametrize("words", ["--head ABCDEFGHIJKLMNOP", "--count 4", "--head ABCD --count 4", "--head 1BCDEFGHIJKLMNOP --count 4"])
def test_half_a_text_is_refused(run: Run, words: str) -> None:
    assert run("verify", *words.split()).exit_code != 0


def test_entries_are_shown_and_that_they_were_shown_and_to_whom_is_recorded(run: Run) -> None:
    mine = ("show", "--by", AUDITOR)
    assert "2 entries" in run(*mine, "--actor", "co-kwale-1").output
    assert "2 entries" in run(*mine, "--subject", f"{3:032x}").output, "this look is one of them"
    said = run(*mine, "--actor", AUDITOR, "--since", "2026-01-01")
    assert said.output.count("audit_shown") == 3, "this look among them"
    assert run(*mine, "--subject", "000001").exit_code == 1


@pytest.mark.parametrize("by", ["nobody-at-all", "co-kwale-1", " "])
def test_nobody_is_shown_anything_who_has_not_proven_who_they_are(run: Run, by: str) -> None:
    said = refused(run("show", "--by", by))
    assert ("entries" in said, "audit_shown" in said) == (False, False)
    assert "not right" in refused(run("show", "--by", AUDITOR, pins=("135790",)))
    assert refused(run("verify", "--by", "nobody-at-all"))
    assert run("verify").exit_code == 0, "a timer may look whether it is whole"


def test_heads_are_listed(run: Run) -> None:
    assert run("heads").exit_code == 0
