"""The files by which the service is run: every alarm has its paragraph, every command exists, nothing logs a callback's address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from referral.cli import main
from referral.reports.records import ReportRecord
from referral.settings import SettingsError, create_secrets, read_settings
from tests.conftest import ROOT
from tests.observing.test_metrics import figures, page
from tests.world import World, on_sqlite

DEPLOY = ROOT / "deploy"
OPERATING = (ROOT / "docs" / "operating.md").read_text()
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def paragraphs() -> dict[str, str]:
    section = OPERATING.split("\n## What each alarm means\n")[1].split("\n## ")[0]
    return {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in section.split("\n### ")[1:]}


class TestAlarms:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
    def test_each_says_what_it_is_how_urgent_and_where_to_read_on(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in ("page", "task")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"
        assert paragraphs()[rule["alert"]].lstrip().startswith(f"*{rule['labels']['severity']}.*")
        assert not re.search(r"by \((?!le|urgency|reason|kind|lane)|instance=~", rule["expr"])

    def test_each_paragraph_has_its_alarm(self) -> None:
        assert sorted(paragraphs()) == sorted(rule["alert"] for rule in RULES)

    @on_sqlite
    def test_each_figure_they_look_at_is_there(self, world: World) -> None:
        """Those that come with the first of something are looked for by the name that the program gives them."""
        world.phone().dial()
        world.work()
        shown = page(world)
        there = {name for name, _ in figures(shown)} | set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))
        asked = {name for rule in RULES for name in re.findall(r"referral_\w+", rule["expr"])}
        assert asked <= there

    def test_prometheus_itself_takes_the_rules(self) -> None:
        """Where it is installed; the structure is looked at above in any case."""
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "rules", str(DEPLOY / "alerts.yml")], check=True)
        assert yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["rule_files"] == ["alerts.yml"]


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
    def test_a_process_has_nothing_it_does_not_need(self, unit: Path) -> None:
        lines = set(unit.read_text().splitlines())
        assert lines >= {
            "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "MemoryDenyWriteExecute=yes", "LimitCORE=0", "MemorySwapMax=0", "User=referral",
            "CapabilityBoundingSet=", "UMask=0077", "ProtectHome=yes",
        }  # fmt: skip
        assert ("Restart=always" in lines) == (unit.name != "referral-backup.service")

    @pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
    def test_what_it_starts_is_a_command(self, unit: Path) -> None:
        [started] = re.findall(r"^ExecStart=/srv/referral/\.venv/bin/referral (.+)$", unit.read_text(), re.MULTILINE)
        assert trouble_with(started.split()) is None

    def test_systemd_itself_takes_them(self) -> None:
        """Where it is installed. That the program is not where the units say is the one thing it may not like here."""
        if shutil.which("systemd-analyze"):
            files = [str(file) for file in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]]
            said = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False).stderr
            assert [line for line in said.splitlines() if str(DEPLOY) in line or ("referral" in line and "is not executable" not in line)] == []

    def test_every_setting_they_name_is_explained(self) -> None:
        named = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "systemd" / "referral.env").read_text(), re.MULTILINE))
        named |= set(COMPOSE["services"]["web1"]["environment"])
        readme = (ROOT / "README.md").read_text()
        assert [name for name in named if f"`{name.removesuffix('_FILE')}`" not in readme] == []


class TestContainers:
    def test_two_of_each_so_that_one_may_end(self) -> None:
        services = COMPOSE["services"]
        assert {name.rstrip("12") for name in services} == {"web", "worker", "upgrade", "database", "proxy"}
        assert services["web1"] == services["web2"]
        assert services["worker1"] == services["worker2"]

    @pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
    def test_none_dumps_memory_or_gains_rights(self, name: str) -> None:
        service = COMPOSE["services"][name]
        if name != "database":
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]
        if name != "proxy":
            assert service["ulimits"]["core"] == 0
            assert service["mem_limit"] == service["memswap_limit"]

    def test_secrets_are_files_and_only_the_proxy_is_open_to_the_world(self) -> None:
        for name, service in COMPOSE["services"].items():
            environment = service.get("environment", {})
            assert not [key for key in environment if re.search("PASSWORD|API_KEY|TOKEN|DATABASE_URL", key) and not key.endswith("_FILE")], name
            assert ("ports" in service) == (name == "proxy")
        assert COMPOSE["networks"]["inside"]["internal"] is True
        assert COMPOSE["services"]["web1"]["networks"] == ["inside"]

    def test_the_database_writes_no_statement_into_its_log(self) -> None:
        said = COMPOSE["services"]["database"]["command"]
        for setting in ("log_statement=none", "log_min_error_statement=panic", "log_parameter_max_length_on_error=0"):
            assert setting in said

    def test_the_image_is_of_the_locks_and_runs_as_nobody(self) -> None:
        said = (DEPLOY / "Containerfile").read_text()
        assert "--require-hashes -r requirements.lock" in said
        assert re.findall(r"^USER (.+)$", said, re.MULTILINE) == ["10001:10001"]
        assert "var" not in re.findall(r"^!(\S+)$", (DEPLOY / "Containerfile.dockerignore").read_text(), re.MULTILINE)


class TestProxies:
    def test_caddy_logs_no_request(self) -> None:
        said = (DEPLOY / "Caddyfile").read_text()
        assert re.search(r"exclude http\.log\.access http\.log\.error http\.handlers\.reverse_proxy", said)
        assert re.findall(r"^\s*log\b.*", said, re.MULTILINE) == ["\tlog default {"], "a `log` in a site would be an access log"
        assert "max_size 64KB" in said
        assert re.search(r"@inside path /metrics .*\n\s*handle @inside \{\s*respond 404", said)
        assert re.findall(r"^\thandle (\S+) \{", said, re.MULTILINE) == ["@inside", "@callbacks", "@open"]
        assert re.search(r"^\thandle \{\s*respond 404", said, re.MULTILINE), "what is not named is not there"
        if shutil.which("caddy"):
            subprocess.run(
                ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")], check=True, env={"REFERRAL_HOST": "a.example"}
            )

    def test_nginx_logs_no_request(self) -> None:
        said = (DEPLOY / "nginx.conf").read_text()
        servers = said.split("\nserver {")[1:]
        assert len(servers) == 2
        assert all("access_log off;" in server and "error_log /dev/null crit;" in server for server in servers)
        assert set(re.findall(r"location (?:= )?(\S+)", said)) == {"/ussd/", "/sms/", "/directory/", "/healthz", "/"}
        assert "client_body_buffer_size 64k;" in said
        assert "client_max_body_size 64k;" in said


class TestSecretsAsFiles:
    @pytest.fixture
    def environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
        for name in list(os.environ):
            if name.startswith(("REFERRAL_", "AT_")):
                monkeypatch.delenv(name)
        create_secrets(tmp_path / "secrets.toml")
        monkeypatch.setenv("REFERRAL_SECRETS", str(tmp_path / "secrets.toml"))
        monkeypatch.setenv("REFERRAL_CONFIG", str(ROOT / "config" / "kwale"))
        return monkeypatch

    def test_a_setting_may_stand_in_a_file(self, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("a key of the gateway\n")
        environment.setenv("AT_API_KEY_FILE", str(tmp_path / "key"))
        assert read_settings().at_api_key == "a key of the gateway"

    def test_a_file_that_is_not_there_is_named(self, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
        environment.setenv("AT_API_KEY_FILE", str(tmp_path / "nothing"))
        with pytest.raises(SettingsError, match="AT_API_KEY"):
            read_settings()

    def test_a_token_for_figures_that_could_be_guessed_is_refused(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("REFERRAL_METRICS_TOKEN", "short")
        with pytest.raises(SettingsError, match="REFERRAL_METRICS_TOKEN"):
            read_settings()

    def test_secrets_made_for_a_container_are_secrets(self, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
        made = subprocess.run([sys.executable, str(DEPLOY / "make_secrets.py")], capture_output=True, text=True, check=True).stdout
        (tmp_path / "made.toml").write_text(made)
        environment.setenv("REFERRAL_SECRETS", str(tmp_path / "made.toml"))
        assert read_settings().ussd_tokens != read_settings().sms_tokens


def said_commands() -> Iterator[tuple[str, str]]:
    """Every command of ours that a document tells somebody to type: (document, words after `referral`)."""
    for document in DOCUMENTS:
        text = document.read_text()
        fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        for line in [line.strip() for fence in fences for line in fence.splitlines()] + spans:
            found = re.match(r"(?:.*(?:\.venv/bin/|exec \w+ ))?referral ([a-z].*?)(?:\s+#.*|\s*[|<>&].*)?$", line)
            if found:
                yield document.name, found[1]


def trouble_with(words: list[str]) -> str | None:
    """Why this cannot be typed, or None."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    if command is main or (isinstance(command, click.Group) and rest and not command.invoke_without_command and not rest[0].startswith("-") and rest[0] != "…"):
        return "no such command"
    options = {name for one in command.params for name in one.opts}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in options and word != "--help"]
    return f"no such option: {unknown}" if unknown else None


@pytest.mark.parametrize(("document", "said"), sorted(set(said_commands())))
def test_what_a_document_says_to_type_can_be_typed(document: str, said: str) -> None:
    assert trouble_with(said.split()) is None


def test_what_a_found_database_tells_of_a_report_is_what_the_page_says() -> None:
    """A column in clear that is not thought of here would be missing from the list that a breach is judged by."""
    told = {
        "the report's own names": {"id", "number", "code_digest"},
        "category, danger, urgency, role of the accused": {"concern", "danger", "urgency", "accused", "happened", "rule", "need", "flags"},
        "ward": {"place"},
        "age band, sex, disability": {"age", "sex", "disability"},
        "channel, state, the hour of filing": {"channel", "partial", "words_gone", "filed_hour"},
        "that a reporter consented": {"contact_hours", "contact_by_call", "contact_until", "contact_first_hour", "contact_tag", "relayed_hour"},
    }
    clear = {column.name for column in ReportRecord.__table__.columns if "sealed" not in column.info}
    assert clear == set().union(*told.values())
    for words in (
        "category, ward, urgency, danger, role of the accused",
        "age band, sex, disability, channel, state, the hour of filing",
        "that a reporter consented",
    ):
        assert words in OPERATING


def test_links_of_the_operators_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", OPERATING):
        path, _, anchor = target.partition("#")
        page_ = (ROOT / "docs" / path).resolve() if path else ROOT / "docs" / "operating.md"
        assert page_.exists(), target
        heads = (
            {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in re.findall(r"^#+ (.+)$", page_.read_text(), re.MULTILINE)}
            if anchor
            else {""}
        )
        assert anchor in heads, target
