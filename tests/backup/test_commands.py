"""What an operator types to copy and to bring back, and what comes back."""

from __future__ import annotations

import base64
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect

from referral.backup.marks import last_made
from referral.cli import main
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.store.database import Database
from scripts.rehearse_restore import rehearse
from tests.conftest import ROOT
from tests.test_operating import block, said_commands

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The console script over a database with the county in it, and keys of its own."""
    secrets = tmp_path / "keys" / "secrets.toml"
    secrets.parent.mkdir(mode=0o700)
    root = base64.b64encode(bytes(range(32))).decode()
    secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"u" * 40}"]\nsms_tokens = ["{"s" * 40}"]\n')
    secrets.chmod(0o600)
    monkeypatch.setenv("REFERRAL_SECRETS", str(secrets))
    monkeypatch.setenv("REFERRAL_KEYRING", str(secrets.with_name("keyring.json")))
    monkeypatch.setenv("REFERRAL_DATABASE_URL", f"sqlite:///{tmp_path}/referral.db")
    monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
    monkeypatch.setenv("USER", "operator-1")
    assert CliRunner().invoke(main, ["db", "upgrade"]).exit_code == 0
    assert CliRunner().invoke(main, ["directory", "load", str(ROOT / "config" / "kwale")]).exit_code == 0
    return lambda *words: CliRunner().invoke(main, words)


def everything(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "referral.db")) as database:
        return list(database.iterdump())


def the_backup(run: Run, folder: Path) -> Path:
    said = run("backup", "--out", str(folder))
    assert said.exit_code == 0, said.output
    [file] = folder.glob("*.backup")
    assert str(file) in said.output
    return file


def test_a_backup_is_made_noted_and_rehearsed_while_the_service_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    file = the_backup(run, tmp_path / "backups")
    database = Database(os.environ["REFERRAL_DATABASE_URL"])
    with database.read() as session:
        assert last_made(session) is not None
    database.close()
    before = everything(tmp_path)
    said = run("restore", str(file), "--rehearse")
    assert said.exit_code == 0, said.output
    for words in ("the canary opens", "rows, as many as there were", "entries as they were written", "officers' numbers that open: ", "the copy is removed"):
        assert words in said.output
    assert everything(tmp_path) == before


def test_what_is_there_is_never_written_over(run: Run, tmp_path: Path) -> None:
    said = run("restore", str(the_backup(run, tmp_path / "backups")))
    assert said.exit_code == 1
    assert "not empty" in said.output


def test_it_comes_back_into_an_empty_place(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = the_backup(run, tmp_path / "backups")
    monkeypatch.setenv("REFERRAL_DATABASE_URL", f"sqlite:///{tmp_path}/other.db")
    said = run("restore", str(file))
    assert said.exit_code == 0, said.output
    assert "purged before anybody is served" in said.output
    assert run("audit", "verify").exit_code == 0
    assert run("check").exit_code == 0


@pytest.mark.parametrize(("kind", "early"), [("systemd", False), ("containers", False), ("containers", True)], ids=["systemd", "containers", "upgraded early"])
def test_after_a_loss_the_page_s_commands_in_their_order_bring_all_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, early: bool
) -> None:
    """On a machine that has nothing. `early`: somebody ran `up` when the keys were back, and `upgrade` has made its tables."""
    stick, new = tmp_path / "stick", tmp_path / "new"
    stick.mkdir()
    (stick / "words").write_text("a passphrase of eight words that nobody would guess\n")
    for name in ("A", "B"):
        assert run("keys", "custodian", name, "--out", f"{stick}/{name}.key", "--passphrase-file", f"{stick}/words").exit_code == 0
    assert run("keys", "backup", "--out", f"{stick}/keys.sealed").exit_code == 0
    file = the_backup(run, tmp_path / "backups")
    folder = "/restored" if kind == "containers" else "/var/lib/referral/keys"
    for name, place in {"SECRETS": "keys/secrets.toml", "KEYRING": "keys/keyring.json"}.items():
        monkeypatch.setenv(f"REFERRAL_{name}", str(new / place))
    monkeypatch.setenv("REFERRAL_DATABASE_URL", f"sqlite:///{new}/referral.db")
    steps = [words for _, words in said_commands("\n".join(block("**After a loss**", kind)))]
    assert [" ".join(words.split()[:2]) for words in steps if not words.startswith(("restore", "check"))] == ["keys restore", "audit verify"]
    for words in steps:
        typed = (
            re.sub(r"\S+\.backup", str(file), words)
            .replace("/media/stick", "/stick")
            .replace("/stick", str(stick))
            .replace(f"--to {folder}", f"--to {new}/keys")
        )
        asked = ("--passphrase-file", f"{stick}/words") if words.startswith("keys restore") else ()
        said = run(*typed.split(), *asked)
        assert said.exit_code == 0, said.output
        if early and words.startswith("keys restore"):
            assert run("db", "upgrade").exit_code == 0


def test_without_the_keys_of_that_time_nothing_is_begun(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = the_backup(run, tmp_path / "backups")
    monkeypatch.setenv("REFERRAL_DATABASE_URL", f"sqlite:///{tmp_path}/other.db")
    ring = tmp_path / "keys" / "keyring.json"
    kept = ring.read_bytes()
    ring.unlink()
    said = run("restore", str(file))
    assert (said.exit_code, "keys restore" in said.output, ring.exists()) == (1, True, False)
    other = Keyring(ring, Keys(bytes(range(32))), lambda: datetime.now(UTC))
    other.create()
    said = run("restore", str(file))
    assert (said.exit_code, "canary does not open" in said.output) == (1, True)
    database = Database(os.environ["REFERRAL_DATABASE_URL"])
    assert inspect(database.engine).get_table_names() == []
    database.close()
    ring.write_bytes(kept)
    assert run("restore", str(file)).exit_code == 0


def test_a_loss_is_made_good_by_two_custodians_and_a_file(empty_place: str, record_property: Callable[[str, object], None]) -> None:
    """The script that operators rehearse with, in short."""
    figures = dict(rehearse(12, empty_place))
    figures.pop("said")
    for name, value in figures.items():
        record_property(name, value)
    assert (figures["lost"], figures["tables that differ"]) == (0, 0)
