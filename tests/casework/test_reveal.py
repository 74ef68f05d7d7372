"""A consented number is shown to two people who agree on a reason, once; to nobody else, and never without the reporter's consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.casework.case_records import RevealRecord
from referral.casework.closing import Reason
from referral.casework.reveals import UNANSWERED, RevealRefused
from referral.privacy.audit import Action, AuditRecord
from referral.vocabulary.duty import Role
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Hours
from tests.casework.test_relay import OFFICER, REPORTER, consented, withdraw
from tests.world import World, on_sqlite

REASON = "the mother must hear it from us before the hearing"


def desk(world: World) -> str:
    """Somebody of the service's own desk."""
    roster = world.service.roster()
    office = next(one for one in roster.offices() if one.role is Role.TRIAGE_DESK)
    return world.service.planner.on_duty(office.id, world.clock())[0].person


def ask(world: World, report: str, by: str = OFFICER, reason: str = REASON) -> str:
    with world.service.database.transaction() as session:
        return world.service.reveals.ask(session, report, by, reason, world.clock())


def approve(world: World, reveal: str, by: str) -> str:
    with world.service.database.transaction() as session:
        return world.service.reveals.approve(session, reveal, by, world.clock()).reveal()


def refused(world: World, reveal: str, by: str) -> str:
    with pytest.raises(RevealRefused) as error:
        approve(world, reveal, by)
    return str(error.value)


def actions(world: World, report: str) -> list[tuple[str, str]]:
    with world.rows() as session:
        wanted = (Action.REVEAL_ASKED, Action.REVEAL_APPROVED, Action.REVEALED)
        found = session.scalars(select(AuditRecord).where(AuditRecord.subject == report, AuditRecord.action.in_(wanted)))
        return sorted((entry.action.value, entry.actor) for entry in found)


def told(world: World, person: str) -> list[str]:
    world.work()
    return [words for number, words in world.gateway.sent if number == world.number_of(person) and "number" in words]


def test_one_asks_another_agrees_and_both_are_told(world: World) -> None:
    report = consented(world)
    second = desk(world)
    id_ = ask(world, report)
    assert approve(world, id_, second) == REPORTER
    assert actions(world, report) == [("reveal_approved", second), ("reveal_asked", OFFICER), ("revealed", second)]
    with world.rows() as session:
        row = session.get_one(RevealRecord, id_)
    assert (row.asked_by, row.approved_by, row.shown_hour) == (OFFICER, second, world.clock())
    assert REASON.encode() not in row.reason
    assert sum("was shown" in words for words in told(world, OFFICER)) == 1
    assert any("somebody asked in your name" in words for words in told(world, OFFICER))
    assert all(REPORTER not in words for number, words in world.gateway.sent)


@on_sqlite
def test_never_alone_and_never_by_somebody_who_is_not_over_them(world: World) -> None:
    id_ = ask(world, consented(world))
    assert refused(world, id_, OFFICER) == "a second person must agree"
    assert refused(world, id_, OFFICER.upper()) != ""
    assert "over the office" in refused(world, id_, "co-matuga-1")
    assert "over the office" in refused(world, id_, "desk-ukunda-1")
    assert "no such request" in refused(world, id_, "nobody")
    assert approve(world, id_, desk(world)) == REPORTER


@on_sqlite
def test_once(world: World) -> None:
    id_ = ask(world, consented(world))
    approve(world, id_, desk(world))
    assert "no such request" in refused(world, id_, desk(world))


@on_sqlite
def test_it_takes_a_reason_and_one_request_waits_at_a_time(world: World) -> None:
    report = consented(world)
    with pytest.raises(RevealRefused, match="say why"):
        ask(world, report, reason="  ")
    ask(world, report)
    with pytest.raises(RevealRefused, match="asked already"):
        ask(world, report)


@on_sqlite
def test_without_consent_there_is_nothing_to_show(world: World) -> None:
    report = consented(world)
    id_ = ask(world, report)
    withdraw(world, report)
    assert "did not agree" in refused(world, id_, desk(world))
    with pytest.raises(RevealRefused, match="did not agree"):
        ask(world, report)


def consent(world: World, report: str, number: str) -> None:
    with world.service.database.transaction() as session:
        world.service.texting.filing.give_contact(session, report, PhoneNumber(number), Hours.ANY, False, world.clock())


def test_a_request_ends_with_the_consent_it_was_made_under(world: World) -> None:
    report = consented(world)
    id_ = ask(world, report)
    consent(world, report, REPORTER)  # renewed: the same consent
    withdraw(world, report)
    consent(world, report, "+254700000007")
    assert "withdrawn since" in refused(world, id_, desk(world))
    with world.rows() as session:
        assert [one.open for one in world.service.reveals.all(session, world.clock())] == [False]
    assert approve(world, ask(world, report), desk(world)) == "+254700000007"


@on_sqlite
def test_it_lasts_through_a_renewal_and_not_through_another_number(world: World) -> None:
    report = consented(world)
    id_ = ask(world, report)
    consent(world, report, REPORTER)
    assert approve(world, id_, desk(world)) == REPORTER
    id_ = ask(world, report)
    consent(world, report, "+254700000007")
    assert "withdrawn since" in refused(world, id_, desk(world))


@on_sqlite
def test_whose_report_it_is_not_hears_that_there_is_none(world: World) -> None:
    report = consented(world)
    for person in ("co-matuga-1", "nobody"):
        with pytest.raises(RevealRefused, match="no open report"):
            ask(world, report, by=person)


@on_sqlite
def test_a_request_lapses_after_a_week(world: World) -> None:
    report = consented(world, Hours.ANY)
    id_ = ask(world, report)
    world.clock.turn(UNANSWERED + timedelta(hours=1))
    assert "no such request" in refused(world, id_, desk(world))
    assert ask(world, report) != id_


@on_sqlite
def test_the_list_shows_who_and_when_and_no_number(world: World) -> None:
    report = consented(world)
    approve(world, ask(world, report), desk(world))
    with world.rows() as session:
        found = world.service.reveals.all(session, world.clock())
    assert [(one.asked_by, one.approved_by, one.open) for one in found] == [(OFFICER, desk(world), False)]
    assert REPORTER not in repr(found)


@on_sqlite
def test_a_closed_report_shows_no_number(world: World) -> None:
    """As nothing is texted for it any more."""
    report = consented(world)
    id_ = ask(world, report)
    with world.service.database.transaction() as session:
        world.service.closing.close(session, report, OFFICER, Reason.SAFE, desk(world), world.clock())
        assert [one.open for one in world.service.reveals.all(session, world.clock())] == [False]
    assert "no such request" in refused(world, id_, desk(world))
    with pytest.raises(RevealRefused, match="no open report"):
        ask(world, report)
