"""The service as processes: gunicorn, workers and a stand-in gateway, on one host or on several over one database; to be killed."""

from __future__ import annotations

import base64
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import requests

from referral.settings import keyring_file, read_secrets
from referral.simulator.callbacks import Callbacks
from referral.simulator.standin import StandIn
from tests.fire.balancer import Balancer, free_port
from tests.fire.book import Book, Noted, noting
from tests.fire.host import ROOT, Host, children
from tests.fire.load import CODE, Load

__all__ = ["CODE", "LEASE_MINUTES", "ROOT", "Fleet", "Host", "Load"]
LEASE_MINUTES = 0.25
_NOTHING: Mapping[str, str] = MappingProxyType({})
_REAL = {
    "REFERRAL_GATEWAY": "africastalking", "AT_USERNAME": "standin", "AT_API_KEY": "standin", "AT_SHORTCODE": "22384", "AT_USSD_CODE": "*384*96#",
}  # fmt: skip


class Fleet:
    """Hosts over one database, and the gateway. `killed`: which workers were, and when (by the steady clock)."""

    def __init__(
        self, url: str, folder: Path, *, workers: int = 1, real: bool = False, hosts: int = 1, lease: float = LEASE_MINUTES,
        policy: Mapping[str, str] = _NOTHING,
    ) -> None:  # fmt: skip
        """`workers`: on each host. `real`: set up as for the real gateway, at another address: AT_BASE_URL leads to the stand-in of this process.
        `lease` in minutes, and `policy`, the rest of a line by how it begins: what differs from the county's figures."""
        self._folder = folder
        ports = [free_port() for _ in range(hosts)]
        self.balancer = Balancer(ports) if hosts > 1 else None
        self.port = self.balancer.port if self.balancer else ports[0]
        secrets = self._write_secrets()
        tokens = read_secrets(secrets)
        base = f"http://127.0.0.1:{self.port}"
        self.ussd, self.sms = f"{base}/ussd/{tokens.ussd_tokens[0]}", f"{base}/sms/{tokens.sms_tokens[0]}"
        sms = self.sms
        self.book = Book()
        self.gateway = StandIn(
            callbacks=Callbacks(self.ussd, f"{self.ussd}/ended", f"{sms}/inbound", f"{sms}/delivery", f"{sms}/opt-out"), faults=Noted(self.book),
            short_code="22384", ussd_code="*384*96#", practice_code="*384*97#", labels={}, username="standin", api_key="standin", time_factor=0.01,
        )  # fmt: skip
        self.gateway.app.wsgi_app = noting(self.gateway.app.wsgi_app, self.book)  # type: ignore[method-assign]
        self._standin = f"http://127.0.0.1:{self.gateway.serve(0)}"
        shared = {
            "REFERRAL_STANDIN_PORT": self._standin.rpartition(":")[2],
            "REFERRAL_DATABASE_URL": url,
            "REFERRAL_CONFIG": str(self._county({"lease = ": str(lease), **policy})),
            "REFERRAL_SECRETS": str(secrets),
            "REFERRAL_KEYRING": str(keyring_file()),
            "REFERRAL_LOG_LEVEL": os.environ.get("REFERRAL_LOG_LEVEL", "error"),
            "PYTHONPATH": str(ROOT),
        } | (_REAL if real else {})
        serial = itertools.count(1)
        self.hosts = [Host(f"host{at}" if hosts > 1 else "", port, folder, shared, serial) for at, port in enumerate(ports)]
        for host in self.hosts:
            for _ in range(workers):
                host.start_worker()
        self.kills = {"web": 0, "worker": 0}
        self.killed: dict[str, float] = {}
        try:
            self.up()
        except BaseException:  # nobody else would end what has been started
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every process that is still there."""
        for host in self.hosts:
            host.close()
        self.gateway.close()
        if self.balancer:
            self.balancer.close()

    @property
    def _web(self) -> subprocess.Popen[bytes]:
        return self.hosts[0].web

    @staticmethod
    def _children(pid: int) -> list[int]:
        return children(pid)

    def kill_one(self, choice: random.Random) -> None:
        """SIGKILL a web process or a worker, as a crash or an emptied memory would; a worker in the middle of its work, or a call."""
        host = choice.choice(self.hosts)
        victims = host.web_processes()
        if victims and choice.random() < 0.5:
            with suppress(ProcessLookupError):
                os.kill(choice.choice(victims), signal.SIGKILL)
            self.kills["web"] += 1
            return
        name = self.book.calling(host.workers, 10) or choice.choice(list(host.workers))
        time.sleep(choice.choice([choice.uniform(0, 0.03), choice.uniform(0, 2)]))  # before the text is taken, after, while the answer is written down, later
        host.kill_worker(name)
        self.killed[name] = time.monotonic()
        host.start_worker()
        self.kills["worker"] += 1

    def lose(self, host: Host) -> float:
        """This host is gone for good; since when."""
        names, at = list(host.workers), time.monotonic()
        host.lose()
        self.killed |= dict.fromkeys(names, at)
        return at

    def dial(self, session: str, keys: tuple[str, ...]) -> str:
        """Press keys one after the other, as a gateway passes them on; the last screen."""
        screen = ""
        for count in range(1, len(keys) + 1):
            form = {"sessionId": session, "phoneNumber": "+254700000001", "networkCode": "63902", "serviceCode": "*384*96#", "text": "*".join(keys[:count])}
            screen = requests.post(self.ussd, data=form, timeout=10).text
        return screen

    def texts(self) -> list[tuple[str, str]]:
        """Every text the gateway took, as (number, words)."""
        phones = requests.get(f"{self._standin}/phones", timeout=10).json()["phones"]
        found = []
        for phone in phones:
            inbox = requests.get(f"{self._standin}/phones/{phone['number'].replace('+', '%2B')}/inbox", timeout=10).json()
            found += [(phone["number"], message["text"]) for message in inbox["messages"]]
        return found

    def text(self, number: str, words: str) -> None:
        """Somebody texts the service's short code."""
        requests.post(f"{self._standin}/phones/text", json={"number": number, "text": words}, timeout=10).raise_for_status()

    def log(self) -> str:
        return "".join(log.read_text("utf-8", "replace") for log in sorted(self._folder.glob("log*")))

    def up(self) -> None:
        """Wait until every host is ready."""
        until = time.monotonic() + 60
        while not all(host.ready() for host in self.hosts):
            if time.monotonic() > until:
                raise AssertionError(f"the service does not come up: {self.log()[-2000:]}")
            time.sleep(0.1)

    def _county(self, figures: Mapping[str, str]) -> Path:
        """The county with a short lease, so that what a dead worker held is taken over within the test's time."""
        county = self._folder / "county"
        shutil.copytree(ROOT / "config" / "kwale", county)
        policy = county / "policy.toml"
        words = policy.read_text("utf-8")
        for begin, rest in figures.items():
            words, count = re.subn(rf"(?m)^{re.escape(begin)}.*$", f"{begin}{rest}", words)
            assert count == 1, begin
        policy.write_text(words, "utf-8")
        return county

    def _write_secrets(self) -> Path:
        """The key the test's database was filled with, so that its officers' numbers open."""
        root, secrets = base64.b64encode(bytes(range(32))).decode(), self._folder / "secrets.toml"
        secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"ab12cd34" * 5}"]\nsms_tokens = ["{"ef56gh78" * 5}"]\n')
        secrets.chmod(0o600)
        return secrets
