"""Several web processes are one service: whichever answers, the figures are of all, also of those that have ended."""

from __future__ import annotations

import logging
import os
import runpy
import signal
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from referral.observing.processes import collector, empty, fold
from referral.observing.quiet import RequestsWithheld
from tests.conftest import Kept
from tests.fire.fleet import Fleet


def counted(fleet: Fleet, outcome: str) -> float:
    shown = requests.get(f"http://127.0.0.1:{fleet.port}/metrics", timeout=10).text
    line = f'referral_requests_total{{door="ussd",outcome="{outcome}"}} '
    return sum(float(one.removeprefix(line)) for one in shown.splitlines() if one.startswith(line))


def test_figures_of_all_processes_whoever_answers_also_after_one_was_killed(sqlite_county: Kept, tmp_path: Path) -> None:
    with Fleet(sqlite_county.fresh(f"figures-{tmp_path.name}"), tmp_path) as fleet:
        shown = requests.get(f"http://127.0.0.1:{fleet.port}/metrics", timeout=10).text
        assert 'referral_requests_total{door="ussd",outcome="broken"} 0.0' in shown, "there before anybody has called"
        for serial in range(12):
            fleet.dial(f"ATUid_{serial:032x}", ("1",))
        assert {counted(fleet, "con") for _ in range(8)} == {12}
        victim = fleet.hosts[0].web_processes()[0]
        os.kill(victim, signal.SIGKILL)
        for serial in range(12, 20):
            _patiently(lambda serial=serial: fleet.dial(f"ATUid_{serial:032x}", ("1",)))  # type: ignore[misc]
        assert {counted(fleet, "con") for _ in range(8)} == {20}


def test_no_address_of_a_callback_is_in_the_log_whatever_is_sent(sqlite_county: Kept, tmp_path: Path) -> None:
    with Fleet(sqlite_county.fresh(f"quiet-{tmp_path.name}"), tmp_path) as fleet:
        token = fleet.ussd.rsplit("/", 1)[1]
        for spoilt in (
            f"POST /ussd/{token} HTTP/9.9\r\n\r\n",
            f"PO ST /ussd/{token}\r\n\r\n",
            f"POST /ussd/{token} HTTP/1.1\r\nContent-Length: {token}\r\n\r\n",
            f"POST /ussd/{token} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n{token}\r\n",
            f"GET /ussd/{token}{'x' * 3000} HTTP/1.1\r\n\r\n",
        ):
            _say(fleet.port, spoilt)
        fleet.dial(f"ATUid_{1:032x}", ("1",))
        log = (tmp_path / "log").read_text()
    assert token not in log
    assert "ussd" not in log


@pytest.mark.parametrize("words", ["Error handling request %s %s", "Error handling request %s", "Invalid request from ip=192.0.2.7: POST /ussd/t0ken"])
def test_errors_of_the_server_come_without_the_request(words: str) -> None:
    arguments = ("POST", "/ussd/t0ken", "/ussd/t0ken")[: words.count("%s")]
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 1, words, arguments, (ValueError, ValueError("t0ken"), None))
    assert RequestsWithheld().filter(record)
    said = logging.Formatter().format(record)
    assert "t0ken" not in said
    assert "192.0.2.7" not in said
    assert "ValueError" in said


def test_a_process_killed_before_it_wrote_anything_stops_nothing(tmp_path: Path) -> None:
    """The library makes the file first and gives it a size afterwards: whoever is killed in between leaves an empty one."""
    key = mmap_key("referral_requests", "referral_requests_total", ["door"], ["ussd"], "Calls")
    one = MmapedDict(str(tmp_path / "counter_100.db"))
    one.write_value(key, 3.0, 0.0)
    one.close()
    (tmp_path / "counter_101.db").touch()
    (tmp_path / "gauge_all_101.db").touch()
    [family] = collector(tmp_path).collect()
    assert [sample.value for sample in family.samples] == [3]
    fold(tmp_path, 101)
    assert [file.name for file in tmp_path.glob("*.db")] == ["counter_100.db"]


def test_an_error_over_figures_is_no_reason_to_stop_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    config = runpy.run_path("config/gunicorn.py")
    (tmp_path / "counter_100.db").write_bytes(b"\x7f" * 64)
    said: list[str] = []
    config["child_exit"](SimpleNamespace(log=SimpleNamespace(error=said.append)), SimpleNamespace(pid=100))
    assert said == ["the figures of an ended process are lost"]


def test_a_hundred_renewed_processes_leave_one_file(tmp_path: Path) -> None:
    key = mmap_key("referral_requests", "referral_requests_total", ["door"], ["ussd"], "Calls")
    for pid in range(100, 200):
        one = MmapedDict(str(tmp_path / f"counter_{pid}.db"))
        one.write_value(key, 3.0, 0.0)
        one.close()
        fold(tmp_path, pid)
    assert [file.name for file in tmp_path.glob("*.db")] == ["counter_ended.db"]
    [family] = collector(tmp_path).collect()
    assert [sample.value for sample in family.samples] == [300]
    empty(tmp_path)
    assert not list(tmp_path.glob("*.db"))


def _say(port: int, words: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(words.encode())
        line.shutdown(socket.SHUT_WR)
        line.settimeout(5)
        try:
            while line.recv(4096):
                pass
        except ConnectionResetError:
            pass


def _patiently(call: object) -> None:
    """A killed process takes the call in hand with it; the gateway asks again."""
    for _ in range(50):
        try:
            call()  # type: ignore[operator]
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nobody answers")
