"""Whatever is typed, sent or repeated at the USSD door: a valid screen, no 500, nothing half-written."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord
from referral.privacy.audit import Action, AuditRecord
from referral.reports.records import PlanStepRecord, ReportRecord
from referral.settings import Settings
from referral.texts.gsm import septets
from tests.conftest import START, Kept, settings_for
from tests.fakes import FixedClock
from tests.world import World

INPUTS = 20_000
SESSIONS = 60
ODD = (
    *("", "*", "#", "**", "1**2", "0", "00", "98", "9", "77", " 1 ", "1*1*1", "\u00e9", "\u0661", "\uff11", "\U0001f600", "\x00", "\n"),
    *("%0aCON", "<script>", "{{7*7}}", "' OR 1=1", "a" * 10_000),
)
KEYS = "123456789" + "01" + "1124"


class Session:
    """A caller, or a gateway, that follows no rule: texts grow, shrink, fork and jump. Its number is its own: another's in it is refused at the door."""

    def __init__(self, choice: random.Random, serial: int) -> None:
        self._choice = choice
        self.id = f"ATUid_{serial:032x}"
        self.number = f"+254700000{serial % 1000:03d}"
        self.text = ""

    def next(self) -> dict[str, str]:
        way = self._choice.random()
        if way < 0.70:
            self._grow(self._choice.choice(KEYS))
        elif way < 0.82:
            self._grow(self._choice.choice(ODD) if self._choice.random() < 0.7 else self._noise())
        elif way < 0.88:
            self.text = self.text.rpartition("*")[0]
        elif way < 0.92:
            self.text = self.text[: self._choice.randrange(len(self.text) + 1)] + "*" + self._choice.choice(KEYS)
        elif way < 0.95:
            self.text = self._noise()
        if len(self.text) > 10_000 or self._choice.random() < 0.01:
            self.text = ""
        form = {"sessionId": self.id, "phoneNumber": self.number, "networkCode": "63902", "serviceCode": "*384*96#", "text": self.text}
        if self._choice.random() < 0.02:
            form.pop(self._choice.choice(list(form)))
        return form

    def _grow(self, typed: str) -> None:
        self.text = f"{self.text}*{typed}" if self.text else typed

    def _noise(self) -> str:
        length = self._choice.choice([1, 2, 5, 40, 200])
        return "".join(chr(self._choice.choice([self._choice.randrange(32, 127), self._choice.randrange(1, 0x2000)])) for _ in range(length))


def test_twenty_thousand_inputs_give_twenty_thousand_screens(sqlite_county: Kept, record_property: Callable[[str, object], None]) -> None:
    """On one database: it is the door that is tried here, and what it writes is looked at afterwards."""
    settings: Settings = settings_for(sqlite_county.fresh("any_input"))
    world = World(settings, FixedClock(START))
    choice = random.Random(2026)
    sessions = [Session(choice, serial) for serial in range(SESSIONS)]
    ends = faults = 0
    broken = f"END {world.service.catalogue.say('sw', 'fault.broken')}"
    for count in range(INPUTS):
        session = choice.choice(sessions)
        form = session.next()
        screen = world.post(f"/ussd/{world.ussd_token}", form)
        assert screen.startswith(("CON ", "END ")), repr(screen[:40])
        assert septets(screen) <= 160
        ends += screen.startswith("END ")
        faults += screen == broken and "sessionId" in form
        if choice.random() < 0.01:
            world.post(f"/ussd/{world.ussd_token}/ended", {"sessionId": session.id})
        if count % 10 == 9:  # callers give up, others come
            sessions[choice.randrange(SESSIONS)] = Session(choice, SESSIONS + count)
    assert faults == 0
    figures = _nothing_half_written(world)
    world.close()
    for name, value in {"inputs": INPUTS, "faults": faults, "screens that end a call": ends, **figures}.items():
        record_property(name, value)


def _nothing_half_written(world: World) -> dict[str, int]:
    with world.rows() as session:
        reports = set(session.scalars(select(ReportRecord.id)))
        ladders = set(session.scalars(select(LadderRecord.report)))
        planned = set(session.scalars(select(PlanStepRecord.report)))
        alerted = set(session.scalars(select(AlertRecord.report).where(AlertRecord.report.is_not(None))))
        audited = set(session.scalars(select(AuditRecord.subject).where(AuditRecord.action == Action.FILED)))
        filed = session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.action == Action.FILED))
    assert reports
    assert reports == ladders == planned == alerted == audited
    assert filed == len(reports)
    return {"reports": len(reports)}


def test_a_redial_a_minute_after_a_report_gives_the_bytes_of_a_first_call(world: World) -> None:
    reporter = world.phone()
    reporter.dial()
    reporter.keys("1", "1", "1", "1", "2", "4", "1")
    assert "Nambari" in reporter.screen
    world.clock.turn(timedelta(minutes=1))
    again, newcomer = world.phone(), world.phone("+254700000002")
    assert again.dial() == newcomer.dial()
    for key in ("1", "1", "1", "1", "2", "4"):
        assert again.key(key) == newcomer.key(key)
