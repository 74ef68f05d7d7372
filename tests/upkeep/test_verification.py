"""What must be checked again, when it becomes somebody's task, and that being edited is not being verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from referral.directory import people
from referral.directory.point_records import PhoneRow, ShownPointRow
from referral.directory.records import OfficeRow, PersonRow
from referral.directory.service_records import LocationRow, LocationType, OrganizationRow, ServiceAtLocationRow, ServiceRow, Status, VerifyMethod
from referral.directory.tasks import open_tasks
from referral.directory.upkeep_records import DrillRow, TaskKind
from referral.privacy.audit import Action, AuditRecord
from referral.routing.policy import TASK_KINDS
from referral.upkeep.entries import UnknownEntry, history
from referral.upkeep.suspending import restore, suspend
from referral.upkeep.verification import Due, Verification
from tests.conftest import START
from tests.upkeep.help import add_phone, add_point
from tests.world import World, on_sqlite

POINT = "t-clinic"
TODAY = START.date()
DAY = timedelta(days=1)
HOLDER = "co-msambweni-1"


@pytest.fixture
def checked(world: World) -> World:
    """A service point checked today, and nothing else in the directory that is anybody's to check but it."""
    with world.service.database.transaction() as session:
        for row in (PersonRow, OfficeRow, PhoneRow, OrganizationRow, LocationRow, ServiceRow, ServiceAtLocationRow):
            session.execute(update(row).values(sample=True))
        add_point(session, POINT, "ZZZ2", verified_on=TODAY)
    return world


def due(world: World, after: timedelta = timedelta(), prefix: str = "t-") -> list[Due]:
    with world.rows() as session:
        return [one for one in world.service.verification().due(session, START + after) if one.entry.startswith(prefix)]


def mark(world: World, entity: str, entry: str, method: VerifyMethod = VerifyMethod.CALL, after: timedelta = timedelta()) -> None:
    with world.service.database.transaction() as session:
        world.service.verification().mark(session, entity, entry, "amina", method, START + after)


def test_each_kind_falls_due_after_its_own_days(checked: World) -> None:
    with checked.service.database.transaction() as session:
        add_phone(session, "t-line", POINT, short_number="116", verified_on=TODAY, verify_method="call")
        add_phone(session, "t-phone", POINT, e164="+254402300123", verified_on=TODAY, verify_method="call")
        session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(sample=False, verified_on=TODAY))

    def kinds(days: int) -> set[str]:
        return {one.kind for one in [*due(checked, days * DAY), *due(checked, days * DAY, HOLDER)]}

    assert [kinds(days) for days in (89, 90, 179, 180, 364)] == [set(), {"helpline"}, {"helpline"}, *[{"helpline", "phone", "people"}] * 2]
    assert kinds(365) == {"helpline", "phone", "people", "address", "service"}


def test_what_nobody_ever_checked_is_due_at_once_and_first_of_its_kind(checked: World) -> None:
    with checked.service.database.transaction() as session:
        add_phone(session, "t-old", POINT, e164="+254402300123", verified_on=date(2020, 1, 1), verify_method="call")
        add_phone(session, "t-never", POINT, e164="+254402300124")
    assert [(one.entry, one.since) for one in due(checked)] == [("t-never", None), ("t-old", date(2020, 6, 29))]


def test_what_is_gone_made_up_or_nowhere_is_nobodys_to_check(checked: World) -> None:
    with checked.service.database.transaction() as session:
        add_point(session, "t-made-up", "ZZZ3")
        add_point(session, "t-virtual", "ZZZ4", location_type=LocationType.VIRTUAL)
        for one in ("t-made-up", "t-made-up-org", "t-made-up-svc", "t-made-up-loc"):
            for table in (OrganizationRow, LocationRow, ServiceRow, ServiceAtLocationRow):
                session.execute(update(table).where(table.id == one).values(sample=True))
        session.execute(update(ServiceRow).where(ServiceRow.id == "t-virtual-svc").values(status=Status.DEFUNCT))
    assert {one.entry for one in due(checked)} == {"t-virtual", "t-virtual-org"}


def test_an_edit_is_no_verification(checked: World) -> None:
    with checked.service.database.transaction() as session:
        session.execute(update(ServiceRow).where(ServiceRow.id == f"{POINT}-svc").values(verified_on=date(2020, 1, 1)))
    with checked.service.database.transaction() as session:
        id_ = checked.service.proposals().propose(session, "service", f"{POINT}-svc", {"name": "Care"}, "amina", "test", "", START)
    with checked.service.database.transaction() as session:
        checked.service.proposals().accept(session, id_, "juma", START)
    assert [one.entry for one in due(checked)] == [f"{POINT}-svc"]


def test_whoever_verifies_it_is_recorded_and_it_is_no_longer_due(checked: World) -> None:
    mark(checked, "service", f"{POINT}-svc", VerifyMethod.VISIT, 400 * DAY)
    assert f"{POINT}-svc" not in [one.entry for one in due(checked, 400 * DAY)]
    with checked.rows() as session:
        row = session.get_one(ServiceRow, f"{POINT}-svc")
        assert (row.verified_on, row.verified_by, row.verify_method, row.version, row.edited) == (TODAY + 400 * DAY, "amina", VerifyMethod.VISIT, 1, False)
        assert {(one.field, one.new, one.action, one.by) for one in history(session, "service", f"{POINT}-svc")} == {
            ("verified_on", str(TODAY + 400 * DAY), "verify", "amina"),
            ("verified_by", "amina", "verify", "amina"),
            ("verify_method", "visit", "verify", "amina"),
        }


def test_a_call_clears_what_went_wrong_with_a_phone(checked: World) -> None:
    with checked.service.database.transaction() as session:
        add_phone(session, "t-phone", POINT, e164="+254402300123", fails=3)
    mark(checked, "phone", "t-phone")
    with checked.rows() as session:
        row = session.get_one(PhoneRow, "t-phone")
    assert (row.fails, row.last_ok, row.verified_on) == (0, TODAY, TODAY)


def test_a_verified_service_point_is_shown_as_checked(checked: World) -> None:
    mark(checked, "service_at_location", POINT, after=DAY)
    with checked.rows() as session:
        assert set(session.scalars(select(ShownPointRow.verified_on).where(ShownPointRow.service_at_location == POINT))) == {TODAY + DAY}


def test_an_office_is_verified_by_somebody_or_by_its_answered_test(world: World) -> None:
    office = "co-msambweni"
    assert [one.since for one in due(world, prefix=office)] == [None]
    mark(world, "office", office)
    assert due(world, prefix=office) == []
    assert [one.verified_on for one in due(world, 366 * DAY, office)] == [TODAY]
    with world.service.database.transaction() as session:
        session.add(DrillRow(id="d" * 32, office=office, month=TODAY.replace(day=1), sent_at=START + 300 * DAY, minutes=5))
    assert due(world, 366 * DAY, office) == []


def test_an_officers_refused_number_stays_flagged_until_a_text_is_answered(world: World) -> None:
    with world.service.database.transaction() as session:
        people.set_unreachable(session, HOLDER, True)
        session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(verified_on=date(2020, 1, 1)))
    mark(world, "person", HOLDER)
    with world.rows() as session:
        row = session.get_one(PersonRow, HOLDER)
    assert (row.verified_on, row.unreachable) == (TODAY, True)


@pytest.mark.parametrize(("entity", "entry"), [("person", "nobody"), ("service", "nothing"), ("circus", "x"), ("office", "nowhere")])
def test_an_unknown_entry_is_an_error(world: World, entity: str, entry: str) -> None:
    with pytest.raises(UnknownEntry):
        mark(world, entity, entry)


def test_the_countys_policy_has_a_figure_for_each_kind_of_task() -> None:
    assert set(TASK_KINDS) == set(TaskKind)


class TestTheDailyTasks:
    def made(self, world: World) -> list[str]:
        with world.rows() as session:
            return [task.entry for task in open_tasks(session, TaskKind.VERIFY)]

    def few(self, world: World, a_day: int) -> Verification:
        policy = replace(world.service.policy, upkeep=replace(world.service.policy.upkeep, verify_a_day=a_day))
        return Verification(world.service.database, policy)

    def test_are_no_more_than_somebody_can_do(self, checked: World) -> None:
        verification = self.few(checked, 2)
        late = START + 500 * DAY
        assert [verification.daily(late + hours) for hours in (timedelta(), timedelta(hours=1), DAY)] == [2, 0, 2]
        assert len(set(self.made(checked))) == 4

    def test_go_when_the_entry_has_been_verified(self, checked: World) -> None:
        late = 500 * DAY
        self.few(checked, 1000).daily(START + late)
        assert f"{POINT}-svc" in self.made(checked)
        mark(checked, "service", f"{POINT}-svc", after=late)
        assert f"{POINT}-svc" not in self.made(checked)

    def test_go_when_an_answered_alert_has_verified_the_officer(self, checked: World) -> None:
        with checked.service.database.transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.id == HOLDER).values(sample=False, verified_on=date(2020, 1, 1)))
        self.few(checked, 1000).daily(START)
        assert HOLDER in self.made(checked)
        with checked.service.database.transaction() as session:
            people.verified(session, HOLDER, TODAY)
        self.few(checked, 1000).daily(START)
        assert HOLDER not in self.made(checked)

    def test_are_the_workers(self, checked: World) -> None:
        checked.clock.turn(500 * DAY)
        checked.work()
        assert set(self.made(checked)) == {POINT, f"{POINT}-org", f"{POINT}-svc", f"{POINT}-loc"}


@on_sqlite
class TestSuspending:
    def test_acts_at_once_and_says_who_and_why_in_the_audit(self, world: World) -> None:
        service = world.service
        with service.database.transaction() as session:
            assert suspend(session, service.audit, HOLDER, "amina", "under inquiry", START)
            assert not suspend(session, service.audit, HOLDER, "amina", "again", START)
        assert HOLDER not in [bearer.person for bearer in service.planner.on_duty("co-msambweni", START)]
        with world.rows() as session:
            entry = session.scalars(select(AuditRecord).where(AuditRecord.action == Action.PERSON_SUSPENDED)).one()
            assert (entry.actor, "under inquiry" in entry.details, HOLDER in entry.details) == ("amina", True, True)
            assert [one.new for one in history(session, "person", HOLDER) if one.field == "suspended"] == ["True"]

    def test_and_letting_back_does_too(self, world: World) -> None:
        service = world.service
        with service.database.transaction() as session:
            suspend(session, service.audit, HOLDER, "amina", "under inquiry", START)
            assert restore(session, service.audit, HOLDER, "amina", START)
        assert HOLDER in [bearer.person for bearer in service.planner.on_duty("co-msambweni", START)]

    def test_somebody_unknown_is_an_error(self, world: World) -> None:
        with pytest.raises(people.UnknownPerson), world.service.database.transaction() as session:
            suspend(session, world.service.audit, "nobody", "amina", "x", START)
