"""From nothing to the first caller: what is missing is named in the order to mend it, and nothing live begins while a caller would find a dead end."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from referral.cli import main
from referral.settings import SettingsError
from referral.start import refuse, service
from tests.conftest import ROOT

Ref = Callable[..., Result]
_LIVE = {
    "REFERRAL_GATEWAY": "africastalking", "AT_USERNAME": "county", "AT_SHORTCODE": "20880", "AT_USSD_CODE": "*483*116#",
    "REFERRAL_PUBLIC_URL": "https://referral.example", "AT_BASE_URL": "https://192.0.2.1/version1",
}  # fmt: skip


@pytest.fixture
def ref(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ref:
    """The console script with a live service's settings, on a machine that has nothing yet. Its gateway is an address that nobody has."""
    for name in list(os.environ):
        if name.startswith(("REFERRAL_", "AT_")):
            monkeypatch.delenv(name)
    there = {
        "REFERRAL_DATABASE_URL": f"sqlite:///{tmp_path}/referral.db",
        "REFERRAL_SECRETS": f"{tmp_path}/secrets.toml",
        "REFERRAL_KEYRING": f"{tmp_path}/keyring.json",
        "REFERRAL_CONFIG": str(county(tmp_path)),
        "AT_API_KEY_FILE": f"{tmp_path}/at_api_key",
    }
    for name, value in {**_LIVE, **there}.items():
        monkeypatch.setenv(name, value)
    return lambda *words, typed="": CliRunner().invoke(main, [str(word) for word in words], input=typed)


def county(folder: Path) -> Path:
    """A county's folder without a sample in it."""
    made = folder / "county"
    shutil.copytree(ROOT / "config" / "kwale", made, ignore=shutil.ignore_patterns("*.sample.csv"))
    offices = made / "offices.csv"
    _write(offices, [{**row, "sample": "no"} for row in _rows(offices)])
    return made


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def first(said: Result) -> str:
    assert said.exit_code == 1, said.output
    return said.output.splitlines()[0]


def test_each_step_is_named_when_its_turn_has_come_until_only_officers_are_wanting(ref: Ref, tmp_path: Path) -> None:
    assert "AT_API_KEY_FILE" in first(ref("check"))
    assert "`referral secrets create`" in ref("check").output
    (tmp_path / "at_api_key").write_text("a key of the account\n")
    assert "`referral secrets create`" in first(ref("check"))
    ref("secrets", "create")
    assert "`referral db upgrade`" in first(ref("check"))
    ref("db", "upgrade")
    lacking = ref("check").output.splitlines()
    assert [line.split(": run")[0] for line in lacking[:3]] == [f"directory: no {one} is loaded" for one in ("ward", "office", "officer")]
    assert "`referral directory load DIR`" in lacking[0]
    assert ["`referral keys backup --out FILE`" in lacking[3], "`referral backup --out DIR`" in lacking[4]] == [True, True]
    with pytest.raises(SettingsError) as refused:
        refuse(service())
    assert refused.value.problems == lacking[:3]
    assert ref("directory", "load", tmp_path / "county").exit_code == 0
    assert "`referral people load FILE`" in first(ref("check"))


def test_a_refused_start_ends_with_its_reasons_and_nothing_else(ref: Ref, tmp_path: Path) -> None:
    """What whoever is woken finds in the journal."""
    (tmp_path / "at_api_key").write_text("a key of the account\n")
    ref("secrets", "create")
    ref("db", "upgrade")
    ended = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0].startswith("directory: no ward is loaded")
    assert "Traceback" not in ended.stderr
