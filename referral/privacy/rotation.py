"""Changing keys under a running service: a new key becomes the newest, then every value of the old ones is sealed anew, in small committed
batches, each read back. Every value opens at every moment; killed anywhere, the next run goes on where this one stopped."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from referral.privacy.keyring import ROOT_FIELDS, Keyring
from referral.privacy.relay import Relay, box_key
from referral.privacy.ring import Key, Kind, month
from referral.privacy.seal import Unreadable, key_of
from referral.privacy.sealed import SealedColumn, rows_by_key, rows_on, sealed_columns
from referral.store.database import Database

log = structlog.get_logger()
BATCH = 50
"""Rows a transaction: on SQLite it holds the lock that a child's report needs."""
IN_FLIGHT = timedelta(minutes=10)
"""How long after its successor was made a key stays at least: what was being written with it is committed by then."""


class KeyInUse(Exception):
    """The key is still needed; the words say by what."""


class WrongRow(Exception):
    """What was written does not open to what was read. The batch was taken back."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What a rotation of one scope did: the key everything is sealed with now, how many values were sealed anew, how many are left on
    older keys (somebody was writing: run it again), and how many do not open with any key. `waits`: until then the new key is only carried to the
    other hosts, and nothing is sealed with it."""

    scope: str
    key: str
    values: int
    left: int
    unreadable: int
    waits: datetime | None = None


class Rotation:
    def __init__(self, database: Database, ring: Keyring, batch: int = BATCH) -> None:
        self._database = database
        self._keyring = ring
        self._sealer = ring.sealer
        self._relay = Relay(ring)
        self._batch = batch

    def scopes(self) -> Sequence[str]:
        """What can be rotated: the officers' fields, the relay, and every month that has a key."""
        months = sorted({key.scope for key in self._keyring.ring().keys if key.kind is Kind.MONTH and key.aside is None})
        return (Kind.FIELDS, Kind.RELAY, *months)

    def rotate(self, scope: str, now: datetime, carried: timedelta | None = None) -> Turned:
        """A new key for `scope` ("fields", "relay" or a month), and every value on it. One that was begun before is gone on with: it gets no second
        new key. `carried`: how long a new key waits before anything is sealed with it. Raises KeyringError, LookupError for a month that has no key,
        KeyInUse where this host cannot."""
        if self._keyring.follows:
            raise KeyInUse("this host follows another's keyring: rotate where its keys are made, then `referral keys merge` here")
        if scope not in self.scopes():
            raise LookupError(scope)
        if scope == Kind.RELAY and any(key.secret is None for key in self._keyring.ring().keys):
            raise KeyInUse("the relay's private key is not on this host: rotate it where it is")
        ring = self._keyring.change(lambda ring: ring.turned(scope, now, None if carried is None else now + carried))
        new = ring.turning[scope]
        if (key := ring.key(new)) and key.waits(now):
            return Turned(scope, new, 0, 0, 0, key.used_from)
        values, unreadable = self._rebox(new) if scope == Kind.RELAY else self._reseal(scope, new, now)
        left = sum(count for _, count in self._old(scope, new, now)) - unreadable
        if left <= 0:
            self._keyring.change(lambda ring: replace(ring, turning={name: key for name, key in ring.turning.items() if name != scope}))
        if unreadable:
            log.error("values do not open", scope=scope, count=unreadable)
        return Turned(scope, new, values, max(left, 0), unreadable)

    def retire(self, id_: str, now: datetime) -> None:
        """Remove a fields or relay key that was replaced. Raises LookupError, and KeyInUse where a value needs it or may be about to."""
        key = self._found(id_)
        newest = self._keyring.ring().newest(key.scope, now)
        if key.waits(now):
            raise KeyInUse(f"{id_} was made to be used from {key.used_from:%Y-%m-%d %H:%M} UTC on, and other hosts may have it already")
        if newest is None or newest.id == id_:
            raise KeyInUse(f"{id_} is the newest of its class: rotate first")
        if now - (newest.used_from or newest.made) < IN_FLIGHT:
            raise KeyInUse(f"{id_} was replaced less than {IN_FLIGHT // timedelta(minutes=1)} minutes ago: what was being written with it may not be there yet")
        self._remove(key, now)

    def destroy(self, id_: str, now: datetime) -> None:
        """Forget a month's key, and with it every copy of what it sealed, backups too. For the end of retention only. Raises as `retire` does."""
        key = self._found(id_)
        if key.aside is None:
            raise KeyInUse(f"{id_} may still be written with")
        self._remove(key, now)

    def in_use(self, id_: str) -> int:
        """How many values need a key."""
        key = self._keyring.ring().key(id_)
        if key is not None and key.kind is Kind.RELAY:
            return sum(1 for _, _, box in self._boxes() if box_key(box) == id_)
        with self._database.read() as session:
            return rows_on(session, id_)

    def rows(self) -> dict[str, int]:
        """How many values each key has sealed, and how many numbers each relay key has closed in boxes."""
        with self._database.read() as session:
            counted = rows_by_key(session)
        found: dict[str, int] = {}
        for (_, key), count in counted.items():
            found[key] = found.get(key, 0) + count
        for _, _, box in self._boxes():
            found[box_key(box) or "number in no box"] = found.get(box_key(box) or "number in no box", 0) + 1
        return found

    def move_reports(self, key: Key, reports: Collection[str], now: datetime) -> int:
        """Seal what belongs to these reports under the newest key of this month, so that their own month's can go. How many values."""
        done = 0
        for one in _monthly():
            belongs = one.report()
            if belongs is not None and reports:
                new = self._keyring.writes_with(month(now))
                done += self._column(one, [key.id], new, only=belongs.in_(reports))[0]
        return done

    def _found(self, id_: str) -> Key:
        key = self._keyring.ring().key(id_)
        if key is None:
            raise LookupError(id_)
        return key

    def _remove(self, key: Key, now: datetime) -> None:
        needed = self.in_use(key.id)
        if needed:
            raise KeyInUse(f"{key.id} is needed by {needed} values: rotate {key.scope} first")
        self._keyring.change(lambda ring: ring.without(key.id, now))

    def _old(self, scope: str, new: str, now: datetime) -> Iterator[tuple[SealedColumn | None, int]]:
        """What is left to be sealed anew."""
        if scope == Kind.RELAY:
            yield None, sum(1 for _, _, box in self._boxes() if box_key(box) != new)
            return
        with self._database.read() as session:
            for one in sealed_columns():
                counted = rows_by_key(session, [one])
                yield one, sum(count for (_, key), count in counted.items() if self._belongs(one, key, scope, now) and key != new)

    @staticmethod
    def _belongs(one: SealedColumn, key: str, scope: str, now: datetime) -> bool:
        """Whether a value of this column, sealed with this key, is moved when a scope is rotated. What is sealed with no key of a month though
        it should be, as everything was before there were months, goes to this month's."""
        if one.kind is Kind.FIELDS or scope == Kind.FIELDS:
            return scope == Kind.FIELDS and one.kind is Kind.FIELDS
        return key.startswith(f"{scope}-") or (scope == month(now) and (key == ROOT_FIELDS or key.startswith(f"{Kind.FIELDS}-")))

    def _reseal(self, scope: str, new: str, now: datetime) -> tuple[int, int]:
        done = unreadable = 0
        for one in sealed_columns():
            with self._database.read() as session:
                keys = {key for _, key in rows_by_key(session, [one])}
            old = [key for key in keys if key != new and self._belongs(one, key, scope, now)]
            if old:
                values, bad = self._column(one, old, new)
                done, unreadable = done + values, unreadable + bad
        return done, unreadable

    def _column(self, one: SealedColumn, old: Sequence[str], new: str, only: ColumnElement[bool] | None = None) -> tuple[int, int]:
        """Seal a column's values of the old keys under the new one, batch after batch. How many; how many of them do not open."""
        done, unreadable = 0, set[object]()
        while True:
            where = [one.under(old), one.row.not_in(unreadable), *([] if only is None else [only])]
            with self._database.transaction() as session:
                rows = _some(session, one, where, self._batch)
                for row, value in rows:
                    try:
                        fresh = self._sealer.seal_again(value, one.cell(row), new)
                    except Unreadable:
                        unreadable.add(row)
                        continue
                    done += self._written(session, one, row, value, fresh)
            if not rows:
                return done, len(unreadable)

    def _written(self, session: Session, one: SealedColumn, row: object, before: bytes, after: bytes) -> int:
        """Put one value in the place of another, if it is still there, and read back what the database now holds."""
        session.execute(update(one.table).where(one.row == row, one.column == before).values({one.column: after}))
        held = session.scalar(select(one.column).where(one.row == row))
        if held != after or self._sealer.open(held, one.cell(row)) != self._sealer.open(before, one.cell(row)):
            raise WrongRow(one.name)
        return 1

    def _rebox(self, new: str) -> tuple[int, int]:
        """Close every number in a box for the new key. Only where the old private key is."""
        done = unreadable = 0
        for one, row, box in list(self._boxes()):
            if box_key(box) == new:
                continue
            cell = one.cell(row)
            with self._database.transaction() as session:
                rows = _some(session, one, [one.row == row], 1)
                for _, value in rows:
                    try:
                        number = self._relay.open(self._sealer.open(value, cell), cell)
                        fresh = self._sealer.seal_under(key_of(value), self._relay.close(number, cell), cell)
                    except Unreadable:
                        unreadable += 1
                        continue
                    self._replace_box(session, one, row, fresh, number)
                    done += 1
        return done, unreadable

    def _replace_box(self, session: Session, one: SealedColumn, row: object, fresh: bytes, number: str) -> None:
        session.execute(update(one.table).where(one.row == row).values({one.column: fresh}))
        held, cell = session.scalar(select(one.column).where(one.row == row)), one.cell(row)
        if held is None or self._relay.open(self._sealer.open(held, cell), cell) != number:
            raise WrongRow(one.name)

    def _boxes(self) -> Iterator[tuple[SealedColumn, object, str]]:
        """Every box, its outer seal opened; one that does not open is left out and is no relay key's."""
        for one in sealed_columns():
            if not one.boxed:
                continue
            with self._database.read() as session:
                held = session.execute(select(one.row, one.column).where(one.column.is_not(None))).all()
            for row, value in held:
                try:
                    yield one, row, self._sealer.open(value, one.cell(row))
                except Unreadable:
                    log.error("a field does not open", table=one.table.name, column=one.column.name, key=key_of(value))


def _some(session: Session, one: SealedColumn, where: Sequence[ColumnElement[bool]], limit: int) -> Sequence[tuple[object, bytes]]:
    """Rows to change, locked; those that somebody else is changing are left for later."""
    chosen = select(one.row, one.column).where(one.column.is_not(None), *where).limit(limit).with_for_update(skip_locked=True)
    return [(row, value) for row, value in session.execute(chosen)]


def _monthly() -> Iterator[SealedColumn]:
    return (one for one in sealed_columns() if one.kind is Kind.MONTH)
