"""Who says that a report must not be theirs is out of it in every post they have; who cannot help only now keeps what their office may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, LadderRecord, Purpose
from referral.alerts.state import RECUSES
from referral.casework.closing import CloseRefused, Reason
from referral.casework.grammar import REASONS
from referral.casework.reveals import RevealRefused
from referral.directory import people
from referral.reports.records import ReportRecord
from referral.vocabulary.duty import Office, Role
from tests.casework.test_relay import OFFICER, consented
from tests.casework.test_reveal import approve, ask, desk
from tests.officers.conftest import CHILDREN, DESK
from tests.world import World, sent

COUNTY, POLICE = "co-kwale-1", "police-msambweni-1"
NUMBERS = {reason: number for number, reason in REASONS.items()}


def report_id(world: World) -> str:
    with world.rows() as session:
        return session.scalars(select(ReportRecord.id)).one()


def alert_of(world: World, person: str, report: str | None = None) -> AlertRecord:
    with world.rows() as session:
        found = select(AlertRecord).where(AlertRecord.person == person, AlertRecord.purpose == Purpose.ALERT)
        return session.scalars(found if report is None else found.where(AlertRecord.report == report)).one()


def one_time(world: World, person: str, report: str | None = None) -> str:
    return world.service.outbox.numbers.of(alert_of(world, person, report))


def heard(world: World, person: str, since: int) -> list[str]:
    return [words for number, words in world.gateway.sent[since:] if number == world.number_of(person)]


def text(world: World, person: str, words: str) -> list[str]:
    """A text of an officer's, and what they hear back."""
    before = len(world.gateway.sent)
    world.clock.turn(timedelta(seconds=5))
    world.text(world.number_of(person), words)
    world.work()
    return heard(world, person, before)


def say_no(world: World, person: str, reason: str | None) -> None:
    text(world, person, f"NO {one_time(world, person)} {NUMBERS.get(reason or '', '')}")
    assert alert_of(world, person).decline_reason == reason


def may_read(world: World, person: str) -> Office | None:
    with world.rows() as session:
        report = world.service.register.find(session, report_id(world))
        assert report is not None
        return world.service.colleagues.may_read(session, report, person, world.clock())


def everybody_told(world: World) -> World:
    """A RED report that nobody answers, an hour on: each step was told, and the end."""
    sent(world.phone())
    world.wait(timedelta(minutes=70), step=timedelta(minutes=5))
    return world


def test_every_reason_of_a_no_is_one_that_recuses_or_one_that_does_not() -> None:
    assert set(RECUSES) - {None} < set(REASONS.values())


@pytest.mark.parametrize(("reason", "reads"), [("i_know_them", False), ("unsafe", False), (None, False), ("no_means", True), ("with_police", True)])
def test_the_report_can_be_read_only_by_who_has_not_recused_themselves(sqlite_world: World, reason: str | None, reads: bool) -> None:
    world = everybody_told(sqlite_world)
    assert may_read(world, COUNTY) is not None
    say_no(world, COUNTY, reason)  # who is over the children's office, and so could read it whatever they said of their own alert
    assert (may_read(world, COUNTY) is not None) == reads


def test_who_recused_themselves_agrees_to_nothing_and_closes_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    report = consented(world)
    world.wait(timedelta(minutes=70), step=timedelta(minutes=5))
    say_no(world, COUNTY, "i_know_them")
    reveal = ask(world, report)
    with pytest.raises(RevealRefused):
        approve(world, reveal, COUNTY)
    with pytest.raises(CloseRefused), world.service.database.transaction() as session:
        world.service.closing.close(session, report, COUNTY, Reason.SAFE, OFFICER, world.clock())
    assert approve(world, reveal, desk(world))


def test_who_recused_themselves_hears_nothing_more_as_a_supervisor(sqlite_world: World) -> None:
    world = sqlite_world
    consented(world)
    world.wait(timedelta(minutes=50), step=timedelta(minutes=5))
    say_no(world, COUNTY, "unsafe")
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=180), step=timedelta(minutes=10))
    assert heard(world, COUNTY, before) == []


def test_a_word_that_waits_to_go_out_to_a_supervisor_is_dropped_when_they_recuse_themselves(sqlite_world: World) -> None:
    world = everybody_told(sqlite_world)
    with world.service.database.transaction() as session:
        report = world.service.register.find(session, report_id(world))
        assert report is not None
        alert = session.get_one(AlertRecord, alert_of(world, OFFICER).id)
        world.service.ladder.tell_supervisor(session, report, alert, "supervisor.not_acted", world.clock() + timedelta(minutes=3))
    say_no(world, COUNTY, "i_know_them")
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=6))
    assert heard(world, COUNTY, before) == []


def test_a_yes_takes_back_a_no_without_a_reason_and_never_a_recusal(sqlite_world: World) -> None:
    world = everybody_told(sqlite_world)
    say_no(world, COUNTY, None)
    text(world, COUNTY, f"OK {one_time(world, COUNTY)}")
    assert alert_of(world, COUNTY).acknowledged_at
    assert may_read(world, COUNTY) is not None
    say_no(world, COUNTY, None)
    say_no(world, COUNTY, "i_know_them")  # said only at the second asking
    for verb in ("OK", "ACT"):
        assert "takes no more answers" in " ".join(text(world, COUNTY, f"{verb} {one_time(world, COUNTY)}"))
    assert (alert_of(world, COUNTY).acknowledged_at, alert_of(world, COUNTY).acting_at) == (None, None)
    assert may_read(world, COUNTY) is None


def at_the_end(world: World) -> frozenset[str]:
    roles = world.service.planner.table.end
    return frozenset(
        bearer.person
        for office in world.service.roster().offices()
        if office.role in roles
        for bearer in world.service.planner.on_duty(office.id, world.clock())
    )


def test_at_the_end_of_a_ladder_somebody_else_is_told_rather_than_who_recused_themselves(sqlite_world: World) -> None:
    world = sqlite_world
    sent(world.phone())
    world.wait(timedelta(minutes=90), step=timedelta(minutes=5))
    desks = sorted(at_the_end(world))
    gone: set[str] = set()
    while left := [person for person in desks if person not in gone and told(world, person)]:
        say_no(world, left[0], "i_know_them")
        gone.add(left[0])
        world.wait(timedelta(minutes=16), step=timedelta(minutes=4))
    assert gone
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=60), step=timedelta(minutes=5))
    again = {number for number, words in world.gateway.sent[before:]}
    assert again, "a RED report with nobody"
    assert not again & {world.number_of(person) for person in gone}
    with world.rows() as session:
        assert session.scalars(select(LadderRecord.again_at)).one() is not None


def told(world: World, person: str) -> bool:
    with world.rows() as session:
        rows = select(AlertRecord).where(AlertRecord.person == person, AlertRecord.purpose == Purpose.ALERT, AlertRecord.declined_at.is_(None))
        return any(row.sent_at for row in session.scalars(rows))


def test_where_nobody_else_is_left_only_a_no_without_a_reason_is_asked_again(sqlite_world: World) -> None:
    world = everybody_told(sqlite_world)
    roster = world.service.roster()
    end = next(person for person in sorted(at_the_end(world)) if told(world, person))
    with world.service.database.transaction() as session:
        for person in roster.people():
            if person.id != end:
                people.set_suspended(session, person.id, True)
    say_no(world, end, None)
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=20), step=timedelta(minutes=5))
    assert heard(world, end, before)
    say_no(world, end, "unsafe")
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=40), step=timedelta(minutes=5))
    assert heard(world, end, before) == []


def test_where_only_those_are_left_who_said_yes_and_the_reporter_was_not_helped_they_hear_it_again(sqlite_world: World) -> None:
    world = sqlite_world
    sent(world.phone())
    world.wait(timedelta(minutes=70), step=timedelta(minutes=5))
    end = next(person for person in sorted(at_the_end(world)) if told(world, person))
    say_no(world, end, "i_know_them")
    for person in (CHILDREN, DESK):
        text(world, person, f"OK {one_time(world, person)}")
    with world.service.database.transaction() as session:
        for person in world.service.roster().people():
            if person.id not in (end, CHILDREN, DESK):
                people.set_suspended(session, person.id, True)
    with world.service.database.transaction() as session:
        assert world.service.mailbox.not_helped(session, report_id(world), world.clock())
    before = len(world.gateway.sent)
    world.wait(timedelta(minutes=60), step=timedelta(minutes=5))
    assert {number for number, _ in world.gateway.sent[before:]} & {world.number_of(CHILDREN), world.number_of(DESK)}
    assert heard(world, end, before) == []


def test_nothing_is_read_anywhere_before_the_first_alert_has_gone_out(sqlite_world: World) -> None:
    """MEDIUM: some random twenty minutes and more, in which a list would point at whoever has just been seen with a phone."""
    from tests.world import LABOUR, NOT_NOW

    world = sqlite_world
    sent(world.phone(), danger=NOT_NOW, concern=LABOUR)
    world.work()
    readers = (desk(world), COUNTY, OFFICER)
    assert [may_read(world, person) for person in readers] == [None, None, None]
    world.wait(timedelta(hours=3, minutes=5), step=timedelta(minutes=5))
    assert all(may_read(world, person) for person in readers)
    assert {office.role for person in readers if (office := may_read(world, person))} >= {Role.TRIAGE_DESK}
