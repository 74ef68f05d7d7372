"""Fields sealed with AES-256-GCM, each bound to its table, column and row: moved anywhere else, a value does not open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
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


class NoKey(Unreadable):
    """Sealed with a key that is not here: another host, or this one once its keyring has caught up, may have it."""


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

    def of_month(self, filed: datetime) -> Sealer:
        """What seals for a report filed at this moment: under its month's key where keys have months, else under the one key there is."""
        return self

    def seal(self, text: str, cell: Cell, *, pad: int = 32) -> bytes:
        """`text` for `cell`, padded to a multiple of `pad` bytes so that the length says little."""
        return self.seal_under(self._writes_with(), text, cell, pad=pad)

    def seal_under(self, name: str, text: str, cell: Cell, *, pad: int = 32) -> bytes:
        """As `seal`, under a key that is named. Raises KeyError for one that is not there."""
        plain = text.encode() + _END
        return self._sealed(name, plain + b"\x00" * (-len(plain) % pad), cell)

    def seal_again(self, sealed: bytes, cell: Cell, under: str) -> bytes:
        """A sealed value under another key, its padding as it is. Raises Unreadable, and KeyError for a key that is not there."""
        return self._sealed(under, self._plain(sealed, cell), cell)

    def open(self, sealed: bytes, cell: Cell) -> str:
        """The text again. Raises Unreadable."""
        return self._plain(sealed, cell).rstrip(b"\x00").removesuffix(_END).decode()

    def _sealed(self, name: str, plain: bytes, cell: Cell) -> bytes:
        nonce, begin = secrets.token_bytes(_NONCE), head(name)
        return begin + nonce + self._cipher(name).encrypt(nonce, plain, _bound(begin, cell))

    def _plain(self, sealed: bytes, cell: Cell) -> bytes:
        try:
            if sealed[0] != _VERSION:
                raise Unreadable("unknown version")
            end = 2 + sealed[1]
            begin, nonce, body = sealed[:end], sealed[end : end + _NONCE], sealed[end + _NONCE :]
            return self._cipher(begin[2:].decode()).decrypt(nonce, body, _bound(begin, cell))
        except KeyError:
            raise NoKey("the value's key is not here") from None
        except (InvalidTag, IndexError, ValueError):
            raise Unreadable("the value does not open here") from None

    def _writes_with(self) -> str:
        return self._newest

    def _cipher(self, name: str) -> AESGCM:
        """Raises KeyError."""
        return self._ciphers[name]

    def __repr__(self) -> str:
        return "<sealer>"


def head(name: str) -> bytes:
    """How every value begins that is sealed with the key of this id."""
    return bytes((_VERSION, len(name))) + name.encode()


def key_of(sealed: bytes) -> str:
    """The id of the key a value was sealed with, "?" for what is no sealed value. Nothing is opened or verified."""
    if len(sealed) < 2 or sealed[0] != _VERSION:
        return "?"
    return sealed[2 : 2 + sealed[1]].decode("ascii", "replace")


def _bound(begin: bytes, cell: Cell) -> bytes:
    return b"|".join((b"referral", begin, *(part.encode() for part in cell)))
