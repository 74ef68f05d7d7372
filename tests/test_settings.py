"""Starting: every problem named at once, and no live start that could hurt somebody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from referral.app import build
from referral.directory import people
from referral.directory.records import OfficeRow, PersonRow
from referral.directory.service_records import ServiceAtLocationRow
from referral.settings import GatewayKind, SettingsError, create_secrets, read_secrets, read_settings
from referral.start import refuse
from tests.conftest import ROOT, Kept, settings_for

LIVE = {
    "REFERRAL_GATEWAY": "africastalking",
    "REFERRAL_PUBLIC_URL": "https://referral.example.org",
    "AT_USERNAME": "kwale",
    "AT_API_KEY": "key-0123456789abcdef",
    "AT_SHORTCODE": "22384",
    "AT_USSD_CODE": "*384*96#",
}
Set = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """Only what a test sets stands in the environment; the secrets are fresh."""
    for name in list(os.environ):
        if name.startswith(("REFERRAL_", "AT_")) or name == "PORT":
            monkeypatch.delenv(name)
    create_secrets(tmp_path / "secrets.toml")
    monkeypatch.setenv("REFERRAL_SECRETS", str(tmp_path / "secrets.toml"))
    monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))

    def change(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return change


def problems() -> list[str]:
    try:
        read_settings()
    except SettingsError as error:
        return error.problems
    return []


class TestReading:
    def test_nothing_set_is_the_stand_in_on_this_machine(self, environment: Set) -> None:
        settings = read_settings()
        assert (settings.port, settings.standin_port, settings.gateway, settings.live) == (8000, 8001, GatewayKind.STANDIN, False)
        assert settings.gateway_url == "http://127.0.0.1:8001/version1"
        assert settings.database_url == "sqlite:///var/referral.db"
        assert not settings.simulator

    def test_every_problem_is_named_at_once(self, environment: Set, tmp_path: Path) -> None:
        environment(
            PORT="70000",
            REFERRAL_GATEWAY="pigeon",
            REFERRAL_SMS_PULL="sometimes",
            REFERRAL_LOG_LEVEL="loud",
            REFERRAL_SIMULATOR="perhaps",
            REFERRAL_SECRETS=str(tmp_path / "none"),
        )
        named = "\n".join(problems())
        for name in ("PORT", "REFERRAL_GATEWAY", "REFERRAL_SMS_PULL", "REFERRAL_LOG_LEVEL", "REFERRAL_SIMULATOR", "REFERRAL_SECRETS"):
            assert name in named

    def test_problems_of_sense_stand_beside_each_other(self, environment: Set) -> None:
        environment(REFERRAL_USSD_TOKENS="short", REFERRAL_SMS_TOKENS=",".join("abcdefgh" * 4 + str(n) for n in range(3)), REFERRAL_CONFIG="nowhere")
        named = "\n".join(problems())
        for name in ("REFERRAL_USSD_TOKENS", "REFERRAL_SMS_TOKENS", "REFERRAL_CONFIG"):
            assert name in named

    @pytest.mark.parametrize("value", ["nonsense", "mysql://localhost/x", "sqlite://", "postgresql+nothing://x/y"])
    def test_a_database_that_cannot_be_is_named(self, environment: Set, value: str) -> None:
        environment(REFERRAL_DATABASE_URL=value)
        assert any("REFERRAL_DATABASE_URL" in one for one in problems())

    @pytest.mark.parametrize(
        "text", ["", "root_key = 3", 'root_key = "AAAA"\nussd_tokens = []\nsms_tokens = []', "not toml", 'root_key = "!"\nussd_tokens = [1]\nsms_tokens = [2]']
    )
    def test_a_secrets_file_that_cannot_be_read_is_named_and_not_quoted(self, environment: Set, tmp_path: Path, text: str) -> None:
        (tmp_path / "bad.toml").write_text(text)
        environment(REFERRAL_SECRETS=str(tmp_path / "bad.toml"))
        assert any("REFERRAL_SECRETS" in one for one in problems())

    def test_two_tokens_live_at_once_and_the_two_doors_have_different_ones(self, environment: Set) -> None:
        one, two = "abcdefgh" * 4 + "1", "abcdefgh" * 4 + "2"
        environment(REFERRAL_USSD_TOKENS=f"{one},{two}", REFERRAL_SMS_TOKENS="ijklmnop" * 4)
        assert read_settings().ussd_tokens == (one, two)
        environment(REFERRAL_SMS_TOKENS=one)
        assert any("REFERRAL_SMS_TOKENS" in said for said in problems())

    def test_nothing_secret_shows(self, environment: Set) -> None:
        settings = read_settings()
        shown = f"{settings!r} {settings} {settings.secrets!r}"
        assert settings.ussd_tokens[0] not in shown
        assert repr(settings.secrets.root) not in shown

    def test_a_stand_in_at_a_foreign_address_is_refused(self, environment: Set) -> None:
        environment(AT_BASE_URL="https://api.africastalking.com/version1", AT_USERNAME="kwale", AT_API_KEY="key")
        assert any("AT_BASE_URL" in one for one in problems())


class TestSecrets:
    def test_are_drawn_once_for_their_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "secrets.toml"
        assert create_secrets(path)
        first = path.read_text()
        assert not create_secrets(path)
        assert path.read_text() == first
        assert path.stat().st_mode & 0o777 == 0o600
        secrets = read_secrets(path)
        assert len(secrets.root) == 32
        assert not secrets.world_readable


class TestGoingLive:
    def test_with_everything_right_there_is_nothing_to_say(self, environment: Set) -> None:
        environment(**LIVE)
        assert read_settings().live

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"REFERRAL_SIMULATOR": "1"}, "REFERRAL_SIMULATOR"),
            ({"REFERRAL_PUBLIC_URL": "http://referral.example.org"}, "REFERRAL_PUBLIC_URL"),
            ({"AT_BASE_URL": "http://gateway.example.org"}, "AT_BASE_URL"),
            ({"AT_SHORTCODE": ""}, "AT_SHORTCODE"),
            ({"AT_USSD_CODE": ""}, "AT_USSD_CODE"),
            ({"AT_API_KEY": ""}, "AT_API_KEY"),
            ({"AT_USERNAME": ""}, "AT_USERNAME"),
            ({"AT_USERNAME": "sandbox"}, "AT_USERNAME"),
            ({"AT_USERNAME": "Sandbox"}, "AT_USERNAME"),
            ({"REFERRAL_USSD_TOKENS": "a" * 40}, "token"),
            ({"REFERRAL_SMS_TOKENS": "please-change-me-please-change-me-please"}, "token"),
        ],
        ids=lambda one: next(iter(one.items()))[0] if isinstance(one, dict) else "",
    )
    def test_is_refused_because_of(self, environment: Set, changes: dict[str, str], named: str) -> None:
        environment(**{**LIVE, **changes})
        assert any(named in one for one in problems())

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
    def test_is_refused_where_others_can_read_the_secrets(self, environment: Set, tmp_path: Path, mode: int) -> None:
        (tmp_path / "secrets.toml").chmod(mode)
        environment(**LIVE)
        assert any("chmod 600" in one for one in problems())

    @pytest.mark.parametrize("ending", ["", "-wal"])
    def test_is_refused_where_others_can_read_the_database(self, environment: Set, tmp_path: Path, ending: str) -> None:
        environment(**LIVE, REFERRAL_DATABASE_URL=f"sqlite:///{tmp_path}/referral.db")
        (tmp_path / "referral.db").touch(0o600)
        assert problems() == []
        (tmp_path / f"referral.db{ending}").touch()
        (tmp_path / f"referral.db{ending}").chmod(0o644)
        assert problems() == [f"REFERRAL_DATABASE_URL: {tmp_path}/referral.db{ending} can be read by others: chmod 600"]

    def test_before_that_it_is_no_more_than_said(self, environment: Set, tmp_path: Path) -> None:
        environment(REFERRAL_DATABASE_URL=f"sqlite:///{tmp_path}/referral.db")
        for name in ("referral.db", "secrets.toml", "keyring.json"):
            (tmp_path / name).touch()
            (tmp_path / name).chmod(0o644)
        said = read_settings().open_to_others()
        assert [one.partition(":")[0] for one in said] == ["REFERRAL_SECRETS", "REFERRAL_KEYRING", "REFERRAL_DATABASE_URL"]

    def test_is_refused_with_a_default_root_key(self, environment: Set, tmp_path: Path) -> None:
        text = (tmp_path / "secrets.toml").read_text().splitlines()
        (tmp_path / "secrets.toml").write_text("\n".join('root_key = "' + "A" * 43 + '="' if line.startswith("root_key") else line for line in text))
        environment(**LIVE)
        assert any("root key" in one for one in problems())

    def test_names_every_reason_at_once(self, environment: Set, tmp_path: Path) -> None:
        (tmp_path / "secrets.toml").chmod(0o644)
        environment(**{**LIVE, "REFERRAL_SIMULATOR": "1", "REFERRAL_PUBLIC_URL": "http://x", "AT_SHORTCODE": "", "AT_USERNAME": "sandbox"})
        assert len(problems()) >= 5

    @pytest.mark.parametrize("address", ["http://127.0.0.1:9911/version1", "http://localhost:9911", "http://[::1]:9911"])
    def test_a_gateway_on_this_machine_is_not_live(self, environment: Set, address: str) -> None:
        environment(REFERRAL_GATEWAY="africastalking", AT_BASE_URL=address, AT_USERNAME="x", AT_API_KEY="y", AT_SHORTCODE="1", AT_USSD_CODE="*1#")
        assert not read_settings().live

    @pytest.mark.parametrize("address", ["http://127.0.0.1.example.org", "https://localhost.example.org", "https://10.0.0.1", "https://0.0.0.0"])
    def test_an_address_that_looks_like_it_is(self, environment: Set, address: str) -> None:
        environment(**{**LIVE, "AT_BASE_URL": address})
        said = problems()
        assert any("AT_BASE_URL" in one for one in said) or read_settings().live

    def test_is_refused_with_sample_people_or_offices(self, sqlite_county: Kept) -> None:
        settings = settings_for(sqlite_county.fresh("live"), gateway=GatewayKind.AFRICASTALKING, at_username="kwale", public_url="https://x.org")
        service = build(settings)
        with pytest.raises(SettingsError) as both:
            refuse(service)
        assert len(both.value.problems) == 3
        with service.database.transaction() as session:
            session.execute(update(OfficeRow).values(sample=False))
            session.execute(update(ServiceAtLocationRow).values(sample=False))
            session.execute(update(PersonRow).values(sample=False, sealed_number=None, number_tag=None))
            people.bump(session)
        refuse(service)
        with service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == "co-kwale-1").values(sample=True))
            people.bump(session)
        with pytest.raises(SettingsError) as one:
            refuse(service)
        assert "co-kwale-1" in one.value.problems[0]
        service.database.close()

    def test_is_refused_where_a_number_is_of_the_sample_block_whatever_its_row_says(self, sqlite_county: Kept) -> None:
        settings = settings_for(sqlite_county.fresh("live-numbers"), gateway=GatewayKind.AFRICASTALKING, at_username="kwale", public_url="https://x.org")
        service = build(settings)
        with service.database.transaction() as session:
            session.execute(update(OfficeRow).values(sample=False))
            session.execute(update(PersonRow).values(sample=False))
            people.bump(session)
        with pytest.raises(SettingsError):
            refuse(service)
        service.database.close()
