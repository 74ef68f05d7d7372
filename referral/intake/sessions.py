"""Where a caller is between two screens: read, then written only if nobody else wrote meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from referral.conversation.state import State, UnreadableState
from referral.intake.records import SessionRecord
from referral.privacy.seal import Cell, Sealer, Unreadable
from referral.store.database import changed

_TABLE = SessionRecord.__tablename__
_PAD = 64
# Every caller waits for these at every key: put together once, and run without the objects of an ORM.
_SESSIONS = cast("Table", SessionRecord.__table__)
_ROWS = _SESSIONS.c
_WORDS = frozenset({"story", "landmark", "spot", "reporter"})
_READ = select(_ROWS.tag, _ROWS.turn, _ROWS.sealed).where(_ROWS.tag.in_(bindparam("tags", expanding=True)))
_MOVE_ON = (
    update(_SESSIONS)
    .where(_ROWS.tag == bindparam("of"), _ROWS.turn == bindparam("before"))
    .values({name: bindparam(name) for name in ("turn", "sealed", "partial_at", "expires_at")})
)


@dataclass(frozen=True, slots=True)
class Held:
    """A session as it stands. `said` are the screens given so far, each with the length of the text it answered; `seen` is the whole text.

    `limited`: one call too many of its hour, which only a child in danger may go on with. `began`: when the first answer came (seconds of the epoch).
    `tried`: the code of a report that was given last, and the report it opened, if any: it is not looked up twice, and forgotten with the session.
    """

    tag: bytes
    turn: int
    seen: str
    said: tuple[tuple[int, str], ...]
    state: State
    report: str | None
    limited: bool = False
    began: float = 0.0
    tried: tuple[str, str | None] | None = None

    def repeated(self, text: str) -> str | None:
        """The screen once given for exactly this text: a gateway that asks again gets the same bytes."""
        if not self.seen.startswith(text):
            return None
        return next((screen for length, screen in self.said if length == len(text)), None)


class Sessions:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def read(self, connection: Connection, tags: Sequence[bytes]) -> Held | None:
        """The session under any of `tags`: today's key or yesterday's."""
        found = connection.execute(_READ, {"tags": tags}).first()
        if found is None:
            return None
        tag, turn, sealed = found
        return self._open(tag, turn, sealed)

    def write(self, connection: Connection, held: Held, *, partial_at: datetime | None, expires_at: datetime) -> bool:
        """Keep `held` as the turn after the one it was read at (turn 0: new). False if another process has moved it on meanwhile.

        A new session that another process made first raises IntegrityError: the caller reads again and finds it.
        """
        values = {"turn": held.turn + 1, "sealed": self._seal(held), "partial_at": partial_at, "expires_at": expires_at}
        if held.turn == 0:
            connection.execute(insert(_SESSIONS), {"tag": held.tag, **values})
            return True
        return connection.execute(_MOVE_ON, {"of": held.tag, "before": held.turn, **values}).rowcount == 1

    def silent(self, session: Session, now: datetime, limit: int) -> list[bytes]:
        """Tags of the sessions that stopped half-way long enough ago to be filed as partial."""
        return list(session.scalars(select(SessionRecord.tag).where(SessionRecord.partial_at <= now).limit(limit)))

    def put_off(self, session: Session, tag: bytes, until: datetime) -> None:
        """Look at a silent session again later."""
        session.execute(update(SessionRecord).where(SessionRecord.tag == tag, SessionRecord.partial_at.is_not(None)).values(partial_at=until))

    def forget_words(self, session: Session, report: str) -> None:
        """Blank what calls that filed this report still hold in words: their next answer would write them back into it. What the phone typed goes
        with them, so that call's next key only shows its screen again; that key brings with it all that was typed in the call, and so much stays,
        sealed, for the quarter of an hour that a call is kept.

        Each call is opened to see: a report must not stand beside the tag of a call. It is moved on a turn, so that an answer which is being
        written meanwhile is thought about anew.
        """
        while found := list(self._telling(session, report)):
            for held in found:
                answers = tuple(("", "") if name in _WORDS else (name, value) for name, value in held.state.answers)  # as many: going back counts them
                blank = replace(held, seen="", said=(), state=replace(held.state, answers=answers))
                mine = update(SessionRecord).where(SessionRecord.tag == held.tag, SessionRecord.turn == held.turn)
                session.execute(mine.values(turn=held.turn + 1, sealed=self._seal(blank)))

    def _telling(self, session: Session, report: str) -> Iterator[Held]:
        """The calls that filed this report and hold words of it."""
        for tag, turn, sealed in session.execute(select(SessionRecord.tag, SessionRecord.turn, SessionRecord.sealed)):
            with suppress(Unreadable, UnreadableState):  # nobody can write back what nobody can read
                held = self._open(tag, turn, sealed)
                if held.report == report and any(name in _WORDS for name, _ in held.state.answers):
                    yield held

    def forget(self, session: Session, now: datetime) -> int:
        """Delete what is over; not what is still to be filed as partial, which a time without a worker must not lose."""
        gone = (SessionRecord.expires_at <= now, SessionRecord.partial_at.is_(None))
        return changed(session, delete(SessionRecord).where(*gone))

    def _seal(self, held: Held) -> bytes:
        packed = json.dumps(
            [held.seen, held.said, held.state.to_json(), held.report, held.limited, held.began, held.tried], separators=(",", ":"), ensure_ascii=False
        )
        return self._sealer.seal(packed, Cell(_TABLE, "sealed", held.tag.hex()), pad=_PAD)

    def _open(self, tag: bytes, turn: int, sealed: bytes) -> Held:
        seen, said, state, report, limited, began, tried = json.loads(self._sealer.open(sealed, Cell(_TABLE, "sealed", tag.hex())))
        return Held(
            tag,
            turn,
            seen,
            tuple((length, screen) for length, screen in said),
            State.from_json(state),
            report,
            limited,
            began,
            None if tried is None else tuple(tried),
        )
