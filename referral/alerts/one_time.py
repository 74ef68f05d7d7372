"""One-time numbers: four digits of an alert that its answer names, found by a tag and not by opening every number a desk ever had."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, bindparam, or_, select, union_all
from sqlalchemy.orm import Session

from referral.alerts.records import TABLE, AlertRecord
from referral.privacy.keys import Keys
from referral.privacy.seal import Cell, Sealer, Unreadable

ANSWERABLE = timedelta(days=30)
"""How long an alert's one-time number can be answered with. LOW reports have a week until their first action is due."""
_DRAWN, _TRIES = 3, 20
"""Numbers drawn at once, and how often: who has nearly ten thousand alerts gets one twice rather than none."""


def recent(since: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Not sent too long ago to be answered. Taken back or not: whoever was told may answer, and a number must not mean two of their alerts."""
    return or_(AlertRecord.sent_at.is_(None), AlertRecord.sent_at >= since)


def _numbers_taken() -> CompoundSelect[Any]:
    """Who carries one of some tags, and who carries a number without one."""
    since: ColumnElement[datetime] = bindparam("since", type_=AlertRecord.sent_at.type)
    ours = (AlertRecord.person.in_(bindparam("people", expanding=True)), AlertRecord.one_time.is_not(None), recent(since))
    columns = (AlertRecord.id, AlertRecord.person, AlertRecord.one_time, AlertRecord.one_time_tag)
    tagged = select(*columns).where(*ours, AlertRecord.one_time_tag.in_(bindparam("tags", expanding=True)))
    return union_all(tagged, select(*columns).where(*ours, AlertRecord.one_time_tag.is_(None)))


_TAKEN = _numbers_taken()


class OneTimeNumbers:
    """Made, sealed in the alert's row, read back for its text, and found again in an answer."""

    def __init__(self, sealer: Sealer, keys: Keys) -> None:
        self._sealer = sealer
        self._keys = keys

    def fresh(self, session: Session, people: Iterable[str], now: datetime) -> dict[str, str]:
        """Four digits for each person that no other alert or test of theirs carries: they alone tell which of them an answer means.

        A few are drawn and looked for by their tags: a caller waits, and a busy desk has hundreds of alerts.
        """
        session.flush()
        found: dict[str, str] = {}
        wanted, crowded = set(people), _TRIES
        while wanted:
            drawn = {person: [f"{secrets.randbelow(10_000):04d}" for _ in range(_DRAWN)] for person in wanted}
            tags = {self._keys.answer_tag(person, number): (person, number) for person, numbers in drawn.items() for number in numbers}
            rows = session.connection().execute(_TAKEN, {"people": list(wanted), "tags": list(tags), "since": now - ANSWERABLE})
            taken = {tags[tag] if tag is not None else (person, self._opens(id_, sealed)) for id_, person, sealed, tag in rows}
            for person, numbers in drawn.items():
                free = [number for number in numbers if (person, number) not in taken] or (numbers if crowded <= 0 else [])
                if free:
                    found[person] = free[0]
            wanted, crowded = wanted - found.keys(), crowded - 1
        return found

    def columns(self, row: str, person: str, number: str) -> dict[str, object]:
        """The columns of whoever is to answer with this number."""
        sealed = self._sealer.seal(number, Cell(TABLE, "one_time", row))
        return {"id": row, "person": person, "one_time": sealed, "one_time_tag": self._keys.answer_tag(person, number)}

    def _opens(self, row: str, sealed: bytes | None) -> str | None:
        """A number of before there were tags. One that nobody can read is answered by nobody, and must not keep a report from being filed."""
        with suppress(Unreadable):
            return self._sealer.open(sealed or b"", Cell(TABLE, "one_time", row))
        return None

    def of(self, alert: AlertRecord) -> str:
        return self._sealer.open(alert.one_time or b"", Cell(TABLE, "one_time", alert.id))

    def meant(self, alerts: Iterable[AlertRecord], one_time: str) -> AlertRecord | None:
        """The alert among a person's that an answer with this number means."""
        rows = list(alerts)
        tags = {person: self._keys.answer_tag(person, one_time) for person in {row.person for row in rows}}
        for row in rows:
            if row.one_time_tag == tags[row.person] or (row.one_time_tag is None and self._opens(row.id, row.one_time) == one_time):
                return row
        return None
