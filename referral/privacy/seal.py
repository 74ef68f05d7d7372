"""Fields sealed with AES-256-GCM, each bound to its table, column and row: moved anywhere else, a value does not open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12
_END = b"\x80"


class Cell(NamedTuple):
    """Where a sealed value lives."""

    table: str
    column: str
    row: str


class Unreadable(Exception):
    """The value was changed, moved, cut, or sealed with a key that is gone. Shown as such, never guessed around."""


class Sealer:
    """Seals and opens text. The layout is version (1) | length of key id (1) | key id | nonce (12) | ciphertext and tag.

    `keys` maps key ids to 32-byte keys; `newest` is the one to write with, any may be read. The key's id stands in the value,
    so that a reader never has to try keys in turn and a rotation can count what is left on the old one.
    """

    def __init__(self, keys: Mapping[str, bytes], newest: str) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = newest
        if newest not in self._ciphers:
            raise ValueError("the key to write with is not among the keys")

    def seal(self, text: str, cell: Cell, *, pad: int = 32) -> bytes:
        """`text` for `cell`, padded to a multiple of `pad` bytes so that the length says little."""
        plain = text.encode() + _END
        plain += b"\x00" * (-len(plain) % pad)
        nonce = secrets.token_bytes(_NONCE)
        name = self._newest.encode()
        head = bytes((_VERSION, len(name))) + name
        return head + nonce + self._ciphers[self._newest].encrypt(nonce, plain, _bound(head, cell))

    def open(self, sealed: bytes, cell: Cell) -> str:
        """The text again. Raises Unreadable."""
        try:
            if sealed[0] != _VERSION:
                raise Unreadable("unknown version")
            end = 2 + sealed[1]
            head, nonce, body = sealed[:end], sealed[end : end + _NONCE], sealed[end + _NONCE :]
            plain = self._ciphers[head[2:].decode()].decrypt(nonce, body, _bound(head, cell))
        except (InvalidTag, KeyError, IndexError, ValueError):
            raise Unreadable("the value does not open here") from None
        return plain.rstrip(b"\x00").removesuffix(_END).decode()

    def __repr__(self) -> str:
        return "<sealer>"


def _bound(head: bytes, cell: Cell) -> bytes:
    return b"|".join((b"referral", head, *(part.encode() for part in cell)))
