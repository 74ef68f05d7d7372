"""Whose name stands in the record of a command: somebody's who gave their PIN, or the operator's while there is nobody who could."""

from __future__ import annotations

from pathlib import Path

import pytest

from referral.privacy.audit import Action
from tests.commands import Run, audited, console, refused, said, with_pins
from tests.conftest import ROOT, Kept

DESK, OFFICER = "triage-desk-1", "co-msambweni-1"
LINE = "id,name,number,language,office,kind,rank,verified_on,sample\nnew-1,Sample officer,+254700000987,en,co-kwale,deputy,9,sample,yes\n"


@pytest.fixture
def run(tmp_path: Path, sqlite_county: Kept, monkeypatch: pytest.MonkeyPatch) -> Run:
    return console(tmp_path, sqlite_county.fresh(f"who-{tmp_path.name}"), monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(LINE)
    return tmp_path / "people.csv"


def test_on_the_first_day_it_is_the_operator_and_no_name_that_is_only_typed(run: Run, file: Path) -> None:
    for by in ("nobody", OFFICER):
        assert refused(run("people", "load", file, "--by", by))
        assert refused(run("user", "invite", OFFICER, "--by", by))
    said(run("people", "load", file))
    said(run("user", "invite", OFFICER))
    assert [one.actor for action in (Action.POST_CHANGED, Action.PIN_INVITED) for one in audited(action)] == ["operator"] * 2


def test_once_somebody_has_a_pin_nobody_else_does_it_unnamed(run: Run, file: Path, tmp_path: Path) -> None:
    with_pins(DESK)
    unnamed = (
        ("people", "load", file), ("directory", "load", ROOT / "config" / "kwale"), ("user", "invite", OFFICER), ("directory", "export", tmp_path / "out"),
        ("keys", "export-web", "--out", tmp_path / "web.json"), ("audit", "show"), ("people", "restore", OFFICER), ("tokens", "rotate", "ussd"),
        ("people", "remove", OFFICER, "--reason", "x"), ("directory", "propose", "office", "co-kwale", "note=x"), ("report", "holds"),
    )  # fmt: skip
    for words in unnamed:
        assert "say who you are" in refused(run(*words)), words
    assert "not right" in refused(run("people", "load", file, "--by", DESK, pins=("135790",)))
    said(run("people", "load", file, "--by", DESK))
    said(run("directory", "export", tmp_path / "out", "--by", DESK))
    said(run("user", "invite", OFFICER, "--by", DESK))
    done = (Action.POST_CHANGED, Action.EXPORTED, Action.PIN_INVITED)
    assert [DESK in {entry.actor for entry in audited(action)} for action in done] == [True] * 3


def test_a_timer_and_a_suspension_wait_for_no_pin_and_whoever_is_suspended_proves_nothing(run: Run, tmp_path: Path) -> None:
    with_pins(DESK)
    said(run("backup", "--out", tmp_path / "backups"))
    said(run("backup", "--out", tmp_path / "more", "--by", DESK))
    assert sorted(one.actor for one in audited(Action.BACKED_UP)) == ["operator", DESK]
    said(run("people", "suspend", DESK, "--reason", "under inquiry"))
    assert "suspended" in refused(run("audit", "show", "--by", DESK))
    said(run("user", "invite", OFFICER))


def test_the_only_one_with_a_pin_who_forgot_it_is_invited_anew(run: Run) -> None:
    with_pins(DESK)
    said(run("user", "invite", DESK))
