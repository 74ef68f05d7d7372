"""What a keyring holds, as values: keys by class and id, custodians, and which keys are gone. Its file is kept in keyring.py."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from referral.privacy.boxes import KEY_LENGTH, new_pair, public_of

AHEAD = 3
"""Months whose keys are made before they begin, so that a keyring that was copied to other hosts serves for a while."""
_FEWEST_LETTERS = 8


class Kind(StrEnum):
    """FIELDS: officers' numbers, one-time numbers, sessions, dialogues, PINs. MONTH: what was told, under the month the report was filed in.
    RELAY: a key pair; reporters' numbers are closed in a box for its private half."""

    FIELDS = "fields"
    MONTH = "month"
    RELAY = "relay"


class BadRing(ValueError):
    """What was read is no keyring; the words say why and hold nothing of it."""


@dataclass(frozen=True, slots=True)
class Key:
    """`secret` is 32 bytes; None where this host holds only the public half. `aside`: since when a month's key is not written with any more.
    `used_from`: before that moment nobody writes with it, so that it can be carried to every host first, and all change over at once."""

    id: str
    kind: Kind
    made: datetime
    secret: bytes | None
    public: bytes = b""
    aside: datetime | None = None
    used_from: datetime | None = None

    @property
    def scope(self) -> str:
        """Keys of one scope replace each other: the class, or the month."""
        return self.id[:7] if self.kind is Kind.MONTH else str(self.kind)

    def waits(self, now: datetime) -> bool:
        return self.used_from is not None and self.used_from > now

    def __repr__(self) -> str:
        return f"<key {self.id}>"


@dataclass(frozen=True)
class Ring:
    """`keys` in the order they were made: the last of a scope is the one to write with. `gone` says when keys were destroyed or retired.

    `turning` names, by scope, the key to which a rotation that has begun seals everything. `custodians` maps names to public keys.
    """

    keys: tuple[Key, ...] = ()
    custodians: Mapping[str, bytes] = field(default_factory=dict)
    gone: Mapping[str, datetime] = field(default_factory=dict)
    turning: Mapping[str, str] = field(default_factory=dict)
    backed_up: datetime | None = None

    def newest(self, scope: str, now: datetime) -> Key | None:
        """The one to write with."""
        return next((key for key in reversed(self.keys) if key.scope == scope and key.aside is None and not key.waits(now)), None)

    def latest_month(self, now: datetime) -> Key | None:
        """The key of the latest month there is one for."""
        held = (key for key in self.keys if key.kind is Kind.MONTH and key.aside is None and not key.waits(now))
        return max(held, key=lambda key: key.scope, default=None)

    def key(self, id_: str) -> Key | None:
        return next((key for key in self.keys if key.id == id_), None)

    def adding(self, scope: str, now: datetime, used_from: datetime | None = None) -> Ring:
        """A new random key of a scope, the newest from now on, or from `used_from` on."""
        taken = {key.id for key in self.keys} | set(self.gone)
        id_ = next(name for name in iter(lambda: f"{scope}-{secrets.token_hex(2)}", "") if name not in taken)
        if scope == Kind.RELAY:
            pair = new_pair()
            return replace(self, keys=(*self.keys, Key(id_, Kind.RELAY, now, pair.private, pair.public, used_from=used_from)))
        kind = Kind.FIELDS if scope == Kind.FIELDS else Kind.MONTH
        return replace(self, keys=(*self.keys, Key(id_, kind, now, secrets.token_bytes(KEY_LENGTH), used_from=used_from)))

    def turned(self, scope: str, now: datetime, used_from: datetime | None = None) -> Ring:
        """With the key that a rotation of this scope seals with: a new one, or that of a rotation that was begun. Where one waits to be carried and it
        is to be done at once there is a new one: what got out may hold the one that waits."""
        begun = self.key(self.turning.get(scope, ""))
        if begun is not None and not (begun.waits(now) and used_from is None):
            return self
        ring = self.adding(scope, now, used_from)
        return replace(ring, turning={**ring.turning, scope: ring.keys[-1].id})

    def filled(self, now: datetime, ahead: int = AHEAD) -> Ring:
        """With a key in every scope that is needed now, and in those of the months to come."""
        ring = self
        for scope in (Kind.FIELDS, Kind.RELAY, *(month(now, later) for later in range(ahead + 1))):
            ring = ring if ring.newest(scope, now) else ring.adding(scope, now)
        return ring

    def without(self, id_: str, now: datetime) -> Ring:
        return replace(self, keys=tuple(key for key in self.keys if key.id != id_), gone={**self.gone, id_: now})

    def setting_aside(self, id_: str, now: datetime | None) -> Ring:
        return replace(self, keys=tuple(replace(key, aside=now) if key.id == id_ else key for key in self.keys))

    def with_custodian(self, name: str, public: bytes) -> Ring:
        return replace(self, custodians={**self.custodians, name: public})

    def for_web(self) -> Ring:
        """As a host that answers callers holds it: it can close a reporter's number in its box and not open it."""
        keys = tuple(replace(key, secret=None) if key.kind is Kind.RELAY else key for key in self.keys)
        return Ring(keys, {}, self.gone)

    def merged(self, other: Ring) -> Ring:
        """Both hosts' keys. What either has destroyed stays destroyed. Raises BadRing where one id is two keys."""
        gone = {**other.gone, **self.gone}
        both: dict[str, Key] = {}
        for key in (*self.keys, *other.keys):
            both[key.id] = _one_of(both.get(key.id, key), key)
        keys = sorted((key for key in both.values() if key.id not in gone), key=lambda key: (key.made, key.id))
        last = max((at for at in (self.backed_up, other.backed_up) if at), default=None)
        return Ring(tuple(keys), {**other.custodians, **self.custodians}, gone, {**other.turning, **self.turning}, last)

    def months_ahead(self, now: datetime) -> int:
        """How many months from the next one on have their key."""
        later = 0
        while self.newest(month(now, later + 1), now):
            later += 1
        return later


def month(now: datetime, later: int = 0) -> str:
    """The month of a moment in UTC, or one later: "2026-11"."""
    utc = now.astimezone(UTC)
    count = utc.year * 12 + utc.month - 1 + later
    return f"{count // 12:04}-{count % 12 + 1:02}"


def month_ends(key: Key) -> datetime:
    """When the month of a month's key is over."""
    return datetime.fromisoformat(f"{month(datetime.fromisoformat(f'{key.scope}-15T00:00:00+00:00'), 1)}-01T00:00:00+00:00")


def _one_of(one: Key, other: Key) -> Key:
    if (one.kind, one.public) != (other.kind, other.public) or (one.secret and other.secret and one.secret != other.secret):
        raise BadRing(f"{one.id} is another key there")
    soonest = min(one.used_from, other.used_from) if one.used_from and other.used_from else None
    return replace(one, secret=one.secret or other.secret, aside=one.aside or other.aside, used_from=soonest)


def write_ring(ring: Ring) -> str:
    """As JSON, every secret in it: for sealing, never for a file as it is."""
    keys = [
        {"id": key.id, "kind": key.kind, "made": key.made.isoformat(), "secret": _text(key.secret), "public": _text(key.public), "aside": _moment(key.aside)}
        | ({"used_from": _moment(key.used_from)} if key.used_from else {})
        for key in ring.keys
    ]
    return json.dumps(
        {
            "keys": keys,
            "custodians": {name: _text(public) for name, public in ring.custodians.items()},
            "gone": {id_: at.isoformat() for id_, at in ring.gone.items()},
            "turning": dict(ring.turning),
            "backed_up": _moment(ring.backed_up),
        }
    )


def read_ring(text: str) -> Ring:
    """What `write_ring` wrote. Raises BadRing, also for a key that nobody drew at random."""
    try:
        raw = json.loads(text)
        ring = Ring(
            keys=tuple(_key(one) for one in raw["keys"]),
            custodians={str(name): base64.b64decode(public) for name, public in raw["custodians"].items()},
            gone={str(id_): datetime.fromisoformat(at) for id_, at in raw["gone"].items()},
            turning={str(scope): str(id_) for scope, id_ in raw["turning"].items()},
            backed_up=datetime.fromisoformat(raw["backed_up"]) if raw["backed_up"] else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadRing("not the shape of a keyring") from None
    problems = list(_problems(ring.keys))
    if problems:
        raise BadRing("; ".join(problems))
    return ring


def _key(raw: dict[str, Any]) -> Key:
    secret = base64.b64decode(raw["secret"]) if raw["secret"] else None
    aside = datetime.fromisoformat(raw["aside"]) if raw["aside"] else None
    used_from = datetime.fromisoformat(raw["used_from"]) if raw.get("used_from") else None
    return Key(str(raw["id"]), Kind(raw["kind"]), datetime.fromisoformat(raw["made"]), secret, base64.b64decode(raw["public"] or ""), aside, used_from)


def _problems(keys: Iterable[Key]) -> Iterable[str]:
    for key in keys:
        if key.secret is not None and (len(key.secret) != KEY_LENGTH or len(set(key.secret)) < _FEWEST_LETTERS):
            yield f"{key.id} is a weak or default key"
        elif key.secret is None and key.kind is not Kind.RELAY:
            yield f"{key.id} has no key"
        elif key.secret is not None and key.kind is Kind.RELAY and public_of(key.secret) != key.public:
            yield f"{key.id} is not one pair"


def _text(value: bytes | None) -> str | None:
    return base64.b64encode(value).decode() if value else None


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
