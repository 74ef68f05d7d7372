"""The files by which the service is run: every alarm has its paragraph, every command exists, nothing logs a callback's address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
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


def installed(program: str, package: str) -> str:
    """Where a program is that reads one of our files. What is looked at without it is looked at in any case."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: Debian has it in the package {package}")
    return found


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
        subprocess.run([installed("promtool", "prometheus"), "check", "rules", str(DEPLOY / "alerts.yml")], check=True)

    def test_prometheus_is_told_the_rules_and_whom_to_tell(self) -> None:
        for file in (DEPLOY / "prometheus.yml", DEPLOY / "systemd" / "prometheus.yml"):
            said = yaml.safe_load(file.read_text())
            assert said["rule_files"] == ["alerts.yml"]
            assert said["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"], "rules that fire and tell nobody wake nobody"
            assert [one["job_name"] for one in said["scrape_configs"]] == ["referral"]

    def test_a_page_goes_to_who_is_on_call_and_comes_again_until_it_is_mended(self) -> None:
        said = yaml.safe_load((DEPLOY / "alertmanager.yml").read_text())
        [page_] = said["route"]["routes"]
        assert (page_["matchers"], page_["receiver"], page_["repeat_interval"]) == (['severity="page"'], "on-call", "15m")
        receivers = {one["name"] for one in said["receivers"] if len(one) > 1}
        assert {page_["receiver"], said["route"]["receiver"]} == receivers
        alarms = {rule["alert"] for rule in RULES}
        quieted = {name for rule in said["inhibit_rules"] for side in rule.values() for name in re.findall(r"[A-Z]\w+", side[0])}
        assert quieted <= alarms

    def test_alertmanager_itself_takes_its_file(self) -> None:
        subprocess.run([installed("amtool", "prometheus-alertmanager"), "check-config", str(DEPLOY / "alertmanager.yml")], check=True)

    @pytest.mark.parametrize("name", ["AuditHeadLate", "CoverageNotProven", "BackupLate", "KeysNotBackedUp", "BalanceUnknown", "ServiceDown"])
    def test_what_never_came_is_late_too(self, name: str) -> None:
        [expr] = [rule["expr"] for rule in RULES if rule["alert"] == name]
        assert "absent(" in expr


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
        """That the program is not where the units say is the one thing it may not like here."""
        files = [str(file) for file in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]]
        argv = [installed("systemd-analyze", "systemd"), "verify", "--man=no", *files]
        said = subprocess.run(argv, capture_output=True, text=True, check=False).stderr
        assert [line for line in said.splitlines() if str(DEPLOY) in line or ("referral" in line and "is not executable" not in line)] == []

    def test_the_command_has_the_settings_and_the_user_of_the_service_in_any_shell(self, tmp_path: Path) -> None:
        """With a `runuser` that says what it is to run."""
        said = (DEPLOY / "referral").read_text()
        for there, here in (("/etc/referral/referral.env", DEPLOY / "systemd" / "referral.env"), ("/srv/referral/", tmp_path)):
            assert there in said
            said = said.replace(there, f"{here}/" if here == tmp_path else str(here))
        (tmp_path / "command").write_text(said)
        (tmp_path / "runuser").write_text('#!/bin/sh\ntest "$4" = test || printf "%s|" "$REFERRAL_KEYRING" "$PWD" "$@"\n')
        (tmp_path / "runuser").chmod(0o755)
        environment, home = {"PATH": f"{tmp_path}:/usr/bin:/bin"}, tmp_path / "a folder"
        home.mkdir()
        argv = ["sh", str(tmp_path / "command"), "keys", "backup", "--out", "two words"]
        heard = subprocess.run(argv, cwd=home, env=environment, capture_output=True, text=True, check=True).stdout
        program = f"{tmp_path}/.venv/bin/referral"
        assert heard.split("|")[:-1] == ["/var/lib/referral/keys/keyring.json", str(home), "-u", "referral", "--", program, *argv[2:]]

    def test_every_setting_they_name_is_explained(self) -> None:
        named = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "systemd" / "referral.env").read_text(), re.MULTILINE))
        named |= set(COMPOSE["services"]["web1"]["environment"])
        readme = (ROOT / "README.md").read_text()
        assert [name for name in named if f"`{name.removesuffix('_FILE')}`" not in readme] == []

    def test_what_a_live_start_asks_for_is_filled_in_and_read_alike_by_systemd_and_a_shell(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in list(os.environ):
            if name.startswith(("REFERRAL_", "AT_")):
                monkeypatch.delenv(name)
        lines = (DEPLOY / "systemd" / "referral.env").read_text().splitlines()
        given = dict(re.fullmatch(r'([A-Z_]+)="(.*)"', line).groups() for line in lines if line and not line.startswith("#"))  # type: ignore[union-attr]
        asked = "; ".join(f'printf "%s\\n" "${name}"' for name in given)
        shell = subprocess.run(["sh", "-c", f"set -a; . {DEPLOY}/systemd/referral.env; {asked}"], capture_output=True, text=True, check=True).stdout
        assert shell.splitlines() == list(given.values())
        (tmp_path / "key").write_text("a key of the account\n")
        create_secrets(tmp_path / "secrets.toml")
        there = {"REFERRAL_SECRETS": "secrets.toml", "REFERRAL_KEYRING": "keyring.json", "REFERRAL_CONFIG": "", "AT_API_KEY_FILE": "key"}
        for name, value in {**given, **{name: str(tmp_path / file) for name, file in there.items()}}.items():
            monkeypatch.setenv(name, value)
        assert read_settings().live


class TestContainers:
    def test_two_of_each_so_that_one_may_end(self) -> None:
        services = COMPOSE["services"]
        watching = {name for name, service in services.items() if service.get("profiles") == ["watching"]}
        assert watching == {"prometheus", "alertmanager"}
        assert {name.rstrip("12") for name in services} == {"web", "worker", "upgrade", "database", "proxy", "backup"} | watching
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

    def test_a_backup_is_made_each_day_where_it_outlives_its_container(self) -> None:
        backup = COMPOSE["services"]["backup"]
        assert "backups:/backups" in backup["volumes"]
        assert set(COMPOSE["services"]["worker1"]["volumes"]) < set(backup["volumes"])
        [loop] = backup["command"]
        [made] = re.findall(r"referral (backup .+?);", loop)
        assert trouble_with(made.split()) is None
        assert "--out /backups" in made
        assert "pause=86400" in loop
        assert backup["networks"] == ["inside"]

    def test_the_backup_s_loop_goes_on_where_one_fails_and_ends_when_it_is_told(self, tmp_path: Path) -> None:
        """The shell of the container, with a `referral` that fails once."""
        [loop] = COMPOSE["services"]["backup"]["command"]
        log = tmp_path / "log"
        for name, does in (
            ("referral", f'echo "$@" >> {log}; test $(wc -l < {log}) -gt 1'),
            ("sleep", f'echo "sleep $1" >> {log}.sleeps; exec /bin/sleep 0.2'),
        ):
            (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
            (tmp_path / name).chmod(0o755)
        shell = subprocess.Popen(["sh", "-c", loop.replace("$$", "$")], env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        deadline = time.monotonic() + 20
        slept = Path(f"{log}.sleeps")
        while time.monotonic() < deadline and not (slept.exists() and len(slept.read_text().splitlines()) > 1):
            time.sleep(0.05)
        shell.terminate()
        assert shell.wait(10) == 0
        assert slept.read_text().splitlines()[:2] == ["sleep 900", "sleep 86400"]

    def test_whatever_must_be_given_is_in_the_example(self) -> None:
        asked = set(re.findall(r"\$\{([A-Z_]+):\?", (DEPLOY / "compose.yaml").read_text()))
        given = set(re.findall(r'^([A-Z_]+)=".+"$', (DEPLOY / "containers.env.example").read_text(), re.MULTILINE))
        assert {"AT_USERNAME", "AT_SHORTCODE", "AT_USSD_CODE", "REFERRAL_COUNTY"} <= asked <= given
        ignored = (ROOT / ".gitignore").read_text().splitlines()
        assert {"/deploy/.env", "/deploy/secrets/", "/deploy/county/", "/deploy/watching/"} <= set(ignored)

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

    def test_caddy_itself_takes_its_file(self) -> None:
        argv = [installed("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
        subprocess.run(argv, check=True, env={"REFERRAL_HOST": "a.example"})

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


def said_commands(fence: str = "") -> Iterator[tuple[str, str]]:
    """Every command of ours that a document, or this much of one, tells somebody to type: (document, words after `referral`)."""
    for name, text in [("", f"```sh\n{fence}\n```")] if fence else [(document.name, document.read_text()) for document in DOCUMENTS]:
        fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        for line in [line.strip() for fence_ in fences for line in fence_.splitlines()] + spans:
            found = re.match(r"(?:.*(?:\.venv/bin/|exec \w+ ))?referral ([a-z].*?)(?:\s+#.*|\s*[|<>&].*)?$", line)
            found = found or re.match(r"docker run .* referral ([a-z]+ .+)$", line)
            found = found or re.match(r".*compose.* run .*?(?:worker1|--entrypoint referral backup) (.+)$", line)
            if found:
                yield name, found[1]


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


@pytest.mark.parametrize("heading", ["### With systemd", "### With containers"])
def test_the_county_is_loaded_before_anything_is_started(heading: str) -> None:
    steps = OPERATING.split(heading)[1].split("\n### ")[0]
    order = ("directory load", "people load", "keys custodian", "keys backup", "systemctl enable" if "systemd" in heading else "compose up -d\n")
    places = [steps.index(step) for step in order]
    assert places == sorted(places)


def block(after: str, kind: str) -> list[str]:
    """The lines to be typed under these words, `kind` being systemd or containers."""
    return OPERATING.split(after)[1].split(f"*With {kind}*")[1].split("```sh\n")[1].split("```")[0].splitlines()


def in_order(lines: list[str], *steps: str) -> bool:
    places = [next((at for at, line in enumerate(lines) if step in line), -1) for step in steps]
    return -1 not in places and places == sorted(places)


def test_the_command_is_there_before_it_is_typed_and_no_shell_must_remember_it() -> None:
    assert OPERATING.index("deploy/referral /usr/local/bin/referral\n") < OPERATING.index("\nreferral ")
    assert "referral()" not in OPERATING


def test_an_upgrade_renews_one_after_the_other_when_the_database_has_its_new_shape() -> None:
    lines = block("## Upgrade and go back", "containers")
    renewed = [f"up -d --no-deps --wait {web}" for web in ("web1", "web2")] + [f"up -d --no-deps {other}" for other in ("worker1", "worker2", "backup")]
    assert in_order(lines, "referral backup --out", "docker tag", "git checkout", "docker build", "run --rm upgrade", *renewed)
    assert in_order(block("## Upgrade and go back", "systemd"), "backup --out", "git fetch", "referral db upgrade", "worker@1", "worker@2", "referral-web")
    assert {name for name, one in COMPOSE["services"].items() if one.get("image") == "referral"} == {line.split()[-1] for line in lines[-5:]} | {"upgrade"}


def test_after_a_loss_nothing_is_migrated_before_the_backup_is_back() -> None:
    """`upgrade` makes tables, and keys."""
    lines = block("**After a loss**", "containers")
    restored = "--entrypoint referral backup restore /from/"
    assert in_order(
        lines, "keys restore", "deploy/secrets/secrets.toml", "/keys/keyring.json", "up -d --wait database", restored, "worker1 check", "audit verify"
    )
    before = lines[: next(at for at, line in enumerate(lines) if restored in line) + 1]
    assert [line for line in before if "compose run" in line and "--no-deps" not in line] == []
    assert [line for line in before if "compose up" in line] == ["compose up -d --wait database"]
    assert lines[-1] == "compose up -d"
    assert COMPOSE["services"]["backup"]["environment"]["REFERRAL_KEYRING"] == "/keys/keyring.json"
    assert COMPOSE["secrets"]["referral_secrets"]["file"] == "./secrets/secrets.toml"
    assert "keys:/keys" in COMPOSE["services"]["backup"]["volumes"]


def test_what_a_found_database_tells_of_a_report_is_what_the_page_says() -> None:
    """A column in clear that is not thought of here would be missing from the list that a breach is judged by."""
    told = {
        "the report's own names": {"id", "number", "code_digest"},
        "category, danger, urgency, role of the accused": {"concern", "danger", "urgency", "accused", "happened", "rule", "need", "flags"},
        "ward": {"place"},
        "age band, sex, disability": {"age", "sex", "disability"},
        "channel, state, the hour of filing": {"channel", "partial", "words_gone", "filed_hour"},
        "that a reporter consented": {"contact_hours", "contact_by_call", "contact_until", "contact_first_hour", "contact_tag", "relayed_hour", "consent"},
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
