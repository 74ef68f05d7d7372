"""Two custodians together bring the keys back; one alone, or a thief with the file, does not. And the commands that do it."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from referral.privacy.audit import Action
from referral.privacy.custodians import CustodyError, new_custodian, open_custodian, restore_backup, write_backup
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.seal import Cell
from referral.settings import create_secrets, read_secrets
from tests.commands import Run, audited, typed, with_pins
from tests.conftest import ROOT, START, Kept

WORDS, OTHER = "njia panda ya ukunda kesho", "mti mkubwa nyuma ya soko"
QUICK = {"iterations": 1, "lanes": 1, "memory_cost": 64}
CELL = Cell("report", "story", "a" * 32)
DESK = "triage-desk-1"


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    create_secrets(tmp_path / "secrets.toml")
    made = Keyring(tmp_path / "keyring.json", Keys(_root((tmp_path / "secrets.toml").read_text())), lambda: START)
    made.create()
    for name, words in (("amina", WORDS), ("juma", OTHER)):
        public = new_custodian(name, words, tmp_path / f"{name}.key", QUICK)
        made.change(lambda held, name=name, public=public: held.with_custodian(name, public))  # type: ignore[misc]  # bound here
    return made


def _root(text: str) -> bytes:
    return base64.b64decode(text.split('root_key = "')[1].split('"', maxsplit=1)[0])


class TestACustodiansKey:
    def test_opens_with_its_passphrase_only(self, ring: Keyring, tmp_path: Path) -> None:
        opened = open_custodian(tmp_path / "amina.key", WORDS)
        assert opened.pair.public == ring.ring().custodians["amina"]
        assert (tmp_path / "amina.key").stat().st_mode & 0o777 == 0o600
        for wrong in (OTHER, WORDS.upper(), ""):
            with pytest.raises(CustodyError, match="passphrase"):
                open_custodian(tmp_path / "amina.key", wrong)

    def test_stands_in_no_other_words(self, ring: Keyring, tmp_path: Path) -> None:
        text = (tmp_path / "amina.key").read_text()
        private = open_custodian(tmp_path / "amina.key", WORDS).pair.private
        assert WORDS not in text
        assert base64.b64encode(private).decode() not in text
        assert "amina" not in ring.path.read_text()
        (tmp_path / "juma.key").write_text(text.replace('"amina"', '"juma"'))
        with pytest.raises(CustodyError):
            open_custodian(tmp_path / "juma.key", WORDS)

    @pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaaaaaa", "abababababababab"])
    def test_takes_no_weak_passphrase(self, tmp_path: Path, weak: str) -> None:
        with pytest.raises(CustodyError, match="passphrase"):
            new_custodian("x", weak, tmp_path / "x.key")
        assert not (tmp_path / "x.key").exists()

    def test_is_never_written_over(self, ring: Keyring, tmp_path: Path) -> None:
        with pytest.raises(FileExistsError):
            new_custodian("amina", WORDS, tmp_path / "amina.key")

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": "x", "iterations": 1}'])
    def test_of_another_shape_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.key").write_text(text)
        with pytest.raises(CustodyError):
            open_custodian(tmp_path / "x.key", WORDS)


class TestABackup:
    @pytest.fixture
    def backup(self, ring: Keyring, tmp_path: Path) -> Path:
        write_backup(ring, tmp_path / "secrets.toml", ("amina", "juma"), tmp_path / "keys.backup", START)
        return tmp_path / "keys.backup"

    def test_is_restored_by_both_and_opens_what_was_sealed(self, ring: Keyring, backup: Path, tmp_path: Path) -> None:
        sealed = ring.sealer.of_month(START).seal("words", CELL)
        both = [open_custodian(tmp_path / "juma.key", OTHER), open_custodian(tmp_path / "amina.key", WORDS)]
        done = restore_backup(backup, both, tmp_path / "new", _root)
        assert (done.keys, done.months, tuple(done.to)) == (6, 4, ("amina", "juma"))
        assert (tmp_path / "new" / "secrets.toml").read_text() == (tmp_path / "secrets.toml").read_text()
        restored = Keyring(tmp_path / "new" / "keyring.json", Keys(read_secrets(tmp_path / "new" / "secrets.toml").root), lambda: START)
        assert restored.sealer.open(sealed, CELL) == "words"
        assert {file.stat().st_mode & 0o777 for file in (tmp_path / "new").iterdir()} == {0o600}
        assert ring.ring().backed_up == START

    def test_is_opened_by_neither_alone(self, backup: Path, tmp_path: Path) -> None:
        amina, juma = open_custodian(tmp_path / "amina.key", WORDS), open_custodian(tmp_path / "juma.key", OTHER)
        for some in ([amina], [juma], [amina, amina], []):
            with pytest.raises(CustodyError, match="missing"):
                restore_backup(backup, some, tmp_path / "new", _root)
        assert not (tmp_path / "new").exists()

    def test_is_for_two_and_for_known_ones(self, ring: Keyring, tmp_path: Path) -> None:
        for names in ((), ("amina",), ("amina", "amina"), ("amina", "nobody")):
            with pytest.raises(CustodyError):
                write_backup(ring, tmp_path / "secrets.toml", names, tmp_path / "none", START)
        assert not (tmp_path / "none").exists()
        assert ring.ring().backed_up is None

    def test_never_writes_over_keys(self, backup: Path, tmp_path: Path) -> None:
        both = [open_custodian(tmp_path / "amina.key", WORDS), open_custodian(tmp_path / "juma.key", OTHER)]
        before = (tmp_path / "secrets.toml").read_text()
        with pytest.raises(CustodyError, match="there already"):
            restore_backup(backup, both, tmp_path, _root)
        assert (tmp_path / "secrets.toml").read_text() == before

    def test_that_was_changed_is_refused_and_leaves_nothing_behind(self, backup: Path, tmp_path: Path) -> None:
        both = [open_custodian(tmp_path / "amina.key", WORDS), open_custodian(tmp_path / "juma.key", OTHER)]
        whole = json.loads(backup.read_text())
        for at in range(0, len(whole["sealed"]) - 4, 251):
            letter = "A" if whole["sealed"][at] != "A" else "B"
            backup.write_text(json.dumps({**whole, "sealed": whole["sealed"][:at] + letter + whole["sealed"][at + 1 :]}))
            with pytest.raises(CustodyError):
                restore_backup(backup, both, tmp_path / "new", _root)
        backup.write_text("{}")
        with pytest.raises(CustodyError):
            restore_backup(backup, both, tmp_path / "new", _root)
        assert not list((tmp_path / "new").glob("*"))

    def test_whose_keys_do_not_belong_together_is_refused(self, ring: Keyring, tmp_path: Path) -> None:
        create_secrets(tmp_path / "other.toml")
        write_backup(ring, tmp_path / "other.toml", ("amina", "juma"), tmp_path / "mixed", START)
        both = [open_custodian(tmp_path / "amina.key", WORDS), open_custodian(tmp_path / "juma.key", OTHER)]
        with pytest.raises(CustodyError):
            restore_backup(tmp_path / "mixed", both, tmp_path / "new", _root)
        assert not list((tmp_path / "new").glob("*"))


class TestCommands:
    @pytest.fixture
    def run(self, tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
        secrets = tmp_path / "secrets.toml"
        root = base64.b64encode(bytes(range(32))).decode()
        secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"u" * 40}"]\nsms_tokens = ["{"s" * 40}"]\n')
        secrets.chmod(0o600)
        (tmp_path / "keyring.json").write_bytes(Path(os.environ["REFERRAL_KEYRING"]).read_bytes())
        own = Keyring(tmp_path / "keyring.json", Keys(bytes(range(32))), lambda: START)
        own.change(lambda held: replace(held, custodians={}, backed_up=None))  # whatever another test of this process has done with it
        for name, words in (("amina", WORDS), ("juma", OTHER)):
            (tmp_path / f"{name}.words").write_text(f"{words}\n")
        monkeypatch.setenv("REFERRAL_SECRETS", str(secrets))
        monkeypatch.setenv("REFERRAL_KEYRING", str(tmp_path / "keyring.json"))
        monkeypatch.setenv("REFERRAL_DATABASE_URL", sqlite_county.fresh(f"keys-{tmp_path.name}"))
        monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
        return lambda *words: typed("keys", *words)

    def test_take_an_operator_from_the_first_day_to_a_rehearsed_restore(self, run: Run, tmp_path: Path) -> None:
        said = run("status")
        assert said.exit_code == 1
        assert "never backed up" in said.output
        assert "0 custodians" in said.output
        assert run("backup", "--out", tmp_path / "keys.backup").exit_code == 1
        for name in ("amina", "juma"):
            made = run("custodian", name, "--out", tmp_path / f"{name}.key", "--passphrase-file", tmp_path / f"{name}.words")
            assert made.exit_code == 0, made.output
            assert run("custodian", name, "--out", tmp_path / "again.key", "--passphrase-file", tmp_path / f"{name}.words").exit_code == 1
        assert "opened by amina and juma together" in run("backup", "--out", tmp_path / "keys.backup").output
        assert "there already" in run("backup", "--out", tmp_path / "keys.backup").output
        words = ("--passphrase-file", tmp_path / "amina.words", "--passphrase-file", tmp_path / "juma.words")
        restore = ("restore", tmp_path / "keys.backup", "--key", tmp_path / "amina.key", "--key", tmp_path / "juma.key", "--to")
        back = run(*restore, tmp_path / "new", *words)
        assert back.exit_code == 0, back.output
        assert "the canary opens" in back.output
        assert run(*restore, tmp_path / "new", *words).exit_code == 1
        said = run("status")
        assert "never backed up" not in said.output
        assert "amina, juma" in said.output
        assert bytes(range(32)).hex() not in said.output

    def test_change_the_officers_keys_and_retire_the_old_one_when_nothing_needs_it(self, run: Run, tmp_path: Path) -> None:
        with_pins(DESK)
        mine = ("--by", DESK)
        old = next(line.split()[1] for line in run("status").output.splitlines() if line.startswith("fields"))
        done = run("rotate", "fields", *mine)
        assert done.exit_code == 0, done.output
        assert "0 left" in done.output
        assert "minutes ago" in run("retire", old, *mine).output
        assert "no key of this name" in run("retire", "fields-none", *mine).output
        assert run("rotate", "month", *mine).exit_code == 1
        assert run("rotate", *mine).exit_code == 0
        assert "0 keys taken in" in run("merge", tmp_path / "keyring.json", *mine).output
        for by in ((), ("--by", "nobody")):
            assert run("export-web", "--out", tmp_path / "web.json", *by).exit_code == 1
        assert not (tmp_path / "web.json").exists()
        assert run("export-web", "--out", tmp_path / "web.json", *mine).exit_code == 0
        assert run("export-web", "--out", tmp_path / "web.json", *mine).exit_code == 1, "it is there already"
        assert [one.actor for one in audited(Action.KEY_ROTATED)].count(DESK) >= 4
        assert [(one.actor, one.subject) for one in audited(Action.EXPORTED)] == [(DESK, "keyring")]
