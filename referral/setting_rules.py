"""What the value of one setting must be: said in words that name what would be right, and never the value of a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from environs import EnvValidationError, ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from referral.secrets_file import SHORTEST_TOKEN

LEVELS = ("debug", "info", "warning", "error")


def a_port(value: int) -> None:
    """Raises environs.ValidationError, as do the other rules of one value."""
    if not 0 < value < 65536:
        raise ValidationError("must be a port, 1 to 65535")


def networks(values: list[str]) -> None:
    """Addresses and networks of callers, as CIDR."""
    for value in values:
        try:
            ip_network(value)
        except ValueError:
            raise ValidationError(f"{value} is no address or network, such as 192.0.2.0/24") from None


def proxies(value: int) -> None:
    """Each of ours in front adds one address to what the caller says of itself."""
    if not 0 <= value <= 3:
        raise ValidationError("must be how many proxies of ours stand in front, 0 to 3")


def a_level(value: str) -> None:
    """A level of the log."""
    if value not in LEVELS:
        raise ValidationError(f"must be one of {', '.join(LEVELS)}")


def a_database(url: str) -> bool:
    """Whether an address is one of the two databases, and a file where it is SQLite: two processes cannot share a memory."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, ImportError):
        return False
    kind = parsed.get_backend_name()
    return kind == "postgresql" or (kind == "sqlite" and bool(parsed.database) and parsed.database != ":memory:")


def token_problems(name: str, tokens: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the tokens of a channel, under the setting's name."""
    if not tokens:
        yield f"{name}: none set, and none in the secrets file"
    if any(len(token) < SHORTEST_TOKEN or not token.isascii() or "/" in token for token in tokens):
        yield f"{name}: a token is {SHORTEST_TOKEN} or more letters, digits, - or _"
    if len(tokens) > 2:
        yield f"{name}: at most two live at once"


def weak(value: bytes) -> bool:
    """A key or token that nobody drew at random: one letter over and over, or a placeholder."""
    return len(set(value)) < 8 or b"change" in value.lower() or b"example" in value.lower()


def reasons_of(error: EnvValidationError) -> dict[str, str]:
    """Why each setting was refused, by its name."""
    found = error.error_messages
    return {name: " ".join(map(str, why)) for name, why in found.items()} if isinstance(found, Mapping) else {"settings": " ".join(found)}
