"""What was told is read back as it was told, and what could point at somebody is sealed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from referral.reports.records import ReportRecord
from referral.reports.register import NewReport
from referral.store.base import new_id
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Accused, AgeBand, Channel, Concern, Danger, Disability, Happened, Hours, Reporter, Sex, Told, Urgency
from tests.conftest import START
from tests.world import World

WORDS = st.one_of(st.none(), st.text(min_size=1, max_size=80))
TOLD = st.builds(
    Told,
    danger=st.one_of(st.none(), st.sampled_from(Danger)),
    concern=st.one_of(st.none(), st.sampled_from(Concern)),
    place=st.sampled_from([None, "KE002-W0032"]),
    accused=st.frozensets(st.sampled_from(Accused), max_size=4),
    happened=st.one_of(st.none(), st.sampled_from(Happened)),
    age=st.one_of(st.none(), st.sampled_from(AgeBand)),
    sex=st.one_of(st.none(), st.sampled_from(Sex)),
    disability=st.one_of(st.none(), st.sampled_from(Disability)),
    reporter=st.one_of(st.none(), st.sampled_from(Reporter)),
    spot=WORDS,
    landmark=WORDS,
    story=WORDS,
)


def new(told: Told, number: str = "482193") -> NewReport:
    return NewReport(new_id(), number, new_id().encode()[:16], Channel.USSD, told, Urgency.HIGH, "a rule", 1, ("accused_unknown",), False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=TOLD, later=TOLD)
def test_whatever_is_told_is_read_back_and_amended(sqlite_world: World, told: Told, later: Told) -> None:
    register, database = sqlite_world.service.register, sqlite_world.service.database
    with database.transaction() as session:
        kept = new(told, f"{100_000 + (session.scalar(select(func.count()).select_from(ReportRecord)) or 0)}")
        assert register.look_around(session, kept.number, None, None, START) == (False, 0)
        register.add(session, kept, START)
    with database.transaction() as session:
        report = register.read(session, kept.id)
        assert report is not None
        assert report.told == told
        register.amend(session, kept.id, later, Urgency.RED, 2, ("child_accused",), None)
    with database.read() as session:
        report = register.read(session, kept.id)
        assert report is not None
        assert (report.told, report.urgency, report.need, report.flags) == (later, Urgency.RED, 2, ("child_accused",))
        seen = register.find(session, kept.id)
        assert seen is not None
        assert (seen.told.story, seen.told.landmark, seen.told.reporter) == (None, None, None)


@pytest.fixture
def kept(world: World) -> tuple[World, NewReport]:
    report = new(Told(concern=Concern.PHYSICAL, story="Nyumba ya bluu", reporter=Reporter.CHILD))
    with world.service.database.transaction() as session:
        world.service.register.add(session, report, START + timedelta(minutes=17))
    return world, report


def test_the_time_is_kept_by_the_hour(kept: tuple[World, NewReport]) -> None:
    world, _ = kept
    with world.rows() as session:
        assert session.scalars(select(ReportRecord.filed_hour)).one() == START


def test_a_story_that_was_changed_is_shown_as_unreadable_and_never_guessed(kept: tuple[World, NewReport]) -> None:
    world, report = kept
    with world.service.database.transaction() as session:
        sealed = session.scalars(select(ReportRecord.story)).one()
        assert sealed is not None
        session.execute(update(ReportRecord).values(story=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    with world.rows() as session:
        read = world.service.register.read(session, report.id)
        assert read is not None
        assert (read.told.story, read.unreadable) == (None, ("story",))
        assert read.told.landmark == report.told.landmark
    with world.rows() as session:
        assert world.service.register.find(session, report.id) is not None


def test_a_story_put_under_another_report_does_not_open(kept: tuple[World, NewReport]) -> None:
    world, report = kept
    other = new(Told(concern=Concern.PHYSICAL, story="x"), "482194")
    with world.service.database.transaction() as session:
        world.service.register.add(session, other, START)
        session.flush()
        sealed = session.scalar(select(ReportRecord.story).where(ReportRecord.id == report.id))
        session.execute(update(ReportRecord).where(ReportRecord.id == other.id).values(story=sealed))
    with world.rows() as session:
        read = world.service.register.read(session, other.id)
        assert read is not None
        assert (read.told.story, read.unreadable) == (None, ("story",))


def test_a_contact_goes_with_its_consent(kept: tuple[World, NewReport]) -> None:
    world, report = kept
    register = world.service.register
    with world.service.database.transaction() as session:
        register.give_contact(session, report.id, PhoneNumber("+254700000777"), b"t" * 16, Hours.EVENING, False, START)
    with world.service.database.transaction() as session:
        assert session.scalars(select(ReportRecord.contact)).one() is not None
        register.withdraw_contact(session, report.id)
    with world.rows() as session:
        row = session.scalars(select(ReportRecord)).one()
        assert (row.contact, row.contact_hours, row.contact_by_call, row.contact_until) == (None, None, None, None)


def test_a_contact_is_gone_after_thirty_days(kept: tuple[World, NewReport]) -> None:
    world, report = kept
    with world.service.database.transaction() as session:
        world.service.register.give_contact(session, report.id, PhoneNumber("+254700000777"), b"t" * 16, Hours.EVENING, False, START)
    world.clock.turn(timedelta(days=30, hours=1))
    world.work()
    with world.rows() as session:
        assert session.scalars(select(ReportRecord.contact)).one() is None


def test_alike_ones_are_counted_by_ward_and_concern_and_time(kept: tuple[World, NewReport]) -> None:
    world, _ = kept
    register = world.service.register
    with world.service.database.transaction() as session:
        for serial, (concern, place) in enumerate([(Concern.PHYSICAL, "KE002-W0032"), (Concern.PHYSICAL, "KE002-W0031"), (Concern.NEGLECT, "KE002-W0032")]):
            register.add(session, new(Told(concern=concern, place=place), f"48300{serial}"), START)
    with world.rows() as session:
        assert register.look_around(session, "100000", Concern.PHYSICAL, "KE002-W0032", START - timedelta(days=14)) == (False, 1)
        assert register.look_around(session, "100000", Concern.PHYSICAL, "KE002-W0032", START + timedelta(hours=1)) == (False, 0)
        assert register.look_around(session, "100000", Concern.PHYSICAL, None, START) == (False, 0)
