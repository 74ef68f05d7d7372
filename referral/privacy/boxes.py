"""Boxes that anybody can close with a public key and only the holder of the private key can open: HPKE (RFC 9180), X25519, AES-256-GCM."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from referral.privacy.seal import Unreadable

KEY_LENGTH = 32
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two halves, 32 bytes each. Its `repr` shows nothing."""

    private: bytes
    public: bytes

    def __repr__(self) -> str:
        return "<key pair>"


def new_pair() -> Pair:
    private = X25519PrivateKey.generate()
    return Pair(private.private_bytes_raw(), private.public_key().public_bytes_raw())


def public_of(private: bytes) -> bytes:
    """The public half of a private key. Raises ValueError for what is none."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def close_box(public: bytes, plain: bytes, about: bytes) -> bytes:
    """`plain` for who holds the private half. `about` is bound to it: opened as anything else it does not open. Raises ValueError for no key."""
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=about)


def open_box(private: bytes, box: bytes, about: bytes) -> bytes:
    """What is in a box. Raises Unreadable."""
    try:
        return _SUITE.decrypt(box, X25519PrivateKey.from_private_bytes(private), info=about)
    except (InvalidTag, ValueError):
        raise Unreadable("the box does not open with this key") from None
