"""The papers say only what is there: every test, module, file, table and figure they name exists, and every case is accounted for."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

import referral.app  # noqa: F401  every table
from referral.conversation.script import dialogue
from referral.routing.triage import RULES
from referral.store.base import Base
from referral.texts.catalogue import Catalogue

ROOT = Path(__file__).parent.parent
LINKED = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")))
TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")
MODULE = re.compile(r"`(referral(?:\.\w+)+)`")
FILE = re.compile(r"`((?:referral|config|docs|scripts|deploy|tests)/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[\w-]*)?\)")
MADE_THERE = {"deploy/.env", "deploy/watching/"}
"""What whoever installs the service makes beside it."""
SPAN = re.compile(r"`(\w+)` = (\d+)")
STATES = ("shown", "in part", "not yet", "not so here")


def words(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@cache
def defined(file: str) -> frozenset[str]:
    """The tests and classes of a file, as pytest names them behind it."""
    found = set()
    for node in ast.parse(words(file)).body:
        if isinstance(node, ast.FunctionDef):
            found.add(f"::{node.name}")
        elif isinstance(node, ast.ClassDef):
            found |= {f"::{node.name}", *(f"::{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))}
    return frozenset(found)


@pytest.mark.parametrize("paper", LINKED)
def test_every_test_a_paper_names_is_there(paper: str) -> None:
    named = TEST.findall(words(paper))
    assert [f"{file}{which}" for file, which in named if not (ROOT / file).is_file() or (which and which not in defined(file))] == []


@pytest.mark.parametrize("paper", LINKED)
def test_every_module_and_file_a_paper_names_is_there(paper: str) -> None:
    modules = [ROOT.joinpath(*name.split(".")) for name in MODULE.findall(words(paper))]
    assert [str(path.relative_to(ROOT)) for path in modules if not path.is_dir() and not path.with_suffix(".py").is_file()] == []
    assert [name for name in FILE.findall(words(paper)) if name not in MADE_THERE and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", LINKED)
def test_every_link_leads_somewhere(page: str) -> None:
    assert [target for target in LINK.findall(words(page)) if not (ROOT / page).parent.joinpath(target).exists()] == []


def cases() -> list[list[str]]:
    rows = [line for line in words("docs/cases.md").splitlines() if re.match(r"\| T\d", line)]
    return [[cell.strip() for cell in row.strip()[1:-1].split("|")] for row in rows]


def test_each_of_the_seventy_eight_cases_is_accounted_for_once() -> None:
    assert sorted(row[0] for row in cases()) == [f"T{number:02}" for number in range(1, 79)]


def test_a_case_names_its_tests_or_says_what_is_lacking() -> None:
    for number, _, _, tests, state, *lacking in cases():
        assert state in STATES, number
        assert state not in ("shown", "in part") or TEST.search(tests), f"{number} is said to be tried, and names no test"
        assert state == "shown" or any(lacking), f"{number} is not wholly shown, and does not say what is lacking"


def test_the_cases_are_counted_as_they_stand() -> None:
    states = [row[4] for row in cases()]
    assert f"Of the 78: {', '.join(f'{states.count(state)} {state}' for state in STATES)}." in words("docs/cases.md")


def test_every_table_that_holds_anything_of_a_person_has_its_row() -> None:
    """Those of the directory only where something in them is sealed or a tag: the rest of it is public."""
    named = set(re.findall(r"`(\w+)`", words("docs/threat-model.md")))
    tables = Base.metadata.tables.values()
    watched = {
        table.name for table in tables if not table.name.startswith("directory_") or any(isinstance(column.type, LargeBinary) for column in table.columns)
    }
    assert sorted(watched - named) == []


def test_the_spans_are_those_of_the_policy() -> None:
    kept = tomllib.loads(words("config/kwale/policy.toml"))["retention"]
    assert {name: int(value) for name, value in SPAN.findall(words("docs/threat-model.md"))} == kept


def test_each_rule_of_urgency_has_its_line_in_order() -> None:
    lines = re.findall(r"^\| (RED|HIGH|MEDIUM|LOW) \| ([^|]+) \|", words("docs/routing.md").partition("## 2.")[0], re.MULTILINE)
    assert lines == [(urgency.value, name) for urgency, name, _ in RULES]


def test_the_stories_screens_and_texts_are_counted_as_they_stand() -> None:
    found, stories = words("tests/README.md"), {path.name.split(".")[0] for path in (ROOT / "tests/journeys").glob("*.txt")}
    assert f"holds {len(stories)} whole stories" in found
    assert f"| {len(dialogue().nodes)} screens, {len(Catalogue.load(domain='dialogue').keys)} texts," in found


def test_what_nobody_has_reviewed_says_so() -> None:
    assert all("needs-review" in words(paper) for paper in ("docs/privacy.md", "docs/poster.md"))
    assert "**[counsel]**" in words("docs/dpia.md")
