"""Turning callback tokens: two are alive for a while, nothing else of the secrets changes, and no record holds one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from referral.privacy.audit import Action
from referral.settings import SettingsError, read_secrets
from tests.commands import Run, audited, console, refused, said, with_pins
from tests.conftest import TOKENS, Kept

OLD_USSD, OLD_SMS = TOKENS
DESK = "triage-desk-1"


@pytest.fixture
def run(tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
    return console(tmp_path, sqlite_county.fresh(f"tokens-{tmp_path.name}"), monkeypatch)


@pytest.fixture
def secrets() -> Path:
    return Path(os.environ["REFERRAL_SECRETS"])


def test_a_new_one_lives_beside_the_old_until_that_is_dropped(run: Run, secrets: Path) -> None:
    secrets.write_text("# kept apart\n" + secrets.read_text())
    root = read_secrets(secrets).root
    printed = said(run("tokens", "rotate", "ussd"))
    new, old = read_secrets(secrets).ussd_tokens
    assert (old, read_secrets(secrets).sms_tokens, read_secrets(secrets).root) == (OLD_USSD, (OLD_SMS,), root)
    assert (f"/ussd/{new}\n" in printed, f"/ussd/{new}/ended" in printed, "/sms/" in printed, "Restart" in printed) == (True, True, False, True)
    assert new in said(run("callbacks"))
    assert "two are alive already" in refused(run("tokens", "rotate", "ussd"))
    said(run("tokens", "rotate", "ussd", "--drop-old"))
    assert read_secrets(secrets).ussd_tokens == (new,)
    assert "only one is alive" in refused(run("tokens", "rotate", "ussd", "--drop-old"))
    assert secrets.read_text().startswith("# kept apart\n")
    assert [one.name for one in secrets.parent.iterdir() if one.name.startswith(".")] == []


def test_the_file_stays_its_owners_alone(run: Run, secrets: Path) -> None:
    secrets.chmod(0o644)
    said(run("tokens", "rotate", "sms"))
    assert secrets.stat().st_mode & 0o777 == 0o600


def test_who_turned_them_is_recorded_and_no_token_is(run: Run, secrets: Path) -> None:
    with_pins(DESK)
    assert refused(run("tokens", "rotate", "sms"))
    said(run("tokens", "rotate", "sms", "--by", DESK))
    shown = said(run("tokens", "show"))
    alive = [*read_secrets(secrets).sms_tokens, *read_secrets(secrets).ussd_tokens]
    assert all(token[:6] in shown and token not in shown for token in alive)
    [entry] = audited(Action.TOKENS_TURNED)
    assert (entry.actor, entry.details) == (DESK, '{"door":"sms","what":"new one made"}')


def test_tokens_of_the_environment_are_turned_there(run: Run, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = secrets.read_text()
    monkeypatch.setenv("REFERRAL_USSD_TOKENS", "e" * 20 + "nvironment-of-tests")
    assert "REFERRAL_USSD_TOKENS" in refused(run("tokens", "rotate", "ussd"))
    assert "from REFERRAL_USSD_TOKENS" in said(run("tokens", "show"))
    assert (secrets.read_text(), audited(Action.TOKENS_TURNED)) == (before, [])


def test_the_record_is_kept_before_the_file_changes(run: Run, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def put(path: Path, _text: str) -> None:
        seen.append(len(audited(Action.TOKENS_TURNED)))
        raise OSError(path)

    monkeypatch.setattr("referral.secrets_file._put", put)
    before = secrets.read_text()
    assert "cannot be written here" in refused(run("tokens", "rotate", "ussd"))
    assert (seen, secrets.read_text()) == ([1], before)


def test_a_file_of_another_shape_is_left_alone(run: Run, secrets: Path) -> None:
    text = secrets.read_text().replace("ussd_tokens = ", "'ussd_tokens' = ")
    secrets.write_text(text)
    assert read_secrets(secrets).ussd_tokens == (OLD_USSD,)
    assert "by hand" in refused(run("tokens", "rotate", "ussd"))
    assert (secrets.read_text(), audited(Action.TOKENS_TURNED)) == (text, [])
    secrets.unlink()
    with pytest.raises(SettingsError):
        read_secrets(secrets)
