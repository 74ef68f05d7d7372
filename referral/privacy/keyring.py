"""The keyring's file: outside the database, sealed under the root key, written whole or not at all, read anew by every process when it changes."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from referral.privacy.keys import Keys
from referral.privacy.ring import BadRing, Kind, Ring, month, read_ring, write_ring
from referral.privacy.seal import Sealer

log = structlog.get_logger()
ROOT_FIELDS = "k1"
"""The key that is derived from the root: what was sealed before there was a keyring opens with it."""
_ABOUT = b"referral keyring 1"
_NONCE = 12


class KeyringError(Exception):
    """The file is missing or cannot be used. One line that names the setting, and shows nothing of the file."""


class Keyring:
    """The keys as the file holds them now. Safe among threads and processes: whoever changes it holds a lock on a file beside it."""

    def __init__(self, path: Path, keys: Keys, clock: Callable[[], datetime], *, follows: bool = False) -> None:
        """Nothing is read yet. `keys` are those of the same root; `clock` says what month it is. `follows`: the file is a copy of another host's,
        and no key is made here: what is sealed on one host must open on all."""
        self.path = path
        self.follows = follows
        self._wrap = AESGCM(keys.ring)
        self._derived = {ROOT_FIELDS: keys.fields}
        self._clock = clock
        self._lock = RLock()
        self._ring = Ring()
        self._stamp: tuple[int, ...] | None = None
        self._refused: tuple[int, ...] | None = None
        self._ciphers: dict[str, AESGCM] = {}

    @property
    def sealer(self) -> Sealer:
        return RingSealer(self)

    @property
    def there(self) -> bool:
        return self.path.exists()

    def ring(self) -> Ring:
        """The keys, read anew if the file changed. Without a file none. Raises KeyringError if it was never readable; a file that became
        unreadable is an error in the log, and what was read before still serves: callers must be answered."""
        stamp = _stamp(self.path)
        if stamp not in (self._stamp, self._refused):
            with self._lock:
                self._look(stamp)
        return self._ring

    def sound(self) -> bool:
        """Whether the file can be read at this moment, for who watches: what was read before serves on where it cannot."""
        try:
            return bool(self._read().keys)
        except KeyringError:
            return False

    def create(self) -> bool:
        """Write a first keyring unless there is one; True if written."""
        if self.there:
            return False
        with self._turn():
            if self.there:
                return False
            self._write(self._ring.filled(self._clock()))
        return True

    def change(self, alter: Callable[[Ring], Ring]) -> Ring:
        """Alter the keyring as it stands in the file now; one that vanished is written back whole. Durable when it returns. Raises KeyringError
        where there never was one, and where what stands there cannot be read."""
        with self._turn():
            before = self.ring()
            if self._refused is not None:  # whatever stands there, it may hold keys that nobody else has
                raise KeyringError(f"REFERRAL_KEYRING: {self.path} cannot be read any more and is not written over: put the right one there")
            if not before.keys:
                raise KeyringError(
                    f"REFERRAL_KEYRING: {self.path} is missing: put it back from its backup, or run `referral db upgrade` if there never was one"
                )
            after = alter(before)
            if after != before or not self.there:
                self._write(after)
            return after

    def make_ahead(self) -> int:
        """Make what is missing now and for the months to come; how many keys."""
        now = self._clock()
        before = self.ring()
        if self.follows or not before.keys or before.filled(now) == before:
            return 0
        return len(self.change(lambda ring: ring.filled(now)).keys) - len(before.keys)

    def writes_with(self, scope: str) -> str:
        """The id of the key to write with in a scope. Made if it is missing where it is needed now; a host that follows another takes the newest
        month it was given instead: three months without a new copy must not keep a report from being read elsewhere."""
        now = self._clock()
        newest = self.ring().newest(scope, now)
        if newest is None and self.follows:
            newest = self.ring().latest_month(now)
            log.error("the copy of the keyring is old: no key for this month", key=newest and newest.id)
        if newest is None:
            newest = self.change(lambda ring: ring if ring.newest(scope, now) else ring.adding(scope, now)).newest(scope, now)
            log.warning("a key was made where it was needed", key=newest and newest.id)
        assert newest is not None  # made above, by us or by another process
        return newest.id

    def writes_month(self, filed: datetime) -> str:
        """For what belongs to a report filed at that moment: its month's key, and this month's where that one is gone."""
        own = self.ring().newest(month(filed), self._clock())
        return own.id if own else self.writes_with(month(self._clock()))

    def cipher(self, id_: str) -> AESGCM:
        """Raises KeyError for a key that is not here."""
        ring, known = self.ring(), self._ciphers.get(id_)
        if known is None:
            key = ring.key(id_)
            secret = self._derived.get(id_) or (key.secret if key and key.kind is not Kind.RELAY else None)
            if secret is None:
                raise KeyError(id_)
            known = self._ciphers[id_] = AESGCM(secret)
        return known

    def _look(self, stamp: tuple[int, ...] | None) -> None:
        if stamp is None:
            if self._stamp is not None:
                log.error("the keyring is gone from its place")
            self._stamp = self._refused = None  # what was read serves on
            return
        try:
            self._ring = self._read()
        except KeyringError:
            if not self._ring.keys:
                raise
            log.error("the keyring cannot be read any more")
            self._refused = stamp
            return
        self._stamp, self._refused, self._ciphers = stamp, None, {}

    def _read(self) -> Ring:
        try:
            raw = json.loads(self.path.read_text())
            sealed = base64.b64decode(raw["sealed"])
            return read_ring(self._wrap.decrypt(sealed[:_NONCE], sealed[_NONCE:], _ABOUT).decode())
        except InvalidTag:
            raise KeyringError(f"REFERRAL_KEYRING: {self.path} does not open with the root key of the secrets file, or was changed") from None
        except BadRing as error:
            raise KeyringError(f"REFERRAL_KEYRING: {self.path}: {error}") from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise KeyringError(f"REFERRAL_KEYRING: {self.path} cannot be read ({type(error).__name__})") from None

    def export(self, ring: Ring, path: Path) -> None:
        """Write a keyring for another host under the same root. Raises FileExistsError."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.sealed(ring))

    def _write(self, ring: Ring) -> None:
        """A new file in the old one's place, each safely on the disk before the other goes: a power cut leaves one of the two whole."""
        for left in self.path.parent.glob(f".{self.path.name}.*"):  # by who was killed here: it may hold keys that are destroyed since
            left.unlink(missing_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.sealed(ring))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        with self._lock:
            self._ring, self._stamp, self._ciphers = ring, _stamp(self.path), {}

    def sealed(self, ring: Ring) -> str:
        """A keyring as it stands in a file."""
        nonce = secrets.token_bytes(_NONCE)
        return json.dumps({"version": 1, "sealed": base64.b64encode(nonce + self._wrap.encrypt(nonce, write_ring(ring).encode(), _ABOUT)).decode()}) + "\n"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One at a time among all processes of this machine; the lock goes with whoever held it, however they end."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock, os.fdopen(os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def __repr__(self) -> str:
        return "<keyring>"


class RingSealer(Sealer):
    """Writes with the newest key of its class, looked up at each sealing, so that a rotation needs no restart; opens with any that is there."""

    def __init__(self, ring: Keyring, filed: datetime | None = None) -> None:
        self._keyring = ring
        self._filed = filed

    def of_month(self, filed: datetime) -> Sealer:
        return RingSealer(self._keyring, filed)

    def _writes_with(self) -> str:
        return self._keyring.writes_with(Kind.FIELDS) if self._filed is None else self._keyring.writes_month(self._filed)

    def _cipher(self, name: str) -> AESGCM:
        return self._keyring.cipher(name)


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
