"""One canary run: hundreds of numbers through every kind of call, real processes that are being killed, and what is left an hour and a month later."""

from __future__ import annotations

import base64
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import requests
from sqlalchemy import func, select

from referral.intake.records import DialogueRecord, TextRecord
from referral.privacy.daykeys import DayKeyRecord
from referral.privacy.keys import tag
from referral.reports.records import ReportRecord
from referral.settings import read_secrets
from referral.simulator.faults import Kind
from referral.simulator.script import Wild
from referral.store.database import Database
from tests.canary.calls import BY_PHONE, BY_TEXT, NO_ID, WITH_CONSENT, Script, flooding, texted_in_a_flood
from tests.canary.phones import Caller, Heard, Line, OverHttp
from tests.canary.search import Needles, Search
from tests.canary.spellings import HEAD, forms, identifiers, spellings
from tests.canary.surfaces import Surfaces
from tests.fire.fleet import Fleet
from tests.world import World

QUICK = {"silence_before_partial = ": "0.25"}
SHORT_LEASE = 0.25
"""Minutes: the shortest there may be."""
QUOTING = (Kind.STATUS, Kind.RESET, Kind.MALFORMED, Kind.HTML, Kind.EMPTY, Kind.TRUNCATED, Kind.REFUSED, Kind.NO_ID)
"""What the gateway gets wrong meanwhile: many of these answers quote the number they are about."""


@dataclass
class Cast:
    """Which number does what."""

    by_phone: dict[str, Script]
    by_text: dict[str, Script]
    with_consent: dict[str, Script]
    planted: str
    """Does nothing, and is planted everywhere in the end."""

    @classmethod
    def of(cls, numbers: Sequence[str], floods: int) -> Cast:
        """Half call, three tenths text, the rest agree to be contacted; of each two kinds of flood so many, since they cost the most."""
        planted, *rest = numbers
        half, more = len(rest) // 2, len(rest) * 8 // 10
        calm = [script for script in BY_PHONE if script is not flooding]
        texts = [script for script in BY_TEXT if script is not texted_in_a_flood]
        by_phone = dict(zip(rest[:half], (*[flooding] * floods, *[calm[at % len(calm)] for at in range(half - floods)]), strict=True))
        by_text = dict(zip(rest[half:more], (*[texted_in_a_flood] * floods, *[texts[at % len(texts)] for at in range(more - half - floods)]), strict=True))
        return cls(by_phone, by_text, dict(zip(rest[more:], cycle(WITH_CONSENT), strict=False)), planted)

    @property
    def all(self) -> dict[str, Script]:
        return {**self.by_phone, **self.by_text, **self.with_consent}


@dataclass
class Run:
    """`figures`: counts by name, for the reader."""

    cast: Cast
    surfaces: Surfaces
    seed: int = 7
    heard: Heard = field(default_factory=Heard)
    figures: dict[str, object] = field(default_factory=dict)
    _made: tuple[int, Needles] | None = None

    def __post_init__(self) -> None:
        self.surfaces.temporary.mkdir(exist_ok=True)
        self.surfaces.exports.mkdir(exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """Debug logging wherever it can be asked for, and a place of its own for temporary files."""
        return {
            "REFERRAL_LOG_LEVEL": "debug",
            "GUNICORN_CMD_ARGS": "--log-level debug --access-logfile - --capture-output",
            "PYTHONWARNINGS": "always",
            "TMPDIR": str(self.surfaces.temporary),
        }

    def call(self, kills: int, threads: int = 4) -> None:
        """Everybody calls, texts and agrees, while processes die and the gateway errs; then the surfaces are searched under the living service."""
        choice = random.Random(self.seed)
        with Fleet(self.surfaces.url, self.surfaces.folder, workers=2, real=True, lease=SHORT_LEASE, policy=QUICK) as fleet:
            secrets = read_secrets(self.surfaces.folder / "secrets.toml")
            line = OverHttp(fleet.ussd, f"http://127.0.0.1:{fleet.port}/sms/{secrets.sms_tokens[0]}", self.heard)
            fleet.gateway.faults.by_chance(Wild(self.seed, 0.3, QUOTING))
            over = threading.Event()
            waiting = list(self.cast.all.items())
            choice.shuffle(waiting)
            serial = iter(range(10**6))
            callers = [threading.Thread(target=self._play, args=(waiting, line, serial), daemon=True) for _ in range(threads)]
            for thread in callers:
                thread.start()
            killer = threading.Thread(target=self._kill, args=(fleet, kills, choice, over), daemon=True)
            killer.start()
            for thread in callers:
                thread.join(600)
            over.set()
            killer.join(60)
            fleet.up()
            self._read_pages(fleet)
            self._settle()
            fleet.gateway.faults.clear()
            self._keep_texts(fleet)
            self.figures |= {"killed": sum(fleet.kills.values()), "gateway's errors": sum(fleet.gateway.faults.struck.values())}
            yield_to_disk()
            self.look("living")

    def _play(self, waiting: list[tuple[str, Script]], line: Line, serial: Iterator[int]) -> None:
        while waiting:
            try:
                number, script = waiting.pop()
            except IndexError:
                return
            for step in script(Caller(number, line, self.heard, f"{next(serial):08x}")):
                step()

    @staticmethod
    def _kill(fleet: Fleet, kills: int, choice: random.Random, over: threading.Event) -> None:
        for _ in range(kills):
            if over.wait(choice.uniform(0.3, 1.2)):
                return
            fleet.kill_one(choice)
        if not over.wait(1):  # and a web process that is asked to go, as when code is renewed
            fleet.hosts[0].web.send_signal(signal.SIGHUP)

    def _settle(self, patience: float = 40.0) -> None:
        """Until what was texted has been read and answered."""
        database, until = Database(self.surfaces.url), time.monotonic() + patience
        with database.read() as session:
            while time.monotonic() < until:
                waiting = session.scalar(select(func.count()).select_from(TextRecord).where(TextRecord.due_at.is_not(None))) or 0
                session.rollback()
                if not waiting:
                    break
                time.sleep(0.3)
        with database.read() as session:
            self.figures |= {
                "reports": session.scalar(select(func.count()).select_from(ReportRecord)),
                "dialogues sealed": session.scalar(select(func.count()).select_from(DialogueRecord)),
                "numbers sealed": session.scalar(select(func.count()).select_from(ReportRecord).where(ReportRecord.contact.is_not(None))),
            }
        database.close()

    def _read_pages(self, fleet: Fleet) -> None:
        for path in ("healthz", "readyz", "metrics", "directory/", "directory/services", "directory/organizations", "nothing", "ussd/x", "sms/x/inbound"):
            for ask in (requests.get, requests.post):
                answer = ask(f"http://127.0.0.1:{fleet.port}/{path}", timeout=20)
                self.surfaces.show("pages", f"{answer.headers}\n{answer.text}")

    def _keep_texts(self, fleet: Fleet) -> None:
        for call in list(fleet.book.calls):
            self.surfaces.show("texts", call.words, call.number)

    def look(self, when: str) -> Search:
        """Search every surface for every caller's number, and for what led the gateway back to it."""
        for number, answer in self.heard.answers:
            self.surfaces.show("answers", answer, number)
        self.heard.answers.clear()
        search = Search(self._needles())
        self.surfaces.search(search)
        self.figures[f"{when}: megabytes"] = round(search.total / 1e6, 1)
        self.figures[f"{when}: hits"] = len(search.hits)
        assert search.hits == [], (when, search.surfaces_of(search.hits), [hit.needle.split(" ", 1)[1] for hit in search.hits[:9]])
        return search

    def _needles(self) -> Needles:
        """Put together once, and anew where the gateway has given more ids since."""
        if self._made is None or self._made[0] != len(self.heard.ids):
            self._made = len(self.heard.ids), needles(self.cast.all, self.heard.ids)
        return self._made[1]


def needles(numbers: Sequence[str] | dict[str, Script], ids: Sequence[str] = ()) -> Needles:
    """Every spelling of these numbers, and the digests of the gateway's ids."""
    found = {raw: f"{number} {name}" for number in numbers for name, raw in spellings(number).items()}
    for at, value in enumerate(ids):
        found |= {raw: f"id{at} {name}" for name, raw in identifiers(value).items()}
    return Needles(found)


def keyed(world: World, numbers: Sequence[str]) -> Needles:
    """What the service itself could make of a number, had it all its keys: whole tags, which must be nowhere once nothing is to be known of a caller.
    Twenty bits of one are too few to be looked for so (see `test_tags`)."""
    keys = world.service.keys
    roots = {
        name: getattr(keys, name) for name in ("fields", "days", "_codes", "_numbers", "_contacts", "_messages", "_files", "audit", "chain", "backups", "ring")
    }
    with world.rows() as session:
        days = {f"day {day}": world.service.daykeys._read(day) for day in session.scalars(select(DayKeyRecord.day)).all()}
    found: dict[bytes, str] = {}
    for number in numbers:
        for form in forms(number).values():
            for name, key in (roots | {name: key for name, key in days.items() if key}).items():
                for said in (form, f"id {form} {NO_ID} 2026-03-04 10:00:00", f"{form} {NO_ID}"):
                    made = tag(key, said)
                    found |= {made[:HEAD]: f"{number} {name}", made.hex()[: 2 * HEAD].encode(): f"{number} {name} hex"}
                    found[base64.b64encode(made)[:11]] = f"{number} {name} base64"
    return Needles(found)


def yield_to_disk() -> None:
    """Give the kernel and PostgreSQL a moment to write what they hold."""
    os.sync()
