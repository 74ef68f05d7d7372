"""Reporters' numbers, closed so that the process that took one cannot open it again: only a host with the relay's private key can."""

from __future__ import annotations

import base64

from referral.privacy.boxes import close_box, open_box
from referral.privacy.keyring import Keyring
from referral.privacy.ring import Kind
from referral.privacy.seal import Cell, Unreadable


class Relay:
    """Closes reporters' numbers in boxes that a host with the relay's private key alone can open. A box is text: key id, colon, base64."""

    def __init__(self, ring: Keyring) -> None:
        self._keyring = ring

    def close(self, number: str, cell: Cell) -> str:
        id_ = self._keyring.writes_with(Kind.RELAY)
        key = self._keyring.ring().key(id_)
        assert key is not None  # just looked up
        return f"{id_}:{base64.b64encode(close_box(key.public, number.encode(), _about(id_, cell))).decode()}"

    def open(self, box: str, cell: Cell) -> str:
        """The number again. Raises Unreadable, also on a host that holds no private half. A number from before there were boxes is given as it is."""
        if box.startswith("+"):
            return box
        id_, _, sealed = box.partition(":")
        key = self._keyring.ring().key(id_)
        if key is None or key.secret is None:
            raise Unreadable("the relay's private key is not here")
        try:
            return open_box(key.secret, base64.b64decode(sealed), _about(id_, cell)).decode()
        except ValueError:
            raise Unreadable("no box") from None


def box_key(box: str) -> str:
    """The id of the key a box was closed for; "" for a number from before there were boxes."""
    return "" if box.startswith("+") else box.partition(":")[0]


def _about(id_: str, cell: Cell) -> bytes:
    return "|".join(("referral relay", id_, *cell)).encode()
