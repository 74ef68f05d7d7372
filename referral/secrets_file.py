"""The secrets file: root key and callback tokens, mode 0600. Made once, read at each start, its tokens turned by `referral tokens`."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets as randomness
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from referral.privacy.keys import ROOT_LENGTH

SHORTEST_TOKEN = 32
Tokens = tuple[str, ...]
"""Those that are alive, the newest first."""


class SettingsError(Exception):
    """Every problem found, one a line, each naming its setting. The process does not start."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Secrets:
    """What the secrets file holds. Its `repr` shows nothing."""

    root: bytes
    ussd_tokens: tuple[str, ...]
    sms_tokens: tuple[str, ...]
    world_readable: bool = False

    def __repr__(self) -> str:
        return "<secrets>"


def read_secrets(path: Path) -> Secrets:
    """The secrets file. Raises SettingsError: missing, unreadable, not the shape `create_secrets` writes."""
    try:
        raw = tomllib.loads(path.read_text())
        world_readable = bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
        root = base64.b64decode(raw["root_key"], validate=True)
        ussd, sms = tuple(raw["ussd_tokens"]), tuple(raw["sms_tokens"])
    except FileNotFoundError:
        raise SettingsError([f"REFERRAL_SECRETS: {path} is missing: `referral secrets create` makes one"]) from None
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SettingsError([f"REFERRAL_SECRETS: {path} cannot be read ({type(error).__name__})"]) from None
    if len(root) != ROOT_LENGTH:
        raise SettingsError([f"REFERRAL_SECRETS: root_key must be {ROOT_LENGTH} bytes in base64"])
    return Secrets(root, ussd, sms, world_readable)


def create_secrets(path: Path) -> bool:
    """Write a new secrets file (mode 0600) unless there is one; True if written. Never overwrites: the old key opens the old rows."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = (
        "# The service's secrets. Back this file up apart from the database: without it nothing sealed can be read.",
        f'root_key = "{base64.b64encode(randomness.token_bytes(ROOT_LENGTH)).decode()}"',
        f'ussd_tokens = ["{new_token()}"]',
        f'sms_tokens = ["{new_token()}"]',
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
    return True


def new_token() -> str:
    """43 letters, digits, - and _ that nobody can guess."""
    return randomness.token_urlsafe(32)


def change_tokens(path: Path, name: str, alter: Callable[[Tokens], Tokens], *, dry_run: bool = False) -> Tokens:
    """Alter the tokens of one door (`name` is ussd_tokens or sms_tokens) in the file as it stands, and nothing else of it. Returns them as they are now.

    Another process doing the same waits. A new file takes the old one's place whole, mode 0600, with the old one's owner, or a start under that
    user would not find its keys. Raises SettingsError where the file cannot be read or written, or is not of the shape `create_secrets` writes.
    A dry run looks whether it could be done, and writes nothing.
    """
    path = path.resolve()  # what a link points to is changed, not the link
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise SettingsError([f"REFERRAL_SECRETS: {path.parent} cannot be read ({type(error).__name__})"]) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = read_secrets(path)
        after = alter(getattr(before, name))
        changed = _with_tokens(path, name, after)
        if dry_run:
            _writable(path.parent)
            return after
        _put(path, changed)
        os.fsync(folder)
    except OSError as error:
        raise SettingsError([f"REFERRAL_SECRETS: {path} cannot be written here ({type(error).__name__}): do it where the file lies, as its owner"]) from None
    finally:
        os.close(folder)
    return after


def _writable(folder: Path) -> None:
    """Raises PermissionError: a new file must stand there beside the old."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(folder)


def _with_tokens(path: Path, name: str, tokens: Tokens) -> str:
    """The file's text with other tokens; looked at before it is kept."""
    text = path.read_text()
    listed = ", ".join(f'"{one}"' for one in tokens)
    changed, count = re.subn(rf"^{name}[ \t]*=[ \t]*\[[^\]]*\]", f"{name} = [{listed}]", text, flags=re.MULTILINE)
    if count != 1 or tomllib.loads(changed) != {**tomllib.loads(text), name: list(tokens)}:
        raise SettingsError([f"REFERRAL_SECRETS: {path}: {name} does not stand there as `referral secrets create` writes it: change it by hand"])
    return changed


def _put(path: Path, text: str) -> None:
    """Safely on the disk before it takes the old one's place: a power cut leaves one of the two whole."""
    owner = path.stat()
    fresh = path.with_name(f".{path.name}.{randomness.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
