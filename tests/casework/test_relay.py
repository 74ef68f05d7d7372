"""A reporter who agreed to be contacted is texted through the relay: in their hours, in neutral words, once, and without anybody seeing the number."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.alerts.records import AlertRecord, Purpose
from referral.alerts.relays import NOT_RIGHT
from referral.directory import people
from referral.directory.records import PersonRow
from referral.gateway.port import Outcome, Sending
from referral.handover.relay import APART, CONVERSATION, Asked
from referral.privacy.audit import Action, AuditRecord
from referral.privacy.codes import read_code
from referral.reports.letter_records import Side
from referral.reports.numbers import CONTACT_KEPT, CONTACT_LONGEST
from referral.reports.records import ReportRecord
from referral.vocabulary.letters import Nudge, Template
from referral.vocabulary.phone import PhoneNumber
from referral.vocabulary.report import Danger, Hours
from tests.world import World, on_sqlite, sent

REPORTER, OFFICER = "+254700000001", "co-msambweni-1"
MESSAGE = "Kuna ujumbe wako: piga *384*96#, chagua 4, au jibu SMS hii. Futa SMS hii."


def consented(world: World, hours: Hours = Hours.ANY, by_call: bool = False) -> str:
    """A report whose reporter can be contacted, opened by an officer. Its id."""
    sent(world.phone(REPORTER))
    world.work()
    with world.service.database.transaction() as session:
        report = session.scalars(select(ReportRecord.id)).one()
        world.service.texting.filing.give_contact(session, report, PhoneNumber(REPORTER), hours, by_call, world.clock())
        assert world.service.officers_menu.desk.read(session, OFFICER, alert_id(session), world.clock())
    return report


def alert_id(session) -> str:
    return session.scalars(select(AlertRecord.id).where(AlertRecord.person == OFFICER, AlertRecord.purpose == Purpose.ALERT)).one()


def ask(world: World, nudge: Nudge = Nudge.MESSAGE) -> Asked | None:
    with world.service.database.transaction() as session:
        return world.service.officers_menu.relay.ask(session, OFFICER, alert_id(session), nudge, world.clock())


def line(world: World):
    with world.rows() as session:
        return world.service.officers_menu.relay.line(session, OFFICER, alert_id(session), world.clock())


def texts(world: World) -> list[str]:
    """What went to the reporter's phone."""
    return [words for number, words in world.gateway.sent if number == REPORTER]


def record(world: World, report: str) -> ReportRecord:
    with world.rows() as session:
        return session.get_one(ReportRecord, report)


def relay_rows(world: World) -> list[AlertRecord]:
    with world.rows() as session:
        return list(session.scalars(select(AlertRecord).where(AlertRecord.purpose == Purpose.RELAY)))


def withdraw(world: World, report: str) -> None:
    with world.service.database.transaction() as session:
        world.service.mailbox.withdraw(session, report, world.clock())


def test_a_neutral_text_goes_out_once_and_no_row_holds_the_number(world: World) -> None:
    report = consented(world)
    assert ask(world) is Asked.QUEUED
    queued = relay_rows(world)[0]
    assert (queued.number, queued.person) == (None, OFFICER)
    assert "700000001" not in f"{queued.params}{queued.key}{queued.reason}"
    world.clock.turn(timedelta(minutes=20))
    world.work()
    assert texts(world) == [MESSAGE]
    hour = world.clock().replace(minute=0)
    assert all((row.gateway_tag, row.due_at, row.sent_at) == (None, None, hour) for row in relay_rows(world))
    assert record(world, report).relayed_hour == hour
    with world.rows() as session:
        done = {entry.action for entry in session.scalars(select(AuditRecord).where(AuditRecord.subject == report))}
    assert {Action.RELAY_ASKED, Action.RELAYED} <= done


@on_sqlite
def test_outside_the_hours_that_were_called_safe_it_waits(world: World) -> None:
    """It is ten in the morning, and evenings were said to be safe."""
    consented(world, Hours.EVENING)
    assert ask(world) is Asked.QUEUED
    assert line(world).waiting
    world.wait(timedelta(hours=6, minutes=50), step=timedelta(minutes=10))
    assert texts(world) == []
    world.wait(timedelta(minutes=30))
    assert texts(world) == [MESSAGE]


@on_sqlite
def test_a_row_that_falls_due_in_the_wrong_hours_is_held_until_the_next_day(world: World) -> None:
    consented(world, Hours.MORNING)
    assert ask(world) is Asked.QUEUED
    world.clock.turn(timedelta(hours=3))  # no worker ran this morning
    world.work()
    assert texts(world) == []
    assert line(world).waiting
    world.wait(timedelta(hours=20), step=timedelta(minutes=10))
    assert texts(world) == [MESSAGE]


def test_withdrawn_while_it_waits_it_is_not_sent_and_the_number_is_gone(world: World) -> None:
    report = consented(world, Hours.EVENING)
    ask(world)
    withdraw(world, report)
    row = record(world, report)
    assert (row.contact, row.contact_tag, row.contact_first_hour, row.relayed_hour) == (None, None, None, None)
    world.wait(timedelta(hours=9), step=timedelta(minutes=30))
    assert texts(world) == []
    assert line(world).lost
    assert ask(world) is Asked.UNREACHABLE


@on_sqlite
def test_stop_drops_what_waits(world: World) -> None:
    report = consented(world, Hours.EVENING)
    ask(world)
    world.text(REPORTER, "ACHA")
    world.work()
    assert record(world, report).contact is None
    assert relay_rows(world)[0].due_at is None
    world.wait(timedelta(hours=9), step=timedelta(minutes=30))
    assert texts(world) == []


@on_sqlite
def test_consent_that_ran_out_while_it_waited_is_looked_at_when_it_is_sent(world: World) -> None:
    report = consented(world, Hours.EVENING)
    ask(world)
    with world.service.database.transaction() as session:
        session.get_one(ReportRecord, report).contact_until = world.clock() + timedelta(hours=1)
    world.wait(timedelta(hours=9), step=timedelta(minutes=30))
    assert texts(world) == []
    assert line(world).lost


@on_sqlite
def test_after_thirty_days_it_is_refused(world: World) -> None:
    report = consented(world)
    world.clock.turn(CONTACT_KEPT)
    with world.service.database.transaction() as session:
        alerts = world.service.officers_menu
        assert alerts.relay.relay.ask(session, report, OFFICER, "office", Nudge.MESSAGE, world.clock()) is Asked.UNREACHABLE


@on_sqlite
def test_who_agreed_to_a_call_is_not_texted(world: World) -> None:
    consented(world, by_call=True)
    assert not line(world).textable
    assert ask(world) is Asked.UNREACHABLE


@on_sqlite
def test_a_phone_is_not_texted_again_and_again(world: World) -> None:
    consented(world)
    assert ask(world) is Asked.QUEUED
    assert ask(world, Nudge.CALL) is Asked.TOO_SOON
    world.work()
    assert ask(world, Nudge.CALL) is Asked.TOO_SOON
    world.clock.turn(APART)
    assert ask(world, Nudge.CALL) is Asked.QUEUED
    world.work()
    assert texts(world) == [MESSAGE, "Tafadhali piga 116 ukiweza, ni bure. Futa SMS hii."]


@on_sqlite
def test_one_whose_outcome_is_not_known_is_not_sent_again(world: World) -> None:
    consented(world)
    ask(world)
    world.gateway.answers.append(Sending(Outcome.UNKNOWN))
    world.wait(timedelta(hours=2), step=timedelta(minutes=10))
    assert len(texts(world)) == 1
    assert not line(world).waiting


@on_sqlite
def test_one_that_the_gateway_did_not_take_is_tried_again(world: World) -> None:
    consented(world)
    ask(world)
    world.gateway.answers.append(Sending(Outcome.REFUSED, 500))
    world.wait(timedelta(minutes=30))
    assert texts(world) == [MESSAGE]


@on_sqlite
def test_a_phone_that_takes_no_texts_from_us_is_said_to_be_out_of_reach(world: World) -> None:
    consented(world)
    ask(world)
    world.gateway.answers.append(Sending(Outcome.REFUSED, 406))
    world.work()
    assert texts(world) == []
    assert line(world).lost
    with world.rows() as session:
        assert not session.get_one(PersonRow, OFFICER).unreachable, "the officer's own phone is in order"


@on_sqlite
def test_nobody_asks_for_a_report_that_is_not_theirs(world: World) -> None:
    consented(world)
    with world.service.database.transaction() as session:
        assert world.service.officers_menu.relay.ask(session, "co-matuga-1", alert_id(session), Nudge.MESSAGE, world.clock()) is None
    assert relay_rows(world) == []


class TestTheAnswer:
    @pytest.fixture
    def texted(self, world: World) -> str:
        report = consented(world)
        ask(world)
        world.work()
        return report

    def letters(self, world: World, report: str):
        with world.rows() as session:
            return [one for one in world.service.mailbox.letters(session, report) if one.side is Side.REPORTER]

    def reports(self, world: World) -> int:
        with world.rows() as session:
            return len(session.scalars(select(ReportRecord.id)).all())

    def test_comes_to_the_officer_without_a_number_and_nothing_goes_back(self, world: World, texted: str) -> None:
        before = len(texts(world))
        world.text(REPORTER, "niko karibu na kisima")
        world.work()
        assert [one.words for one in self.letters(world, texted)] == ["niko karibu na kisima"]
        assert (self.reports(world), len(texts(world))) == (1, before)
        assert any("reporter has written" in words for number, words in world.gateway.sent if number == world.number_of(OFFICER))

    @on_sqlite
    def test_of_danger_is_acted_on_at_once(self, world: World, texted: str) -> None:
        with world.service.database.transaction() as session:
            session.get_one(ReportRecord, texted).danger = Danger.NOT_NOW
        world.text(REPORTER, "ana kisu anakuja")
        world.work()
        assert record(world, texted).danger is Danger.NOW

    @on_sqlite
    def test_that_is_a_keyword_is_a_keyword(self, world: World, texted: str) -> None:
        world.text(REPORTER, "MSAADA naogopa")
        world.work()
        assert (self.letters(world, texted), self.reports(world)) == ([], 2)

    @on_sqlite
    def test_from_any_other_number_is_a_report(self, world: World, texted: str) -> None:
        world.text("+254700000007", "jirani anampiga mtoto kila siku Ukunda")
        world.wait(timedelta(minutes=20))
        assert (self.letters(world, texted), self.reports(world)) == ([], 2)

    @on_sqlite
    def test_after_a_week_is_a_report(self, world: World, texted: str) -> None:
        world.clock.turn(CONVERSATION + timedelta(hours=1))
        world.text(REPORTER, "jirani anampiga mtoto kila siku Ukunda")
        world.wait(timedelta(minutes=20))
        assert (self.letters(world, texted), self.reports(world)) == ([], 2)

    @on_sqlite
    def test_that_could_be_meant_for_two_reports_goes_to_neither(self, world: World, texted: str) -> None:
        """Those who have the one must not read of the other."""
        sent(world.phone(REPORTER))
        with world.service.database.transaction() as session:
            other = session.scalars(select(ReportRecord.id).where(ReportRecord.id != texted)).one()
            world.service.texting.filing.give_contact(session, other, PhoneNumber(REPORTER), Hours.ANY, False, world.clock())
            session.get_one(ReportRecord, other).relayed_hour = session.get_one(ReportRecord, texted).relayed_hour
        world.text(REPORTER, "jirani anampiga mtoto kila siku Ukunda")
        world.wait(timedelta(minutes=20))
        assert (self.letters(world, texted), self.letters(world, other), self.reports(world)) == ([], [], 3)


@on_sqlite
def test_consent_is_renewed_for_thirty_days_and_for_ninety_at_most(world: World) -> None:
    report = consented(world)
    first = record(world, report).contact_first_hour
    for _ in range(4):
        world.clock.turn(timedelta(days=25))
        with world.service.database.transaction() as session:
            standing = world.service.mailbox.standing(session, report, world.clock())
            if standing.renewable:
                world.service.texting.filing.give_contact(session, report, PhoneNumber(REPORTER), Hours.ANY, False, world.clock())
    row = record(world, report)
    assert row.contact_first_hour == first
    assert row.contact_until == first + CONTACT_LONGEST


@on_sqlite
def test_another_phone_s_consent_begins_anew(world: World) -> None:
    report = consented(world)
    world.clock.turn(timedelta(days=25))
    with world.service.database.transaction() as session:
        world.service.texting.filing.give_contact(session, report, PhoneNumber("+254700000002"), Hours.ANY, False, world.clock())
    assert record(world, report).contact_first_hour == world.clock()


@on_sqlite
def test_by_the_code_a_consent_that_ends_soon_is_renewed(world: World) -> None:
    """Every line of the mailbox's menu applies then, and all can be reached."""
    report = consented(world)
    with world.service.database.transaction() as session:
        world.service.mailbox.write_as_officer(session, report, OFFICER, "co-msambweni", template=Template.WORKING, words=None, asks=False, now=world.clock())
        world.service.mailbox.write_as_reporter(session, report, "asante", world.clock())
        session.get_one(ReportRecord, report).code_digest = world.service.keys.code_digest(CODE)
    before = record(world, report).contact_until
    assert before is not None
    phone = at_mailbox(world)
    assert "Wasiliana" not in all_pages(phone)
    world.clock.turn(timedelta(days=25))
    phone = at_mailbox(world)
    shown = all_pages(phone)
    for words in ("Soma ujumbe", "Tuandikie", "Sijasaidiwa", "Wasiliana nami", "Futa maneno"):
        assert words in shown, shown
    phone = at_mailbox(world)
    while (key := re.search(r"(\d) Wasiliana nami", phone.screen)) is None:
        phone.key("9")
    phone.keys(key[1], "1", "4")
    after = record(world, report).contact_until
    assert after is not None
    assert after - before == timedelta(days=25)


CODE = next(code for code in (f"48219037551{last}" for last in range(10)) if read_code(code) is not None)


def at_mailbox(world: World):
    phone = world.phone(REPORTER)
    phone.dial()
    phone.keys("4", CODE)
    return phone


def all_pages(phone) -> str:
    shown = phone.screen
    while "9 " in phone.screen.split("\n0 ")[0] and "\n9 " in phone.screen:
        shown += phone.key("9")
    return shown


@on_sqlite
def test_a_number_that_does_not_open_is_not_sent_and_keeps_nobody_back(world: World) -> None:
    report = consented(world)
    ask(world)
    with world.service.database.transaction() as session:
        row = session.get_one(ReportRecord, report)
        assert row.contact is not None
        row.contact = row.contact[:-1] + bytes([row.contact[-1] ^ 1])
    world.work()
    assert texts(world) == []
    assert not line(world).waiting


@on_sqlite
def test_whoever_asked_and_was_suspended_since_texts_nobody(world: World) -> None:
    consented(world, Hours.EVENING)
    ask(world)
    with world.service.database.transaction() as session:
        people.set_suspended(session, OFFICER, True)
    world.wait(timedelta(hours=8), step=timedelta(minutes=30))
    assert texts(world) == []
    assert relay_rows(world)[0].failure == NOT_RIGHT
