"""The tokens in callback addresses: the only proof there is that the gateway is calling."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def tokens_match(given: str, tokens: Iterable[str]) -> bool:
    """Whether `given` is one of `tokens`, in a time that does not tell which or how nearly."""
    compared = [hmac.compare_digest(given.encode(), token.encode()) for token in tokens]  # all of them, also after a match
    return any(compared)
