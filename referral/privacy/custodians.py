"""Two people who together can bring the keys back: their key files, the backup that only both open, and its restore."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from referral.privacy.boxes import KEY_LENGTH, Pair, close_box, new_pair, open_box, public_of
from referral.privacy.keyring import Keyring
from referral.privacy.keys import Keys
from referral.privacy.seal import Cell, Unreadable

SHORTEST_PASSPHRASE = 12
_ABOUT_KEY, _ABOUT_BACKUP = b"referral custodian 1", b"referral backup 1"
COST = {"iterations": 3, "lanes": 4, "memory_cost": 128 * 1024}
"""128 MiB, some tenths of a second: a passphrase is tried by a person once a month, by a thief never often enough."""
_CANARY = Cell("backup", "canary", "")
_NONCE = 12


class CustodyError(Exception):
    """One line for the operator; it shows nothing of a key."""


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who holds one of the two keys, opened with the passphrase."""

    name: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup brought back, verified: written at `made`, for these two, so many keys, so many of them of months."""

    made: datetime
    to: Sequence[str]
    keys: int
    months: int


def new_custodian(name: str, passphrase: str, path: Path, cost: Mapping[str, int] = COST) -> bytes:
    """Write a custodian's key file (mode 0600), its private half sealed by the passphrase alone, and return the public half.

    Raises CustodyError for a short passphrase, FileExistsError.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE or len(set(passphrase)) < SHORTEST_PASSPHRASE // 2:
        raise CustodyError(f"a passphrase has {SHORTEST_PASSPHRASE} letters or more, and not the same few of them: four or five words")
    pair, salt, nonce = new_pair(), secrets.token_bytes(16), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_stretched(passphrase, salt, cost)).encrypt(nonce, pair.private, _ABOUT_KEY + name.encode())
    words = {"version": 1, "name": name, "public": _text(pair.public), "salt": _text(salt), **cost, "private": _text(nonce + sealed)}
    _write(path, json.dumps(words, indent=1) + "\n")
    return pair.public


def open_custodian(path: Path, passphrase: str) -> Custodian:
    """A key file opened. Raises CustodyError."""
    try:
        raw = json.loads(path.read_text())
        cost = {name: int(raw[name]) for name in COST}
        private = base64.b64decode(raw["private"])
        stretched = _stretched(passphrase, base64.b64decode(raw["salt"]), cost)
        opened = AESGCM(stretched).decrypt(private[:_NONCE], private[_NONCE:], _ABOUT_KEY + str(raw["name"]).encode())
        return Custodian(str(raw["name"]), Pair(opened, public_of(opened)))
    except InvalidTag:
        raise CustodyError(f"{path}: the passphrase is another") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CustodyError(f"{path}: no custodian's key ({type(error).__name__})") from None


def write_backup(ring: Keyring, secrets_file: Path, to: Sequence[str], path: Path, now: datetime) -> int:
    """Seal secrets file and keyring for two custodians, the one's box within the other's, so that neither opens it alone. How many keys are in it.

    Raises CustodyError for fewer than two, or somebody unknown; KeyringError; FileExistsError.
    """
    keys = ring.ring()
    unknown = [name for name in to if name not in keys.custodians]
    if unknown:
        raise CustodyError(f"{', '.join(unknown)}: no custodian; known are {', '.join(sorted(keys.custodians)) or 'none'}")
    if len(to) != 2 or len({keys.custodians[name] for name in to}) != 2:
        raise CustodyError("a backup is sealed for two different custodians: referral keys custodian NAME --out FILE makes one")
    words = secrets.token_hex(16)
    canary = ring.sealer.of_month(now).seal(words, _CANARY)
    keys = ring.ring()  # with the key that this may have made
    plain = {
        "made": now.isoformat(),
        "secrets": secrets_file.read_text(),
        "keyring": ring.sealed(keys),
        "keys": len(keys.keys),
        "canary": _text(canary),
        "words": words,
    }
    inner = close_box(keys.custodians[to[0]], json.dumps(plain).encode(), _ABOUT_BACKUP)
    outer = close_box(keys.custodians[to[1]], inner, _ABOUT_BACKUP)
    _write(path, json.dumps({"version": 1, "made": now.isoformat(), "to": list(to), "sealed": _text(outer)}) + "\n")
    ring.change(lambda held: replace(held, backed_up=now))
    return len(keys.keys)


def restore_backup(path: Path, custodians: Sequence[Custodian], folder: Path, read_root: Callable[[str], bytes]) -> Restored:
    """Bring secrets file and keyring back into a folder that has neither, and prove that they open what was sealed with them.

    `read_root` takes the root key out of a secrets file's text. Raises CustodyError; on any doubt nothing is left behind.
    """
    files = {"secrets": folder / "secrets.toml", "keyring": folder / "keyring.json"}
    taken = [str(file) for file in files.values() if file.exists()]
    if taken:
        raise CustodyError(
            f"{', '.join(taken)}: there already; a restore never writes over keys: move them to another folder first, since something may be sealed with them"
        )
    to, plain = _opened(path, custodians)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        for name, file in files.items():
            _write(file, str(plain[name]))
        return _proven(plain, to, files["keyring"], read_root)
    except Exception as error:
        for file in files.values():
            file.unlink(missing_ok=True)
        if isinstance(error, CustodyError):
            raise
        raise CustodyError(f"{path}: what is in it cannot be used ({type(error).__name__})") from None


def _opened(path: Path, custodians: Sequence[Custodian]) -> tuple[Sequence[str], dict[str, object]]:
    by_name = {one.name: one for one in custodians}
    try:
        raw = json.loads(path.read_text())
        to, box = [str(name) for name in raw["to"]], base64.b64decode(raw["sealed"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CustodyError(f"{path}: no backup of keys ({type(error).__name__})") from None
    missing = [name for name in to if name not in by_name]
    if missing:
        raise CustodyError(f"{path} is sealed for {' and '.join(to)}: the key of {' and '.join(missing)} is missing")
    try:
        for name in reversed(to):
            box = open_box(by_name[name].pair.private, box, _ABOUT_BACKUP)
        plain: dict[str, object] = json.loads(box)
    except (Unreadable, ValueError):
        raise CustodyError(f"{path}: does not open with these two keys, or was changed") from None
    return to, plain


def _proven(plain: dict[str, object], to: Sequence[str], keyring: Path, read_root: Callable[[str], bytes]) -> Restored:
    """Raises CustodyError, KeyringError and Unreadable."""
    ring = Keyring(keyring, Keys(read_root(str(plain["secrets"]))), lambda: datetime.now(UTC))
    held = ring.ring()
    if len(held.keys) != plain["keys"]:
        raise CustodyError(f"{len(held.keys)} keys are in it, not {plain['keys']}")
    if ring.sealer.open(base64.b64decode(str(plain["canary"])), _CANARY) != plain["words"]:
        raise CustodyError("the keys do not open what was sealed with them")
    months = sum(key.kind == "month" for key in held.keys)
    return Restored(datetime.fromisoformat(str(plain["made"])), to, len(held.keys), months)


def _stretched(passphrase: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    iterations, lanes, memory = (cost[name] for name in COST)
    return Argon2id(salt=salt, length=KEY_LENGTH, iterations=iterations, lanes=lanes, memory_cost=memory).derive(passphrase.encode())


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
