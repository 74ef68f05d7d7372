"""Sessions of the officers' menu: sealed, a quarter of an hour, and without the text the gateway sends, since that holds the PIN."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from referral.officers.records import OfficerSessionRecord
from referral.officers.state import State
from referral.privacy.daykeys import DayKeys
from referral.privacy.seal import Cell, Sealer
from referral.store.database import changed

_TABLE = OfficerSessionRecord.__tablename__
_PAD = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """A request's text as it may be kept: its length, and a tag of it and the session under the day's key."""

    length: int
    tag: str


@dataclass(frozen=True, slots=True)
class Held:
    """A session as it stands: `said` are the screens given so far, each with the text it answered; `seen` is the last of those."""

    tag: bytes
    turn: int
    seen: Seen
    said: tuple[tuple[Seen, str], ...]
    state: State

    def saying(self, seen: Seen, state: State, screen: str) -> Held:
        return replace(self, seen=seen, said=(*self.said, (seen, screen)), state=state)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, tagged: under today's key, and under yesterday's while that lives, since a session may cross midnight."""

    daykeys: DayKeys
    session: str
    text: str
    now: datetime

    def rows(self) -> tuple[bytes, ...]:
        """Where the session may be kept, today's tag first."""
        return self._tags(f"officer|{self.session}")

    def seen(self, text: str | None = None) -> Seen:
        text = self.text if text is None else text
        return Seen(len(text), self._texts(text)[0])

    def repeats(self, held: Held) -> str | None:
        """The screen once given for exactly this text."""
        tags = self._texts(self.text)
        return next((screen for seen, screen in held.said if seen.length == len(self.text) and seen.tag in tags), None)

    def typed(self, held: Held) -> str | None:
        """What follows the text seen so far, or None where the text tells another history."""
        before, rest = self.text[: held.seen.length], self.text[held.seen.length :]
        return rest[1:] if rest.startswith("*") and held.seen.tag in self._texts(before) else None

    def request(self) -> bytes:
        """A tag of the whole request, the same for a repeat of it."""
        return bytes.fromhex(self._texts(self.text)[0])

    def _texts(self, text: str) -> tuple[str, ...]:
        return tuple(tag.hex() for tag in self._tags(f"officer|{self.session}|{text}"))

    def _tags(self, value: str) -> tuple[bytes, ...]:
        today, yesterday = self.daykeys.tags(value, self.now)
        return (today,) if yesterday is None else (today, yesterday)


class OfficerSessions:
    def __init__(self, sealer: Sealer, lifetime: timedelta) -> None:
        self._sealer = sealer
        self._lifetime = lifetime

    def read(self, session: Session, tags: Sequence[bytes], now: datetime) -> Held | None:
        """The session under any of `tags`, unless its quarter of an hour is over."""
        row = OfficerSessionRecord
        found = session.execute(select(row.tag, row.turn, row.sealed).where(row.tag.in_(tags), row.expires_at > now)).first()
        return None if found is None else self._open(*found)

    def write(self, session: Session, held: Held, now: datetime) -> bool:
        """Keep `held` as the turn after the one it was read at (turn 0: new). False, or IntegrityError, if another process was first."""
        values = {"turn": held.turn + 1, "sealed": self._seal(held), "expires_at": now + self._lifetime}
        if held.turn == 0:
            self.forget(session, now)
            session.execute(insert(OfficerSessionRecord).values(tag=held.tag, **values))
            return True
        where = (OfficerSessionRecord.tag == held.tag, OfficerSessionRecord.turn == held.turn)
        return changed(session, update(OfficerSessionRecord).where(*where).values(**values)) == 1

    def forget(self, session: Session, now: datetime) -> int:
        return changed(session, delete(OfficerSessionRecord).where(OfficerSessionRecord.expires_at <= now))

    def _seal(self, held: Held) -> bytes:
        said = [(seen.length, seen.tag, screen) for seen, screen in held.said]
        packed = json.dumps([held.seen.length, held.seen.tag, said, held.state.packed()], separators=(",", ":"))
        return self._sealer.seal(packed, Cell(_TABLE, "sealed", held.tag.hex()), pad=_PAD)

    def _open(self, tag: bytes, turn: int, sealed: bytes) -> Held:
        length, seen, said, state = json.loads(self._sealer.open(sealed, Cell(_TABLE, "sealed", tag.hex())))
        screens = tuple((Seen(at, mark), screen) for at, mark, screen in said)
        return Held(tag, turn, Seen(length, seen), screens, State.unpacked(state))
