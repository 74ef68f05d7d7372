"""Callers say that an entry is wrong: two are looked at, three of one day are believed for the time being, and nothing leads back to any of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from referral.directory import tasks
from referral.directory.flags import Flags
from referral.directory.people import current_version
from referral.directory.point_records import EntryFlagRow, FlagReason, ShownPointRow
from referral.directory.service_records import ServiceAtLocationRow, VerifyMethod
from referral.directory.upkeep_records import TaskKind
from referral.store.database import Database
from referral.upkeep.verification import Verification
from tests.conftest import START
from tests.upkeep.help import add_point
from tests.world import World, on_sqlite

POINT, OTHER = "t-clinic-point", "t-desk-point"
A_DAY = 3
CALLER = "+254700000777"
DAY = timedelta(days=1)


@pytest.fixture
def directory(county_database: Database) -> Database:
    with county_database.transaction() as session:
        add_point(session, POINT, "ZZZ2")
        add_point(session, OTHER, "ZZZ3")
    return county_database


def say(database: Database, *tags: int | None, point: str = POINT, after: timedelta = timedelta(), reason: FlagReason = FlagReason.CLOSED) -> None:
    for tag in tags:
        with database.transaction() as session:
            Flags(A_DAY).say_wrong(session, point, reason, tag, START + after)


def open_for(database: Database, point: str = POINT) -> list[tasks.Task]:
    with database.read() as session:
        return [task for task in tasks.open_tasks(session, TaskKind.WRONG_INFORMATION) if task.entry == point]


def doubted(database: Database, point: str = POINT) -> tuple[bool, bool]:
    """Whether the entry is marked unconfirmed, and whether lists show it so."""
    with database.read() as session:
        shown = session.scalars(select(ShownPointRow.confirmed).where(ShownPointRow.service_at_location == point)).all()
        return session.get_one(ServiceAtLocationRow, point).unconfirmed, bool(shown) and not any(shown)


def test_one_caller_who_says_it_again_and_again_is_one(directory: Database) -> None:
    say(directory, 5, 5, 5, 5)
    assert open_for(directory) == []


def test_two_callers_make_one_task_that_says_what_they_said(directory: Database) -> None:
    say(directory, 5)
    say(directory, 6, reason=FlagReason.WRONG_NUMBER)
    (task,) = open_for(directory)
    assert (task.note, doubted(directory)) == ("callers say it is wrong: closed 1, wrong number 1", (False, False))
    assert open_for(directory, OTHER) == []


def test_three_callers_mark_it_unconfirmed_where_it_is_kept_and_where_it_is_shown(directory: Database) -> None:
    with directory.read() as session:
        before = current_version(session)
    say(directory, 5, 6, 7)
    assert (doubted(directory), doubted(directory, OTHER), len(open_for(directory))) == ((True, True), (False, False), 1)
    with directory.read() as session:
        assert current_version(session) > before


def test_one_phone_on_three_days_is_a_task_and_never_three_callers(directory: Database) -> None:
    for days in range(5):
        say(directory, days, after=days * DAY)  # under each day's key the same number has another tag
    assert (len(open_for(directory)), doubted(directory)) == (1, (False, False))
    say(directory, 7, 8, after=4 * DAY)
    assert doubted(directory) == (True, True)


def test_one_phone_is_heard_of_a_few_entries_a_day(directory: Database) -> None:
    with directory.transaction() as session:
        points = [f"t-more-{number}" for number in range(A_DAY + 1)]
        for number, point in enumerate(points):
            add_point(session, point, f"YYY{number + 2}")
    for point in points:
        say(directory, 5, point=point)
        say(directory, None, point=point)
    assert [len(open_for(directory, point)) for point in points] == [1] * A_DAY + [0]
    say(directory, 6, 7, point=points[-1])
    assert doubted(directory, points[-1]) == (False, False)


def test_callers_never_take_away_a_line_that_answers_for_everybody(directory: Database) -> None:
    say(directory, *range(9), point="line-116")
    assert (len(open_for(directory, "line-116")), doubted(directory, "line-116")) == (1, (False, False))


def test_a_hidden_number_may_be_one_of_the_others(directory: Database) -> None:
    say(directory, 5, 6, None)
    assert (len(open_for(directory)), doubted(directory)) == (1, (False, False))


def test_a_caller_whose_number_is_not_known_counts_once_a_day(directory: Database) -> None:
    say(directory, None, None, None)
    assert open_for(directory) == []
    say(directory, None, after=DAY)
    assert len(open_for(directory)) == 1


def test_after_two_days_nothing_tells_the_callers_apart_and_none_is_forgotten(directory: Database) -> None:
    say(directory, 5)
    with directory.transaction() as session:
        assert Flags.forget(session, START + DAY) == 0
        assert Flags.forget(session, START + 2 * DAY) == 1
    with directory.read() as session:
        assert session.scalars(select(EntryFlagRow.tag)).all() == [None]
    say(directory, 5, after=2 * DAY)
    assert len(open_for(directory)) == 1


def test_the_worker_forgets_them(world: World) -> None:
    with world.service.database.transaction() as session:
        add_point(session, POINT, "ZZZ2")
    say(world.service.database, 5)
    world.clock.turn(2 * DAY)
    world.work()
    with world.rows() as session:
        assert session.scalar(select(func.count()).where(EntryFlagRow.tag.is_not(None))) == 0


def test_a_task_that_is_done_settles_what_was_said_and_the_next_two_make_another(directory: Database) -> None:
    say(directory, 5, 6)
    with directory.transaction() as session:
        assert tasks.done(session, open_for(directory)[0].id, "amina", START).kind is TaskKind.WRONG_INFORMATION
    say(directory, 7)
    assert open_for(directory) == []
    say(directory, 8)
    assert len(open_for(directory)) == 1


def test_an_unconfirmed_entry_is_shown_as_before_only_once_somebody_verified_it(world: World) -> None:
    database = world.service.database
    with database.transaction() as session:
        add_point(session, POINT, "ZZZ2")
    say(database, 5, 6, 7)
    with database.transaction() as session:
        tasks.done(session, open_for(database)[0].id, "amina", START)
    assert doubted(database) == (True, True)
    with database.transaction() as session:
        Verification(database, world.service.policy).mark(session, "service_at_location", POINT, "amina", VerifyMethod.CALL, START)
    assert doubted(database) == (False, False)


def test_verifying_closes_the_task_and_settles_what_was_said(world: World) -> None:
    database = world.service.database
    with database.transaction() as session:
        add_point(session, POINT, "ZZZ2")
    say(database, 5, 6, 7)
    with database.transaction() as session:
        Verification(database, world.service.policy).mark(session, "service_at_location", POINT, "amina", VerifyMethod.VISIT, START)
    assert (open_for(database), doubted(database)) == ([], (False, False))
    say(database, 8)
    assert open_for(database) == []


def test_what_is_no_longer_in_the_directory_is_nobodys_task(directory: Database) -> None:
    say(directory, 5, 6, 7, point="gone")
    assert open_for(directory, "gone") == []


@pytest.mark.parametrize("tag", [-1, 1 << 20])
def test_a_longer_tag_is_refused(directory: Database, tag: int) -> None:
    with pytest.raises(ValueError, match="20 bits"):
        say(directory, tag)


def test_a_task_is_done_once(directory: Database) -> None:
    say(directory, 5, 6)
    id_ = open_for(directory)[0].id
    with directory.transaction() as session:
        tasks.done(session, id_, "amina", START)
        with pytest.raises(tasks.UnknownTask):
            tasks.done(session, id_, "amina", START)


def test_the_oldest_task_stands_first(directory: Database) -> None:
    with directory.transaction() as session:
        for days, entry in ((2, "b"), (0, "a"), (1, "c")):
            assert tasks.open_task(session, TaskKind.VERIFY, "service", entry, "x", START + days * DAY)
        assert not tasks.open_task(session, TaskKind.VERIFY, "service", "a", "again", START + 5 * DAY)
        assert [(task.entry, task.note) for task in tasks.open_tasks(session, TaskKind.VERIFY)] == [("a", "x"), ("c", "x"), ("b", "x")]


@on_sqlite
def test_one_phone_that_texts_every_code_on_three_days_takes_nothing_away(world: World) -> None:
    with world.rows() as session:
        codes = session.scalars(select(ServiceAtLocationRow.code).order_by(ServiceAtLocationRow.id).limit(12)).all()
    for _ in range(3):
        for code in codes:
            world.text(CALLER, f"BAD {code}")
            world.work()
        world.clock.turn(DAY)
    with world.rows() as session:
        most = world.service.policy.limits.wrong_entries_a_day
        assert session.scalar(select(func.count()).select_from(EntryFlagRow)) == 3 * most
        assert session.scalars(select(ServiceAtLocationRow.id).where(ServiceAtLocationRow.unconfirmed)).all() == []
        assert len(tasks.open_tasks(session, TaskKind.WRONG_INFORMATION)) == most
