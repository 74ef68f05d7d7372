"""Where a dialogue by text is: sealed, found by a tag of the number under the day's key, gone within the hour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from referral.intake.records import DialogueRecord
from referral.privacy.daykeys import DayKeys
from referral.privacy.seal import Cell, Sealer, Unreadable
from referral.vocabulary.language import KISWAHILI
from referral.vocabulary.option import Option
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Told

_TABLE = DialogueRecord.__tablename__
_PAD = 256
KEPT = timedelta(minutes=45)
"""After the last text. The number is gone within an hour of the dialogue."""


WANTED = timedelta(minutes=15)
"""So long the answer to a question about a service is taken for one. After it words are words again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service that somebody looks for and was asked back about: its kind ("" for one they have not said), and the ids of the places offered."""

    kind: str
    choices: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Dialogue:
    """`asked` is the question now open and `choices` what its numbers mean; `questions` are those asked so far. `report` once filed, and its `code`.

    `wanted` is asked beside all that: the next text may answer it, and whatever it says, no later one does."""

    number: PhoneNumber
    told: Told = field(default_factory=Told)
    language: str = KISWAHILI
    asked: str | None = None
    choices: tuple[Option, ...] = ()
    questions: tuple[str, ...] = ()
    report: str | None = None
    code: str | None = None
    wanted: Wanted | None = None

    @property
    def unfiled(self) -> bool:
        """Whether it holds something that is nowhere else yet."""
        return self.report is None and self.told != Told()

    def __repr__(self) -> str:
        return "<dialogue>"


@dataclass(frozen=True)
class Dialogues:
    sealer: Sealer
    daykeys: DayKeys

    def read(self, session: Session, number: PhoneNumber, now: datetime) -> Dialogue | None:
        """The dialogue with a number, locked; None if there is none or its hour is over."""
        tags = [tag for tag in self.daykeys.tags(number.reveal(), now) if tag is not None]
        found = select(DialogueRecord).where(DialogueRecord.tag.in_(tags), DialogueRecord.expires_at > now).with_for_update()
        row = session.scalars(found).first()
        return None if row is None else self._open(row)

    def write(self, session: Session, dialogue: Dialogue, now: datetime, silence: timedelta) -> None:
        """Keep it as it now stands. What it holds unfiled is filed after `silence`."""
        self.erase(session, dialogue.number, now)
        tag, _ = self.daykeys.tags(dialogue.number.reveal(), now)
        silent_at = now + silence if dialogue.unfiled else None
        only_wanted = dialogue == Dialogue(dialogue.number, language=dialogue.language, wanted=dialogue.wanted) and dialogue.wanted is not None
        expires_at = now + (WANTED if only_wanted else KEPT)
        session.add(DialogueRecord(tag=tag, sealed=self._seal(tag, dialogue), silent_at=silent_at, expires_at=expires_at))
        session.flush()

    def erase(self, session: Session, number: PhoneNumber, now: datetime) -> None:
        tags = [tag for tag in self.daykeys.tags(number.reveal(), now) if tag is not None]
        session.execute(delete(DialogueRecord).where(DialogueRecord.tag.in_(tags)))

    def forget_words(self, session: Session, report: str) -> None:
        """Blank what dialogues about this report still hold in words: the next text would write them back into it. Number, place and questions stay.

        Each is opened to see: a report must not stand beside a tag of a number. One that a text is just being added to is waited for, and looked at anew.
        """
        while found := [one for one in session.execute(select(DialogueRecord.tag, DialogueRecord.sealed)) if _tells(self._readable(*one), report)]:
            for tag, sealed in found:
                dialogue = self._unsealed(tag, sealed)
                blank = self._seal(tag, replace(dialogue, told=_wordless(dialogue.told)))
                session.execute(update(DialogueRecord).where(DialogueRecord.tag == tag, DialogueRecord.sealed == sealed).values(sealed=blank))

    def silent(self, session: Session, now: datetime, limit: int) -> Sequence[bytes]:
        return session.scalars(select(DialogueRecord.tag).where(DialogueRecord.silent_at <= now).limit(limit)).all()

    def by_tag(self, session: Session, tag: bytes) -> Dialogue | None:
        row = session.scalar(select(DialogueRecord).where(DialogueRecord.tag == tag, DialogueRecord.silent_at.is_not(None)).with_for_update())
        return None if row is None else self._open(row)

    def put_off(self, session: Session, tag: bytes, until: datetime) -> None:
        session.execute(update(DialogueRecord).where(DialogueRecord.tag == tag).values(silent_at=until))

    def forget(self, session: Session, now: datetime) -> None:
        """Delete what is over, but nothing that is still to be filed."""
        session.execute(delete(DialogueRecord).where(DialogueRecord.expires_at <= now, DialogueRecord.silent_at.is_(None)))

    def _seal(self, tag: bytes, dialogue: Dialogue) -> bytes:
        packed: list[object] = [
            dialogue.number.reveal(),
            dialogue.told.to_dict(),
            dialogue.language,
            dialogue.asked,
            [(option.value, option.text, option.verbatim) for option in dialogue.choices],
            dialogue.questions,
            dialogue.report,
            dialogue.code,
        ]
        if dialogue.wanted is not None:  # only then: a process of the version before cannot read a longer one
            packed.append([dialogue.wanted.kind, dialogue.wanted.choices, dialogue.wanted.until.isoformat()])
        return self.sealer.seal(json.dumps(packed, ensure_ascii=False), Cell(_TABLE, "sealed", tag.hex()), pad=_PAD)

    def _readable(self, tag: bytes, sealed: bytes) -> Dialogue | None:
        try:
            return self._unsealed(tag, sealed)
        except Unreadable:  # nobody can write back what nobody can read
            return None

    def _open(self, row: DialogueRecord) -> Dialogue:
        return self._unsealed(row.tag, row.sealed)

    def _unsealed(self, tag: bytes, sealed: bytes) -> Dialogue:
        number, told, language, asked, choices, questions, report, code, *more = json.loads(self.sealer.open(sealed, Cell(_TABLE, "sealed", tag.hex())))
        options = tuple(Option(value, text, verbatim) for value, text, verbatim in choices)
        wanted = Wanted(more[0][0], tuple(more[0][1]), datetime.fromisoformat(more[0][2])) if more else None
        return Dialogue(PhoneNumber(number), Told.from_dict(told), language, asked, options, tuple(questions), report, code, wanted)


def _tells(dialogue: Dialogue | None, report: str) -> bool:
    return dialogue is not None and dialogue.report == report and dialogue.told != _wordless(dialogue.told)


def _wordless(told: Told) -> Told:
    """What routing needs, without what could point at a person."""
    return told.adding(story=None, landmark=None, spot=None, reporter=None)
