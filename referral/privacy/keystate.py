"""How the keys stand: for who watches, for the start, and for the worker that makes the coming months' keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from referral.privacy.audit import Action, Audit
from referral.privacy.keyring import ROOT_FIELDS, Keyring
from referral.privacy.ring import AHEAD, Key
from referral.privacy.rotation import Rotation
from referral.privacy.sealed import rows_by_key
from referral.store.database import Database

log = structlog.get_logger()
BACKUP_OLD = timedelta(days=40)
"""A keyring that was backed up longer ago lacks the key of a month that has begun."""
CUSTODIANS = 2


@dataclass(frozen=True, slots=True)
class Held:
    """A key and how many values need it."""

    key: Key
    rows: int


@dataclass(frozen=True, slots=True)
class KeyState:
    """`from_root`: values still sealed with the key that is derived from the root. `lost`: values under keys that are not here, by key id.
    `begun`: scopes whose rotation was begun and has not ended, though the new key may be used; not on a host that follows another's keyring."""

    held: Sequence[Held]
    from_root: int
    lost: dict[str, int]
    begun: Sequence[str]
    months_ahead: int
    custodians: Sequence[str]
    backed_up: datetime | None
    problems: Sequence[str]


def key_state(database: Database, ring: Keyring, now: datetime) -> KeyState:
    """How everything stands; opens only the outer seal of consented numbers, to see whose box each is. Raises KeyringError."""
    keys, rows = ring.ring(), Rotation(database, ring).rows()
    known = {key.id for key in keys.keys} | {ROOT_FIELDS}
    lost = {id_: count for id_, count in rows.items() if id_ not in known and id_ not in keys.gone}
    held = tuple(Held(key, rows.get(key.id, 0)) for key in keys.keys)
    begun = [scope for scope, id_ in sorted(keys.turning.items()) if not ring.follows and not ((key := keys.key(id_)) and key.waits(now))]
    state = KeyState(held, rows.get(ROOT_FIELDS, 0), lost, begun, keys.months_ahead(now), tuple(sorted(keys.custodians)), keys.backed_up, ())
    return KeyState(held, state.from_root, lost, state.begun, state.months_ahead, state.custodians, state.backed_up, tuple(_problems(state, now)))


def _problems(state: KeyState, now: datetime) -> Iterator[str]:
    for id_, count in sorted(state.lost.items()):
        yield f"{count} values were sealed with {id_}, which is not here: merge the keyring of the host that made it, or put back a backup"
    if state.begun:
        yield f"a rotation was begun and has not ended: {', '.join(state.begun)}: run it again"
    if state.months_ahead < AHEAD:
        yield f"keys are made for {state.months_ahead} months ahead, not {AHEAD}: is a worker running, or a new copy to be merged?"
    if len(state.custodians) < CUSTODIANS:
        yield f"{len(state.custodians)} custodians, {CUSTODIANS} are needed for a backup: referral keys custodian NAME --out FILE"
    if state.backed_up is None:
        yield "never backed up: if this machine is lost, nothing sealed can be read again and no alert can be sent"
    elif now - state.backed_up > BACKUP_OLD:
        yield f"last backed up {(now - state.backed_up).days} days ago"


def keyless(database: Database) -> int:
    """How many values need a keyring: all but those under the key that is derived from the root."""
    with database.read() as session:
        return sum(count for (_, key), count in rows_by_key(session).items() if key != ROOT_FIELDS)


def keep_keys(ring: Keyring, database: Database, audit: Audit, now: datetime) -> int:
    """The worker's job: the keys of the coming months. How many were made."""
    before = {key.id for key in ring.ring().keys}
    if not ring.make_ahead():
        return 0
    fresh = [key.id for key in ring.ring().keys if key.id not in before]
    with database.transaction() as session:
        for id_ in fresh:
            audit.write(session, now, "service", Action.KEY_MADE, id_)
    return len(fresh)
