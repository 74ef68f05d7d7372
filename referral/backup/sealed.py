"""A file sealed piece by piece: whoever finds it reads nothing, and one that was changed, cut or put together anew does not open."""

from __future__ import annotations

import io
import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"referral backup 1\n"
PIECE = 64 * 1024
_SALT, _TAG = 16, 16


class DoesNotOpen(Exception):
    """No backup of ours, sealed under another root key, or not as it was written. The words say which, and quote nothing."""


class _Pieces:
    """AES-256-GCM under a key of this file alone; a piece's nonce is its number and whether it is the last, so that none can be moved or left out."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=salt, info=b"backup file").derive(key))
        self._count = 0

    def seal(self, piece: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last=last), piece, MAGIC)

    def open(self, piece: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last=last), piece, MAGIC)
        except InvalidTag:
            raise DoesNotOpen("the file is not as it was written, or was sealed under another root key") from None

    def _nonce(self, *, last: bool) -> bytes:
        self._count += 1
        return self._count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class SealingWriter(io.RawIOBase):
    """Writes to `file`, which it leaves open. What was written is whole only after `close`."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = secrets.token_bytes(_SALT)
        self._file = file
        self._pieces = _Pieces(key, salt)
        self._waiting = bytearray()
        file.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._file.write(self._pieces.seal(bytes(self._waiting[:PIECE]), last=False))
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.write(self._pieces.seal(bytes(self._waiting), last=True))
            self._waiting.clear()
        super().close()


class OpeningReader(io.RawIOBase):
    """Reads what SealingWriter wrote. Raises DoesNotOpen, at the latest where the file ends too early."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        head = file.read(len(MAGIC) + _SALT)
        if len(head) < len(MAGIC) + _SALT or not head.startswith(MAGIC):
            raise DoesNotOpen("this is no backup")
        self._file = file
        self._pieces = _Pieces(key, head[len(MAGIC) :])
        self._next = file.read(PIECE + _TAG)
        self._open = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._open and not self._ended:
            self._open = self._piece()
        taken = min(len(buffer), len(self._open))
        buffer[:taken], self._open = self._open[:taken], self._open[taken:]
        return taken

    def _piece(self) -> bytes:
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        self._ended = not self._next
        return self._pieces.open(piece, last=self._ended)
