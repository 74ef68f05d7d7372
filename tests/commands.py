"""The console script in tests: over which database, and who types the PIN that it asks for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from referral.app import build
from referral.cli import main
from referral.privacy.audit import Action, AuditRecord, entries
from referral.settings import read_settings
from tests.conftest import ROOT, TOKENS

Run = Callable[..., Result]
PIN = "482917"


def console(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(*words, pins=…)`: the console script with these words, the PINs typed one after the other where it asks."""
    secrets = tmp_path / "secrets.toml"
    root = base64.b64encode(bytes(range(32))).decode()
    secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{TOKENS[0]}"]\nsms_tokens = ["{TOKENS[1]}"]\n')
    secrets.chmod(0o600)
    monkeypatch.setenv("REFERRAL_SECRETS", str(secrets))
    monkeypatch.setenv("REFERRAL_DATABASE_URL", url)
    monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
    return typed


def typed(*words: object, pins: Sequence[str] = (PIN,)) -> Result:
    return CliRunner().invoke(main, [*map(str, words)], input="".join(f"{pin}\n" for pin in pins))


def with_pins(*people: str) -> None:
    """These officers of the commands' database have chosen PIN."""
    ready = build(read_settings())
    for person in people:
        with ready.database.transaction() as session:
            ready.pins.invite(session, person, ready.clock())
            assert ready.pins.choose(session, person, ready.pins.hashed(PIN), ready.clock())
    ready.database.close()


def audited(action: Action) -> list[AuditRecord]:
    """Entries of one kind in the commands' database."""
    ready = build(read_settings())
    found = [one for one in entries(ready.database) if one.action is action]
    ready.database.close()
    return found


def said(result: Result) -> str:
    """What a command that went well printed."""
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(result: Result) -> str:
    """What a command that was refused printed."""
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True), (result.output, result.exception)
    return result.output
