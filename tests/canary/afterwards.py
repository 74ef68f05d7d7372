"""What comes after the calls: time passes, officers read, everything that can be exported is."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.backup.sealed import OpeningReader
from referral.casework.reveals import RevealRefused
from referral.cli import main
from referral.dispatch.worker import Worker
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Nudge
from tests.canary.run import Run
from tests.commands import with_pins
from tests.conftest import ROOT, settings_for
from tests.fakes import FixedClock
from tests.officers.conftest import CHILDREN, DESK, PIN, has_pin, signed_in
from tests.world import Never, World

ELSEWHERE = frozenset({"texts", "silent", "send", "forget", "heartbeat"})
"""The jobs that touch callers. The ladder is left where it is: it would tell the same officers of every report for a month."""

MINE = ("--by", DESK)
"""Who types the commands."""


@contextmanager
def later(run: Run, by: timedelta) -> Iterator[World]:
    """The service some time after, without waiting for it."""
    world = World(settings_for(run.surfaces.url), FixedClock(datetime.now(UTC) + by))
    jobs = [job for job in world.service.jobs(world.gateway) if job.name in ELSEWHERE]
    world._worker = Worker(jobs, world.clock, Never(), pause=0)
    yield world
    for number, words in world.gateway.sent:
        run.surfaces.show("texts", words, number)
    world.close()


def officers_read(run: Run, world: World) -> None:
    """What officers see of the reports, and a text to a reporter who agreed, sent through the relay."""
    for person in (CHILDREN, DESK):
        has_pin(world, person)
        phone = signed_in(world, person)
        for keys in ("1", "1", "9", "9", "9", "0", "2", "0", "3"):
            run.surfaces.show("pages", phone.key(keys))
    asked = 0
    with world.rows() as session:
        with_number = select(AlertRecord.id, AlertRecord.person, AlertRecord.report).join(ReportRecord, ReportRecord.id == AlertRecord.report)
        found = session.execute(with_number.where(ReportRecord.contact.is_not(None), AlertRecord.purpose == Purpose.ALERT)).all()
    for alert, person, report in found[:6]:
        with world.service.database.transaction() as session:
            if world.service.officers_menu.desk.read(session, person, alert, world.clock()):
                asked += world.service.officers_menu.relay.ask(session, person, alert, Nudge.MESSAGE, world.clock()) is not None
            run.surfaces.show("pages", str(world.service.officers_menu.relay.line(session, person, alert, world.clock())))
            with suppress(RevealRefused):  # somebody has asked already
                world.service.reveals.ask(session, report, person, "The child is in hospital and asks for the caller", world.clock())
    run.figures["relays asked"] = asked


def export_everything(run: Run, key: bytes) -> None:
    """Every file and every listing that the commands can be made to give."""
    folder = run.surfaces.exports
    with_pins(DESK)
    first, second = (_custodian(run, name, folder) for name in ("wanjiku", "otieno"))
    for at, words in enumerate((
        ("audit", "show", *MINE), ("audit", "verify"), ("audit", "heads"), ("keys", "status"), ("callbacks",), ("tokens", "show"),
        ("report", "reveals", *MINE), ("report", "holds", *MINE), ("report", "letters", *MINE),
        ("directory", "export", str(folder / "csv"), *MINE), ("directory", "export", "--hsds", str(folder / "hsds"), *MINE),
        ("directory", "tasks"), ("directory", "due"), ("directory", "drills"), ("people", "--help"), ("backup", "--out", str(folder / "backups")),
        ("keys", "backup", "--out", str(folder / "keys.sealed"), "--to", first, "--to", second, *MINE),
        ("keys", "export-web", "--out", str(folder / "web.json"), *MINE),
    )):  # fmt: skip
        said = _typed(*words)
        (folder / f"said-{at}.txt").write_text(said, "utf-8")
        run.surfaces.show("pages", said)
    for file in (folder / "backups").glob("*.backup"):
        with file.open("rb") as sealed:
            (folder / "backup.opened").write_bytes(gzip.decompress(OpeningReader(sealed, key).readall()))


def _typed(*words: str) -> str:
    done = CliRunner().invoke(main, words, input=f"{PIN}\n")
    return f"{' '.join(words[:2])}\n{done.output}\n{done.exception or ''}"


def _custodian(run: Run, name: str, folder: Path) -> str:
    phrase = folder / f"{name}.phrase"
    phrase.write_text(f"twelve words of {name} that nobody else would ever think of\n")
    run.surfaces.show("pages", _typed("keys", "custodian", name, "--out", str(folder / f"{name}.key"), "--passphrase-file", str(phrase), *MINE))
    return name


def command_environment(run: Run) -> dict[str, str]:
    """So that commands find the run's own database, keys and county."""
    return {
        "REFERRAL_DATABASE_URL": run.surfaces.url,
        "REFERRAL_SECRETS": str(run.surfaces.folder / "secrets.toml"),
        "REFERRAL_CONFIG": str(ROOT / "config" / "kwale"),
    }
