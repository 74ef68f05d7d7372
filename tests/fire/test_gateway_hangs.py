"""The gateway takes calls and says nothing for four minutes. Callers notice nothing, RED waits behind nothing, and the clocks run on.

Scaled: four minutes are 13 seconds here, and RED's first quarter of an hour is nine of them, so that a step falls due while the gateway hangs; the seconds
after which a call is given up (nine, twelve at most) are not scaled. `REFERRAL_HANG_SECONDS=240` plays the real length.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.reports.records import ReportRecord
from referral.simulator.faults import Fault, Kind
from referral.store.database import Database
from referral.vocabulary.report import Urgency
from tests.fire.fleet import CODE, Fleet
from tests.fire.load import RED
from tests.fire.outage import Phones
from tests.fire.reckoning import NUMBER, reckon, settle

SECONDS = float(os.environ.get("REFERRAL_HANG_SECONDS", "13"))
SCALED = {"RED = [": "0.15, 0.3, 0.6]", "receipt_for_red = ": "0.1", "high = ": "0"}
"""RED: 9, 18 and 36 seconds; a receipt within six; HIGH goes out at once."""
HIGH = ("1", "2", "9", "3", "1", "1", "2", "4", "1")
"""Report; soon; a child is hurt; Msambweni; Ukunda; don't know; send."""
GIVEN_UP = 8.0
"""Seconds: a call that took longer was given up by the worker, whatever the gateway made of it afterwards."""


def sent(phones: Phones, keys: tuple[str, ...]) -> str:
    """A whole report in one session; its code."""
    text = screen = ""
    session = f"ATUid_hang{phones.serial}"
    for key in keys:
        text = f"{text}*{key}" if text else key
        screen = phones.press(text, session)
    phones.serial += 1
    found = CODE.search(screen)
    assert found, screen
    return found[0].replace(" ", "")


def number_of_last(database: Database, urgency: Urgency) -> set[str]:
    """The alert numbers of the reports of an urgency."""
    with database.read() as session:
        return set(session.scalars(select(ReportRecord.number).where(ReportRecord.urgency == urgency)))


def taken(fleet: Fleet, numbers: set[str]) -> int:
    return sum(call.taken for call in list(fleet.book.calls) if (found := NUMBER.search(call.words)) and found[1] in numbers)


def until(holds: Callable[[], bool], seconds: float, fleet: Fleet) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, fleet.log()[-3000:]
        time.sleep(0.05)
    return time.monotonic() - began


def highest(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.max(AlertRecord.step)).where(AlertRecord.purpose == Purpose.ALERT)) or 0


def test_callers_notice_nothing_red_is_not_behind_and_the_clocks_run_on(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with Fleet(database_url, tmp_path, real=True, lease=0.25, policy=SCALED) as fleet:
        database, phones = Database(database_url), Phones(fleet)
        fleet.gateway.faults.add(Fault(Kind.HANG, sparing="RED", seconds=240))
        promised = [sent(phones, HIGH) for _ in range(3)]
        until(lambda: any(call.ended is None for call in fleet.book.calls), 20, fleet)  # the first of them hangs
        promised.append(sent(phones, RED))
        red = number_of_last(database, Urgency.RED)
        after = until(lambda: taken(fleet, red) >= 2, 15, fleet)
        assert taken(fleet, number_of_last(database, Urgency.HIGH)) == 0

        fleet.gateway.faults.add(Fault(Kind.HANG, seconds=240))
        began = time.monotonic()
        promised.append(sent(phones, RED))
        climbed = until(lambda: highest(database) >= 2, SECONDS, fleet)  # nobody answers, since nobody is told: the next are to be told
        promised.append(sent(phones, RED))
        time.sleep(max(0.0, SECONDS - (time.monotonic() - began)))
        with database.read() as session:
            steps = list(session.scalars(select(LadderRecord.step).where(LadderRecord.ended_at.is_(None))))
        fleet.gateway.faults.clear()
        settle(database, hurry=True)
        found = reckon(database, fleet, promised)
        database.close()
        assert "Traceback" not in fleet.log()
        given_up = sum(call.ended is not None and call.ended - call.began > GIVEN_UP for call in fleet.book.calls)
    figures = {
        "the gateway hung for, s": SECONDS, "RED taken beside hanging HIGH after, s": round(after, 1), "the ladder climbed after, s": round(climbed, 1),
        "ladders that had climbed": sum(step > 1 for step in steps), "slowest answer to a caller, s": round(max(phones.took), 1),
        "calls given up": given_up, **found.figures,
    }  # fmt: skip
    for name, value in figures.items():
        record_property(name, value)
    assert max(phones.took) < 8
    # A call that was given up is one whose answer was lost: its repeat is right if it says so. All else must be nought.
    assert found.figures["texts taken twice, unexplained"] <= given_up
    assert {name for name in found.wrong if name != "texts taken twice, unexplained"} == set()
