"""What an operator types to keep the directory true, and what comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select, update

from referral.casework.records import PinRecord
from referral.directory.records import PersonRow
from referral.directory.tasks import open_task
from referral.directory.upkeep_records import TaskKind
from referral.privacy.audit import Action, AuditRecord
from referral.store.database import Database
from tests.commands import Run, audited, console, refused, said, with_pins
from tests.conftest import ROOT, START, Kept
from tests.upkeep.help import add_point

AMINA, JUMA = "triage-desk-1", "triage-desk-2"
"""Two of the desk, who keep the directory."""
OFFICE, HOLDER = "co-msambweni", "co-msambweni-1"
HEADER = "id,name,number,language,office,kind,rank,verified_on,sample\n"


@pytest.fixture
def url(sqlite_county: Kept, tmp_path: Path) -> str:
    return sqlite_county.fresh(f"upkeep-{tmp_path.name}")


@pytest.fixture
def run(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    typed = console(tmp_path, url, monkeypatch)
    with_pins(AMINA, JUMA)
    return typed


@pytest.fixture
def database(url: str) -> Database:
    return Database(url)


def test_a_drill_is_shown_queued_and_not_queued_twice(run: Run) -> None:
    assert HOLDER in said(run("drill", "--office", OFFICE, "--dry-run"))
    assert "1 office is asked" in said(run("drill", "--office", OFFICE))
    assert "0 offices are asked" in said(run("drill", "--office", OFFICE, "--by", AMINA))
    assert "not right" in refused(run("drill", "--by", AMINA, pins=("135790",)))
    assert sorted(one.actor for one in audited(Action.DRILLED)) == ["operator", AMINA]
    assert re.search(rf"{OFFICE} +{HOLDER} +- +waiting .* 0 of 0 +-\n", said(run("directory", "drills")))
    assert "nowhere: no office has this id" in refused(run("drill", "--office", "nowhere"))


def test_tasks_stand_oldest_first_with_what_is_late_and_are_done_by_the_beginning_of_their_id(run: Run, database: Database) -> None:
    with database.transaction() as session:
        open_task(session, TaskKind.DRILL_UNANSWERED, "office", OFFICE, "no answer", START)
    line = next(one for one in said(run("directory", "tasks")).splitlines() if OFFICE in one)
    assert "LATE" in line
    assert f"done: drill_unanswered office {OFFICE}" in said(run("directory", "task-done", line[:8], "--by", AMINA))
    assert "unknown" in refused(run("directory", "task-done", line[:8], "--by", AMINA))
    assert OFFICE not in said(run("directory", "tasks"))


def test_a_change_is_proposed_listed_accepted_by_another_and_stands_in_the_history(run: Run) -> None:
    proposed = said(run("directory", "propose", "office", OFFICE, "note=Moved to the new wing", "--by", AMINA, "--note", "they rang"))
    id_ = re.findall(r"proposed as (\w{8})", proposed)[0]
    assert f"office {OFFICE}: note=Moved to the new wing (by {AMINA}: they rang)" in said(run("directory", "proposals"))
    assert "second person" in refused(run("directory", "accept", id_, "--by", AMINA))
    assert "accepted" in said(run("directory", "accept", id_, "--by", JUMA))
    assert f"-> Moved to the new wing (proposed by {AMINA}, accepted by {JUMA}: they rang)" in said(run("directory", "history", "office", OFFICE))
    assert re.search(rf"note=Moved to the new wing \(by {AMINA}: they rang\) accepted \S+ \S+ by {JUMA}\n", said(run("directory", "proposals", "--decided")))
    assert "0 proposals are open" in said(run("directory", "proposals"))


def test_a_slip_is_withdrawn_by_whoever_made_it(run: Run) -> None:
    id_ = re.findall(r"proposed as (\w{8})", said(run("directory", "propose", "office", OFFICE, "note=Mvoed", "--by", AMINA)))[0]
    assert "only whoever proposed it" in refused(run("directory", "withdraw", id_, "--by", JUMA))
    assert f"{id_}: withdrawn" in said(run("directory", "withdraw", id_, "--by", AMINA))
    assert "0 proposals are open" in said(run("directory", "proposals"))
    assert "note=Mvoed (by triage-desk-1) withdrawn" in said(run("directory", "proposals", "--decided"))


def test_a_change_that_is_wrong_or_rejected_changes_nothing(run: Run) -> None:
    assert "role: " in refused(run("directory", "propose", "office", OFFICE, "role=king", "--by", AMINA))
    assert "field=value" in refused(run("directory", "propose", "office", OFFICE, "role", "--by", AMINA))
    id_ = re.findall(r"proposed as (\w{8})", said(run("directory", "propose", "office", OFFICE, "note=x", "--by", AMINA)))[0]
    assert "rejected" in said(run("directory", "reject", id_, "--by", JUMA, "--note", "not so"))
    assert "unknown" in refused(run("directory", "accept", id_, "--by", JUMA))


def test_what_is_due_is_listed_and_verified(run: Run, database: Database) -> None:
    with database.transaction() as session:
        add_point(session, "t-clinic", "ZZZ2")
    assert "t-clinic-loc" in said(run("directory", "due", "--kind", "address"))
    assert "verified" in said(run("directory", "verified", "location", "t-clinic-loc", "--by", AMINA, "--method", "visit"))
    assert "t-clinic-loc" not in said(run("directory", "due"))
    assert "unknown" in refused(run("directory", "verified", "location", "nowhere", "--by", AMINA, "--method", "visit"))
    assert "say who you are" in refused(run("directory", "verified", "location", "t-clinic-loc", "--by", " ", "--method", "visit"))


def test_whoever_has_left_is_removed_with_number_pin_and_posts_and_others_answer(run: Run, database: Database) -> None:
    run("user", "invite", HOLDER, "--by", AMINA)
    assert "is removed" in said(run("people", "remove", HOLDER, "--reason", "moved to another county", "--by", AMINA))
    assert "already" in said(run("people", "remove", HOLDER, "--reason", "moved to another county", "--by", AMINA))
    assert "co-msambweni-2" in said(run("drill", "--office", OFFICE, "--dry-run"))
    assert "no officer has this id" in refused(run("people", "remove", "nobody", "--reason", "x", "--by", AMINA))
    with database.read() as session:
        row = session.get_one(PersonRow, HOLDER)
        assert (row.removed, row.sealed_number, row.number_tag) == (True, None, None)
        assert session.get(PinRecord, HOLDER) is None
        assert session.scalars(select(AuditRecord.action).where(AuditRecord.action == Action.PERSON_REMOVED)).all()
    assert refused(run("user", "invite", HOLDER, "--by", AMINA))
    assert "removed" in said(run("directory", "history", "person", HOLDER))


def test_suspending_acts_at_once_and_speaks_of_the_gap(run: Run) -> None:
    assert "alarm" in said(run("people", "suspend", HOLDER, "--reason", "under inquiry", "--by", AMINA))
    assert "already" in said(run("people", "suspend", HOLDER, "--reason", "under inquiry", "--by", AMINA))
    assert "co-msambweni-2" in said(run("drill", "--office", OFFICE, "--dry-run"))
    assert "on duty again" in said(run("people", "restore", HOLDER, "--by", AMINA))
    assert "no officer has this id" in refused(run("people", "suspend", "nobody", "--reason", "x", "--by", AMINA))


class TestPeopleFromAFile:
    def lines(self, name: str) -> str:
        return f"{HEADER}{HOLDER},{name},+254700000102,en,{OFFICE},holder,0,sample,yes\n"

    def test_change_what_nobody_changed_by_hand(self, run: Run, tmp_path: Path, database: Database) -> None:
        file = tmp_path / "people.csv"
        file.write_text(self.lines("Another name"))
        assert "left as it is" not in said(run("people", "load", str(file), "--by", AMINA))
        with database.read() as session:
            assert session.get_one(PersonRow, HOLDER).name == "Another name"

    def test_leave_alone_what_somebody_did_and_say_so(self, run: Run, tmp_path: Path, database: Database) -> None:
        with database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(edited=True, name="By hand"))
        file = tmp_path / "people.csv"
        file.write_text(self.lines("From the file"))
        output = said(run("people", "load", str(file), "--by", AMINA))
        assert f"people.csv:2: {HOLDER}: left as it is" in output
        assert "0 rows new or changed" in output
        with database.read() as session:
            assert session.get_one(PersonRow, HOLDER).name == "By hand"

    def test_leave_a_suspension_and_a_refused_number_as_they_are(self, run: Run, tmp_path: Path, database: Database) -> None:
        with database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(suspended=True, unreachable=True))
        file = tmp_path / "people.csv"
        file.write_text(self.lines("Another name"))
        said(run("people", "load", str(file), "--by", AMINA))
        with database.read() as session:
            row = session.get_one(PersonRow, HOLDER)
            assert (row.name, row.suspended, row.unreachable) == ("Another name", True, True)

    def test_do_not_lie_beside_the_code(self, run: Run) -> None:
        assert "beside the code" in refused(run("people", "load", str(ROOT / "config" / "kwale" / "people.sample.csv")))
