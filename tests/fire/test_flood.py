"""A flood of texts with the worker dying at random: each distinct one dealt with once, none lost, nobody answered for ever."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from referral.gateway.port import Sending
from referral.intake.records import DialogueRecord, TextRecord
from referral.reports.records import ReportRecord
from referral.vocabulary.phone import PhoneNumber
from tests.conftest import ROOT, START, Kept, settings_for
from tests.fakes import FixedClock, RecordingGateway
from tests.world import World

TEXTS = int(os.environ.get("REFERRAL_FLOOD", "1000"))
SENDERS = 400
WORDS = (
    "mtoto wa {n} haendi shule Ukunda", "a child is beaten at {n} Kinango", "msaada {n}", "HAKI", "HUDUMA hospitali Tiwi", "mwalimu {n} anampiga mtoto",
    "habari", "mtoto amepotea {n} Vanga", "ndiyo", "1", "si sasa",
)  # fmt: skip
GARBAGE = ("", " ", "\x00", "\U0001f600" * 30, "x" * 3000, "'; drop table report; --", "{{7*7}}", "\u0633\u0644\u0627\u0645")


class Killed(BaseException):
    """The worker is gone in the middle of what it was doing."""


class DyingGateway(RecordingGateway):
    """Takes the worker with it now and then, before or after the text has gone out."""

    def __init__(self, choice: random.Random) -> None:
        super().__init__()
        self._choice = choice

    def send(self, to: PhoneNumber, text: str) -> Sending:
        if self._choice.random() < 0.01:
            raise Killed
        sending = super().send(to, text)
        if self._choice.random() < 0.01:
            raise Killed
        return sending


def test_a_flood_of_texts_is_dealt_with_each_once(sqlite_county: Kept, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """On one database: PostgreSQL's locks are tried elsewhere, and a flood takes its time. `REFERRAL_FLOOD=10000` for the long form."""
    choice = random.Random(5)
    world = World(settings_for(sqlite_county.fresh("flood"), config=patient_county(tmp_path)), FixedClock(START))
    world.use(DyingGateway(choice))
    sent: list[tuple[str, str, str]] = []
    killed = distinct = 0
    for serial in range(TEXTS):
        if sent and choice.random() < 0.10:
            number, words, gateway_id = choice.choice(sent[-200:])
        else:
            number = f"+254700000{choice.randrange(SENDERS):03d}"
            words = choice.choice(GARBAGE) if choice.random() < 0.05 else choice.choice(WORDS).format(n=serial)
            gateway_id = f"id-{serial}"
            distinct += 1
        sent.append((number, words, gateway_id))
        world.text(number, words, gateway_id=gateway_id)
        if serial % 25 == 24:
            world.clock.turn(timedelta(seconds=choice.randrange(5, 60)))
            killed += _work(world)
    for _ in range(120):
        world.clock.turn(timedelta(minutes=1))
        killed += _work(world)
    with world.rows() as session:
        kept = session.scalar(select(func.count()).select_from(TextRecord)) or 0
        waiting = session.scalar(select(func.count()).select_from(TextRecord).where(TextRecord.sealed.is_not(None)))
        dialogues = session.scalar(select(func.count()).select_from(DialogueRecord))
        reports = session.scalar(select(func.count()).select_from(ReportRecord)) or 0
    replies = Counter(number for number, text in world.gateway.sent if "REFERRAL" not in text)
    world.close()
    assert waiting == 0
    assert dialogues == 0
    assert distinct * 0.95 <= kept <= distinct  # the same words from one sender within four seconds are one text
    assert max(replies.values()) <= 25 * 2  # so many replies a day to a tag, and the flood may touch two days
    assert killed > TEXTS / 100
    for name, value in {"texts": TEXTS, "distinct": distinct, "kept once": kept, "lost": waiting, "reports": reports, "worker killed": killed}.items():
        record_property(name, value)
    record_property("most replies to one phone", max(replies.values()))


def patient_county(folder: Path) -> Path:
    """The county with a week to answer in: it is the texts that are tried here, not thousands of ladders."""
    county = folder / "county"
    shutil.copytree(ROOT / "config" / "kwale", county)
    policy = county / "policy.toml"
    text, count = re.subn(
        r"(?m)^(RED|HIGH|MEDIUM) = (\[.*?\]|\d+)",
        lambda found: f"{found[1]} = " + ("[10080, 10081, 10082]" if "[" in found[2] else "10080"),
        policy.read_text("utf-8"),
    )
    assert count == 6
    policy.write_text(text, "utf-8")
    return county


def _work(world: World) -> int:
    """The worker until it rests, started again each time it is killed; how often it was."""
    killed = 0
    while True:
        try:
            world.work()
        except Killed:
            killed += 1
            world.restart()
        else:
            return killed
