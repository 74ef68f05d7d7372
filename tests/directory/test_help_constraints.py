"""What the tables of help refuse, whoever writes: each rule with a row that breaks it, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from referral.directory.point_records import (
    AccessibilityRow,
    DayExceptionRow,
    EntryFlagRow,
    HoursRow,
    LanguageRow,
    NearRankRow,
    PhoneRow,
    PlaceNameRow,
    ShownPointRow,
    TermRow,
)
from referral.directory.records import OfficeRow
from referral.directory.service_records import LocationRow, LocationSecretRow, OrganizationRow, ServiceAreaRow, ServiceAtLocationRow, ServiceRow
from referral.directory.upkeep_records import DrillRow, FieldChangeRow, ImportRow, ProofRow, ProposalRow, TaskRow
from referral.store.base import Base
from referral.store.database import Database
from referral.vocabulary.help import HelpKind
from referral.vocabulary.place import PlaceKind
from tests.directory.help_rows import Helper

HELP = {f"referral.directory.{module}" for module in ("service_records", "point_records", "upkeep_records")}
NOW = datetime(2026, 11, 4, 7, 0, tzinfo=UTC)
DAY = date(2026, 11, 4)
Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table and a row that it takes."""

    record: type[Base]
    good: Row

    def refuses(self, what: str, **bad: Any) -> tuple[str, Table, Row]:
        return f"{self.record.__tablename__.removeprefix('directory_')}: {what}", self, bad


ORGANIZATION = Table(OrganizationRow, {"id": "x", "name": "x", "sector": "health", "updated_at": NOW})
LOCATION = Table(LocationRow, {"id": "x", "organization": "org", "name": "x", "updated_at": NOW})
CONFIDENTIAL = Table(LocationRow, {"id": "x", "organization": "org", "name": "x", "visibility": "confidential", "place": "K", "updated_at": NOW})
SERVICE = Table(ServiceRow, {"id": "x", "organization": "org", "name": "x", "kind": HelpKind.LEGAL, "updated_at": NOW})
POINT = Table(ServiceAtLocationRow, {"id": "x", "service": "other", "location": "clinic", "code": "ZZZZ", "short_name": "x", "updated_at": NOW})
AREA = Table(ServiceAreaRow, {"id": "x", "service": "clinic", "service_at_location": None, "place": "W"})
HOURS = Table(HoursRow, {"id": "x", "service_at_location": "clinic", "phone": None, "days": 31, "opens": 480, "closes": 1020})
UNLIKE = Table(DayExceptionRow, {"id": "x", "service_at_location": "clinic", "day": DAY, "closed": False, "opens": 480, "closes": 720})
OFF = Table(DayExceptionRow, {"id": "x", "service_at_location": None, "day": DAY, "closed": True, "opens": None, "closes": None})
PHONE = Table(PhoneRow, {"id": "x", "e164": "+254700000401", "service_at_location": "clinic", "updated_at": NOW})
LANGUAGE = Table(LanguageRow, {"id": "x", "code": "swa", "location": "clinic"})
ACCESS = Table(AccessibilityRow, {"id": "x", "location": "clinic", "access": "ramp"})
TERM = Table(TermRow, {"id": "x", "taxonomy": "help", "code": "x", "name_en": "x", "name_sw": "x", "description": "x"})
NAME = Table(PlaceNameRow, {"id": "x", "place": "W", "language": "swa", "name": "X", "norm": "x", "kind": "alias"})
SECRET = Table(LocationSecretRow, {"location": "clinic", "sealed": b"x"})
RANK = Table(NearRankRow, {"place": "W", "kind": HelpKind.LEGAL, "rank": 0, "service_at_location": "clinic", "metres": 1})
SHOWN = Table(
    ShownPointRow,
    {"service_at_location": "clinic", "kind": "legal", "code": "AAAA", "name": "x", "short_name": "x", "exact": True, "pep": False, "confirmed": True},
)
FLAG = Table(EntryFlagRow, {"id": "x", "service_at_location": "clinic", "reason": "closed", "day": DAY, "tag": 7})
PROPOSAL = Table(
    ProposalRow,
    {"id": "x", "entity": "phone", "entry": "p", "changes": "{}", "base_version": 1, "origin": "console", "proposed_by": "a", "proposed_at": NOW},
)
DECIDED = Table(ProposalRow, {**PROPOSAL.good, "status": "accepted", "decided_by": "b", "decided_at": NOW})
TASK = Table(TaskRow, {"id": "x", "kind": "verify", "entity": "phone", "entry": "p", "opened_at": NOW})
DRILL = Table(DrillRow, {"id": "x", "office": "desk", "month": date(2026, 11, 1), "minutes": 4})
CHANGE = Table(FieldChangeRow, {"id": "x", "entity": "phone", "entry": "p", "field": "e164", "action": "update", "by": "a", "at": NOW})
IMPORT = Table(
    ImportRow,
    {"id": "x", "digest": "d", "what": "x", "mode": "add", "added": 1, "updated": 0, "removed": 0, "rejected": 0, "unchanged": 0, "by": "a", "at": NOW},
)
PROOF = Table(ProofRow, {"id": 1, "claimed_at": NOW, "combinations": 2, "gaps": 1})
TABLES = [one for one in list(globals().values()) if isinstance(one, Table)]

BREAKING = [
    ORGANIZATION.refuses("its own parent", parent="x"),
    ORGANIZATION.refuses("a parent that is not there", parent="nobody"),
    ORGANIZATION.refuses("a status of nobody's", status="open"),
    ORGANIZATION.refuses("verified without saying how", verified_on=DAY),
    ORGANIZATION.refuses("a way of verifying without a day", verify_method="call"),
    ORGANIZATION.refuses("the same id", id="org"),
    LOCATION.refuses("half a point", lat=-4.0, precision="gps"),
    LOCATION.refuses("a point without its precision", lat=-4.0, lon=39.0),
    LOCATION.refuses("a precision without a point", precision="gps"),
    LOCATION.refuses("off the earth", lat=-94.0, lon=39.0, precision="gps"),
    LOCATION.refuses("a helpline with a point", location_type="virtual", lat=-4.0, lon=39.0, precision="gps"),
    LOCATION.refuses("for staff only, which no location is", visibility="staff"),
    LOCATION.refuses("an unknown place", place="nowhere"),
    CONFIDENTIAL.refuses("a confidential one with coordinates", lat=-4.0, lon=39.0, precision="gps"),
    CONFIDENTIAL.refuses("a confidential one with the point of its ward", lat=-4.0, lon=39.0, precision="ward"),
    CONFIDENTIAL.refuses("a confidential one with directions", directions="behind the market"),
    CONFIDENTIAL.refuses("a confidential one with a way to it", transport="matatu 12"),
    SERVICE.refuses("ages the wrong way round", min_age=18, max_age=5),
    SERVICE.refuses("an age below nought", min_age=-1),
    SERVICE.refuses("an age below nought at the top", max_age=-1),
    SERVICE.refuses("a kind that nobody can ask for", kind="hotel"),
    SERVICE.refuses("no organization", organization=None),
    POINT.refuses("a code that is taken", code="2222"),
    POINT.refuses("the same service at the same location twice", service="clinic"),
    POINT.refuses("a service that is not there", service="nothing"),
    AREA.refuses("no owner", service=None),
    AREA.refuses("two owners", service_at_location="clinic"),
    AREA.refuses("the same place twice", place="K"),
    HOURS.refuses("no owner", service_at_location=None),
    HOURS.refuses("two owners", phone="line"),
    HOURS.refuses("no day", days=0),
    HOURS.refuses("an eighth day", days=128),
    HOURS.refuses("a minute after midnight of its own", closes=1440),
    HOURS.refuses("a minute before midnight", opens=-1),
    HOURS.refuses("ended before they began", valid_from=DAY, valid_to=date(2026, 11, 3)),
    UNLIKE.refuses("closed, and open", closed=True),
    UNLIKE.refuses("open without hours", opens=None, closes=None),
    UNLIKE.refuses("open without an end", closes=None),
    UNLIKE.refuses("a minute too many", closes=1440),
    UNLIKE.refuses("the same day twice", day=date(2026, 12, 25)),
    OFF.refuses("closed with an hour", opens=480),
    PHONE.refuses("two numbers", short_number="116"),
    PHONE.refuses("no number", e164=None),
    PHONE.refuses("no owner", service_at_location=None),
    PHONE.refuses("two owners", office="desk"),
    PHONE.refuses("a number without its plus", e164="254700000401"),
    PHONE.refuses("confidential, which no phone is", visibility="confidential"),
    PHONE.refuses("failed less than never", fails=-1),
    PHONE.refuses("a rank below the first", rank=-1),
    LANGUAGE.refuses("no owner", location=None),
    LANGUAGE.refuses("two owners", service="clinic"),
    LANGUAGE.refuses("twice", code="eng"),
    ACCESS.refuses("a word of nobody's", access="lift"),
    ACCESS.refuses("twice", access="toilet"),
    TERM.refuses("its own parent", parent="x"),
    TERM.refuses("the same code twice in a taxonomy", code="taken"),
    NAME.refuses("the same name twice for a place", norm="taken"),
    NAME.refuses("a kind of nobody's", kind="nickname"),
    SECRET.refuses("of a location that is not there", location="nowhere"),
    RANK.refuses("a service point that is not there", service_at_location="nothing"),
    RANK.refuses("a place that is not there", place="nowhere"),
    SHOWN.refuses("a service point that is not there", service_at_location="nothing"),
    FLAG.refuses("a caller heard twice on one day", tag=1),
    FLAG.refuses("a reason of nobody's", reason="bored"),
    PROPOSAL.refuses("a second open one for the same entry", entry="taken"),
    PROPOSAL.refuses("open, but decided", decided_by="b", decided_at=NOW),
    DECIDED.refuses("accepted by whoever proposed it", decided_by="a"),
    DECIDED.refuses("accepted by nobody", decided_by=None),
    DECIDED.refuses("rejected by nobody", status="rejected", decided_by=None),
    DECIDED.refuses("accepted at no time", decided_at=None),
    TASK.refuses("a second open one for the same entry", entry="taken"),
    TASK.refuses("done by nobody", done_at=NOW),
    TASK.refuses("done at no time", done_by="a"),
    DRILL.refuses("an office twice in a month", month=date(2026, 10, 1)),
    DRILL.refuses("answered before it was asked", minutes=-1),
    DRILL.refuses("an office that is not there", office="nobody"),
    PROOF.refuses("a second one", id=2),
    PROOF.refuses("more gaps than were looked for", gaps=3),
]

Insert = Callable[[Table, Row], None]


@pytest.fixture
def write(database: Database) -> Insert:
    """A directory with one of everything, and a way to write one row more, in a transaction of its own."""
    with database.transaction() as session:
        made = Helper(session, NOW)
        made.place("K", PlaceKind.COUNTY)
        made.place("W", PlaceKind.WARD, "K")
        made.organization()
        made.add(OfficeRow(id="desk", role="triage_desk", name="desk", sample=True))
        made.point("clinic", code="2222", verified_on=DAY, verify_method="call")
        made.service("other")
        made.phone("line", "116", service_at_location="clinic")
    taken = [
        (AREA, {"id": "a", "place": "K"}),
        (UNLIKE, {"id": "a", "day": date(2026, 12, 25)}),
        (LANGUAGE, {"id": "a", "code": "eng"}),
        (ACCESS, {"id": "a", "access": "toilet"}),
        (TERM, {"id": "a", "code": "taken"}),
        (NAME, {"id": "a", "norm": "taken"}),
        (FLAG, {"id": "a", "tag": 1}),
        (PROPOSAL, {"id": "a", "entry": "taken"}),
        (TASK, {"id": "a", "entry": "taken"}),
        (DRILL, {"id": "a", "month": date(2026, 10, 1)}),
    ]

    def run(table: Table, values: Row) -> None:
        with database.transaction() as session:
            session.execute(insert(table.record), [{**table.good, **values}])

    for table, values in taken:
        run(table, values)
    return run


def test_every_rule_is_tried_on_a_row_that_would_else_be_taken(write: Insert, database: Database) -> None:
    for table in TABLES:
        with database.transaction() as session:
            session.execute(insert(table.record), [table.good])
            session.rollback()
    assert {table.record for table in TABLES} == {
        mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__module__ in HELP and hasattr(mapper.class_, "__tablename__")
    }


def test_the_database_refuses_every_row_that_breaks_a_rule(write: Insert) -> None:
    assert [what for what, table, bad in BREAKING if not refused(write, table, bad)] == []


def refused(write: Insert, table: Table, bad: Row) -> bool:
    """By the database itself: no other error counts."""
    try:
        write(table, bad)
    except IntegrityError:
        return True
    return False


def test_a_task_done_and_a_proposal_decided_make_room_for_the_next(write: Insert) -> None:
    write(TASK, {"done_at": NOW, "done_by": "a", "entry": "taken"})
    write(PROPOSAL, {"status": "rejected", "entry": "taken", "decided_by": "b", "decided_at": NOW})
    write(PROPOSAL, {"id": "y", "status": "stale", "entry": "taken", "decided_at": NOW})


def test_flags_whose_day_is_over_tell_nobody_apart(write: Insert) -> None:
    for name in ("b", "c"):
        write(FLAG, {"id": name, "tag": None})


def test_a_public_phone_has_no_person_to_belong_to() -> None:
    assert not [key.column.table.name for key in PhoneRow.__table__.foreign_keys if "person" in key.column.table.name]
