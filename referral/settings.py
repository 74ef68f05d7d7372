"""Settings: read once from the environment and the secrets file, every problem named at once, then frozen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, FileAwareEnv

from referral.gateway.hosts import is_loopback
from referral.privacy.callers import Network
from referral.secrets_file import SHORTEST_TOKEN, Secrets, SettingsError, create_secrets, read_secrets
from referral.setting_rules import a_database, a_level, a_port, networks, proxies, reasons_of, token_problems, weak
from referral.store.private import open_files, others_can_read

__all__ = [
    "GatewayKind",
    "Secrets",
    "Settings",
    "SettingsError",
    "SmsPull",
    "create_secrets",
    "keyring_file",
    "read_secrets",
    "read_settings",
]

_STANDIN = {
    "at_username": "standin",
    "at_api_key": "standin",
    "at_shortcode": "22384",
    "at_ussd_code": "*384*96#",
    "at_ussd_practice_code": "*384*97#",
}
"""What the stand-in gateway answers to where nothing else is set. It is on loopback: these reach nobody."""


class GatewayKind(StrEnum):
    STANDIN = "standin"
    AFRICASTALKING = "africastalking"


class SmsPull(StrEnum):
    OFF = "off"
    CATCH_UP = "catch-up"
    REQUIRED = "required"


@dataclass(frozen=True)
class Settings:
    """The service's settings, as named in README.md."""

    port: int
    standin_port: int
    database_url: str
    config: Path
    secrets_file: Path
    secrets: Secrets
    ussd_tokens: tuple[str, ...]
    sms_tokens: tuple[str, ...]
    gateway: GatewayKind
    at_username: str
    at_api_key: str
    at_shortcode: str
    at_sender_id: str
    at_ussd_code: str
    at_ussd_practice_code: str
    at_base_url: str | None
    sms_pull: SmsPull
    simulator: bool
    public_url: str
    log_level: str
    metrics_token: str | None
    callback_ips: tuple[Network, ...] = ()
    callback_ips_enforce: bool = False
    trusted_proxies: int = 0
    keyring: Path = Path("var/keyring.json")
    keyring_follows: bool = False

    def __repr__(self) -> str:
        return "<settings>"

    @property
    def live(self) -> bool:
        """Real messages may go out: the real gateway, and not to a loopback address."""
        return self.gateway is GatewayKind.AFRICASTALKING and not (self.at_base_url and is_loopback(self.at_base_url))

    @property
    def gateway_url(self) -> str | None:
        """Where the gateway's version1 addresses begin, or None for the SDK's own."""
        if self.at_base_url:
            return self.at_base_url
        return f"http://127.0.0.1:{self.standin_port}/version1" if self.gateway is GatewayKind.STANDIN else None

    def reasons_not_to_go_live(self) -> list[str]:
        """What forbids a live start as far as settings can tell; sample rows are the directory's to name. Empty when not live."""
        if not self.live:
            return []
        rules = (
            (self.simulator, "REFERRAL_SIMULATOR: the simulator must be off"),
            (urlsplit(self.public_url).scheme != "https", "REFERRAL_PUBLIC_URL: must be https"),
            (bool(self.at_base_url) and urlsplit(self.at_base_url or "").scheme != "https", "AT_BASE_URL: must be https"),
            (not self.at_shortcode, "AT_SHORTCODE: officers can only answer a two-way short code"),
            (not self.at_ussd_code, "AT_USSD_CODE: must be set: callers and officers are told what to dial"),
            (not self.at_username or not self.at_api_key, "AT_USERNAME, AT_API_KEY: both must be set"),
            (self.at_username == "sandbox", "AT_USERNAME: the sandbox reaches nobody"),
            (weak(self.secrets.root), "REFERRAL_SECRETS: the root key is a default one"),
            (any(weak(t.encode()) for t in self.ussd_tokens + self.sms_tokens), "REFERRAL_SECRETS: a callback token is a default one"),
        )
        return [*self.open_to_others(), *(reason for forbidden, reason in rules if forbidden)]

    def open_to_others(self) -> list[str]:
        """Files with keys or reports in them that others on this machine can read: forbids a live start, and is said by `referral check`."""
        files = [("REFERRAL_DATABASE_URL", file) for file in open_files(self.database_url)]
        if others_can_read(self.keyring):
            files.insert(0, ("REFERRAL_KEYRING", self.keyring))
        if self.secrets.world_readable:
            files.insert(0, ("REFERRAL_SECRETS", self.secrets_file))
        return [f"{name}: {file} can be read by others: chmod 600" for name, file in files]


def read_settings() -> Settings:
    """Settings from the environment of the process. Raises SettingsError naming every problem."""
    env = FileAwareEnv(eager=False, strip_whitespace=True)  # NAME_FILE names a file that holds the value, as containers hand over secrets
    if unread := sorted(_unreadable()):
        raise SettingsError(unread)
    raw = _read(env)
    problems: list[str] = []
    try:
        env.seal()
    except EnvValidationError as error:
        problems += [f"{name}: {why}" for name, why in sorted(reasons_of(error).items())]
    try:
        raw["secrets"] = read_secrets(raw["secrets_file"])
    except SettingsError as error:
        problems += error.problems
    else:
        raw |= {"ussd_tokens": raw["ussd_tokens"] or raw["secrets"].ussd_tokens, "sms_tokens": raw["sms_tokens"] or raw["secrets"].sms_tokens}
    if raw["gateway"] is GatewayKind.STANDIN:
        raw |= {name: raw[name] or value for name, value in _STANDIN.items()}
    if not problems:
        settings = Settings(**raw)
        problems = _sense(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _unreadable() -> Iterator[str]:
    """Settings that name a file which is not there."""
    for name, path in os.environ.items():
        if name.startswith(("REFERRAL_", "AT_")) and name.endswith("_FILE") and not (Path(path).is_file() and os.access(path, os.R_OK)):
            yield f"{name}: {path} cannot be read"


def _read(env: Env) -> dict[str, Any]:
    return {
        "port": env.int("PORT", 8000, validate=a_port),
        "standin_port": env.int("REFERRAL_STANDIN_PORT", 8001, validate=a_port),
        "database_url": env.str("REFERRAL_DATABASE_URL", "sqlite:///var/referral.db"),
        "config": Path(env.str("REFERRAL_CONFIG", "config/kwale") or ""),
        "secrets_file": Path(env.str("REFERRAL_SECRETS", "var/secrets.toml") or ""),
        "ussd_tokens": tuple(env.list("REFERRAL_USSD_TOKENS", []) or ()),
        "sms_tokens": tuple(env.list("REFERRAL_SMS_TOKENS", []) or ()),
        "gateway": env.enum("REFERRAL_GATEWAY", GatewayKind.STANDIN, enum=GatewayKind, by_value=True),
        "at_username": env.str("AT_USERNAME", ""),
        "at_api_key": env.str("AT_API_KEY", ""),
        "at_shortcode": env.str("AT_SHORTCODE", ""),
        "at_sender_id": env.str("AT_SENDER_ID", ""),
        "at_ussd_code": env.str("AT_USSD_CODE", ""),
        "at_ussd_practice_code": env.str("AT_USSD_PRACTICE_CODE", ""),
        "at_base_url": env.str("AT_BASE_URL", "") or None,
        "sms_pull": env.enum("REFERRAL_SMS_PULL", SmsPull.CATCH_UP, enum=SmsPull, by_value=True),
        "simulator": env.bool("REFERRAL_SIMULATOR", False),
        "public_url": env.str("REFERRAL_PUBLIC_URL", "http://127.0.0.1:8000"),
        "log_level": env.str("REFERRAL_LOG_LEVEL", "info", validate=a_level),
        "metrics_token": env.str("REFERRAL_METRICS_TOKEN", "") or None,
        "callback_ips": tuple(map(ip_network, env.list("REFERRAL_CALLBACK_IPS", [], validate=networks) or ())),
        "callback_ips_enforce": env.bool("REFERRAL_CALLBACK_IPS_ENFORCE", False),
        "keyring": keyring_file(),
        "keyring_follows": env.bool("REFERRAL_KEYRING_FOLLOWS", False),
        "trusted_proxies": env.int("REFERRAL_TRUSTED_PROXIES", 0, validate=proxies),
    }


def keyring_file() -> Path:
    """Where the keyring lies: where the environment says, else beside the secrets file."""
    beside = Path(os.environ.get("REFERRAL_SECRETS") or "var/secrets.toml").with_name("keyring.json")
    return Path(os.environ.get("REFERRAL_KEYRING") or beside)


def _sense(settings: Settings) -> list[str]:
    """What is wrong with the settings taken together."""
    sandbox = settings.at_username.strip().lower() == "sandbox" != settings.at_username
    rules = (
        (bool(set(settings.ussd_tokens) & set(settings.sms_tokens)), "REFERRAL_SMS_TOKENS: must differ from REFERRAL_USSD_TOKENS"),
        (
            settings.gateway is GatewayKind.AFRICASTALKING and sandbox,
            "AT_USERNAME: only exactly 'sandbox' selects the sandbox; anything like it would go to the live host",
        ),
        (
            settings.gateway is GatewayKind.STANDIN and bool(settings.at_base_url) and not is_loopback(settings.at_base_url or ""),
            "AT_BASE_URL: the stand-in gateway is on this machine; REFERRAL_GATEWAY=africastalking sends to others",
        ),
        (not a_database(settings.database_url), "REFERRAL_DATABASE_URL: sqlite:///FILE or postgresql+psycopg://…"),
        (not settings.config.is_dir(), f"REFERRAL_CONFIG: {settings.config} is no folder"),
        (0 < len(settings.metrics_token or "") < SHORTEST_TOKEN, f"REFERRAL_METRICS_TOKEN: must be {SHORTEST_TOKEN} or more letters and digits"),
    )
    tokens = (("REFERRAL_USSD_TOKENS", settings.ussd_tokens), ("REFERRAL_SMS_TOKENS", settings.sms_tokens))
    return [
        *settings.reasons_not_to_go_live(),
        *(problem for name, values in tokens for problem in token_problems(name, values)),
        *(reason for wrong, reason in rules if wrong),
    ]
