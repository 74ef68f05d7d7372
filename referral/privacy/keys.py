"""The keys that are derived from one root, which is never in the database. Those that can be replaced or destroyed are in the keyring."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ROOT_LENGTH = 32


class Keys:
    """One key per purpose, so that a value made for one purpose says nothing in another (HKDF-SHA256, RFC 5869)."""

    def __init__(self, root: bytes) -> None:
        if len(root) != ROOT_LENGTH:
            raise ValueError(f"the root key is {ROOT_LENGTH} bytes")
        self._root = root
        self.fields = self._derive("fields")
        self.days = self._derive("days")
        self._codes = self._derive("reporter codes")
        self._numbers = self._derive("officers' numbers")
        self._contacts = self._derive("consented numbers")
        self._messages = self._derive("gateway messages")
        self._files = self._derive("files handed in")
        self._answers = self._derive("one-time numbers")
        self.audit = self._derive("audit")
        self.chain = self._derive("audit chain")
        self.backups = self._derive("backups")
        self.ring = self._derive("keyring")

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=b"referral", info=purpose.encode()).derive(self._root)

    def code_digest(self, code: str) -> bytes:
        """What is stored for a reporter's code (12 digits): useless without the root key, which is in no database or backup of it."""
        return tag(self._codes, code)

    def number_tag(self, e164: str) -> bytes:
        """What finds an officer by the number a text came from. Officers only: no reporter's number is ever tagged with it."""
        return tag(self._numbers, e164)

    def contact_tag(self, e164: str) -> bytes:
        """What finds the reports a consented number stands in, so that STOP erases it. Kept only beside that number, and gone with it."""
        return tag(self._contacts, e164)

    def message_tag(self, gateway_id: str) -> bytes:
        """What finds a sent message by the gateway's id of it, without keeping the id, which leads back to a number."""
        return tag(self._messages, gateway_id)

    def answer_tag(self, person: str, one_time: str) -> bytes:
        """What finds an officer's alert by the one-time number of an answer, without opening every number they ever had. There are ten thousand
        of those: a tag without the root key says nothing, with it all."""
        return tag(self._answers, f"{person} {one_time}")

    def file_tag(self, digest: str) -> bytes:
        """What knows a file again that was handed in: a plain digest could be tried against a guess of where a shelter is."""
        return tag(self._files, digest)

    def __repr__(self) -> str:
        return "<keys>"


def tag(key: bytes, value: str) -> bytes:
    """A keyed 16-byte tag (truncated HMAC-SHA256)."""
    return hmac.digest(key, value.encode(), sha256)[:16]
