"""The service as processes: gunicorn, workers and a stand-in gateway, to be killed."""

from __future__ import annotations

import base64
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from referral.settings import read_secrets
from referral.simulator.callbacks import Callbacks
from referral.simulator.standin import StandIn

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(r"\d{4} \d{4} \d{4}")
LEASE_MINUTES = 0.05


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Fleet:
    """Web processes under gunicorn, and workers, over one database; everything restarts when it is killed."""

    def __init__(self, url: str, folder: Path, *, workers: int = 1, real: bool = False) -> None:
        """`real`: set up as for the real gateway, at another address: AT_BASE_URL leads to the stand-in of this process."""
        self.port = free_port()
        self._folder = folder
        self._secrets = folder / "secrets.toml"
        self._write_secrets()
        tokens = read_secrets(self._secrets)
        base = f"http://127.0.0.1:{self.port}"
        self.ussd = f"{base}/ussd/{tokens.ussd_tokens[0]}"
        sms = f"{base}/sms/{tokens.sms_tokens[0]}"
        callbacks = Callbacks(self.ussd, f"{self.ussd}/ended", f"{sms}/inbound", f"{sms}/delivery", f"{sms}/opt-out")
        self.gateway = StandIn(
            callbacks=callbacks, short_code="22384", ussd_code="*384*96#", practice_code="*384*97#", labels={}, username="standin", api_key="standin",
            time_factor=0.01,
        )  # fmt: skip
        self._environment = {
            **os.environ,
            "PORT": str(self.port),
            "REFERRAL_STANDIN_PORT": str(self.gateway.serve(0)),
            "REFERRAL_DATABASE_URL": url,
            "REFERRAL_CONFIG": str(self._county()),
            "REFERRAL_SECRETS": str(self._secrets),
            "REFERRAL_LOG_LEVEL": "error",
            "PYTHONPATH": str(ROOT),
        }
        if real:
            self._environment |= {
                "REFERRAL_GATEWAY": "africastalking",
                "AT_BASE_URL": f"http://127.0.0.1:{self._environment['REFERRAL_STANDIN_PORT']}/version1",
                "AT_USERNAME": "standin",
                "AT_API_KEY": "standin",
                "AT_SHORTCODE": "22384",
                "AT_USSD_CODE": "*384*96#",
            }
        self._log = (folder / "log").open("ab")
        self._web = self._start("-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py"), "wsgi:application")
        self._workers = [self._start("-m", "referral", "work") for _ in range(workers)]
        self.kills = {"web": 0, "worker": 0}
        self._up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in (self._web, *self._workers):
            process.terminate()
        for process in (self._web, *self._workers):
            process.wait(20)
        self.gateway.close()
        self._log.close()

    def kill_one(self, choice: random.Random) -> None:
        """SIGKILL a web process or a worker, as a crash or an emptied memory would."""
        victims = self._children(self._web.pid)
        if victims and choice.random() < 0.5:
            self._kill(choice.choice(victims))
            self.kills["web"] += 1
            return
        at = choice.randrange(len(self._workers))
        self._workers[at].kill()
        self._workers[at].wait()
        self._workers[at] = self._start("-m", "referral", "work")
        self.kills["worker"] += 1

    def dial(self, session: str, keys: tuple[str, ...]) -> str:
        """Press keys one after the other, as a gateway passes them on; the last screen."""
        screen = ""
        for count in range(1, len(keys) + 1):
            form = {"sessionId": session, "phoneNumber": "+254700000001", "networkCode": "63902", "serviceCode": "*384*96#", "text": "*".join(keys[:count])}
            screen = requests.post(self.ussd, data=form, timeout=10).text
        return screen

    def texts(self) -> list[tuple[str, str]]:
        """Every text the gateway took, as (number, words)."""
        address = f"http://127.0.0.1:{self._environment['REFERRAL_STANDIN_PORT']}"
        phones = requests.get(f"{address}/phones", timeout=10).json()["phones"]
        found = []
        for phone in phones:
            inbox = requests.get(f"{address}/phones/{phone['number'].replace('+', '%2B')}/inbox", timeout=10).json()
            found += [(phone["number"], message["text"]) for message in inbox["messages"]]
        return found

    def text(self, number: str, words: str) -> None:
        """Somebody texts the service's short code."""
        address = f"http://127.0.0.1:{self._environment['REFERRAL_STANDIN_PORT']}/phones/text"
        requests.post(address, json={"number": number, "text": words}, timeout=10).raise_for_status()

    def log(self) -> str:
        self._log.flush()
        return (self._folder / "log").read_text("utf-8", "replace")

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log)

    def _up(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the service does not come up: {self.log()[-2000:]}")

    def _county(self) -> Path:
        """The county with a short lease, so that what a dead worker held is taken over within the test's time."""
        county = self._folder / "county"
        shutil.copytree(ROOT / "config" / "kwale", county)
        policy = county / "policy.toml"
        changed, count = re.subn(r"(?m)^lease = .*$", f"lease = {LEASE_MINUTES}", policy.read_text("utf-8"))
        assert count == 1
        policy.write_text(changed, "utf-8")
        return county

    def _write_secrets(self) -> None:
        """The key the test's database was filled with, so that its officers' numbers open."""
        root = base64.b64encode(bytes(range(32))).decode()
        self._secrets.write_text(f'root_key = "{root}"\nussd_tokens = ["{"ab12cd34" * 5}"]\nsms_tokens = ["{"ef56gh78" * 5}"]\n')
        self._secrets.chmod(0o600)

    @staticmethod
    def _children(pid: int) -> list[int]:
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    @staticmethod
    def _kill(pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass
class Load:
    """Callers who report without pause. `promised` are the codes they were shown: reports the service said it has."""

    fleet: Fleet
    keys: tuple[str, ...] = ("1", "1", "1", "1", "2", "4", "1")
    """Report; danger now; sexual abuse; Msambweni; Ukunda; don't know; send."""
    promised: list[str] = field(default_factory=list)
    broken: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, callers: int) -> None:
        self._threads = [threading.Thread(target=self._call_again_and_again, args=(at,), daemon=True) for at in range(callers)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, more: int, seconds: float) -> None:
        """Until so many more reports were promised, or the time is over: a storm must meet real work."""
        goal, until = len(self.promised) + more, time.monotonic() + seconds
        while len(self.promised) < goal and time.monotonic() < until:
            time.sleep(0.02)

    def _call_again_and_again(self, at: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            code = self._report(f"ATUid_{at:08x}{count:024x}", f"+254700000{at:03d}")
            if code is None:
                self.broken += 1
                time.sleep(0.05)
            else:
                self.promised.append(code)

    def _report(self, session: str, number: str) -> str | None:
        """One report; the code if it was said to be sent. A request that fails is asked once more, as some gateways do."""
        text = ""
        screen = ""
        for key in self.keys:
            text = f"{text}*{key}" if text else key
            answer = self._ask(session, number, text) or self._ask(session, number, text)
            if answer is None or answer.startswith("END"):
                return None
            screen = answer
        found = CODE.search(screen)
        return found[0].replace(" ", "") if found else None

    def _ask(self, session: str, number: str, text: str) -> str | None:
        form = {"sessionId": session, "phoneNumber": number, "networkCode": "63902", "serviceCode": "*384*96#", "text": text}
        try:
            answer = requests.post(self.fleet.ussd, data=form, timeout=10)
        except requests.RequestException:
            return None
        return answer.text if answer.status_code == 200 else None
