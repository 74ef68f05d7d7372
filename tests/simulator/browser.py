"""A headless Chromium: Debian's, installed where it is missing and may be."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--disable-dev-shm-usage",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoBrowser(Exception):
    """There is no Chromium here, and it may not be installed. The message says so in one line."""


def chromium() -> str:
    """Where Chromium is; installed first with apt where that is allowed. Raises NoBrowser."""
    # Several processes of one test run may ask at once; apt lets only one work.
    with (Path(tempfile.gettempdir()) / "referral-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _found() and os.geteuid() == 0 and shutil.which("apt-get"):
            for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
                subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    found = _found()
    if found is None:
        raise NoBrowser("browser tests need Chromium: `apt-get install chromium` as root, then run them again")
    return found


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser. Raises NoBrowser."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield started
        finally:
            started.close()
